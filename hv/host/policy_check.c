/* SPDX-License-Identifier: MIT */
/* Checks a policy that was read: forms, and rows that contradict; never looks
 * whether what it names is there. */
#include "policy_check.h"

#include <ctype.h>
#include <string.h>
#include <termios.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/tables.h"

#define BAD(err, ...) hd_fail(err, HD_E_FAILED, __VA_ARGS__)

/* `form`: x is a lower-case hex digit, 7 one of 0 to 7, the rest itself. */
static bool has_form(const char *text, const char *form)
{
    for (; *form; form++, text++) {
        if (*form == 'x'   ? !*text || !strchr("0123456789abcdef", *text)
            : *form == '7' ? *text < '0' || *text > '7'
                           : *text != *form)
            return false;
    }
    return !*text;
}

static int check_signer(const struct hd_policy *p, uint32_t i,
                        struct hd_err *err)
{
    const struct hd_policy_signer *s = &p->signers[i];

    for (uint32_t j = 0; j < i; j++)
        if (!strcmp(s->name, p->signers[j].name) &&
            !strcmp(s->store, p->signers[j].store))
            return BAD(err, "signer \"%s\" stands twice%s%s; keep one", s->name,
                       *s->store ? " for store " : "", s->store);
    return 0;
}

/* As the kernel names interfaces. */
static bool is_interface(const char *name)
{
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return false;
    for (; *name; name++)
        if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
            return false;
    return true;
}

static int check_network(const struct hd_policy *p, uint32_t i,
                         struct hd_err *err)
{
    const struct hd_policy_network *n = &p->networks[i];

    if (!is_interface(n->bridge))
        return BAD(err, "role \"%s\": \"%s\" is no name of a bridge", n->role,
                   n->bridge);
    if (n->limits.rate && n->limits.rate < HD_NET_RATE_MIN)
        return BAD(err,
                   "role \"%s\": a rate of %u bytes a second is too low; "
                   "1K is the lowest, 0 is no limit",
                   n->role, (unsigned)n->limits.rate);
    if (n->limits.mtu && n->limits.mtu < HD_NET_MTU_MIN)
        return BAD(err,
                   "role \"%s\": an mtu of %u is too low; %d is the "
                   "lowest, 0 is the bridge's",
                   n->role, (unsigned)n->limits.mtu, HD_NET_MTU_MIN);
    for (uint32_t j = 0; j < i; j++)
        if (!strcmp(n->role, p->networks[j].role))
            return BAD(err,
                       "role \"%s\" has a bridge already, \"%s\"; keep one",
                       n->role, p->networks[j].bridge);
    return 0;
}

static int check_device(const struct hd_policy *p, uint32_t i,
                        struct hd_err *err)
{
    const struct hd_policy_device *d = &p->devices[i];

    if (!*d->usb == !*d->pci)
        return BAD(err, "role \"%s\" names %s; name one of usb and pci",
                   d->role, *d->usb ? "two devices" : "no device");
    if (*d->usb && !has_form(d->usb, "xxxx:xxxx") && !has_form(d->usb, "xx"))
        return BAD(err,
                   "role \"%s\": usb \"%s\" is neither vendor and product like "
                   "\"1199:9071\" nor a class like \"08\"",
                   d->role, d->usb);
    if (*d->pci && !has_form(d->pci, "xxxx:xx:xx.7") &&
        !has_form(d->pci, "xxxx"))
        return BAD(err,
                   "role \"%s\": pci \"%s\" is neither an address like "
                   "\"0000:03:00.0\" nor a class like \"0403\"",
                   d->role, d->pci);
    /* glibc takes the number itself, of those that termios(3) has. */
    if (cfsetspeed(&(struct termios){0}, (speed_t)d->speed))
        return BAD(err,
                   "role \"%s\": no serial adapter has a speed of %llu; name "
                   "a usual one, like 9600 or 115200",
                   d->role, (unsigned long long)d->speed);
    for (uint32_t j = 0; j < i; j++)
        if (!strcmp(d->role, p->devices[j].role))
            return BAD(err, "role \"%s\" has a device already; keep one",
                       d->role);
    return 0;
}

static int check_denied(const struct hd_policy *p, uint32_t i,
                        struct hd_err *err)
{
    uint32_t class = p->denied[i].class;

    if (class == HD_CLASS_CPU || class == HD_CLASS_MEMORY ||
        class == HD_CLASS_CONSOLE || class == HD_CLASS_TIME)
        return BAD(err, "denied: no guest is without %s; leave it out",
                   hd_class_name(class));
    for (uint32_t j = 0; j < i; j++)
        if (class == p->denied[j].class)
            return BAD(err, "%s is denied twice; keep one",
                       hd_class_name(class));
    return 0;
}

/* Of the first `n` as one text: hd_policy_shown. */
static size_t length_of(const struct hd_policy *p, uint32_t n)
{
    size_t len = 0;

    for (uint32_t j = 0; j < n; j++)
        len += strlen(p->host_paths[j].path) + 2;
    return len;
}

static int check_path(const struct hd_policy *p, uint32_t i, struct hd_err *err)
{
    const char *path = p->host_paths[i].path;

    if (!hd_tables_is_path(path))
        return BAD(err,
                   "host_paths: \"%s\" is not an absolute path below / without "
                   "\".\", \"..\" and needless slashes",
                   path);
    for (uint32_t j = 0; j < i; j++)
        if (!strcmp(path, p->host_paths[j].path))
            return BAD(err, "host_paths: \"%s\" stands twice; keep one", path);
    if (length_of(p, i + 1) >= HD_SHOWN_TEXT)
        return BAD(err,
                   "host_paths: all up to \"%s\" are longer than %d bytes; "
                   "name the folders above",
                   path, HD_SHOWN_TEXT);
    return 0;
}

int hd_policy_check(const struct hd_policy *p, const char **ret_list,
                    uint32_t *ret_index, struct hd_err *err)
{
    const struct {
        const char *key;
        uint32_t n;
        int (*check)(const struct hd_policy *p, uint32_t i, struct hd_err *err);
    } lists[] = {
        {"signers", p->n_signers, check_signer},
        {"networks", p->n_networks, check_network},
        {"devices", p->n_devices, check_device},
        {"denied", p->n_denied, check_denied},
        {"host_paths", p->n_host_paths, check_path},
    };

    for (size_t k = 0; k < HD_ARRAY_LEN(lists); k++)
        for (uint32_t i = 0; i < lists[k].n; i++)
            if (lists[k].check(p, i, err)) {
                *ret_list = lists[k].key;
                *ret_index = i;
                return -1;
            }
    return 0;
}
