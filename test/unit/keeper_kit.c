/* SPDX-License-Identifier: MIT */
/* A keeper on a folder of its own, which the end of the test removes, and a
 * xenstore that answers what the test has said before. */
#include "keeper_kit.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/respond.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

char keeper_root[40], keeper_dir[64];
struct hd_xsdev *keeper_x;
struct hd_keeper keeper;
static uint32_t said;
static int peer;

void keeper_begin(void)
{
    struct hd_err err;
    int fds[2];

    strcpy(keeper_root, "/tmp/hotdom-keeper-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(keeper_root));
    snprintf(keeper_dir, sizeof(keeper_dir), "%s/var/registry", keeper_root);
    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    peer = fds[1];
    said = 0;
    keeper = HD_KEEPER_NONE;
    CHECK_OK(hd_xsdev_take(fds[0], &keeper_x, &err), &err);
}

void keeper_end(void)
{
    char command[64];

    hd_keeper_fini(&keeper);
    hd_xsdev_free(hd_steal(&keeper_x));
    close(peer);
    snprintf(command, sizeof(command), "rm -rf %s", keeper_root);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* The answer to the next request. */
void keeper_say(uint32_t type, const char *body, size_t len)
{
    struct xsd_sockmsg msg = {
        .type = type, .req_id = ++said, .len = (uint32_t)len};

    CU_ASSERT_EQUAL(write(peer, &msg, sizeof(msg)), sizeof(msg));
    CU_ASSERT_EQUAL(write(peer, body, len), (ssize_t)len);
}

void keeper_say_text(uint32_t type, const char *text)
{
    keeper_say(type, text, strlen(text));
}

void keeper_set(const char *key, const char *value)
{
    struct hd_regcall call = {.op = HD_REGCALL_SET};
    struct hd_entries e = {.max = 1 << 17},
                      bytes = {.max = HD_REGCALL_ANSWER_MAX};
    struct hd_value v = {.type = HD_VALUE_NONE};
    struct hd_reganswer answer;
    struct hd_err err;

    if (value)
        CU_ASSERT_TRUE(hd_value_parse(value, strlen(value), &v));
    CHECK_OK(hd_entries_add(&e, key, &v, &err), &err);
    call.entries = e.data;
    call.len = e.used;
    CHECK_OK(hd_respond_call(keeper_dir, NULL, &call, &bytes, &answer, &err),
             &err);
    hd_entries_fini(&e);
    hd_entries_fini(&bytes);
}

void keeper_check_file(const char *name, const char *want)
{
    hd_autofree char *text = NULL;
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s%s", keeper_root, name);
    (void)hd_io_read_file(path, 4096, &text, NULL, NULL);
    CU_ASSERT_EQUAL(!text, !want);
    if (text && want)
        CU_ASSERT_STRING_EQUAL(text, want);
}

void keeper_say_binds(void)
{
    keeper_say(XS_DIRECTORY, "0\0001\0002", 6);
    keeper_say_text(XS_READ, "guest/net/resolv /etc/resolv.conf");
    keeper_say_text(XS_READ, "guest/hosts /etc/deep/hosts");
    keeper_say_text(XS_READ, "garbage");
}

/* A host that asks nothing and binds two keys. */
void keeper_begin_bound(void)
{
    struct hd_err err;

    keeper_begin();
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say_binds();
    CHECK_OK(hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err),
             &err);
    CU_ASSERT_EQUAL(keeper.n_binds, 2);
}

void keeper_check_answer(const char *text, const char *want)
{
    struct hd_piece piece;

    CU_ASSERT_TRUE_FATAL(hd_piece_parse(text, &piece));
    CU_ASSERT_EQUAL(piece.number, 9);
    CU_ASSERT_FALSE(piece.more);
    CU_ASSERT_EQUAL(piece.len, strlen(want));
    CU_ASSERT_EQUAL(memcmp(piece.data, want, strlen(want)), 0);
}

/* All requests that were made, the last one's body behind its path. */
const char *keeper_last_request(void)
{
    static char body[4096];
    struct xsd_sockmsg msg;

    while (recv(peer, &msg, sizeof(msg), MSG_DONTWAIT) == sizeof(msg)) {
        CU_ASSERT_EQUAL_FATAL(read(peer, body, msg.len), (ssize_t)msg.len);
        body[msg.len] = '\0';
    }
    return body + strlen(body) + 1;
}
