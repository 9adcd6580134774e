/* SPDX-License-Identifier: MIT */
/* Tests that no hostile name passes, wherever a name can stand: every field of
 * the manifest and the policy, partitions, members, messages, jobs, signers. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/control/wire.h"
#include "../../hv/host/policy.h"
#include "../../hv/host/trust.h"
#include "../../hv/run/job_request.h"
#include "../../hv/store/yaml_scalar.h"
#include "../../hv/store/ustar.h"
#include "../../pv-drivers/base/mem.h"
#include "store_kit.h"
#include "unit.h"

/* A newline, a format, a slash, 300 characters, and some relatives. */
static const char *hostile(size_t i)
{
    static const char *const list[] = {
        "a\nb", "\n",        "a\r", "%s%s%s%n", "%n",    "/etc/passwd",
        "../a", "a/../../b", "a//", "/",        "..",    ".",
        "",     "a b",       "A",   "a\x1b[2J", "a\x7f", "-a"};
    static char long_names[2][1001];

    if (i < HD_ARRAY_LEN(list))
        return list[i];
    i -= HD_ARRAY_LEN(list);
    if (i >= 2)
        return NULL;
    memset(long_names[i], 'a', i ? 1000 : 300);
    return long_names[i];
}

static bool is_name_of_some_kind(const struct hd_field *f)
{
    return f->type == HD_T_NAME || f->type == HD_T_PATH;
}

/* Counts the name fields of a table and of those below it. */
static unsigned refuse_in(const struct hd_table *t)
{
    unsigned n = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct hd_field *f = &t->fields[i];
        hd_autofree char *obj = calloc(1, t->size);
        const char *name;

        if (f->sub)
            n += refuse_in(f->sub);
        if (!is_name_of_some_kind(f))
            continue;
        n++;
        for (size_t k = 0; (name = hostile(k)); k++) {
            struct hd_err err = {0};

            /* Paths of 300 characters are; names of files have fewer. */
            if (strlen(name) == 300 && f->size > 300)
                continue;
            CHECK_FAILS(hd_scalar_parse(f, name, strlen(name),
                                        HD_E_BAD_MANIFEST, obj, &err),
                        &err, HD_E_BAD_MANIFEST, f->key);
            CU_ASSERT_PTR_NULL(strpbrk(err.msg, "\n\r\x1b\x7f"));
            CU_ASSERT_EQUAL(obj[f->offset], '\0');
        }
    }
    return n;
}

static void no_name_field_of_the_manifest_or_the_policy_takes_one(void)
{
    CU_ASSERT_TRUE(refuse_in(&hd_manifest_table) >= 11);
    CU_ASSERT_TRUE(refuse_in(&hd_policy_table) >= 2);
}

/* Text has blanks, slashes and signs of percent, but one line. */
static void no_text_field_takes_a_second_line_or_300_characters_too_many(void)
{
    const struct hd_field line = {"cmdline", HD_T_TEXT, .size = 16};
    struct hd_err err = {0};
    char text[301], obj[16];

    memset(text, 'a', 300);
    CHECK_FAILS(hd_scalar_parse(&line, "a\nb", 3, HD_E_BAD_MANIFEST, obj, &err),
                &err, HD_E_BAD_MANIFEST, "cmdline: \"a?b\" is not printable");
    CHECK_FAILS(hd_scalar_parse(&line, text, 300, HD_E_BAD_MANIFEST, obj, &err),
                &err, HD_E_BAD_MANIFEST, "300 characters, 15 at most");
    CHECK_OK(hd_scalar_parse(&line, "%s/%n", 5, HD_E_BAD_MANIFEST, obj, &err),
             &err);
    CU_ASSERT_STRING_EQUAL(obj, "%s/%n");
}

static void no_partition_of_such_a_name_is_a_volume(void)
{
    static const char *const list[] = {"hotdom:ro\not", "hotdom:%s",
                                       "hotdom:/root",
                                       "hotdom:", "hotdom:root/"};

    for (size_t i = 0; i < HD_ARRAY_LEN(list); i++) {
        struct hd_err err = {0};
        struct kit_store s;

        kit_store_init(&s);
        strcpy(s.gpt.parts[1].name, list[i]);
        CHECK_FAILS(kit_refuse(&s, &err), &err, HD_E_BAD_HEADER,
                    "volume root has no partition");
        kit_store_fini(&s);
    }
}

static void no_member_of_such_a_name_is_a_file(void)
{
    const char *name;

    for (size_t i = 0; (name = hostile(i)); i++) {
        uint8_t block[HD_USTAR_BLOCK];
        struct hd_err err = {0};
        uint64_t size;

        hd_ustar_make(name, 1, block);
        CHECK_FAILS(hd_ustar_expect(block, "desk/vmlinux", &size, &err), &err,
                    HD_E_BAD_HEADER, "desk/vmlinux is not where it must be");
    }
}

static void no_signer_is_trusted_under_such_a_name(void)
{
    struct hd_signer signer = {{9}};
    const char *name;

    for (size_t i = 0; (name = hostile(i)); i++) {
        struct hd_err err = {0};

        CHECK_FAILS(hd_trust_add("/nonexistent", name, &signer, &err), &err,
                    HD_E_USAGE, "a signer's name is");
        CHECK_FAILS(hd_trust_rm("/nonexistent", name, &err), &err, HD_E_USAGE,
                    "a signer's name is");
    }
}

static void no_message_carries_a_control_character_or_300_bytes(void)
{
    struct json_object *parameters = json_object_new_object();
    const char *name, *text = NULL;
    struct hd_request req = {.method = "Unlock", .parameters = parameters};

    for (size_t i = 0; (name = hostile(i)); i++) {
        struct hd_err err = {0};
        bool plain = strlen(name) <= 256;

        for (const char *c = name; *c; c++)
            plain = plain && *c >= ' ' && *c != 0x7f;
        json_object_object_add(parameters, "store",
                               json_object_new_string(name));
        if (plain)
            CHECK_OK(hd_request_string(&req, "store", 256, &text, &err), &err);
        else
            CHECK_FAILS(hd_request_string(&req, "store", 256, &text, &err),
                        &err, HD_E_USAGE, "\"store\" ");
    }
    json_object_put(parameters);
}

/* The end of a guest is what names one guest. */
static void no_job_ends_a_guest_of_such_a_name(void)
{
    const char *name;

    for (size_t i = 0; (name = hostile(i)); i++) {
        struct hd_job_request req = {.op = HD_JOB_EJECT, .store = {{7}}};
        struct hd_err err = {0};

        /* Empty means all of them; names are shorter than the field. */
        if (!name[0] || !strcmp(name, ".") || !strcmp(name, "..") ||
            name[0] == '-')
            continue;
        memcpy(req.guest, name, strnlen(name, sizeof(req.guest)));
        CHECK_FAILS(hd_job_request_check(&req, NULL, &err), &err, HD_E_FAILED,
                    "request is bad");
    }
}

static const struct hd_test tests[] = {
    HD_TEST(no_name_field_of_the_manifest_or_the_policy_takes_one),
    HD_TEST(no_text_field_takes_a_second_line_or_300_characters_too_many),
    HD_TEST(no_partition_of_such_a_name_is_a_volume),
    HD_TEST(no_member_of_such_a_name_is_a_file),
    HD_TEST(no_signer_is_trusted_under_such_a_name),
    HD_TEST(no_message_carries_a_control_character_or_300_bytes),
    HD_TEST(no_job_ends_a_guest_of_such_a_name),
};

HD_SUITE("store/names", tests);
