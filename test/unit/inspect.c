/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/cmd_inspect: what `hotdom inspect` says of packed stores. */
#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/paths.h"
#include "../../hv/store/pack.h"
#include "../../hv/store/reader.h"
#include "pack_kit.h"
#include "unit.h"

static const char source[] = "hotdom: 1\n"
                             "store: {name: travel}\n"
                             "users: [{name: x}, {name: y, settings: {vcpus: 2,"
                             " guests: [one]}}]\n"
                             "volumes:\n"
                             "  - {name: root, kind: image, from: root.img}\n"
                             "  - {name: home, size: 1M}\n"
                             "  - {name: cache, encryption: none, size: 1M}\n"
                             "  - {name: mail, size: 1M, discard: true}\n"
                             "guests:\n"
                             "  - name: one\n"
                             "    kernel: kernel\n"
                             "    wishes: [{class: sound}]\n"
                             "    volumes: [{name: root, as: xvda}]\n";

static void pack(struct pack_kit *b, const char *text, bool no_recovery)
{
    struct hd_packed packed = {0};
    struct hd_err err = {0};

    pack_kit_init(b);
    pack_kit_text(b, "m.yaml", text);
    b->in.no_recovery_key = no_recovery;
    CHECK_OK(hd_pack(&b->in, &packed, &err), &err);
    if (packed.recovery)
        hd_secret_free(packed.recovery);
}

/* The program that was built beside the reader. */
static void inspect(const struct pack_kit *b, const char *options,
                    char ret[8192])
{
    char reader[PATH_MAX], command[PATH_MAX + 128];
    FILE *out;
    size_t n;

    hd_beside(HD_READER, reader);
    snprintf(command, sizeof(command), "%s/hotdom inspect %s %s 2>&1",
             dirname(reader), b->output, options);
    out = popen(command, "r");
    n = fread(ret, 1, 8191, out);
    ret[n] = '\0';
    CU_ASSERT_EQUAL(pclose(out), 0);
}

static void check_line(const char *text, const char *line)
{
    if (!strstr(text, line)) {
        printf("\n    \"%s\" is not in\n%s", line, text);
        CU_FAIL("a line is missing");
    }
}

static void inspect_shows_who_opens_it_and_what_is_protected(void)
{
    struct pack_kit b;
    char text[8192];

    pack(&b, source, false);
    inspect(&b, "", text);
    check_line(text, "\nusers       x y\n"
                     "recovery    yes\n"
                     "unlocking   takes 1 MiB, 4 passes\n");
    check_line(text, "image, verified ");
    check_line(text, "data, encrypted (luks2) ");
    check_line(text, "data, not encrypted ");
    check_line(text, "data, encrypted (luks2), discards ");
    check_line(text, "\nIMAGE  BLOCKS  ROOT HASH\nroot      384  ");
    check_line(text, "root as xvda, read-only");
    pack_kit_fini(&b);
}

static json_object *get(json_object *o, const char *key)
{
    return json_object_object_get(o, key);
}

static void inspect_says_the_same_in_json(void)
{
    json_object *o, *user, *wishes, *volumes, *verity;
    struct pack_kit b;
    char text[8192];

    pack(&b, source, true);
    inspect(&b, "--json", text);
    o = json_tokener_parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(o);
    CU_ASSERT_EQUAL(json_object_array_length(get(o, "users")), 2);
    CU_ASSERT_FALSE(json_object_get_boolean(get(o, "recovery_key")));
    CU_ASSERT_EQUAL(json_object_get_int(get(get(o, "kdf"), "memory")), 1 << 20);
    user = json_object_array_get_idx(get(o, "users"), 0);
    CU_ASSERT_PTR_NULL(get(user, "settings"));
    user = get(json_object_array_get_idx(get(o, "users"), 1), "settings");
    CU_ASSERT_STRING_EQUAL(
        json_object_to_json_string_ext(user, JSON_C_TO_STRING_PLAIN),
        "{\"vcpus\":2,\"guests\":[\"one\"]}");
    wishes = get(json_object_array_get_idx(get(o, "guests"), 0), "wishes");
    CU_ASSERT_STRING_EQUAL(
        json_object_to_json_string_ext(wishes, JSON_C_TO_STRING_PLAIN),
        "[{\"class\":\"sound\",\"level\":\"preferred\"}]");
    volumes = get(o, "volumes");
    verity = get(json_object_array_get_idx(volumes, 0), "verity");
    CU_ASSERT_EQUAL(json_object_get_int(get(verity, "blocks")), 384);
    CU_ASSERT_EQUAL(strlen(json_object_get_string(get(verity, "root"))), 64);
    CU_ASSERT_PTR_NULL(get(json_object_array_get_idx(volumes, 0), "luks"));
    CU_ASSERT_PTR_NOT_NULL(
        get(get(json_object_array_get_idx(volumes, 1), "luks"), "mark"));
    CU_ASSERT_PTR_NULL(get(json_object_array_get_idx(volumes, 2), "replaces"));
    CU_ASSERT_PTR_NULL(get(json_object_array_get_idx(volumes, 1), "discard"));
    CU_ASSERT_TRUE(json_object_get_boolean(
        get(json_object_array_get_idx(volumes, 3), "discard")));
    json_object_put(o);
    pack_kit_fini(&b);
}

static void a_store_without_encryption_shows_the_users_of_its_manifest(void)
{
    struct pack_kit b;
    char text[8192];

    pack(&b,
         "hotdom: 1\nstore: {name: a}\nusers: [{name: z}]\n"
         "guests: [{name: a, kernel: kernel}]\n",
         false);
    inspect(&b, "", text);
    check_line(text, "\nusers       z\n\n");
    CU_ASSERT_PTR_NULL(strstr(text, "recovery"));
    CU_ASSERT_PTR_NULL(strstr(text, "IMAGE"));
    inspect(&b, "--json", text);
    CU_ASSERT_PTR_NULL(strstr(text, "auth"));
    pack_kit_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(inspect_shows_who_opens_it_and_what_is_protected),
    HD_TEST(inspect_says_the_same_in_json),
    HD_TEST(a_store_without_encryption_shows_the_users_of_its_manifest),
};

HD_SUITE("cli/inspect", tests);
