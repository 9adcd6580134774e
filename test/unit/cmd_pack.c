/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/cmd_pack: the program `hotdom pack`, as a person runs it. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/paths.h"
#include "../../hv/store/reader.h"
#include "pack_kit.h"
#include "unit.h"

static const char source[] = "hotdom: 1\n"
                             "store: {name: travel}\n"
                             "users: [{name: x}]\n"
                             "volumes: [{name: home, size: 1M}]\n"
                             "guests: [{name: one, kernel: kernel}]\n";

/* Its exit status; `ret` is what it printed. */
static int run(const struct pack_kit *b, const char *options, char ret[4096])
{
    char reader[PATH_MAX], command[PATH_MAX + 512];
    FILE *out;
    size_t n;
    int status;

    hd_beside(HD_READER, reader);
    snprintf(command, sizeof(command),
             "%s/hotdom pack --manifest %s --key %s -o %s --kdf-memory 8M "
             "--password-fd 3 3<%s/passwords %s 2>&1",
             dirname(reader), b->manifest, b->key, b->output, b->dir, options);
    out = popen(command, "r");
    n = fread(ret, 1, 4095, out);
    ret[n] = '\0';
    status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void begin(struct pack_kit *b, const char *password)
{
    pack_kit_init(b);
    pack_kit_text(b, "m.yaml", source);
    pack_kit_text(b, "passwords", password);
}

static void check_refused(const struct pack_kit *b, const char *options,
                          const char *sentence)
{
    char text[4096];

    CU_ASSERT_EQUAL(run(b, options, text), 2);
    if (!strstr(text, sentence)) {
        printf("\n    got %s\n", text);
        CU_FAIL("not the sentence");
    }
    CU_ASSERT_EQUAL(access(b->output, F_OK), -1);
}

static void a_ramdisk_is_made_of_modules_and_of_nothing_else(void)
{
    struct pack_kit b;

    begin(&b, "secret\n");
    check_refused(&b, "--ramdisk auto", "go together");
    check_refused(&b, "--modules /lib/modules/x", "go together");
    check_refused(&b, "--ramdisk mine.img --modules /lib/modules/x",
                  "--ramdisk is auto, not \"mine.img\"");
    pack_kit_fini(&b);
}

static void the_cost_of_a_keyslot_has_bounds(void)
{
    static const char *const sizes[] = {"7M", "2049M", "3G",  "0",
                                        "-1", "64m",   "1e3", "''"};
    static const char *const passes[] = {"3", "65", "0", "-4", "4x", "''"};
    char options[64], sentence[128];
    struct pack_kit b;

    begin(&b, "secret\n");
    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++) {
        snprintf(options, sizeof(options), "--kdf-memory %s", sizes[i]);
        snprintf(sentence, sizeof(sentence),
                 "hotdom pack: --kdf-memory is a size from 8M to 2G, not "
                 "\"%s\"\n",
                 strcmp(sizes[i], "''") ? sizes[i] : "");
        check_refused(&b, options, sentence);
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(passes); i++) {
        snprintf(options, sizeof(options), "--kdf-time %s", passes[i]);
        snprintf(sentence, sizeof(sentence),
                 "hotdom pack: --kdf-time is a number of passes from 4 to 64, "
                 "not \"%s\"\n",
                 strcmp(passes[i], "''") ? passes[i] : "");
        check_refused(&b, options, sentence);
    }
    pack_kit_fini(&b);
}

/* 64 letters and 7 dashes on one line, at the end. */
static void the_recovery_key_is_printed_once_at_the_end(void)
{
    static const char words[] = "\nrecovery key: ";
    char text[4096], *key;
    struct pack_kit b;

    begin(&b, "secret\n");
    CU_ASSERT_EQUAL(run(&b, "", text), 0);
    key = strstr(text, words);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    key += strlen(words);
    CU_ASSERT_EQUAL(strspn(key, "cbdefghijklnrtuv-"), 71);
    CU_ASSERT_STRING_EQUAL(key + 71, "\n  write it down; it is shown once\n");
    key[71] = '\0';
    CU_ASSERT_PTR_NULL(strstr(text, "secret"));
    CU_ASSERT_EQUAL(strstr(text, key), key);
    pack_kit_fini(&b);
}

static void no_recovery_key_means_none(void)
{
    char text[4096];
    struct pack_kit b;

    begin(&b, "secret\n");
    CU_ASSERT_EQUAL(run(&b, "--no-recovery-key", text), 0);
    CU_ASSERT_PTR_NULL(strstr(text, "recovery"));
    pack_kit_fini(&b);
}

static void a_password_that_is_no_text_is_refused(void)
{
    struct pack_kit b;

    begin(&b, "caf\xe9\n");
    check_refused(&b, "", "user x: the password is not UTF-8 text");
    pack_kit_fini(&b);
}

static void phases_are_told_by_name(void)
{
    static const char *const phases[] = {
        "keyslots: ", "kernels: ",  "volume home: ",
        "header: ",   "flushing: ", "verifying: "};
    char text[4096];
    const char *at = text;
    struct pack_kit b;

    begin(&b, "secret\n");
    CU_ASSERT_EQUAL(run(&b, "", text), 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(phases); i++) {
        at = strstr(at, phases[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        CU_ASSERT_PTR_NULL(strstr(at + 1, phases[i]));
    }
    pack_kit_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_ramdisk_is_made_of_modules_and_of_nothing_else),
    HD_TEST(the_cost_of_a_keyslot_has_bounds),
    HD_TEST(the_recovery_key_is_printed_once_at_the_end),
    HD_TEST(no_recovery_key_means_none),
    HD_TEST(a_password_that_is_no_text_is_refused),
    HD_TEST(phases_are_told_by_name),
};

HD_SUITE("cli/pack", tests);
