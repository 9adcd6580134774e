/* SPDX-License-Identifier: MIT */
/* hotdom verify: reads all of a store; whoever signed it, and says who. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>

#include "../store/verify.h"
#include "cmd.h"
#include "open_store.h"
#include "show_json.h"
#include "work.h"

/* Who vouches for it: without trust in the signer "as signed" says little. */
static void print_text(const struct hd_open_store *o)
{
    const struct hd_manifest *m = &o->answer->manifest;
    char signer[HD_SIGNER_TEXT], size[HD_PROGRESS_SIZE];

    hd_signer_format(&o->answer->signer, signer);
    printf("store %s, generation %llu, is whole\n", m->store.name,
           (unsigned long long)m->store.generation);
    printf("  signer  %s, %s%s\n", signer,
           *o->trusted ? "trusted as " : "not trusted on this host",
           o->trusted);
    for (uint32_t i = 0; i < m->n_volumes; i++) {
        const struct hd_volume *v = &m->volumes[i];

        hd_progress_size(v->size, size);
        if (v->kind == HD_VOLUME_IMAGE)
            printf("  image   %s: %s, every block as signed\n", v->name, size);
        else
            printf("  data    %s: %s, readable to its end\n", v->name, size);
    }
}

static void print_json(const struct hd_open_store *o,
                       const struct hd_bad_place *bad, const struct hd_err *why)
{
    const struct hd_manifest *m = &o->answer->manifest;
    struct json_object *out = json_object_new_object(), *place = NULL;
    char id[HD_UUID_SIZE], signer[HD_SIGNER_TEXT];

    hd_uuid_format(&m->store.id, id);
    hd_signer_format(&o->answer->signer, signer);
    json_object_object_add(out, "store", json_object_new_string(m->store.name));
    json_object_object_add(out, "id", json_object_new_string(id));
    json_object_object_add(out, "generation",
                           json_object_new_uint64(m->store.generation));
    json_object_object_add(out, "signer", json_object_new_string(signer));
    json_object_object_add(out, "trusted",
                           json_object_new_boolean(*o->trusted));
    if (*bad->volume) {
        place = json_object_new_object();
        json_object_object_add(place, "volume",
                               json_object_new_string(bad->volume));
        json_object_object_add(
            place, "byte",
            bad->byte == UINT64_MAX ? NULL : json_object_new_uint64(bad->byte));
        json_object_object_add(
            place, "reason", json_object_new_string(hd_err_reason(why->code)));
        json_object_object_add(place, "message",
                               json_object_new_string(why->msg));
    }
    json_object_object_add(out, "bad", place);
    hd_show_json(out);
    json_object_put(out);
}

static int verify(const char *store, bool json, bool quiet, struct hd_err *err)
{
    hd_auto(hd_open_store) o = NULL;
    struct hd_bad_place bad = {0};
    struct hd_work work = {.password_fd = -1};
    struct hd_verify in = {.ops = {.progress = hd_work_show, .ctx = &work}};
    int rc;

    if (hd_open_store(store, &o, err))
        return -1;
    in.medium = o->medium;
    in.store = o->answer;
    hd_work_begin(&work, quiet);
    rc = hd_verify(&in, &bad, err);
    hd_work_end(&work);
    if (json && (!rc || *bad.volume))
        print_json(o, &bad, err);
    else if (!rc)
        print_text(o);
    return rc;
}

int hd_cmd_verify(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},
        {0},
    };
    bool json = false, quiet = false;
    int c;

    while ((c = getopt_long(argc, argv, "q", options, NULL)) != -1) {
        if (c == 'j')
            json = true;
        else if (c == 'q')
            quiet = true;
        else
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
    }
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE,
                       "name one store: an image, a device or a name");
    return verify(argv[optind], json, quiet, err);
}
