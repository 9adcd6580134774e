/* SPDX-License-Identifier: MIT */
/* What a guest is told of its host: no address, no serial number, no other
 * guest. */
#include <inttypes.h>

#include "mapper.h"

void hd_map_host(const struct hd_inventory *inv, struct hd_map_host *ret)
{
    HD_SAY(ret->name, "%s", inv->os.name);
    HD_SAY(ret->machine, "%s", inv->os.machine);
    HD_SAY(ret->system, "%s", inv->os.release);
    HD_SAY(ret->kernel, "%s", inv->os.kernel);
    HD_SAY(ret->xen, "%s", inv->xen.version);
    HD_SAY(ret->cpu, "%s", inv->cpu_model);
    if (inv->cpus)
        HD_SAY(ret->cpus, "%u", inv->cpus);
    if (inv->memory_total)
        HD_SAY(ret->memory, "%" PRIu64, inv->memory_total);
}
