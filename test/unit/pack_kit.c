/* SPDX-License-Identifier: MIT */
/* A folder with everything that hd_pack takes, for tests. */
#include "pack_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/auth.h"
#include "../../pv-drivers/base/io.h"
#include "store_kit.h"
#include "unit.h"

static const char source[] =
    "hotdom: 1\n"
    "store: {name: travel, generation: 3}\n"
    "volumes:\n"
    "  - {name: root, encryption: none, from: root.img}\n"
    "  - {name: home, encryption: none, size: 1500K}\n"
    "guests:\n"
    "  - {name: one, kernel: kernel, ramdisk: initrd,"
    " volumes: [{name: root, as: xvda}]}\n"
    "  - {name: two, kernel: kernel, ramdisk: kernel}\n";

/* "word;" behind what is there. */
static void note(char *notes, size_t size, const char *word)
{
    size_t len = strlen(notes);

    CU_ASSERT_FATAL(len + strlen(word) + 2 <= size);
    snprintf(notes + len, size - len, "%s;", word);
}

static int give_password(void *ctx, const char *user, struct hd_secret **ret,
                         struct hd_err *err)
{
    struct pack_kit *b = ctx;

    (void)err;
    note(b->users, sizeof(b->users), user);
    *ret = hd_secret_new(HD_PASSWORD_MAX);
    (*ret)->len = (size_t)sprintf((*ret)->data, "%s's secret", user);
    return 0;
}

static int note_progress(void *ctx, const char *phase, uint64_t done,
                         uint64_t total)
{
    struct pack_kit *b = ctx;

    CU_ASSERT_TRUE(done <= total);
    if (done == total)
        note(b->phases, sizeof(b->phases), phase);
    return ++b->calls == b->stop_at;
}

void pack_kit_file(const struct pack_kit *b, const char *name, const void *data,
                   size_t len)
{
    struct hd_err err = {0};
    char path[96];

    snprintf(path, sizeof(path), "%s/%s", b->dir, name);
    CHECK_OK(hd_io_write_file(path, data, len, 0600, &err), &err);
}

void pack_kit_text(const struct pack_kit *b, const char *name, const char *text)
{
    pack_kit_file(b, name, text, strlen(text));
}

/* 1 MiB and a half: data, a hole of 1 MiB, and half a sector of data. */
static void put_root(const struct pack_kit *b)
{
    char path[96];
    int fd;

    snprintf(path, sizeof(path), "%s/root.img", b->dir);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    CU_ASSERT_EQUAL(pwrite(fd, "begin", 5, 4096), 5);
    CU_ASSERT_EQUAL(pwrite(fd, "end", 3, MIB + MIB / 2 - 3), 3);
    close(fd);
}

void pack_kit_init(struct pack_kit *b)
{
    uint8_t kernel[KIT_KERNEL];
    struct hd_err err = {0};
    struct hd_signer who;
    char name[64];

    memset(b, 0, sizeof(*b));
    strcpy(b->dir, "/tmp/hd-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->dir));
    snprintf(b->manifest, sizeof(b->manifest), "%s/m.yaml", b->dir);
    snprintf(b->key, sizeof(b->key), "%s/k.key", b->dir);
    snprintf(b->output, sizeof(b->output), "%s/out.img", b->dir);
    snprintf(name, sizeof(name), "%s/k", b->dir);
    CHECK_OK(hd_sign_keygen(name, &who, &err), &err);
    kit_kernel(kernel);
    pack_kit_file(b, "kernel", kernel, sizeof(kernel));
    pack_kit_file(b, "initrd", "a ramdisk", 9);
    pack_kit_file(b, "m.yaml", source, sizeof(source) - 1);
    put_root(b);
    b->in = (struct hd_pack){
        .manifest = b->manifest,
        .key = b->key,
        .output = b->output,
        .cost = {1024, 4, 1},
        .ops = {give_password, note_progress, b, "nothing was packed"},
    };
}

void pack_kit_fini(struct pack_kit *b)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", b->dir);
    CU_ASSERT_EQUAL(system(command), 0);
}
