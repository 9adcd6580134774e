/* SPDX-License-Identifier: MIT */
/* The ejects of many stores, side by side; destroys nobody. */
#include "ejects.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "client.h"
#include "follow.h"
#include "pick.h"
#include "table.h"

/* ---- pure */

static const struct hd_eject *find(const struct hd_ejects *ejects,
                                   const char *name)
{
    for (size_t i = 0; i < HD_EJECTS; i++)
        if (!strcmp(ejects->of[i].name, name))
            return &ejects->of[i];
    return NULL;
}

struct hd_eject *hd_ejects_place(struct hd_ejects *ejects)
{
    return (struct hd_eject *)find(ejects, "");
}

bool hd_ejects_is_begun(struct json_object *store)
{
    return !strcmp(hd_client_text(store, "state"), "ejecting");
}

enum hd_ejects_step hd_ejects_next(const struct hd_ejects *ejects,
                                   struct json_object *store)
{
    if (hd_ejects_is_begun(store) || find(ejects, hd_pick_title(store)))
        return HD_EJECTS_NONE;
    return find(ejects, "") ? HD_EJECTS_WAIT : HD_EJECTS_ASK;
}

size_t hd_ejects_left(const struct hd_ejects *ejects, struct json_object *reply,
                      const char **ret_name)
{
    struct json_object *stores = json_object_object_get(reply, "stores");
    const char *name = NULL;
    size_t n = 0;

    for (size_t i = 0; stores && i < json_object_array_length(stores); i++) {
        const char *title = hd_pick_title(json_object_array_get_idx(stores, i));

        if (!find(ejects, title)) {
            name = name ? name : title;
            n++;
        }
    }
    for (size_t i = 0; i < HD_EJECTS; i++)
        if (ejects->of[i].client) {
            name = name ? name : ejects->of[i].name;
            n++;
        }
    *ret_name = name;
    return n;
}

/* ---- begun */

static void forget(struct hd_eject *eject)
{
    hd_client_free(eject->client);
    *eject = (struct hd_eject){0};
}

static int wait_for(struct hd_eject *eject, const char *name,
                    struct hd_err *err)
{
    if (hd_client_open(&eject->client, err))
        return -1;
    snprintf(eject->name, sizeof(eject->name), "%s", name);
    /* hotdomd may have had no place for it: the next look tells. */
    if (hd_client_send(eject->client, "Eject", hd_follow_store("store", name),
                       false, NULL))
        forget(eject);
    return 0;
}

/* One that is busy is asked again with the next look. */
static void only_ask(const char *name)
{
    struct json_object *parameters = hd_follow_store("store", name);

    json_object_object_add(parameters, "begin", json_object_new_boolean(true));
    (void)hd_client_call("Eject", parameters, NULL, NULL);
}

static int begin(struct hd_ejects *ejects, struct json_object *store,
                 struct hd_err *err)
{
    switch (hd_ejects_next(ejects, store)) {
    case HD_EJECTS_NONE:
        return 0;
    case HD_EJECTS_WAIT:
        return wait_for(hd_ejects_place(ejects), hd_pick_title(store), err);
    case HD_EJECTS_ASK:
        only_ask(hd_pick_title(store));
        return 0;
    }
    return 0;
}

int hd_ejects_begin(struct hd_ejects *ejects, struct json_object *reply,
                    struct hd_err *err)
{
    struct json_object *stores = json_object_object_get(reply, "stores");

    for (size_t i = 0; stores && i < json_object_array_length(stores); i++)
        if (begin(ejects, json_object_array_get_idx(stores, i), err))
            return -1;
    return 0;
}

/* ---- how they come out */

/* It starts or ends just now, or hotdomd has no place for one more: what is
 * still listed is asked again. */
static bool will_move(int code)
{
    return code == HD_E_BUSY || code == HD_E_NO_STORE || code == HD_E_NO_DAEMON;
}

/* False when it is to be asked again. */
static bool take(struct hd_ejects *ejects, struct hd_eject *eject)
{
    uint64_t deadline = hd_io_now_ms() + HD_CLIENT_QUICK_MS;
    struct json_object *reply;
    struct hd_err why;
    bool continues;
    char name[1024];

    hd_table_escape(eject->name, name, sizeof(name));
    if (!hd_client_receive(eject->client, deadline, &reply, &continues, &why)) {
        printf("%s: %s\n", name, hd_client_text(reply, "message"));
        forget(eject);
        return true;
    }
    if (will_move(why.code)) {
        forget(eject);
        return false;
    }
    fprintf(stderr, "hotdom eject: %s: %s\n", name, why.msg);
    ejects->worst = why;
    hd_client_free(eject->client);
    eject->client = NULL;
    return true;
}

/* Whether one has come out by then. */
static bool hear(struct hd_ejects *ejects, uint64_t until_ms)
{
    struct pollfd pfds[HD_EJECTS];
    bool any = false;

    for (size_t i = 0; i < HD_EJECTS; i++) {
        const struct hd_client *client = ejects->of[i].client;

        pfds[i] = (struct pollfd){.fd = client ? hd_client_fd(client) : -1,
                                  .events = POLLIN};
    }
    if (poll(pfds, HD_EJECTS, hd_io_left_ms(until_ms)) <= 0)
        return false;
    for (size_t i = 0; i < HD_EJECTS; i++)
        if (pfds[i].revents && take(ejects, &ejects->of[i]))
            any = true;
    return any;
}

void hd_ejects_hear(struct hd_ejects *ejects, uint64_t until_ms)
{
    while (!hear(ejects, until_ms) && hd_io_left_ms(until_ms))
        continue;
}

void hd_ejects_hang_up(struct hd_ejects *ejects)
{
    for (size_t i = 0; i < HD_EJECTS; i++)
        if (ejects->of[i].client)
            forget(&ejects->of[i]);
}
