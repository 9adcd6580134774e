/* SPDX-License-Identifier: MIT */
/* Lists of what is on a host: keep, compare, save, load; never looks at the
 * host itself. */
#include "snapshot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"

#define MAX_BYTES (64 << 20)

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct hd_snapshot *hd_snapshot_new(void)
{
    return calloc(1, sizeof(struct hd_snapshot));
}

void hd_snapshot_free(struct hd_snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (size_t i = 0; i < snapshot->n; i++)
        free(snapshot->lines[i]);
    free(snapshot->lines);
    free(snapshot);
}

int hd_snapshot_add(struct hd_snapshot *snapshot, const char *fmt, ...)
{
    hd_autofree char *line = NULL;
    char **grown;
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (len < 0) {
        line = NULL;
        return -1;
    }
    for (char *p = line; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    grown = reallocarray(snapshot->lines, snapshot->n + 1, sizeof(*grown));
    if (!grown)
        return -1;
    snapshot->lines = grown;
    grown[snapshot->n++] = hd_steal(&line);
    return 0;
}

void hd_snapshot_sort(struct hd_snapshot *snapshot)
{
    size_t kept = 0;

    if (!snapshot->n)
        return;
    qsort(snapshot->lines, snapshot->n, sizeof(*snapshot->lines), by_text);
    for (size_t i = 1; i < snapshot->n; i++) {
        if (strcmp(snapshot->lines[kept], snapshot->lines[i]))
            snapshot->lines[++kept] = snapshot->lines[i];
        else
            free(snapshot->lines[i]);
    }
    snapshot->n = kept + 1;
}

int hd_snapshot_save(const struct hd_snapshot *snapshot, const char *path,
                     struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return hd_fail_errno(err, HD_E_FAILED, "save a snapshot");
    fprintf(out, "memory %" PRIu64 "\n", snapshot->memory_kib);
    for (size_t i = 0; i < snapshot->n; i++)
        fprintf(out, "%s\n", snapshot->lines[i]);
    if (fclose(out))
        return hd_fail_errno(err, HD_E_FAILED, "save a snapshot");
    return hd_io_write_file(path, text, len, 0600, err);
}

int hd_snapshot_load(const char *path, struct hd_snapshot **ret,
                     struct hd_err *err)
{
    hd_auto(hd_snapshot) s = hd_snapshot_new();
    hd_autofree char *text = NULL;
    char *at, *line;

    if (!s)
        return hd_fail_errno(err, HD_E_FAILED, "load a snapshot");
    if (hd_io_read_file(path, MAX_BYTES, &text, NULL, err))
        return -1;
    at = text;
    line = strsep(&at, "\n");
    if (sscanf(line, "memory %" SCNu64, &s->memory_kib) != 1)
        return hd_fail(err, HD_E_FAILED, "%s is no baseline", path);
    while ((line = strsep(&at, "\n")))
        if (*line && hd_snapshot_add(s, "%s", line))
            return hd_fail_errno(err, HD_E_FAILED, "load a snapshot");
    hd_snapshot_sort(s);
    *ret = hd_steal(&s);
    return 0;
}

bool hd_snapshot_has(const struct hd_snapshot *snapshot, const char *line)
{
    size_t len = strlen(line);

    for (size_t i = 0; i < snapshot->n; i++) {
        const char *have = snapshot->lines[i];

        if (!strncmp(have, line, len) && (!have[len] || have[len] == ' '))
            return true;
    }
    return false;
}

int hd_snapshot_diff(const struct hd_snapshot *before,
                     const struct hd_snapshot *after,
                     struct hd_difference **ret, size_t *ret_n,
                     struct hd_err *err)
{
    struct hd_difference *list =
        calloc(before->n + after->n + 1, sizeof(*list));
    size_t b = 0, a = 0, n = 0;

    if (!list)
        return hd_fail_errno(err, HD_E_FAILED, "compare two snapshots");
    while (b < before->n || a < after->n) {
        int order = b == before->n  ? 1
                    : a == after->n ? -1
                                    : strcmp(before->lines[b], after->lines[a]);

        if (order < 0)
            list[n++] = (struct hd_difference){before->lines[b], false};
        else if (order > 0)
            list[n++] = (struct hd_difference){after->lines[a], true};
        b += order <= 0;
        a += order >= 0;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}
