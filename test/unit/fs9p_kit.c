/* SPDX-License-Identifier: MIT */
/* A 9p client on a real folder, for tests; sends what it is told, true or not.
 */
#include "fs9p_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

struct p9 p9;

void p9_begin(uint8_t type)
{
    p9.out = (struct hd_9p_out){.buf = p9.request, .size = sizeof(p9.request)};
    hd_9p_put(&p9.out, 0, 4);
    hd_9p_put(&p9.out, type, 1);
    hd_9p_put(&p9.out, 77, 2);
}

void p9_put(uint64_t value, size_t bytes)
{
    hd_9p_put(&p9.out, value, bytes);
}

void p9_put_text(const char *text)
{
    hd_9p_put_text(&p9.out, text, strlen(text));
}

int p9_ask(void)
{
    ssize_t n;

    hd_9p_put_at(&p9.out, 0, p9.out.len, 4);
    n = hd_9p_answer(p9.s, p9.request, p9.out.len, p9.reply);
    CU_ASSERT_FATAL(n >= HD_9P_HEADER);
    p9.in = (struct hd_9p_in){p9.reply, (size_t)n, false};
    CU_ASSERT_EQUAL(hd_9p_get(&p9.in, 4), (uint64_t)n);
    p9.type = (uint8_t)hd_9p_get(&p9.in, 1);
    CU_ASSERT_EQUAL(hd_9p_get(&p9.in, 2), 77);
    return p9.type == P9_RLERROR ? (int)hd_9p_get(&p9.in, 4) : 0;
}

uint64_t p9_got(size_t bytes)
{
    return hd_9p_get(&p9.in, bytes);
}

int p9_version(uint32_t msize, const char *text)
{
    p9_begin(P9_VERSION);
    p9_put(msize, 4);
    p9_put_text(text);
    return p9_ask();
}

int p9_attach(uint32_t fid)
{
    p9_begin(P9_ATTACH);
    p9_put(fid, 4);
    p9_put(UINT32_MAX, 4);
    p9_put_text("nobody");
    p9_put_text("");
    p9_put(0, 4);
    return p9_ask();
}

int p9_walk(uint32_t fid, uint32_t to, const char *path)
{
    char copy[256], *rest = copy, *name;
    uint16_t n = 0;
    int rc;

    snprintf(copy, sizeof(copy), "%s", path);
    p9_begin(P9_WALK);
    p9_put(fid, 4);
    p9_put(to, 4);
    p9_put(0, 2);
    for (; *path && (name = strsep(&rest, "/")); n++)
        p9_put_text(name);
    hd_9p_put_at(&p9.out, HD_9P_HEADER + 8, n, 2);
    rc = p9_ask();
    return rc ? rc : p9_got(2) == n ? 0 : -1;
}

int p9_simple(uint8_t type, uint32_t fid)
{
    p9_begin(type);
    p9_put(fid, 4);
    return p9_ask();
}

int p9_lopen(uint32_t fid, uint32_t flags)
{
    p9_begin(P9_LOPEN);
    p9_put(fid, 4);
    p9_put(flags, 4);
    return p9_ask();
}

int p9_read_at(uint8_t type, uint32_t fid, uint64_t offset, uint32_t count)
{
    p9_begin(type);
    p9_put(fid, 4);
    p9_put(offset, 8);
    p9_put(count, 4);
    return p9_ask();
}

int p9_stat_id(uint32_t fid, uint32_t *ret_mode, uint64_t *ret_id)
{
    int rc;

    p9_begin(P9_GETATTR);
    p9_put(fid, 4);
    p9_put(0x7ff, 8);
    rc = p9_ask();
    (void)p9_got(8), (void)p9_got(HD_9P_QID - 8);
    *ret_id = p9_got(8);
    *ret_mode = (uint32_t)p9_got(4);
    return rc;
}

int p9_stat_of(uint32_t fid, uint32_t *ret_mode)
{
    uint64_t id;

    return p9_stat_id(fid, ret_mode, &id);
}

void p9_list(uint32_t fid, uint32_t count, char ret[256])
{
    uint64_t offset = 0;
    char name[HD_9P_NAME];

    *ret = '\0';
    for (;;) {
        CU_ASSERT_EQUAL_FATAL(p9_read_at(P9_READDIR, fid, offset, count), 0);
        if (!p9_got(4))
            return;
        while (p9.in.left) {
            (void)p9_got(5), (void)p9_got(8);
            offset = p9_got(8);
            (void)p9_got(1);
            hd_9p_get_name(&p9.in, name);
            CU_ASSERT_FALSE_FATAL(p9.in.bad);
            snprintf(ret + strlen(ret), 256 - strlen(ret), "%s ", name);
        }
    }
}

static void file(const char *path, const char *text, mode_t mode)
{
    hd_kit_put(&p9.host, path, text);
    CU_ASSERT_EQUAL(fchmodat(p9.host.root, path, mode, 0), 0);
}

void p9_set_up(const char *tables)
{
    memset(&p9, 0, sizeof(p9));
    hd_kit_tree_init(&p9.host);
    p9.tree.root = p9.host.root;
    CU_ASSERT_EQUAL_FATAL(hd_tables_parse(tables, &p9.tree.tables, NULL), 0);
    file("etc/resolv.conf", "nameserver 1", 0644);
    file("etc/shadow", "secret", 0644);
    file("etc/fonts/a", "font a", 04755);
    file("etc/fonts/own/b", "font b", 0644);
    file("home/c", "private", 0644);
    hd_kit_point(&p9.host, "etc/fonts/out", "../../home/c");
    hd_kit_point(&p9.host, "etc/fonts/dir", "/home");
    hd_kit_point(&p9.host, "etc/link", "fonts");
    CU_ASSERT_EQUAL(mkfifoat(p9.host.root, "etc/fonts/pipe", 0666), 0);
    p9.s = hd_9p_new(&p9.tree);
    CU_ASSERT_EQUAL_FATAL(p9_version(65536, "9P2000.L"), 0);
    CU_ASSERT_EQUAL_FATAL(p9_attach(0), 0);
}

void p9_tear_down(void)
{
    hd_9p_free(p9.s);
    hd_tables_free(p9.tree.tables);
    hd_kit_tree_fini(&p9.host);
}
