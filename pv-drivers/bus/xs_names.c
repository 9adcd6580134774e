/* SPDX-License-Identifier: MIT */
/* Asks for the names of all domains together; never says that one has none. */
#include "xs_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/io.h"
#include "xs.h"

#define DOMAINS "/local/domain"
#define FEW     2 /* reads are not worth it: dom0's, and the new one's own */

struct hd_xs_name {
    unsigned long domid;
    char path[64], text[192]; /* a longer one is none of these */
};

static bool domid_of(const char *path, unsigned long *ret)
{
    const char *digits = path + sizeof(DOMAINS);
    char *end;

    if (strncmp(path, DOMAINS "/", sizeof(DOMAINS)) || *digits < '0' ||
        *digits > '9')
        return false;
    *ret = strtoul(digits, &end, 10);
    return !strcmp(end, "/name");
}

static void forget(struct hd_xs_names *names)
{
    free(hd_steal(&names->all));
    names->n = 0;
}

static int read_all(struct hd_xs_names *names, char *const *domids, size_t n)
{
    hd_autofree struct hd_xs_value *values = calloc(n, sizeof(*values));

    names->all = calloc(n, sizeof(*names->all));
    if (!values || !names->all)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct hd_xs_name *name = &names->all[i];

        name->domid = strtoul(domids[i], NULL, 10);
        snprintf(name->path, sizeof(name->path), DOMAINS "/%lu/name",
                 name->domid);
        values[i] = (struct hd_xs_value){
            .path = name->path, .buf = name->text, .size = sizeof(name->text)};
    }
    if (hd_xs_read_all(names->xs, values, n, NULL))
        return -1;
    names->n = n;
    for (size_t i = 0; i < n; i++)
        if (values[i].there <= 0)
            *names->all[i].text = '\0';
    return 0;
}

static void ask(struct hd_xs_names *names, uint64_t now)
{
    hd_autofree char **domids = NULL;
    size_t n;

    forget(names);
    names->asked_ms = now;
    if ((!names->xs && hd_xs_open(&names->xs, NULL)) ||
        hd_xs_list(names->xs, DOMAINS, &domids, &n, NULL) || !n ||
        read_all(names, domids, n))
        forget(names);
}

char *hd_xs_names_read(struct hd_xs_names *names, const char *path)
{
    uint64_t now = hd_io_now_ms();
    unsigned long domid;

    if (!domid_of(path, &domid))
        return NULL;
    if (now - names->read_ms > HD_XS_NAMES_MS)
        names->n_reads = 0;
    names->read_ms = now;
    if (names->n_reads++ < FEW)
        return NULL;
    if (now - names->asked_ms > HD_XS_NAMES_MS)
        ask(names, now);
    for (size_t i = 0; i < names->n; i++)
        if (names->all[i].domid == domid && *names->all[i].text)
            return strdup(names->all[i].text);
    return NULL;
}

void hd_xs_names_fini(struct hd_xs_names *names)
{
    forget(names);
    hd_xs_free(names->xs);
    *names = (struct hd_xs_names){0};
}
