/* SPDX-License-Identifier: MIT */
/* Who can open a store, and changes of that: through hotdomd when the store is
 * attached, else on the image or device itself; asks for no password. */
#include "users.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "../volume/recovery.h"
#include "client.h"
#include "follow.h"

void hd_users_free(struct hd_users *users)
{
    hd_open_store_freep(&users->open);
    free(users);
}

static void add_name(struct hd_users *u, const char *name)
{
    if (u->n < HD_ARRAY_LEN(u->names))
        snprintf(u->names[u->n++], sizeof(u->names[0]), "%s", name);
}

/* ---- attached */

static int ask_daemon(struct hd_users *u, struct hd_err *err)
{
    struct json_object *reply, *names;

    if (hd_client_call("Users", hd_follow_store("store", u->store), &reply,
                       err))
        return -1;
    names = json_object_object_get(reply, "users");
    for (size_t i = 0; names && i < json_object_array_length(names); i++)
        add_name(u,
                 json_object_get_string(json_object_array_get_idx(names, i)));
    u->recovery =
        json_object_get_boolean(json_object_object_get(reply, "recovery"));
    u->encrypted =
        json_object_get_boolean(json_object_object_get(reply, "encrypted"));
    json_object_put(reply);
    return 0;
}

static struct json_object *text(const struct hd_secret *secret)
{
    return json_object_new_string_len(secret->data, (int)secret->len);
}

static int change_attached(const struct hd_users *u, enum hd_keys_action action,
                           const char *user, const char *as,
                           const struct hd_secret *password,
                           const struct hd_secret *new_password,
                           struct hd_err *err)
{
    static const char *const actions[] = {
        [HD_KEYS_CHANGE] = "change",
        [HD_KEYS_ADD] = "add",
        [HD_KEYS_REMOVE] = "remove",
    };
    struct json_object *p = hd_follow_store("store", u->store);
    struct json_object *reply;

    json_object_object_add(p, "action",
                           json_object_new_string(actions[action]));
    json_object_object_add(p, "user", json_object_new_string(user));
    json_object_object_add(p, "as", json_object_new_string(as));
    json_object_object_add(p, "password", text(password));
    if (new_password)
        json_object_object_add(p, "new_password", text(new_password));
    if (hd_follow_call("Keys", p, &reply, err))
        return -1;
    json_object_put(reply);
    return 0;
}

/* ---- an image, or a device that nobody has attached */

static int read_medium(struct hd_users *u, struct hd_err *err)
{
    const struct hd_answer *a;

    if (hd_open_store(u->store, &u->open, err))
        return -1;
    a = u->open->answer;
    u->encrypted = hd_manifest_luks(&a->manifest, -1) >= 0;
    for (uint32_t i = 0; !u->encrypted && i < a->manifest.n_users; i++)
        add_name(u, a->manifest.users[i].name);
    for (uint32_t i = 0; u->encrypted && i < a->luks.n_users; i++)
        if (strcmp(a->luks.users[i].name, HD_LUKS_RECOVERY_USER))
            add_name(u, a->luks.users[i].name);
        else
            u->recovery = true;
    return 0;
}

/* Nobody else has the device or changes the file meanwhile. */
static int open_to_write(const char *path, struct hd_err *err)
{
    struct stat st;
    int block = stat(path, &st) == 0 && S_ISBLK(st.st_mode);
    hd_autofd int fd = open(path, O_RDWR | O_CLOEXEC | (block ? O_EXCL : 0));

    if (fd < 0 && errno == EBUSY)
        return hd_fail(err, HD_E_BUSY, "%s is in use", path);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot write to %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB))
        return hd_fail(err, HD_E_BUSY, "%s is being changed by someone else",
                       path);
    return hd_steal_fd(&fd);
}

static uint32_t keyslot_of(const struct hd_luks_facts *facts, const char *user)
{
    uint32_t i = 0;

    while (i + 1 < facts->n_users && strcmp(facts->users[i].name, user))
        i++;
    return facts->users[i].keyslot;
}

static void describe(const struct hd_answer *a, enum hd_keys_action action,
                     const char *user, struct hd_luks_change *ret)
{
    int v = hd_manifest_luks(&a->manifest, -1);

    *ret = (struct hd_luks_change){
        .action = action,
        .start = a->extents[v].start,
        .luks = a->manifest.volumes[v].luks,
        .cost = {a->luks.memory_kib, a->luks.time, a->luks.lanes},
    };
    snprintf(ret->user, sizeof(ret->user), "%s", user);
}

static int change_medium(const struct hd_users *u, enum hd_keys_action action,
                         const char *user, const char *as,
                         const struct hd_secret *password,
                         const struct hd_secret *new_password,
                         struct hd_err *err)
{
    const struct hd_answer *a = u->open->answer;
    hd_autofd int medium = open_to_write(u->open->path, err);
    hd_auto(hd_secret) normal = NULL;
    hd_auto(hd_secret) key = NULL;
    struct hd_luks_change change;

    if (medium < 0)
        return -1;
    if (!strcmp(as, HD_LUKS_RECOVERY_USER)) {
        if (hd_recovery_normal(password, &normal, err))
            return -1;
        password = normal;
    }
    describe(a, action, user, &change);
    if (hd_luks_users_open(u->open->headers[0], keyslot_of(&a->luks, as),
                           &change.luks, password, &key, err))
        return -1;
    return hd_luks_users_change(u->open->headers[0], key, &change, new_password,
                                medium, err);
}

/* ---- both */

int hd_users_open(const char *store, struct hd_users **ret, struct hd_err *err)
{
    hd_auto(hd_users) u = calloc(1, sizeof(*u));

    if (!u)
        return hd_fail_errno(err, HD_E_FAILED, "look for %s", store);
    u->store = store;
    if (hd_open_store_find(store, &u->attached, err) ||
        (u->attached ? ask_daemon(u, err) : read_medium(u, err)))
        return -1;
    *ret = hd_steal(&u);
    return 0;
}

bool hd_users_has(const struct hd_users *users, const char *name)
{
    for (size_t i = 0; i < users->n; i++)
        if (!strcmp(users->names[i], name))
            return true;
    return users->recovery && !strcmp(name, HD_LUKS_RECOVERY_USER);
}

int hd_users_find(const struct hd_users *users, const char *name,
                  const char **ret, struct hd_err *err)
{
    char all[300] = "nobody";
    size_t used = 0;

    if (name ? hd_users_has(users, name) : users->n == 1) {
        *ret = name ? name : users->names[0];
        return 0;
    }
    for (size_t i = 0; i < users->n && used < sizeof(all); i++)
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
                                 used ? ", " : "", users->names[i]);
    if (name)
        return hd_fail(err, HD_E_NO_USER,
                       "%s has no user \"%.64s\"; there is %s", users->store,
                       name, all);
    return hd_fail(err, HD_E_USAGE, "say which user, with -u: %s", all);
}

int hd_users_change(const struct hd_users *users, enum hd_keys_action action,
                    const char *user, const char *as,
                    const struct hd_secret *password,
                    const struct hd_secret *new_password, struct hd_err *err)
{
    return (users->attached ? change_attached : change_medium)(
        users, action, user, as, password, new_password, err);
}
