/* SPDX-License-Identifier: MIT */
/* Judges the JSON of a LUKS2 header: what is not in a table here is refused;
 * never follows what it says. */
#include "luks_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../store/text.h"
#include "luks_rule.h"

#define CHECK(where, object, rules, err)                                       \
    hd_luks_rule_check(where, object, rules, HD_ARRAY_LEN(rules), err)

/* The object below that key, or NULL. */
static json_object *get(json_object *object, const char *key)
{
    return json_object_object_get(object, key);
}

static const char *text_of(json_object *object, const char *key)
{
    return json_object_get_string(get(object, key));
}

/* The number of a keyslot or token that is below HD_LUKS_KEYSLOTS, or -1. */
static int index_of(const char *text)
{
    uint64_t n;

    return text && hd_luks_rule_size(text, &n) && n < HD_LUKS_KEYSLOTS ? (int)n
                                                                       : -1;
}

/* A list of different keyslots; as bits. */
static int check_slots(struct hd_luks_place where, json_object *list,
                       uint32_t known, uint32_t *ret, struct hd_err *err)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *value = json_object_array_get_idx(list, i);
        int slot = json_object_is_type(value, json_type_string)
                       ? index_of(json_object_get_string(value))
                       : -1;

        if (slot < 0 || !(known >> slot & 1))
            return hd_luks_rule_fail(where, "keyslots", value,
                                     "a keyslot that is there", err);
        if (bits >> slot & 1)
            return hd_fail(err, HD_E_BAD_VOLUME,
                           "%s: keyslot %d is there twice", where.name, slot);
        bits |= 1u << slot;
    }
    *ret = bits;
    return 0;
}

static int check_area(struct hd_luks_place where, json_object *area,
                      uint64_t end, int slot, struct hd_luks_json *j,
                      struct hd_err *err)
{
    static const struct hd_luks_rule rules[] = {
        {"type", HD_LUKS_TEXT, .text = "raw"},
        {.key = "offset", .kind = HD_LUKS_SIZE},
        {.key = "size", .kind = HD_LUKS_SIZE},
        {"encryption", HD_LUKS_TEXT, .text = HD_LUKS_CIPHER},
        {"key_size", HD_LUKS_NUMBER, .min = HD_LUKS_KEY_BYTES,
         .max = HD_LUKS_KEY_BYTES},
    };
    struct hd_luks_area *a = &j->areas[slot];
    uint64_t at, len;

    if (CHECK(where, area, rules, err))
        return -1;
    hd_luks_rule_size(text_of(area, "offset"), &at);
    hd_luks_rule_size(text_of(area, "size"), &len);
    if (len != HD_LUKS_AREA)
        return hd_luks_rule_fail(where, "size", get(area, "size"), "258048",
                                 err);
    if (at < 2 * HD_LUKS_JSON || at % 4096 || at > end - len)
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "%s: it lies outside the keyslots area", where.name);
    for (int i = 0; i < HD_LUKS_KEYSLOTS; i++) {
        const struct hd_luks_area *b = &j->areas[i];

        if (b->len && at < b->at + b->len && b->at < at + len)
            return hd_fail(err, HD_E_BAD_VOLUME,
                           "%s: it overlaps the one of keyslot %d", where.name,
                           i);
    }
    *a = (struct hd_luks_area){at, len};
    return 0;
}

static uint32_t max_of(json_object *kdf, const char *key, uint32_t so_far)
{
    uint32_t n = (uint32_t)json_object_get_int64(get(kdf, key));

    return n > so_far ? n : so_far;
}

static int check_kdf(struct hd_luks_place where, json_object *kdf,
                     bool key_volume, struct hd_luks_facts *f,
                     struct hd_err *err)
{
    static const struct hd_luks_rule argon2id[] = {
        {"type", HD_LUKS_TEXT, .text = "argon2id"},
        {"time", HD_LUKS_NUMBER, .min = 4, .max = HD_LUKS_TIME_MAX},
        {"memory", HD_LUKS_NUMBER, .min = 32, .max = HD_LUKS_MEMORY_MAX},
        {"cpus", HD_LUKS_NUMBER, .min = 1, .max = HD_LUKS_LANES_MAX},
        {.key = "salt", .kind = HD_LUKS_BYTES},
    };
    static const struct hd_luks_rule pbkdf2[] = {
        {"type", HD_LUKS_TEXT, .text = "pbkdf2"},
        {"hash", HD_LUKS_TEXT, .text = "sha256"},
        {"iterations", HD_LUKS_NUMBER, .min = HD_LUKS_PBKDF2_MIN,
         .max = HD_LUKS_PBKDF2_MAX},
        {.key = "salt", .kind = HD_LUKS_BYTES},
    };

    if (!key_volume)
        return CHECK(where, kdf, pbkdf2, err);
    if (CHECK(where, kdf, argon2id, err))
        return -1;
    f->time = max_of(kdf, "time", f->time);
    f->memory_kib = max_of(kdf, "memory", f->memory_kib);
    f->lanes = max_of(kdf, "cpus", f->lanes);
    return 0;
}

static int check_keyslot(int slot, json_object *keyslot,
                         const struct hd_luks *expect, struct hd_luks_json *j,
                         struct hd_err *err)
{
    static const struct hd_luks_rule rules[] = {
        {"type", HD_LUKS_TEXT, .text = "luks2"},
        {"key_size", HD_LUKS_NUMBER, .min = HD_LUKS_KEY_BYTES,
         .max = HD_LUKS_KEY_BYTES},
        {.key = "af", .kind = HD_LUKS_OBJECT},
        {.key = "area", .kind = HD_LUKS_OBJECT},
        {.key = "kdf", .kind = HD_LUKS_OBJECT},
    };
    static const struct hd_luks_rule af[] = {
        {"type", HD_LUKS_TEXT, .text = "luks1"},
        {"stripes", HD_LUKS_NUMBER, .min = 4000, .max = 4000},
        {"hash", HD_LUKS_TEXT, .text = "sha256"},
    };
    uint64_t end = 2 * HD_LUKS_JSON + HD_LUKS_AREAS(expect->offset);

    if (CHECK(hd_luks_place("keyslot %d", slot), keyslot, rules, err) ||
        CHECK(hd_luks_place("keyslot %d's af", slot), get(keyslot, "af"), af,
              err) ||
        check_area(hd_luks_place("keyslot %d's area", slot),
                   get(keyslot, "area"), end, slot, j, err) ||
        check_kdf(hd_luks_place("keyslot %d's kdf", slot), get(keyslot, "kdf"),
                  expect->offset == HD_LUKS_OFFSET_KEY, &j->facts, err))
        return -1;
    j->slots |= 1u << slot;
    return 0;
}

static int check_keyslots(json_object *keyslots, const struct hd_luks *expect,
                          struct hd_luks_json *j, struct hd_err *err)
{
    char quoted[HD_TEXT_QUOTED];

    json_object_object_foreach(keyslots, key, value)
    {
        int slot = index_of(key);

        if (slot < 0 || !json_object_is_type(value, json_type_object))
            return hd_fail(err, HD_E_BAD_VOLUME, "keyslots: %s is none of 32",
                           hd_text_quote(quoted, key, strlen(key)));
        if (check_keyslot(slot, value, expect, j, err))
            return -1;
    }
    if (!j->slots)
        return hd_fail(err, HD_E_BAD_VOLUME, "keyslots: there is none");
    return 0;
}

static int check_user(struct hd_luks_place where, const char *name,
                      uint32_t slot, struct hd_luks_facts *f,
                      struct hd_err *err)
{
    for (uint32_t i = 0; i < f->n_users; i++) {
        if (!strcmp(f->users[i].name, name))
            return hd_fail(err, HD_E_BAD_VOLUME, "%s: there are two users %s",
                           where.name, name);
        if (f->users[i].keyslot == slot)
            return hd_fail(err, HD_E_BAD_VOLUME, "%s: keyslot %u has two users",
                           where.name, slot);
    }
    snprintf(f->users[f->n_users].name, HD_NAME_SIZE, "%s", name);
    f->users[f->n_users++].keyslot = slot;
    return 0;
}

static int check_token(int n, json_object *token, struct hd_luks_json *j,
                       struct hd_err *err)
{
    static const struct hd_luks_rule user[] = {
        {"type", HD_LUKS_TEXT, .text = HD_LUKS_TOKEN_USER},
        {.key = "keyslots", .kind = HD_LUKS_LIST},
        {.key = "user", .kind = HD_LUKS_NAME},
    };
    static const struct hd_luks_rule recovery[] = {
        {"type", HD_LUKS_TEXT, .text = HD_LUKS_TOKEN_RECOVERY},
        {.key = "keyslots", .kind = HD_LUKS_LIST},
    };
    struct hd_luks_place where = hd_luks_place("token %d", n);
    const char *type = text_of(token, "type"), *name = HD_LUKS_RECOVERY_USER;
    bool is_recovery = type && !strcmp(type, HD_LUKS_TOKEN_RECOVERY);
    uint32_t slots;

    if (is_recovery ? CHECK(where, token, recovery, err)
                    : CHECK(where, token, user, err))
        return -1;
    if (!is_recovery)
        name = text_of(token, "user");
    if (check_slots(where, get(token, "keyslots"), j->slots, &slots, err))
        return -1;
    if (__builtin_popcount(slots) != 1)
        return hd_fail(err, HD_E_BAD_VOLUME, "%s: it must name one keyslot",
                       where.name);
    if (!is_recovery && !strcmp(name, HD_LUKS_RECOVERY_USER))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "%s: no user may be named " HD_LUKS_RECOVERY_USER,
                       where.name);
    return check_user(where, name, (uint32_t)__builtin_ctz(slots), &j->facts,
                      err);
}

/* In a key volume each keyslot is a user's; any other has one for itself. */
static int check_tokens(json_object *tokens, bool key_volume,
                        struct hd_luks_json *j, struct hd_err *err)
{
    char quoted[HD_TEXT_QUOTED];
    uint32_t n_slots = (uint32_t)__builtin_popcount(j->slots);

    json_object_object_foreach(tokens, key, value)
    {
        int n = index_of(key);

        if (n < 0 || !json_object_is_type(value, json_type_object))
            return hd_fail(err, HD_E_BAD_VOLUME, "tokens: %s is none of 32",
                           hd_text_quote(quoted, key, strlen(key)));
        if (check_token(n, value, j, err))
            return -1;
    }
    if (!key_volume && (j->facts.n_users || n_slots != 1))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "users: only the first encrypted volume has them");
    if (key_volume && j->facts.n_users != n_slots)
        return hd_fail(err, HD_E_BAD_VOLUME, "tokens: a keyslot has no user");
    return 0;
}

static int check_segment(json_object *segments, const struct hd_luks *expect,
                         struct hd_err *err)
{
    char offset[24];
    const struct hd_luks_rule one[] = {{.key = "0", .kind = HD_LUKS_OBJECT}};
    const struct hd_luks_rule rules[] = {
        {"type", HD_LUKS_TEXT, .text = "crypt"},
        {"offset", HD_LUKS_TEXT, .text = offset},
        {"size", HD_LUKS_TEXT, .text = "dynamic"},
        {"iv_tweak", HD_LUKS_TEXT, .text = "0"},
        {"encryption", HD_LUKS_TEXT, .text = HD_LUKS_CIPHER},
        {"sector_size", HD_LUKS_NUMBER, .min = 512, .max = 512},
    };

    snprintf(offset, sizeof(offset), "%" PRIu64, expect->offset);
    if (CHECK(hd_luks_place("segments"), segments, one, err))
        return -1;
    return CHECK(hd_luks_place("segment 0"), get(segments, "0"), rules, err);
}

static int check_digest(json_object *digests, const struct hd_luks_json *j,
                        struct hd_err *err)
{
    static const struct hd_luks_rule one[] = {
        {.key = "0", .kind = HD_LUKS_OBJECT}};
    static const struct hd_luks_rule rules[] = {
        {"type", HD_LUKS_TEXT, .text = "pbkdf2"},
        {.key = "keyslots", .kind = HD_LUKS_LIST},
        {.key = "segments", .kind = HD_LUKS_LIST},
        {"hash", HD_LUKS_TEXT, .text = "sha256"},
        {"iterations", HD_LUKS_NUMBER, .min = HD_LUKS_PBKDF2_MIN,
         .max = HD_LUKS_PBKDF2_MAX},
        {.key = "salt", .kind = HD_LUKS_BYTES},
        {.key = "digest", .kind = HD_LUKS_BYTES},
    };
    struct hd_luks_place where = hd_luks_place("digest 0");
    json_object *digest, *segments, *segment;
    uint32_t slots;

    if (CHECK(hd_luks_place("digests"), digests, one, err))
        return -1;
    digest = get(digests, "0");
    if (CHECK(where, digest, rules, err) ||
        check_slots(where, get(digest, "keyslots"), j->slots, &slots, err))
        return -1;
    if (slots != j->slots)
        return hd_fail(err, HD_E_BAD_VOLUME, "%s: it must be of all keyslots",
                       where.name);
    segments = get(digest, "segments");
    segment = json_object_array_get_idx(segments, 0);
    if (json_object_array_length(segments) != 1 ||
        !json_object_is_type(segment, json_type_string) ||
        strcmp(json_object_get_string(segment), "0"))
        return hd_luks_rule_fail(where, "segments", segments, "segment 0", err);
    return 0;
}

static int check_config(json_object *config, const struct hd_luks *expect,
                        size_t room, struct hd_err *err)
{
    char json[24], areas[24];
    const struct hd_luks_rule rules[] = {
        {"json_size", HD_LUKS_TEXT, .text = json},
        {"keyslots_size", HD_LUKS_TEXT, .text = areas},
    };

    snprintf(json, sizeof(json), "%zu", room);
    snprintf(areas, sizeof(areas), "%" PRIu64,
             (uint64_t)HD_LUKS_AREAS(expect->offset));
    return CHECK(hd_luks_place("config"), config, rules, err);
}

static int check_root(json_object *root, const struct hd_luks *expect,
                      size_t room, struct hd_luks_json *j, struct hd_err *err)
{
    static const struct hd_luks_rule rules[] = {
        {.key = "keyslots", .kind = HD_LUKS_OBJECT},
        {.key = "tokens", .kind = HD_LUKS_OBJECT},
        {.key = "segments", .kind = HD_LUKS_OBJECT},
        {.key = "digests", .kind = HD_LUKS_OBJECT},
        {.key = "config", .kind = HD_LUKS_OBJECT},
    };

    if (CHECK(hd_luks_place("header"), root, rules, err) ||
        check_config(get(root, "config"), expect, room, err) ||
        check_segment(get(root, "segments"), expect, err) ||
        check_keyslots(get(root, "keyslots"), expect, j, err) ||
        check_digest(get(root, "digests"), j, err))
        return -1;
    return check_tokens(get(root, "tokens"),
                        expect->offset == HD_LUKS_OFFSET_KEY, j, err);
}

int hd_luks_json_check(const char *text, size_t room,
                       const struct hd_luks *expect, struct hd_luks_json *ret,
                       struct hd_err *err)
{
    json_object *root = hd_luks_rule_parse(text, room, err);
    struct hd_luks_json j = {0};
    int rc;

    if (!root)
        return -1;
    rc = check_root(root, expect, room, &j, err);
    json_object_put(root);
    if (!rc)
        *ret = j;
    return rc;
}
