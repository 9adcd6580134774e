/* SPDX-License-Identifier: MIT */
/* Maps and plans as JSON objects, for `--json` and the control socket. */
#ifndef HD_PLAN_PLAN_JSON_H
#define HD_PLAN_PLAN_JSON_H

#include <json-c/json.h>

#include "map.h"
#include "plan.h"

/*
 * Every key is always there; what has no value is null.  Numbers of memory and
 * disks are bytes.  The caller puts the object.
 *
 * Map: store, user, guests: array of guest, starts, left_out, reason (a code),
 * message, rows: array of
 *   class, level, how, name (the guest's), role, host, wished, given, width,
 *   height, mac, rate (bytes a second), mtu, isolated, bridge (made for a USB
 *   NIC), disk ("xvda"), console ("hvc1"), own (hotdom makes it), wish,
 *   found, why, change
 */
struct json_object *hd_map_to_json(const struct hd_map *map);
struct json_object *hd_map_row_to_json(const struct hd_map_row *row);

/*
 * Plan: store, steps: array of step (from 1), guest, kind, undo, and
 *   open-volume   name, start, length, mode, target, header, offset, discard
 *                 (of encrypted data), over, blocks, root, disk (of the host),
 *                 diskseq
 *   make-bridge   name
 *   add-port      name, bridge
 *   seize-pci     name
 *   build-domain  name, uuid, memory, vcpus, weight, cmdline, width, height,
 *                 pci: array
 *   serve-console name (of the host's serial port), usb, speed
 *   attach-console name, as ("hvc1")
 *   serve-files   name (of the domain), tables (lines of + or - and a path)
 *   attach-files  name, as ("hostview")
 *   attach-block  name, as, mode
 *   attach-net    bridge, as, mac, rate, mtu, isolated
 *   tell          path, value
 *   start-domain  nothing more
 */
struct json_object *hd_plan_to_json(const struct hd_plan *plan);

#endif
