/* SPDX-License-Identifier: MIT */
/* Keeps, a line each, who is to be destroyed; ends nobody. */
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/kept.h"

#define LINE_SIZE (HD_NAME_SIZE + 24)
#define TEXT_SIZE (HD_MAX_GUESTS * LINE_SIZE)

/* The domid tells a guest from the same one that was started later. */
static void write_line(const struct hd_guest_life *guest, char ret[LINE_SIZE])
{
    snprintf(ret, LINE_SIZE, "%s %lld\n", guest->name, (long long)guest->domid);
}

void hd_orders_save(struct hd_store *store)
{
    char text[TEXT_SIZE] = "", line[LINE_SIZE];
    struct hd_err err;

    for (size_t i = 0; i < store->n_guests; i++) {
        if (store->guests[i].order != HD_ORDER_DESTROY)
            continue;
        write_line(&store->guests[i], line);
        strcat(text, line);
    }
    if (hd_kept_save(HD_ORDER_DIR, &store->id, text, strlen(text), SIZE_MAX,
                     &err))
        hd_log(HD_LOG_WARNING,
               "%s: who is to be destroyed is not after a restart of hotdomd: "
               "%s",
               store->label, err.msg);
    else
        store->ordered = true;
}

static bool has_line(const char *text, const char *line)
{
    const char *at = text;

    while ((at = strstr(at, line)) && at > text && at[-1] != '\n')
        at++;
    return at != NULL;
}

void hd_orders_adopt(struct hd_store *store)
{
    hd_autofree char *text = NULL;
    char line[LINE_SIZE];
    struct hd_err err;
    size_t len;

    if (hd_kept_load(HD_ORDER_DIR, &store->id, TEXT_SIZE, &text, &len, &err)) {
        if (err.code != HD_E_NO_STORE)
            hd_log(HD_LOG_WARNING, "%s: who was to be destroyed is not: %s",
                   store->label, err.msg);
        return;
    }
    store->ordered = true;
    for (size_t i = 0; i < store->n_guests; i++) {
        write_line(&store->guests[i], line);
        if (hd_store_guest_lives(&store->guests[i]) && has_line(text, line))
            store->guests[i].order = HD_ORDER_DESTROY;
    }
}

void hd_orders_drop(struct hd_store *store)
{
    struct hd_err err;

    if (store->ordered && hd_kept_forget(HD_ORDER_DIR, &store->id, &err))
        hd_log(HD_LOG_WARNING, "%s", err.msg);
    store->ordered = false;
}

void hd_orders_sweep(struct hd_stores *stores)
{
    hd_kept_sweep(HD_ORDER_DIR, hd_stores_has, stores);
}
