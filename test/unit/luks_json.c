/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/luks_json and luks_rule: what a hostile header may claim. */
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "luks_kit.h"
#include "unit.h"

static void the_null_cipher_is_refused(void)
{
    BECOMES("\"iv_tweak\":\"0\",\"encryption\":\"aes-xts-plain64\"",
            "\"iv_tweak\":\"0\",\"encryption\":\"cipher_null-ecb\"",
            "segment 0: encryption must be \"aes-xts-plain64\", not "
            "\"\"cipher_null-ecb\"\"");
    BECOMES("\"encryption\":\"aes-xts-plain64\",\"key_size\"",
            "\"encryption\":\"cipher_null-ecb\",\"key_size\"",
            "keyslot 0's area: encryption must be");
    BECOMES("aes-xts-plain64", "aes-cbc-essiv:sha256", "encryption must be");
}

static void reencryption_is_refused(void)
{
    BECOMES("\"config\":{",
            "\"config\":{\"requirements\":{\"mandatory\":"
            "[\"online-reencrypt-v2\"]},",
            "config: \"requirements\" is not known here");
    BECOMES("\"sector_size\":512",
            "\"sector_size\":512,\"flags\":[\"in-reencryption\"]",
            "segment 0: \"flags\" is not known here");
    BECOMES("\"type\":\"luks2\"", "\"type\":\"reencrypt\"",
            "keyslot 0: type must be \"luks2\"");
    BECOMES("\"segments\":{\"0\":", "\"segments\":{\"1\":{},\"0\":",
            "segments: \"1\" is not known here");
}

static void unknown_flags_and_requirements_are_refused(void)
{
    BECOMES("\"config\":{", "\"config\":{\"flags\":[\"allow-discards\"],",
            "config: \"flags\" is not known here");
    BECOMES("\"config\":{",
            "\"config\":{\"requirements\":{\"mandatory\":[\"x\"]},",
            "\"requirements\" is not known here");
    BECOMES("\"sector_size\":512",
            "\"sector_size\":512,\"integrity\":{\"type\":\"none\"}",
            "segment 0: \"integrity\" is not known here");
    BECOMES("\"type\":\"luks2\"", "\"priority\":2,\"type\":\"luks2\"",
            "keyslot 0: \"priority\" is not known here");
    BECOMES("{\"keyslots\"", "{\"more\":{},\"keyslots\"",
            "header: \"more\" is not known here");
}

static void argon2_of_4_gib_is_refused(void)
{
    BECOMES("\"memory\":32", "\"memory\":4194304",
            "keyslot 0's kdf: memory must be 32 to 2097152, not \"4194304\"");
    BECOMES("\"memory\":32", "\"memory\":2097153", "memory must be");
    TAKEN(kit_luks_edit(&k, "\"memory\":32", "\"memory\":2097152");
          CHECK_OK(kit_luks_check(&k, &err), &err);
          CU_ASSERT_EQUAL(k.facts.memory_kib, 2097152));
}

static void argon2_of_2_to_the_32_is_refused(void)
{
    BECOMES("\"memory\":32", "\"memory\":4294967295", "memory must be");
    BECOMES("\"memory\":32", "\"memory\":4294967296", "memory must be");
    BECOMES("\"memory\":32", "\"memory\":4294967328", "memory must be");
    BECOMES("\"memory\":32", "\"memory\":18446744073709551648",
            "memory must be");
    BECOMES("\"time\":4", "\"time\":4294967295",
            "keyslot 0's kdf: time must be 4 to 64");
    BECOMES("\"time\":4", "\"time\":65", "time must be 4 to 64");
    BECOMES("\"cpus\":1", "\"cpus\":9", "cpus must be 1 to 8");
    BECOMES("\"cpus\":1", "\"cpus\":-1", "a byte that is none of its text");
    BECOMES("\"cpus\":1", "\"cpus\":1.5", "a byte that is none of its text");
    BECOMES("\"cpus\":1", "\"cpus\":\"1\"", "cpus must be 1 to 8");
    BECOMES("\"cpus\":1", "\"cpus\":1e0", "a byte that is none of its text");
}

static void another_kdf_is_refused(void)
{
    BECOMES("argon2id", "argon2i", "kdf: type must be \"argon2id\"");
    BECOMES("argon2id", "pbkdf2", "kdf: type must be \"argon2id\"");
    REFUSED_OF(
        false,
        kit_luks_edit(&k, "\"iterations\":1000", "\"iterations\":1000001"),
        "iterations must be 1000 to 1000000");
    REFUSED_OF(false,
               kit_luks_edit(&k, "\"iterations\":1000", "\"iterations\":1"),
               "iterations must be 1000 to 1000000");
    REFUSED_OF(false, kit_luks_edit(&k, "pbkdf2", "argon2id"),
               "keyslot 0's kdf: type must be \"pbkdf2\"");
    BECOMES("\"salt\":\"", "\"salt\":\"x", "salt must be 32 bytes in base64");
}

static void broken_json_is_refused(void)
{
    BECOMES("{\"keyslots\"", "[\"keyslots\"", "its JSON has no object");
    BECOMES("}}", "}", "its JSON has no object");
    BECOMES("{\"keyslots\"", "{ 'a':1,\"keyslots\"",
            "a byte that is none of its text");
    BECOMES("{\"keyslots\"", "{/**/\"keyslots\"",
            "a byte that is none of its text");
    BECOMES("\"time\":4", "\"time\":NaN", "a byte that is none of its text");
    BECOMES("\"time\":4", "\"time\":04", "no object");
    BECOMES("\"type\"", "\"t\\u0079pe\"", "a byte that is none of its text");
    BECOMES("\"type\"", "\"type\xc3\xa4\"", "a byte that is none of its text");
    BECOMES("\"type\"", "\n\"type\"", "a byte that is none of its text");
    REFUSED(kit_luks_put(&k, "", 0), "no object");
    REFUSED(kit_luks_put(&k, "[]", 2), "no object");
    REFUSED(kit_luks_put(&k, "\"", 1), "no object");
    REFUSED(kit_luks_put(&k, "12", 2), "no object");
    REFUSED(kit_luks_put(&k, "{}{}", 4), "no object");
    REFUSED(kit_luks_put(&k, "{}", 2), "header: keyslots is missing");
    REFUSED(kit_luks_put(&k, "{\"a\":1,\"a\":2}", 13), "a key twice");
    REFUSED(kit_luks_put(&k, "{}\0x", 4), "no zeros behind its end");
}

static void json_without_an_end_is_refused(void)
{
    char full[KIT_LUKS_ROOM];

    memset(full, ' ', KIT_LUKS_ROOM);
    memcpy(full, "{}", 2);
    REFUSED(kit_luks_put(&k, full, KIT_LUKS_ROOM), "no zeros behind its end");
}

static void deep_json_is_refused(void)
{
    char deep[10000];

    memset(deep, '[', sizeof(deep));
    REFUSED(kit_luks_put(&k, deep, sizeof(deep)), "something nested too deep");
    for (size_t i = 0; i < sizeof(deep); i++)
        deep[i] = "{\"a\":"[i % 5];
    REFUSED(kit_luks_put(&k, deep, sizeof(deep)), "something nested too deep");
}

static void a_key_twice_is_refused(void)
{
    BECOMES("\"memory\":32", "\"memory\":4194304,\"memory\":32", "a key twice");
    BECOMES("\"size\":\"dynamic\"", "\"size\":\"dynamic\",\"size\":\"dynamic\"",
            "a key twice");
    BECOMES("\"config\":", "\"config\":{},\"config\":", "a key twice");
}

static void a_segment_out_of_its_partition_is_refused(void)
{
    BECOMES("\"offset\":\"9437184\"", "\"offset\":\"67108864\"",
            "segment 0: offset must be \"9437184\", not");
    BECOMES("\"offset\":\"9437184\"", "\"offset\":\"0\"", "offset must be");
    BECOMES("\"offset\":\"9437184\"", "\"offset\":9437184",
            "offset must be a string");
    BECOMES("\"size\":\"dynamic\"", "\"size\":\"18446744073709551104\"",
            "segment 0: size must be \"dynamic\"");
    BECOMES("\"iv_tweak\":\"0\"", "\"iv_tweak\":\"1\"", "iv_tweak must be");
    BECOMES("\"sector_size\":512", "\"sector_size\":4096",
            "sector_size must be 512 to 512");
    BECOMES("\"type\":\"crypt\"", "\"type\":\"linear\"", "type must be");
    REFUSED(k.luks.offset = 5 << 20, "encrypted data begins at 9437184 or");
}

static void a_keyslot_area_out_of_range_is_refused(void)
{
    static const char *const bad[] = {
        "0", "28672", "32769", "8421376", "67108864", "999999999999999999"};
    char to[64];

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        snprintf(to, sizeof(to), "\"offset\":\"%s\"", bad[i]);
        BECOMES("\"offset\":\"32768\"", to,
                "keyslot 0's area: it lies outside the keyslots area");
    }
    BECOMES("\"offset\":\"32768\"", "\"offset\":\"18446744073709551615\"",
            "offset must be a number of bytes");
    BECOMES("\"offset\":\"32768\"", "\"offset\":\"-1\"", "a number of bytes");
    BECOMES("\"offset\":\"32768\"", "\"offset\":\"032768\"",
            "a number of bytes");
    BECOMES("\"offset\":\"32768\"", "\"offset\":\"\"", "a number of bytes");
    BECOMES("\"size\":\"258048\"", "\"size\":\"258049\"",
            "size must be 258048");
    BECOMES("\"size\":\"258048\"", "\"size\":\"0\"", "size must be 258048");
    REFUSED_OF(
        false,
        kit_luks_edit(&k, "\"offset\":\"32768\"", "\"offset\":\"794624\""),
        "outside the keyslots area");
}

static void overlapping_keyslot_areas_are_refused(void)
{
    BECOMES("\"offset\":\"290816\"", "\"offset\":\"32768\"",
            "keyslot 1's area: it overlaps the one of keyslot 0");
    BECOMES("\"offset\":\"290816\"", "\"offset\":\"286720\"",
            "overlaps the one of keyslot 0");
    BECOMES("\"offset\":\"32768\"", "\"offset\":\"294912\"",
            "keyslot 1's area: it overlaps the one of keyslot 0");
    TAKEN(kit_luks_edit(&k, "\"offset\":\"290816\"", "\"offset\":\"8163328\""));
}

static void keyslots_must_be_ours(void)
{
    BECOMES("\"key_size\":64", "\"key_size\":32", "key_size must be 64 to 64");
    BECOMES("\"stripes\":4000", "\"stripes\":1", "stripes must be");
    BECOMES("\"type\":\"luks1\"", "\"type\":\"luks9\"",
            "keyslot 0's af: type must be \"luks1\"");
    BECOMES("\"type\":\"raw\"", "\"type\":\"journal\"", "type must be \"raw\"");
    BECOMES("\"keyslots\":{\"0\"", "\"keyslots\":{\"32\"",
            "keyslots: \"32\" is none of 32");
    BECOMES("\"keyslots\":{\"0\"", "\"keyslots\":{\"00\"", "none of 32");
    BECOMES("\"keyslots\":{\"0\"", "\"keyslots\":{\"x\"", "none of 32");
    BECOMES("\"keyslots\":{\"0\"", "\"keyslots\":{\"7\":1,\"0\"", "none of 32");
    BECOMES("\"af\":{", "\"af\":{},\"old\":{",
            "keyslot 0: \"old\" is not known here");
    BECOMES("\"af\":{\"type\":\"luks1\",", "\"af\":{",
            "keyslot 0's af: type is missing");
    BECOMES("\"af\":{", "\"af\":1,\"old\":{", "af must be an object");
}

static void a_header_without_keyslots_is_refused(void)
{
    char text[KIT_LUKS_ROOM];
    struct hd_err err = {0};
    struct kit_luks k;

    kit_luks_get(&k, true);
    snprintf(text, sizeof(text), "{\"keyslots\":{}%s",
             strstr((char *)k.both + 4096, ",\"tokens\""));
    kit_luks_put(&k, text, strlen(text));
    CHECK_FAILS(kit_luks_check(&k, &err), &err, HD_E_BAD_VOLUME,
                "keyslots: there is none");
}

static void the_digest_must_be_of_all(void)
{
    BECOMES("\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"0\"]",
            "digest 0: it must be of all keyslots");
    BECOMES("\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"0\",\"2\"]",
            "keyslots must be a keyslot that is there, not \"\"2\"\"");
    BECOMES("\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"0\",\"0\"]",
            "keyslot 0 is there twice");
    BECOMES("\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[0,1]",
            "a keyslot that is there");
    BECOMES("\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":\"0\"",
            "keyslots must be a list");
    BECOMES("\"segments\":[\"0\"]", "\"segments\":[\"1\"]",
            "segments must be segment 0");
    BECOMES("\"segments\":[\"0\"]", "\"segments\":[]", "segments must be");
    BECOMES("\"segments\":[\"0\"]", "\"segments\":[0]", "segments must be");
    BECOMES("\"iterations\":1000", "\"iterations\":4294967295",
            "digest 0: iterations must be");
    BECOMES("\"digests\":{\"0\"", "\"digests\":{\"1\"", "0 is missing");
    BECOMES("\"digests\":{\"0\"", "\"digests\":{\"1\":{},\"0\"",
            "digests: \"1\" is not known here");
}

static void the_config_must_be_as_we_make_it(void)
{
    BECOMES("\"12288\"", "\"16384\"", "config: json_size must be \"12288\"");
    BECOMES("\"8388608\"", "\"16777216\"",
            "config: keyslots_size must be \"8388608\"");
}

static void an_unknown_token_is_refused(void)
{
    BECOMES("hotdom-user", "systemd-tpm2",
            "token 0: type must be \"hotdom-user\", not");
    BECOMES("\"tokens\":{\"0\"", "\"tokens\":{\"32\"",
            "tokens: \"32\" is none of 32");
    BECOMES("\"tokens\":{\"0\":{", "\"tokens\":{\"5\":[],\"0\":{",
            "tokens: \"5\" is none of 32");
    BECOMES("\"user\":\"anna\"", "\"user\":\"anna\",\"x\":1",
            "token 0: \"x\" is not known here");
    BECOMES("\"type\":\"hotdom-user\",", "", "token 0: type is missing");
}

static void a_token_of_a_missing_keyslot_is_refused(void)
{
    BECOMES("\"keyslots\":[\"0\"],\"user\"", "\"keyslots\":[\"9\"],\"user\"",
            "token 0: keyslots must be a keyslot that is there, not");
    BECOMES("\"keyslots\":[\"0\"],\"user\"", "\"keyslots\":[],\"user\"",
            "token 0: it must name one keyslot");
    BECOMES("\"keyslots\":[\"0\"],\"user\"",
            "\"keyslots\":[\"0\",\"1\"],\"user\"",
            "token 0: it must name one keyslot");
    BECOMES("\"keyslots\":[\"1\"]}", "\"keyslots\":[\"0\"]}",
            "token 1: keyslot 0 has two users");
    BECOMES(",\"1\":{\"type\":\"hotdom-recovery\",\"keyslots\":[\"1\"]}", "",
            "tokens: a keyslot has no user");
}

static void odd_names_are_refused(void)
{
    char long_name[320];

    BECOMES("anna", "an\nna", "a byte that is none of its text");
    BECOMES("anna", "%s",
            "token 0: user must be a user's name, not \"\"%s\"\"");
    BECOMES("anna", "an/na", "token 0: user must be a user's name");
    BECOMES("anna", "", "user must be a user's name");
    BECOMES("anna", "..", "user must be a user's name");
    BECOMES("\"anna\"", "17", "user must be a string");
    BECOMES("anna", "recovery", "no user may be named recovery");
    snprintf(long_name, sizeof(long_name), "%0300d", 0);
    BECOMES("anna", long_name, "token 0: user must be a user's name");
    long_name[30] = '\0';
    BECOMES("anna", long_name, "user must be a user's name");
    long_name[29] = '\0';
    TAKEN(kit_luks_edit(&k, "anna", long_name));
}

static void users_are_different(void)
{
    BECOMES("\"type\":\"hotdom-recovery\",\"keyslots\":[\"1\"]",
            "\"type\":\"hotdom-user\",\"keyslots\":[\"1\"],\"user\":\"anna\"",
            "token 1: there are two users anna");
}

static void only_the_key_volume_has_users(void)
{
    REFUSED_OF(false,
               kit_luks_edit(
                   &k, "\"tokens\":{}",
                   "\"tokens\":{\"0\":{\"type\":\"hotdom-user\",\"keyslots\":"
                   "[\"0\"],\"user\":\"anna\"}}"),
               "only the first encrypted volume has them");
}

static const struct hd_test tests[] = {
    HD_TEST(the_null_cipher_is_refused),
    HD_TEST(reencryption_is_refused),
    HD_TEST(unknown_flags_and_requirements_are_refused),
    HD_TEST(argon2_of_4_gib_is_refused),
    HD_TEST(argon2_of_2_to_the_32_is_refused),
    HD_TEST(another_kdf_is_refused),
    HD_TEST(broken_json_is_refused),
    HD_TEST(json_without_an_end_is_refused),
    HD_TEST(deep_json_is_refused),
    HD_TEST(a_key_twice_is_refused),
    HD_TEST(a_segment_out_of_its_partition_is_refused),
    HD_TEST(a_keyslot_area_out_of_range_is_refused),
    HD_TEST(overlapping_keyslot_areas_are_refused),
    HD_TEST(keyslots_must_be_ours),
    HD_TEST(a_header_without_keyslots_is_refused),
    HD_TEST(the_digest_must_be_of_all),
    HD_TEST(the_config_must_be_as_we_make_it),
    HD_TEST(an_unknown_token_is_refused),
    HD_TEST(a_token_of_a_missing_keyslot_is_refused),
    HD_TEST(odd_names_are_refused),
    HD_TEST(users_are_different),
    HD_TEST(only_the_key_volume_has_users),
};

HD_SUITE("volume/luks_json", tests);
