/* SPDX-License-Identifier: MIT */
/* Keyslots and tokens by libcryptsetup, on a header in memory; never lets it
 * print, ask, lock files or look at a device. */
#include "luks.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../../pv-drivers/base/io.h"
#include "../store/auth.h"
#include "../store/text.h"
#include "luks_session.h"

const struct hd_luks_cost hd_luks_default_cost = {256u << 10, 4, 4};

#define SECTOR 512
/* The passphrase has 256 random bits: there is nothing to slow down. */
#define DERIVED_ITERATIONS 1000

static int set_pbkdf2(struct hd_luks_session *s, struct hd_err *err)
{
    const struct crypt_pbkdf_type kdf = {
        .type = CRYPT_KDF_PBKDF2,
        .hash = "sha256",
        .iterations = DERIVED_ITERATIONS,
        .flags = CRYPT_PBKDF_NO_BENCHMARK,
    };
    int rc = crypt_set_pbkdf_type(s->cd, &kdf);

    return rc ? hd_luks_session_fail(s, rc, "cannot set the KDF", err) : 0;
}

static int set_argon2id(struct hd_luks_session *s,
                        const struct hd_luks_cost *cost, struct hd_err *err)
{
    const struct crypt_pbkdf_type kdf = {
        .type = CRYPT_KDF_ARGON2ID,
        .hash = "sha256",
        .iterations = cost->time,
        .max_memory_kb = cost->memory_kib,
        .parallel_threads = cost->lanes,
        .flags = CRYPT_PBKDF_NO_BENCHMARK,
    };
    int rc;

    if (!hd_luks_kdf_bounded(cost->memory_kib, cost->time, cost->lanes))
        return hd_fail(err, HD_E_USAGE,
                       "a KDF takes at most %u MiB, %u passes and %u lanes",
                       HD_LUKS_MEMORY_MAX >> 10, HD_LUKS_TIME_MAX,
                       HD_LUKS_LANES_MAX);
    rc = crypt_set_pbkdf_type(s->cd, &kdf);
    return rc ? hd_luks_session_fail(s, rc, "cannot set the KDF", err) : 0;
}

static int format(struct hd_luks_session *s, const struct hd_uuid *uuid,
                  uint64_t offset, const struct hd_secret *key,
                  struct hd_err *err)
{
    struct crypt_params_luks2 params = {.sector_size = SECTOR};
    char id[HD_UUID_SIZE];
    int rc;

    if (set_pbkdf2(s, err)) /* for the digest */
        return -1;
    hd_uuid_format(uuid, id);
    rc = crypt_set_metadata_size(s->cd, HD_LUKS_JSON, HD_LUKS_AREAS(offset));
    if (!rc)
        rc = crypt_set_data_offset(s->cd, offset / SECTOR);
    if (!rc)
        rc = crypt_format(s->cd, CRYPT_LUKS2, "aes", "xts-plain64", id,
                          key->data, key->len, &params);
    return rc ? hd_luks_session_fail(s, rc, "cannot make a LUKS2 header", err)
              : 0;
}

int hd_luks_make(const struct hd_uuid *uuid, uint64_t offset, int *ret_header,
                 struct hd_secret **ret_key, struct hd_err *err)
{
    hd_auto(hd_secret) key = hd_secret_new(HD_LUKS_KEY_BYTES);
    hd_autosession s = {0};
    hd_autofd int fd = -1;

    if (!key)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for a key");
    if (getrandom(key->data, key->size, 0) != (ssize_t)key->size)
        return hd_fail_errno(err, HD_E_FAILED, "no random bytes");
    key->len = key->size;
    /* It wants to see a sector of data, too. */
    fd = hd_io_memfd("hotdom-luks", offset + SECTOR, err);
    if (fd < 0 || hd_luks_session_init(fd, &s, err) ||
        format(&s, uuid, offset, key, err))
        return -1;
    if (ftruncate(fd, (off_t)offset))
        return hd_fail_errno(err, HD_E_FAILED, "cannot size the LUKS2 header");
    *ret_header = hd_steal_fd(&fd);
    *ret_key = hd_steal(&key);
    return 0;
}

static const char *string_of(json_object *object, const char *key)
{
    const char *text =
        json_object_get_string(json_object_object_get(object, key));

    return text ? text : "";
}

/* The user of a token; "" when it is none of ours.  Its keyslot, or -1. */
static int token_user(struct hd_luks_session *s, int token,
                      char user[HD_NAME_SIZE])
{
    const char *text, *type;
    json_object *object, *slots;
    int slot = -1;

    *user = '\0';
    if (crypt_token_json_get(s->cd, token, &text) < 0)
        return -1;
    object = json_tokener_parse(text);
    type = string_of(object, "type");
    if (!strcmp(type, HD_LUKS_TOKEN_RECOVERY))
        snprintf(user, HD_NAME_SIZE, HD_LUKS_RECOVERY_USER);
    else if (!strcmp(type, HD_LUKS_TOKEN_USER))
        snprintf(user, HD_NAME_SIZE, "%s", string_of(object, "user"));
    slots = json_object_object_get(object, "keyslots");
    if (json_object_is_type(slots, json_type_array) &&
        json_object_array_length(slots) == 1)
        slot = json_object_get_int(json_object_array_get_idx(slots, 0));
    json_object_put(object);
    return slot;
}

/* The token of that user and its keyslot; -1 when there is none. */
static int find_user(struct hd_luks_session *s, const char *user, int *ret_slot)
{
    char name[HD_NAME_SIZE];

    for (int token = 0; token < HD_LUKS_KEYSLOTS; token++) {
        *ret_slot = token_user(s, token, name);
        if (*name && !strcmp(name, user))
            return token;
    }
    return -1;
}

/* How many users there are, without the recovery key. */
static int count_users(struct hd_luks_session *s)
{
    char name[HD_NAME_SIZE];
    int n = 0;

    for (int token = 0; token < HD_LUKS_KEYSLOTS; token++) {
        token_user(s, token, name);
        n += *name && strcmp(name, HD_LUKS_RECOVERY_USER) != 0;
    }
    return n;
}

static int check_user(const char *user, struct hd_err *err)
{
    char quoted[HD_TEXT_QUOTED];
    size_t len = strlen(user);

    if (len < HD_NAME_SIZE && hd_text_is_name(user, len))
        return 0;
    return hd_fail(err, HD_E_USAGE,
                   "%s is not a user's name: at most %d of a-z, 0-9, '.', '_' "
                   "and '-', first a letter or digit",
                   hd_text_quote(quoted, user, len), HD_NAME_SIZE - 1);
}

/* Gives the keyslot or -1. */
static int add_keyslot(struct hd_luks_session *s, const struct hd_secret *key,
                       const struct hd_secret *password, struct hd_err *err)
{
    bool room = false;
    int slot;

    if (!password->len || password->len > HD_PASSWORD_MAX)
        return hd_fail(err, HD_E_USAGE, "a password has 1 to %d bytes",
                       HD_PASSWORD_MAX);
    for (slot = 0; slot < HD_LUKS_KEYSLOTS; slot++)
        room = room || crypt_keyslot_status(s->cd, slot) == CRYPT_SLOT_INACTIVE;
    if (!room)
        return hd_fail(err, HD_E_LIMIT, "all %d keyslots are taken",
                       HD_LUKS_KEYSLOTS);
    slot = crypt_keyslot_add_by_key(s->cd, CRYPT_ANY_SLOT, key->data, key->len,
                                    password->data, password->len, 0);
    return slot < 0 ? hd_luks_session_fail(s, slot, "cannot add a keyslot", err)
                    : slot;
}

static int set_token(struct hd_luks_session *s, int token, const char *user,
                     int slot, struct hd_err *err)
{
    char json[160];
    int rc;

    if (!strcmp(user, HD_LUKS_RECOVERY_USER))
        snprintf(json, sizeof(json),
                 "{\"type\":\"" HD_LUKS_TOKEN_RECOVERY
                 "\",\"keyslots\":[\"%d\"]}",
                 slot);
    else
        snprintf(json, sizeof(json),
                 "{\"type\":\"" HD_LUKS_TOKEN_USER
                 "\",\"keyslots\":[\"%d\"],\"user\":\"%s\"}",
                 slot, user);
    rc = crypt_token_json_set(s->cd, token, json);
    return rc < 0 ? hd_luks_session_fail(s, rc, "cannot write a token", err)
                  : 0;
}

static int drop_keyslot(struct hd_luks_session *s, int slot, struct hd_err *err)
{
    int rc = crypt_keyslot_destroy(s->cd, slot);

    return rc ? hd_luks_session_fail(s, rc, "cannot destroy a keyslot", err)
              : 0;
}

int hd_luks_add(int header, const struct hd_secret *key, const char *user,
                const struct hd_secret *password,
                const struct hd_luks_cost *cost, struct hd_err *err)
{
    hd_autosession s = {0};
    int slot;

    if (check_user(user, err) || hd_luks_session_load(header, &s, err))
        return -1;
    if (find_user(&s, user, &slot) >= 0)
        return hd_fail(err, HD_E_EXISTS, "there is a user %s", user);
    if (set_argon2id(&s, cost, err))
        return -1;
    slot = add_keyslot(&s, key, password, err);
    if (slot < 0)
        return -1;
    return set_token(&s, CRYPT_ANY_TOKEN, user, slot, err);
}

int hd_luks_add_derived(int header, const struct hd_secret *key,
                        const struct hd_secret *derived, struct hd_err *err)
{
    hd_autosession s = {0};

    if (hd_luks_session_load(header, &s, err) || set_pbkdf2(&s, err))
        return -1;
    return add_keyslot(&s, key, derived, err) < 0 ? -1 : 0;
}

/* The new keyslot first: it must not lie where the old one does, see
 * hd_luks_write. */
int hd_luks_change(int header, const struct hd_secret *key, const char *user,
                   const struct hd_secret *password,
                   const struct hd_luks_cost *cost, struct hd_err *err)
{
    hd_autosession s = {0};
    int token, old, slot;

    if (hd_luks_session_load(header, &s, err))
        return -1;
    token = find_user(&s, user, &old);
    if (token < 0)
        return hd_fail(err, HD_E_NO_USER, "no user %s", user);
    if (set_argon2id(&s, cost, err))
        return -1;
    slot = add_keyslot(&s, key, password, err);
    if (slot < 0 || set_token(&s, token, user, slot, err))
        return -1;
    return drop_keyslot(&s, old, err);
}

int hd_luks_remove(int header, const char *user, struct hd_err *err)
{
    hd_autosession s = {0};
    int token, slot, rc;

    if (hd_luks_session_load(header, &s, err))
        return -1;
    token = find_user(&s, user, &slot);
    if (token < 0)
        return hd_fail(err, HD_E_NO_USER, "no user %s", user);
    if (strcmp(user, HD_LUKS_RECOVERY_USER) && count_users(&s) == 1)
        return hd_fail(err, HD_E_DENIED,
                       "%s is the last user; add another first", user);
    rc = crypt_token_json_set(s.cd, token, NULL);
    if (rc < 0)
        return hd_luks_session_fail(&s, rc, "cannot remove a token", err);
    return drop_keyslot(&s, slot, err);
}

int hd_luks_open(int header, uint32_t keyslot, const struct hd_secret *password,
                 struct hd_secret **ret_key, struct hd_err *err)
{
    hd_auto(hd_secret) key = hd_secret_new(HD_LUKS_KEY_BYTES);
    hd_autosession s = {0};
    size_t len = HD_LUKS_KEY_BYTES;
    int rc;

    if (!key)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for a key");
    if (hd_luks_session_load(header, &s, err))
        return -1;
    rc = crypt_volume_key_get(s.cd, (int)keyslot, key->data, &len,
                              password->data, password->len);
    if (rc == -EPERM)
        return hd_fail(err, HD_E_WRONG_PASSWORD, "wrong password");
    if (rc < 0)
        return hd_luks_session_fail(&s, rc, "cannot open a keyslot", err);
    key->len = len;
    *ret_key = hd_steal(&key);
    return 0;
}
