/* SPDX-License-Identifier: MIT */
/* A 9p client that sends what it is told, true or not; it ends the program when
 * the server does what none should. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../pv-drivers/base/mem.h"

struct frontend rogue_frontend;
struct hd_9p_out rogue_out;
struct hd_9p_in rogue_in;
static uint8_t request[FRONTEND_RING], reply[FRONTEND_RING];

void rogue_die(const struct hd_err *err)
{
    printf("rogue-9p: %s\n", err->msg);
    exit(1);
}

/* ---- messages */

void rogue_begin(uint8_t type)
{
    rogue_out = (struct hd_9p_out){.buf = request, .size = sizeof(request)};
    hd_9p_put(&rogue_out, 0, 4);
    hd_9p_put(&rogue_out, type, 1);
    hd_9p_put(&rogue_out, ROGUE_TAG, 2);
}

void rogue_put(uint64_t value, size_t bytes)
{
    hd_9p_put(&rogue_out, value, bytes);
}

void rogue_put_text(const char *text)
{
    hd_9p_put_text(&rogue_out, text, strlen(text));
}

/* Its header says how long it is. */
void rogue_send_all(void)
{
    hd_9p_put_at(&rogue_out, 0, rogue_out.len, 4);
    frontend_send(&rogue_frontend, request, rogue_out.len);
}

/* 0, an errno, or ROGUE_ENDED; the tag must be ours. */
int rogue_hear(void)
{
    struct hd_err err;
    ssize_t n = frontend_reply(&rogue_frontend, reply, sizeof(reply), &err);
    uint8_t type;

    if (n < 0)
        rogue_die(&err);
    if (!n)
        return ROGUE_ENDED;
    rogue_in = (struct hd_9p_in){reply, (size_t)n, false};
    (void)hd_9p_get(&rogue_in, 4);
    type = (uint8_t)hd_9p_get(&rogue_in, 1);
    if (hd_9p_get(&rogue_in, 2) != ROGUE_TAG) {
        puts("rogue-9p: the tag of a reply is another's");
        exit(1);
    }
    return type == RLERROR ? (int)hd_9p_get(&rogue_in, 4) : 0;
}

int rogue_ask(void)
{
    rogue_send_all();
    frontend_notify(&rogue_frontend);
    return rogue_hear();
}

/* As they are, whatever they say of themselves. */
int rogue_ask_raw(const void *bytes, size_t len)
{
    frontend_send(&rogue_frontend, bytes, len);
    frontend_notify(&rogue_frontend);
    return rogue_hear();
}

int rogue_version(uint32_t msize, const char *text)
{
    rogue_begin(VERSION), rogue_put(msize, 4), rogue_put_text(text);
    return rogue_ask();
}

void rogue_put_attach(uint32_t fid)
{
    rogue_begin(ATTACH), rogue_put(fid, 4), rogue_put(UINT32_MAX, 4);
    rogue_put_text("root"), rogue_put_text(""), rogue_put(0, 4);
}

void rogue_begin_walk(uint32_t fid, uint32_t to, uint16_t names)
{
    rogue_begin(WALK), rogue_put(fid, 4), rogue_put(to, 4), rogue_put(names, 2);
}

int rogue_walk(uint32_t to, const char *const names[], uint16_t n)
{
    rogue_begin_walk(0, to, n);
    for (uint16_t i = 0; i < n; i++)
        rogue_put_text(names[i]);
    return rogue_ask();
}

/* CLUNK and the others that have a fid alone. */
int rogue_ask_fid(uint8_t type, uint32_t fid)
{
    rogue_begin(type), rogue_put(fid, 4);
    return rogue_ask();
}

int rogue_lopen(uint32_t fid, uint32_t flags)
{
    rogue_begin(LOPEN), rogue_put(fid, 4), rogue_put(flags, 4);
    return rogue_ask();
}

int rogue_read_at(uint32_t fid, uint64_t offset, uint32_t count)
{
    rogue_begin(READ), rogue_put(fid, 4), rogue_put(offset, 8),
        rogue_put(count, 4);
    return rogue_ask();
}

int rogue_walk_to_file(uint32_t to)
{
    static const char *const names[] = {"srv", "shown", "file"};

    return rogue_walk(to, names, HD_ARRAY_LEN(names));
}

/* ---- sessions */

static bool connect_again(void)
{
    struct hd_err err;

    if (frontend_greet(&rogue_frontend, &err) ||
        frontend_enter(&rogue_frontend, &err))
        rogue_die(&err);
    return rogue_frontend.connected;
}

/* On the connection that there is, or on a new one, with fid 0. */
void rogue_begin_session(void)
{
    int rc;

    if (!rogue_frontend.connected && !connect_again()) {
        puts("rogue-9p: the server takes no guest any more");
        exit(1);
    }
    rc = rogue_version(HD_9P_MSIZE, "9P2000.L");
    rogue_put_attach(0);
    if (rc || (rc = rogue_ask())) {
        printf("rogue-9p: no session: %d\n", rc);
        exit(1);
    }
}

/* What a client would do. */
int rogue_read_file(void)
{
    uint32_t len;
    int rc = rogue_walk_to_file(1);

    if (!rc)
        rc = rogue_lopen(1, 0);
    if (!rc)
        rc = rogue_read_at(1, 0, 64);
    if (rc)
        return rc;
    len = (uint32_t)hd_9p_get(&rogue_in, 4);
    printf("read: %.*s", len > rogue_in.left ? 0 : (int)len,
           (const char *)rogue_in.at);
    return 0;
}
