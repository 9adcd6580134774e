/* SPDX-License-Identifier: MIT */
/* Reads mountinfo and follows paths through it; never looks at what a path
 * leads to, for that may mount something or never answer. */
#include "mountinfo.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "../pv-drivers/base/io.h"

#define TEXT_MAX (4u << 20)

/* ---- the text */

static bool is_octal(const char *at)
{
    return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' &&
           at[2] >= '0' && at[2] <= '7';
}

/* A blank, a tab, a newline and a backslash are "\" and three digits. */
static void unescape(char *text)
{
    char *to = text;

    for (; *text; text++)
        if (*text == '\\' && is_octal(text + 1)) {
            *to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
                           (text[3] - '0'));
            text += 3;
        } else
            *to++ = *text;
    *to = '\0';
}

/* A number and the character behind it. */
static bool take_number(char **at, char behind, uint64_t *ret)
{
    char *end;

    *ret = strtoull(*at, &end, 10);
    if (end == *at || *end != behind)
        return false;
    *at = end + 1;
    return true;
}

/* "36 35 MAJOR:MINOR ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE ...", but not by
 * sscanf(3), which would be a tenth of the whole program. */
static bool parse_line(char *line, struct hd_mount *ret)
{
    const char *type = strstr(line, " - ");
    uint64_t id, parent, major, minor;
    char *at = line, *end;

    if (!type || !take_number(&at, ' ', &id) ||
        !take_number(&at, ' ', &parent) || !take_number(&at, ':', &major) ||
        !take_number(&at, ' ', &minor))
        return false;
    at = strchr(at, ' ');
    end = at ? strchr(++at, ' ') : NULL;
    if (!end || *at != '/')
        return false;
    *end = '\0';
    unescape(at);
    *ret = (struct hd_mount){.id = id,
                             .parent = parent,
                             .dev = makedev(major, minor),
                             .at = at,
                             .is_on_touch = !strncmp(type, " - autofs ", 10)};
    return true;
}

static struct hd_mountinfo *make(const char *text)
{
    size_t n = 1;
    struct hd_mountinfo *m;

    for (const char *at = text; *at; at++)
        n += *at == '\n';
    m = calloc(1, sizeof(*m) + n * sizeof(m->mounts[0]));
    if (m)
        m->text = strdup(text);
    if (m && !m->text)
        hd_mountinfo_free(hd_steal(&m));
    return m;
}

int hd_mountinfo_parse(const char *text, struct hd_mountinfo **ret,
                       struct hd_err *err)
{
    hd_auto(hd_mountinfo) m = make(text);
    char *save, *line;

    if (!m)
        return hd_fail_errno(err, HD_E_FAILED, "look at what is mounted");
    for (line = strtok_r(m->text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        if (!parse_line(line, &m->mounts[m->n++]))
            return hd_fail(err, HD_E_FAILED,
                           "the system says of its mounts \"%.64s\"", line);
    *ret = hd_steal(&m);
    return 0;
}

int hd_mountinfo_read(struct hd_mountinfo **ret, struct hd_err *err)
{
    hd_autofree char *text = NULL;

    return hd_io_read_file(HD_MOUNTINFO, TEXT_MAX, &text, NULL, err) ||
                   hd_mountinfo_parse(text, ret, err)
               ? -1
               : 0;
}

void hd_mountinfo_free(struct hd_mountinfo *m)
{
    if (m)
        free(m->text);
    free(m);
}

/* ---- the tree */

const struct hd_mount *hd_mountinfo_find(const struct hd_mountinfo *m,
                                         uint64_t id, const char *at)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->mounts[i].id == id && (!at || !strcmp(m->mounts[i].at, at)))
            return &m->mounts[i];
    return NULL;
}

/* What this root is in.  Another one may be on top of it, which no path from
 * the root leads to. */
static const struct hd_mount *find_root(const struct hd_mountinfo *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct hd_mount *e = &m->mounts[i];

        if (!strcmp(e->at, "/") &&
            (e->parent == e->id || !hd_mountinfo_find(m, e->parent, NULL)))
            return e;
    }
    return NULL;
}

/* What is mounted on `on` at the first `len` bytes of `path`. */
static const struct hd_mount *find_upon(const struct hd_mountinfo *m,
                                        const struct hd_mount *on,
                                        const char *path, size_t len)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct hd_mount *e = &m->mounts[i];

        if (e->parent == on->id && e != on && !strncmp(e->at, path, len) &&
            !e->at[len])
            return e;
    }
    return NULL;
}

/* As the kernel does: at each part of the path to what is mounted there, and to
 * what is mounted on that.  No text makes it go round for ever. */
const struct hd_mount *hd_mountinfo_reach(const struct hd_mountinfo *m,
                                          const char *path)
{
    const struct hd_mount *on = find_root(m), *upon;
    size_t len = 0, left = m->n;

    while (on && path[len]) {
        len += 1 + strcspn(path + len + 1, "/");
        while (left && (upon = find_upon(m, on, path, len))) {
            on = upon;
            left--;
        }
    }
    return on;
}
