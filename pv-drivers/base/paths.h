/* SPDX-License-Identifier: MIT */
/* Where everything lives on a host; nothing outside these is ever written. */
#ifndef HD_BASE_PATHS_H
#define HD_BASE_PATHS_H

#include <limits.h>

#define HD_RUN_DIR     "/run/hotdom" /* gone at reboot, as the guests are */
#define HD_CONTROL     HD_RUN_DIR "/control" /* the daemon's socket */
#define HD_LEDGER_DIR  HD_RUN_DIR "/ledger"
#define HD_MAP_DIR     HD_RUN_DIR "/map"      /* see hv/daemon/explain.h */
#define HD_PLAN_DIR    HD_RUN_DIR "/plan"     /* see hv/daemon/restart.c */
#define HD_ORDER_DIR   HD_RUN_DIR "/order"    /* see hv/daemon/orders.h */
#define HD_DISPLAY_DIR HD_RUN_DIR "/display"  /* see hv/domain/display.h */
#define HD_SERVER_DIR  HD_RUN_DIR "/server"   /* see hv/run/server.h */
#define HD_EJECTED_DIR HD_RUN_DIR "/ejected"  /* see hv/host/ejected.h */
#define HD_LOOP_MARK   HD_RUN_DIR "/file-"    /* see hv/host/loop.h */
#define HD_BASELINE    HD_RUN_DIR "/baseline" /* see hv/host/snapshot.h */
#define HD_METRICS     HD_RUN_DIR "/metrics"  /* config/hotdom-metrics.socket */
#define HD_ASK_DIR     "/run/systemd/ask-password" /* hv/daemon/ask.h */
#define HD_ASK_NAME    "hotdom-" /* "ask.hotdom-ID" there, "sck.hotdom-ID" */
#define HD_DM_UUID     "HOTDOM-" /* how our dm devices' uuids begin */
#define HD_ETC_DIR     "/etc/hotdom"
#define HD_POLICY      HD_ETC_DIR "/hotdom.yaml"
#define HD_TRUSTED_DIR HD_ETC_DIR "/trusted.d"
#define HD_LIB_DIR     "/var/lib/hotdom"      /* what a reboot must not undo */
#define HD_DUMP_DIR    HD_LIB_DIR "/dump"     /* guests' memory */
#define HD_SEEN_DIR    HD_LIB_DIR "/seen"     /* see hv/host/seen.h */
#define HD_LAST_DIR    HD_LIB_DIR "/last"     /* see hv/daemon/explain.h */
#define HD_TRIES_DIR   HD_LIB_DIR "/throttle" /* see hv/host/tries.h */
#define HD_LIBEXEC_DIR "/usr/libexec/hotdom"
#define HD_WHOLE       HD_LIBEXEC_DIR "/hotdom-whole" /* see hv/cli/whole.h */
#define HD_READER      HD_LIBEXEC_DIR "/hotdom-reader"
#define HD_JOB         HD_LIBEXEC_DIR "/hotdom-job"
#define HD_HOTPLUG     HD_LIBEXEC_DIR "/hotdom-hotplug"
#define HD_SERIAL      HD_LIBEXEC_DIR "/hotdom-serial"
#define HD_9P          HD_LIBEXEC_DIR "/hotdom-9p"
#define HD_GUEST       HD_LIBEXEC_DIR "/hotdom-guest" /* for ramdisks */

/* The program that is installed as `installed`: the one of that name beside the
 * running program, as in the build tree, or that. */
void hd_beside(const char *installed, char ret[PATH_MAX]);

#endif
