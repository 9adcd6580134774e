/* SPDX-License-Identifier: MIT */
/* Netlink sockets in the loop: udev's of disks, and any whose buffer was full.
 */
#include "listen.h"

#include <libudev.h>

#include "../../pv-drivers/base/log.h"

#define RECEIVE_BYTES (8 << 20) /* a shelf of disks at once */

struct udev_monitor *hd_listen_disks(const char *who, const char *tag,
                                     struct hd_err *err)
{
    struct udev *udev = udev_new();
    struct udev_monitor *m =
        udev ? udev_monitor_new_from_netlink(udev, who) : NULL;

    if (m && udev_monitor_set_receive_buffer_size(m, RECEIVE_BYTES) < 0)
        hd_log(HD_LOG_DEBUG, "udev's receive buffer stays small");
    /* It hears nothing before the last call, which has the kernel filter
     * (sd_device_monitor_filter_update in systemd's device-monitor.c). */
    if (m &&
        udev_monitor_filter_add_match_subsystem_devtype(m, "block", "disk") >=
            0 &&
        (!tag || udev_monitor_filter_add_match_tag(m, tag) >= 0) &&
        udev_monitor_enable_receiving(m) >= 0)
        return m;
    hd_fail_errno(err, HD_E_FAILED, "cannot listen to uevents of %s", who);
    udev_monitor_unref(m);
    udev_unref(udev);
    return NULL;
}

void hd_listen_on(uv_poll_t *poll, int status, uv_poll_cb fn)
{
    if (status < 0)
        (void)uv_poll_start(poll, UV_READABLE, fn);
}
