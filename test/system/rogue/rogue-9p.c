/* SPDX-License-Identifier: MIT */
/* rogue-9p GROUP: attacks the host view of the guest that it runs in, one by
 * one, says how each was answered, and reads a file through it at the end;
 * fails when an answer is another than it should be. */
#include <stdio.h>
#include <string.h>

#include "../../../pv-drivers/base/mem.h"
#include "attack.h"
#include "client.h"

static const struct {
    const char *name;
    const struct attack *attacks;
} groups[] = {
    {"messages", rogue_messages},
    {"files", rogue_files},
    {"rings", rogue_rings},
    {"xenbus", rogue_xenbus},
};

/* 1: it was answered as it should be not. */
static int run(const struct attack *a)
{
    int rc;

    rogue_begin_session();
    rc = a->run();
    printf("%s: ", a->name);
    if (rc == ROGUE_ENDED)
        puts("ended");
    else
        puts(rc ? strerror(rc) : "answered");
    if (rc != a->want)
        printf("rogue-9p: that is not %d\n", a->want);
    return rc != a->want;
}

int main(int argc, char **argv)
{
    struct hd_err err;
    int bad = 0;

    setlinebuf(stdout);
    if (argc != 2 || frontend_open(&rogue_frontend, &err)) {
        printf("rogue-9p: %s\n", argc == 2 ? err.msg : "name a group");
        return 2;
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(groups); i++)
        for (const struct attack *a = groups[i].attacks; a->name; a++)
            if (!strcmp(groups[i].name, argv[1]))
                bad |= run(a);
    rogue_begin_session();
    if (rogue_read_file() || frontend_leave(&rogue_frontend, &err))
        return 1;
    return bad;
}
