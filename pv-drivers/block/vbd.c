/* SPDX-License-Identifier: MIT */
/* What a virtual disk is in xenstore; never opens the device behind it. */
#include "vbd.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../base/paths.h"
#include "vbd_hotplug.h"

#define XVD_MAJOR 202u /* xen/include/public/io/blkif.h: xvda to xvdp */
#define XVD_PARTS 16u

uint32_t hd_vbd_devid(const char *vdev)
{
    if (strncmp(vdev, "xvd", 3) || vdev[3] < 'a' || vdev[3] > 'p' || vdev[4])
        return 0;
    return XVD_MAJOR << 8 | (uint32_t)(vdev[3] - 'a') * XVD_PARTS;
}

/* The names and values of libxl_disk.c, device_disk_add. */
static void fill(const struct hd_vbd *vbd, struct hd_xenbus_device *dev)
{
    hd_xenbus_init(dev, HD_VBD_CLASS, vbd->domid, hd_vbd_devid(vbd->vdev));
    hd_xenbus_front(dev, "virtual-device", "%u", dev->devid);
    hd_xenbus_front(dev, "device-type", "disk");
    hd_xenbus_back(dev, "params", "%s", vbd->path);
    hd_xenbus_back(dev, "script", "%s", HD_HOTPLUG);
    hd_xenbus_libxl(dev, "removable", "0");
    hd_xenbus_libxl(dev, "bootable", "1");
    hd_xenbus_back(dev, "dev", "%s", vbd->vdev);
    hd_xenbus_libxl(dev, "type", "phy");
    hd_xenbus_back(dev, "mode", vbd->writable ? "w" : "r");
    hd_xenbus_back(dev, "device-type", "disk");
    hd_xenbus_back(dev, "discard-enable", vbd->writable ? "1" : "0");
    hd_xenbus_back(dev, "physical-device", "%x:%x", major(vbd->device),
                   minor(vbd->device));
    hd_xenbus_back(dev, "hotplug-status", "connected");
}

int hd_vbd_describe(const struct hd_vbd *vbd, struct hd_xenbus_device *ret,
                    struct hd_err *err)
{
    struct stat st;

    if (!hd_vbd_devid(vbd->vdev))
        return hd_fail(err, HD_E_USAGE, "\"%.16s\" is no disk of xvda to xvdp",
                       vbd->vdev);
    if (hd_vbd_hotplug_check(vbd->path, err))
        return -1;
    if (stat(vbd->path, &st))
        return hd_fail_errno(err, HD_E_GONE, "cannot find %s", vbd->path);
    if (!S_ISBLK(st.st_mode))
        return hd_fail(err, HD_E_DENIED, "%s is no block device", vbd->path);
    if (st.st_rdev != vbd->device)
        return hd_fail(err, HD_E_GONE,
                       "%s has become the node of another device, %u:%u; the "
                       "volume is %u:%u",
                       vbd->path, major(st.st_rdev), minor(st.st_rdev),
                       major(vbd->device), minor(vbd->device));
    fill(vbd, ret);
    return 0;
}
