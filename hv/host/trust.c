/* SPDX-License-Identifier: MIT */
/* Keeps the trusted signers' folder; never trusts a file others can write. */
#include "trust.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define SUFFIX ".pub"

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hd_trusted *)a)->name,
                  ((const struct hd_trusted *)b)->name);
}

static int check_name(const char *name, struct hd_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len >= HD_NAME_SIZE ||
        !strchr("abcdefghijklmnopqrstuvwxyz"
                "0123456789",
                name[0]) ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != len)
        return hd_fail(err, HD_E_USAGE,
                       "a signer's name is 1 to %d characters of a-z, 0-9, "
                       "'.', '_' and '-' and begins with a letter or digit",
                       HD_NAME_SIZE - 1);
    return 0;
}

/* "NAME.pub" gives NAME; anything else is no key of ours. */
static int name_of(const char *file, char name[HD_NAME_SIZE])
{
    size_t len = strlen(file), cut = strlen(SUFFIX);

    if (len <= cut || len - cut >= HD_NAME_SIZE ||
        strcmp(file + len - cut, SUFFIX))
        return -1;
    memcpy(name, file, len - cut);
    name[len - cut] = '\0';
    return check_name(name, NULL);
}

static int load(const char *dir, const char *file, struct hd_trusted *ret,
                struct hd_err *err)
{
    char path[4096];
    hd_autofree char *pem = NULL;
    struct stat st;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", dir, file);
    if (lstat(path, &st))
        return hd_fail_errno(err, HD_E_IO, "%s", path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 022))
        return hd_fail(err, HD_E_DENIED,
                       "%s is not a plain file that only its owner can write",
                       path);
    if (hd_io_read_file(path, HD_SIGNER_PEM, &pem, &len, err) ||
        hd_signer_parse_pem(pem, len, &ret->signer, err))
        return hd_wrap(err, "%s", path);
    return 0;
}

static void append_line(char **text, const char *line)
{
    char *joined;

    if (asprintf(&joined, "%s%s%s", *text ? *text : "", *text ? "; " : "",
                 line) < 0)
        return;
    free(*text);
    *text = joined;
}

int hd_trust_list(const char *dir, struct hd_trusted **ret_list, size_t *ret_n,
                  char **ret_skipped, struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = calloc(HD_MAX_TRUSTED, sizeof(*list));
    hd_autofree char *skipped = NULL;
    struct dirent *e;
    size_t n = 0;
    DIR *d;

    if (!list)
        return hd_fail_errno(err, HD_E_FAILED, "list trusted signers");
    d = opendir(dir);
    if (!d && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", dir);
    while (d && (e = readdir(d)) && n < HD_MAX_TRUSTED) {
        struct hd_err why = {0};

        if (name_of(e->d_name, list[n].name))
            continue;
        if (load(dir, e->d_name, &list[n], &why))
            append_line(&skipped, why.msg);
        else
            n++;
    }
    if (d)
        closedir(d);
    qsort(list, n, sizeof(*list), by_name);
    *ret_list = hd_steal(&list);
    *ret_n = n;
    if (ret_skipped)
        *ret_skipped = hd_steal(&skipped);
    return 0;
}

int hd_trust_add(const char *dir, const char *name,
                 const struct hd_signer *signer, struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = NULL;
    char path[4096], pem[HD_SIGNER_PEM + 1];
    size_t n;

    if (check_name(name, err) || hd_trust_list(dir, &list, &n, NULL, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(list[i].name, name))
            return hd_fail(err, HD_E_EXISTS,
                           "a signer %s is trusted already; choose another "
                           "name or run: hotdom trust rm %s",
                           name, name);
        if (!memcmp(&list[i].signer, signer, sizeof(*signer)))
            return hd_fail(err, HD_E_EXISTS,
                           "this key is trusted already, as %s", list[i].name);
    }
    if (mkdir(dir, 0755) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot create %s", dir);
    hd_signer_format_pem(signer, pem);
    snprintf(path, sizeof(path), "%s/%s" SUFFIX, dir, name);
    return hd_io_write_file(path, pem, HD_SIGNER_PEM, 0644, err);
}

int hd_trust_rm(const char *dir, const char *name, struct hd_err *err)
{
    char path[4096];

    if (check_name(name, err))
        return -1;
    snprintf(path, sizeof(path), "%s/%s" SUFFIX, dir, name);
    if (!unlink(path))
        return 0;
    if (errno == ENOENT)
        return hd_fail(err, HD_E_FAILED,
                       "no signer %s is trusted; see: hotdom trust list", name);
    return hd_fail_errno(err, HD_E_IO, "cannot remove %s", path);
}
