/* SPDX-License-Identifier: MIT */
/* Finds a store's medium and asks the reader about it; never changes either. */
#include "open_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/paths.h"
#include "../host/trust.h"
#include "client.h"
#include "follow.h"

void hd_open_store_free(struct hd_open_store *open)
{
    if (open->medium >= 0)
        close(open->medium);
    for (size_t i = 0; i < open->n_headers; i++)
        close(open->headers[i]);
    free(open->answer);
    hd_target_fini(&open->target);
    /* The device may be gone, or not be a store any more: then that is said
     * where stores are listed. */
    if (open->let_go)
        hd_client_call("Attach", hd_follow_store("device", open->path), NULL,
                       NULL);
    free(open);
}

static bool is_store(struct json_object *store, const char *name)
{
    const char *device = hd_client_text(store, "device");

    return !strcmp(name, hd_client_text(store, "store")) ||
           !strcmp(name, hd_client_text(store, "id")) ||
           (*device && !strcmp(name, device));
}

/* A guest that has a domain, or is on its way to one or from one. */
static bool has_guests(struct json_object *store)
{
    static const char *const idle[] = {"seen", "locked", "planned", "refused",
                                       "failed"};
    struct json_object *guests = json_object_object_get(store, "guests");
    const char *state = hd_client_text(store, "state");

    for (size_t i = 0; guests && i < json_object_array_length(guests); i++)
        if (json_object_object_get(json_object_array_get_idx(guests, i),
                                   "domid"))
            return true;
    for (size_t i = 0; i < HD_ARRAY_LEN(idle); i++)
        if (!strcmp(state, idle[i]))
            return false;
    return true;
}

/* The one attached store that `name` means; NULL when there is none. */
static int find_attached(struct json_object *reply, const char *name,
                         struct json_object **ret, struct hd_err *err)
{
    struct json_object *stores = json_object_object_get(reply, "stores");

    *ret = NULL;
    for (size_t i = 0; stores && i < json_object_array_length(stores); i++) {
        struct json_object *s = json_object_array_get_idx(stores, i);

        if (!is_store(s, name))
            continue;
        if (*ret)
            return hd_fail(err, HD_E_NO_STORE,
                           "two stores are named %s; name its device", name);
        *ret = s;
    }
    return 0;
}

/* hotdomd knows devices by their kernel name, without links. */
static int find_device(struct hd_open_store *o, const char *name, bool is_path,
                       struct hd_err *err)
{
    struct json_object *reply, *found;
    struct hd_err none = {0};
    char real[PATH_MAX];
    int rc;

    if (is_path && realpath(name, real) && !strncmp(real, "/dev/", 5))
        name = real + 5;
    if (hd_client_call("List", NULL, &reply, &none)) {
        if (is_path)
            return 0; /* nobody here attaches stores */
        *err = none;
        return hd_wrap(err, "there is no file %s; is it an attached store",
                       name);
    }
    rc = find_attached(reply, name, &found, err);
    if (!rc && found) {
        o->attached = true;
        o->in_use = has_guests(found);
        if (!is_path)
            snprintf(o->path, sizeof(o->path), "/dev/%s",
                     hd_client_text(found, "device"));
    } else if (!rc && !is_path)
        rc = hd_fail(err, HD_E_NO_STORE,
                     "there is no file and no attached store %s", name);
    json_object_put(reply);
    return rc;
}

static int find_medium(struct hd_open_store *o, const char *store,
                       struct hd_err *err)
{
    struct stat st;

    if ((size_t)snprintf(o->path, sizeof(o->path), "%s", store) >=
        sizeof(o->path))
        return hd_fail(err, HD_E_USAGE, "the path is too long");
    if (stat(store, &st)) {
        if (strchr(store, '/'))
            return hd_fail_errno(err, HD_E_IO, "cannot open %s", store);
        return find_device(o, store, false, err);
    }
    if (S_ISBLK(st.st_mode))
        return find_device(o, store, true, err);
    return 0;
}

static void note_trust(struct hd_open_store *o, const struct hd_trusted *list,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!memcmp(&list[i].signer, &o->answer->signer,
                    sizeof(list[i].signer)))
            snprintf(o->trusted, sizeof(o->trusted), "%s", list[i].name);
}

static int run_reader(struct hd_open_store *o, struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = NULL;
    hd_autofree struct hd_signer *keys = NULL;
    char reader[PATH_MAX];
    size_t n = 0;

    if (hd_trust_list(HD_TRUSTED_DIR, &list, &n, NULL, err))
        return -1;
    keys = calloc(n + 1, sizeof(*keys));
    if (!keys)
        return hd_fail_errno(err, HD_E_FAILED, "open %s", o->path);
    for (size_t i = 0; i < n; i++)
        keys[i] = list[i].signer;
    hd_beside(HD_READER, reader);
    if (hd_reader_run_luks(reader, o->medium, keys, n, &o->answer, o->headers,
                           &o->n_headers, err))
        return hd_wrap(err, "%s", o->path);
    if (o->answer->err.code) {
        *err = o->answer->err;
        return hd_wrap(err, "%s", o->path);
    }
    note_trust(o, list, n);
    return 0;
}

int hd_open_store_idle(const struct hd_open_store *open, struct hd_err *err)
{
    if (!open->in_use)
        return 0;
    return hd_fail(err, HD_E_BUSY, "%s: guests use it; eject it first",
                   open->path);
}

static struct hd_open_store *new_open_store(const char *store,
                                            struct hd_err *err)
{
    struct hd_open_store *o = calloc(1, sizeof(*o));

    if (!o) {
        hd_fail_errno(err, HD_E_FAILED, "open %s", store);
        return NULL;
    }
    o->medium = -1;
    o->target.fd = -1;
    return o;
}

static int read_store(struct hd_open_store *o, struct hd_err *err)
{
    o->medium = open(o->path, O_RDONLY | O_CLOEXEC);
    if (o->medium < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", o->path);
    return run_reader(o, err);
}

int hd_open_store(const char *store, struct hd_open_store **ret,
                  struct hd_err *err)
{
    hd_auto(hd_open_store) o = new_open_store(store, err);

    if (!o || find_medium(o, store, err) || read_store(o, err))
        return -1;
    *ret = hd_steal(&o);
    return 0;
}

int hd_open_store_find(const char *store, bool *ret_attached,
                       struct hd_err *err)
{
    hd_auto(hd_open_store) o = new_open_store(store, err);

    if (!o || find_medium(o, store, err))
        return -1;
    *ret_attached = o->attached;
    return 0;
}

/* What hotdomd knows of a store that changes would be wrong afterwards. */
static int let_go(struct hd_open_store *o, struct hd_err *err)
{
    if (!o->attached)
        return 0;
    if (hd_client_call("Eject", hd_follow_store("store", o->path), NULL, err))
        return -1;
    o->let_go = true;
    return 0;
}

int hd_open_store_change(const char *store, struct hd_open_store **ret,
                         struct hd_err *err)
{
    hd_auto(hd_open_store) o = new_open_store(store, err);

    if (!o || find_medium(o, store, err) || hd_open_store_idle(o, err) ||
        let_go(o, err) || hd_target_edit(o->path, &o->target, err) ||
        read_store(o, err))
        return -1;
    *ret = hd_steal(&o);
    return 0;
}
