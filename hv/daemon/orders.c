/* SPDX-License-Identifier: MIT */
/* Keeps, a line each, who is to end and how; ends nobody. */
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/kept.h"

#define LINE_SIZE (HD_NAME_SIZE + 40)
#define TEXT_SIZE (HD_MAX_GUESTS * LINE_SIZE)

static const struct {
    enum hd_order order;
    const char *word;
} words[] = {{HD_ORDER_SHUTDOWN, "shutdown"}, {HD_ORDER_DESTROY, "destroy"}};

/* The domid tells a guest from the same one that was started later. */
static void write_line(const struct hd_guest_life *guest, const char *word,
                       char ret[LINE_SIZE])
{
    snprintf(ret, LINE_SIZE, "%s %lld %s\n", guest->name,
             (long long)guest->domid, word);
}

static const char *word_of(enum hd_order order)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(words); i++)
        if (words[i].order == order)
            return words[i].word;
    return NULL;
}

void hd_orders_save(struct hd_store *store)
{
    char text[TEXT_SIZE] = "", line[LINE_SIZE];
    struct hd_err err;

    for (size_t i = 0; i < store->n_guests; i++) {
        const char *word = word_of(store->guests[i].order);

        if (!word)
            continue;
        write_line(&store->guests[i], word, line);
        strcat(text, line);
    }
    if (hd_kept_save(HD_ORDER_DIR, &store->id, text, strlen(text), SIZE_MAX,
                     &err))
        hd_log(HD_LOG_WARNING,
               "%s: who is to end goes on after a restart of hotdomd: %s",
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

static void adopt(struct hd_guest_life *guest, const char *text)
{
    char line[LINE_SIZE];

    for (size_t i = 0; i < HD_ARRAY_LEN(words); i++) {
        write_line(guest, words[i].word, line);
        if (has_line(text, line))
            guest->order = words[i].order;
    }
}

void hd_orders_adopt(struct hd_store *store)
{
    hd_autofree char *text = NULL;
    struct hd_err err;
    size_t len;

    if (hd_kept_load(HD_ORDER_DIR, &store->id, TEXT_SIZE, &text, &len, &err)) {
        if (err.code != HD_E_NO_STORE)
            hd_log(HD_LOG_WARNING, "%s: who was to end goes on: %s",
                   store->label, err.msg);
        return;
    }
    store->ordered = true;
    for (size_t i = 0; i < store->n_guests; i++)
        if (hd_store_guest_lives(&store->guests[i]))
            adopt(&store->guests[i], text);
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
