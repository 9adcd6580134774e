/* SPDX-License-Identifier: MIT */
/* The host view of a guest: files of the host that its tables name and the
 * policy allows. */
#include "mapper.h"

/* The first exception that the policy does not allow, or NULL. */
static const char *forbidden(const struct hd_mapper *m,
                             const struct hd_guest *g)
{
    const struct hd_view_path *paths =
        m->in->store->manifest.views + g->tables.exception;

    for (uint32_t i = 0; i < g->tables.n_exception; i++)
        if (!hd_policy_shows(m->in->policy, paths[i].path))
            return paths[i].path;
    return NULL;
}

void hd_map_files(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row)
{
    const char *path = forbidden(m, g);

    HD_SAY(row->wish, "to read %s%s of the host%s",
           m->in->store->manifest.views[g->tables.exception].path,
           g->tables.n_exception > 1 ? " and others" : "", hd_map_level(row));
    HD_SAY(row->found, "%u paths in the policy's host_paths",
           m->in->policy->n_host_paths);
    if (path) {
        HD_SAY(row->reason, "%.80s is not below one of them", path);
        HD_SAY(row->change, "name it in host_paths of /etc/hotdom/hotdom.yaml");
        hd_map_refuse(m, HD_E_DENIED,
                      "guest %s has the exception %s, which is outside the "
                      "host_paths of the policy",
                      g->name, path);
        return;
    }
    row->how = HD_HOW_PV;
    hd_policy_shown(m->in->policy, m->map->shown);
    HD_SAY(row->reason, "served read-only over 9p, as hostview, by a process "
                        "that may read what everybody may");
}
