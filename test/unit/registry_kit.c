/* SPDX-License-Identifier: MIT */
/* A registry in a folder of its own, which the end of the test removes. */
#include "registry_kit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "unit.h"

char registry_dir[40];

void registry_begin(void)
{
    strcpy(registry_dir, "/tmp/hotdom-registry-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(registry_dir));
}

void registry_end(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", registry_dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

const char *registry_at(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", registry_dir, name);
    return path;
}

struct hd_value registry_text(const char *s)
{
    return (struct hd_value){HD_VALUE_STRING, s, strlen(s)};
}

struct hd_registry *registry_open_as(enum hd_registry_mode mode)
{
    struct hd_registry *r = NULL;
    struct hd_err err;

    CHECK_OK(
        hd_registry_open(registry_dir, mode, hd_io_now_ms() + 9000, &r, &err),
        &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    return r;
}

void registry_set_value(const char *key, const struct hd_value *value)
{
    hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_WRITE);
    struct hd_err err;

    CHECK_OK(hd_registry_set(r, key, value, &err), &err);
    CHECK_OK(hd_registry_commit(r, &err), &err);
}

void registry_set(const char *key, const char *value)
{
    const struct hd_value v = registry_text(value);

    registry_set_value(key, &v);
}

const char *registry_get(const char *key)
{
    hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);
    static char value[256];
    struct hd_value v;
    struct hd_err err;
    int rc = hd_registry_get(r, key, &v, &err);

    if (rc <= 0)
        return rc ? "!" : "-";
    snprintf(value, sizeof(value), "%.*s", (int)v.len, v.data);
    return value;
}

/* A new file: one that is cut off and written anew ext4 syncs. */
void registry_leave(const char *bytes, size_t n)
{
    int fd;

    (void)unlink(registry_at(HD_REGISTRY_FILE));
    fd = open(registry_at(HD_REGISTRY_FILE),
              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

char *registry_taken(size_t *ret_len)
{
    char *bytes = NULL;

    CU_ASSERT_EQUAL_FATAL(hd_io_read_file(registry_at(HD_REGISTRY_FILE),
                                          1 << 20, &bytes, ret_len, NULL),
                          0);
    return bytes;
}
