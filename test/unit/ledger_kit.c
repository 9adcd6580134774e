/* SPDX-License-Identifier: MIT */
/* A folder, and a ledger in it; tests nothing itself. */
#include "ledger_kit.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"

char ledger_dir[32];
const struct hd_ledger_head ledger_head = {
    .store = {{0x5c, 0x0e, 1}},
    .label = "travel",
    .devname = "sda",
    .diskseq = 18446744073709551615u,
};

static int rm(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

void ledger_begin(void)
{
    strcpy(ledger_dir, "/tmp/hd-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(ledger_dir));
}

void ledger_end(void)
{
    nftw(ledger_dir, rm, 8, FTW_DEPTH | FTW_PHYS);
}

void ledger_path(char path[128])
{
    char id[HD_UUID_SIZE];

    hd_uuid_format(&ledger_head.store, id);
    snprintf(path, 128, "%s/%s", ledger_dir, id);
}

off_t ledger_size(void)
{
    char path[128];
    struct stat st;

    ledger_path(path);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    return st.st_size;
}

void ledger_scribble(const char *text)
{
    char path[128];
    FILE *out;

    ledger_path(path);
    out = fopen(path, "ae");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

struct hd_ledger *ledger_create(void)
{
    struct hd_err err = {0};
    struct hd_ledger *ledger = NULL;

    CHECK_OK(hd_ledger_create(ledger_dir, &ledger_head, &ledger, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ledger);
    return ledger;
}

struct hd_ledger *ledger_reopen(void)
{
    struct hd_err err = {0};
    struct hd_ledger *ledger = NULL;

    CHECK_OK(hd_ledger_open(ledger_dir, &ledger_head.store, &ledger, &err),
             &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ledger);
    return ledger;
}

uint32_t ledger_take(struct hd_ledger *ledger, enum hd_effect_kind kind,
                     const char *value)
{
    struct hd_err err = {0};
    uint32_t seq = 0;

    CHECK_OK(hd_ledger_take(ledger, kind, "desk", value, &seq, &err), &err);
    return seq;
}
