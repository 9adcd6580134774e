/* SPDX-License-Identifier: MIT */
/* Reads the resource map; touches no device. */
#include "promise.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../pv-drivers/base/mac.h"

#define MAP "data/hotdom/map"

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789._-"

/* xenstore knows no ".", so the host has written "@". */
static bool take_name(const char *node, char ret[32])
{
    size_t len = strlen(node);

    if (!len || len >= 32)
        return false;
    for (size_t i = 0; i <= len; i++)
        ret[i] = node[i] == '@' ? '.' : node[i];
    return isalnum((unsigned char)*ret) && !ret[strspn(ret, WORD)];
}

static bool is_device(const char *word)
{
    return (!strncmp(word, "xvd", 3) || !strncmp(word, "hvc", 3)) &&
           strlen(word) < 16 && !word[strspn(word, WORD)];
}

/* The last word, where it is one that a guest knows a device by; a disk's name
 * is that already. */
static void take_device(const char *value, struct hd_promise *p)
{
    const char *last = strrchr(value, ' ');
    const char *word = last ? last + 1 : "";

    if (!strcmp(p->class, "block") && is_device(p->name))
        snprintf(p->device, sizeof(p->device), "%.15s", p->name);
    else if (hd_mac_parse(word, p->mac))
        p->is_nic = true;
    else if (!strcmp(p->class, "usb") && is_device(word))
        snprintf(p->device, sizeof(p->device), "%.15s", word);
}

bool hd_promise_parse(const char *class, const char *node, const char *value,
                      struct hd_promise *ret)
{
    struct hd_promise p = {0};

    if ((size_t)snprintf(p.class, sizeof(p.class), "%s", class) >=
            sizeof(p.class) ||
        !*value || !take_name(node, p.name))
        return false;
    p.given = strncmp(value, "absent", 6) != 0;
    if (p.given)
        take_device(value, &p);
    *ret = p;
    return true;
}

static int load_class(struct hd_xsdev *x, const char *class,
                      struct hd_promise ret[HD_PROMISES], size_t *n,
                      struct hd_err *err)
{
    char nodes[HD_XSDEV_PAYLOAD + 1], path[256], value[HD_XSDEV_PAYLOAD + 1];
    size_t len;

    snprintf(path, sizeof(path), MAP "/%.64s", class);
    if (hd_xsdev_list(x, path, nodes, &len, err))
        return -1;
    for (const char *at = nodes; at < nodes + len && *n < HD_PROMISES;
         at += strlen(at) + 1) {
        int rc;

        snprintf(path, sizeof(path), MAP "/%.64s/%.64s", class, at);
        rc = hd_xsdev_read(x, path, value, sizeof(value), err);
        if (rc < 0)
            return -1;
        *n += rc && hd_promise_parse(class, at, value, &ret[*n]);
    }
    return 0;
}

int hd_promise_load(struct hd_xsdev *x, struct hd_promise ret[HD_PROMISES],
                    size_t *ret_n, struct hd_err *err)
{
    char classes[HD_XSDEV_PAYLOAD + 1];
    size_t len, n = 0;

    if (hd_xsdev_list(x, MAP, classes, &len, err))
        return -1;
    for (const char *at = classes; at < classes + len; at += strlen(at) + 1)
        if (load_class(x, at, ret, &n, err))
            return -1;
    *ret_n = n;
    return 0;
}
