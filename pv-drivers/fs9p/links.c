/* SPDX-License-Identifier: MIT */
/* Follows the host's links by their text; never lets the kernel follow one. */
#include "links.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/beneath.h"

struct way {
    int root;
    uid_t owner;
    unsigned links;
    char done[HD_9P_PATH]; /* without links; "" is the root */
    char rest[HD_9P_PATH]; /* what is still to be gone */
};

/* The first name of what is left, taken out; false when it is too long. */
static bool take_name(struct way *w, char name[HD_9P_NAME])
{
    const char *at = w->rest + strspn(w->rest, "/");
    size_t len = strcspn(at, "/");

    if (len >= HD_9P_NAME)
        return false;
    memcpy(name, at, len);
    name[len] = '\0';
    memmove(w->rest, at + len, strlen(at + len) + 1);
    return true;
}

static void go_up(struct way *w)
{
    char *slash = strrchr(w->done, '/');

    if (slash)
        *slash = '\0';
}

/* An absolute one begins at the root again. */
static int follow(struct way *w, int link)
{
    char target[2 * HD_9P_PATH];
    ssize_t n = readlinkat(link, "", target, HD_9P_PATH);
    size_t left = strlen(w->rest);

    if (n < 0)
        return errno;
    if (++w->links > HD_LINKS_MAX)
        return ELOOP;
    if ((size_t)n + left >= HD_9P_PATH)
        return ENAMETOOLONG;
    if (n && target[0] == '/')
        w->done[0] = '\0';
    else
        go_up(w);
    memcpy(target + n, w->rest, left + 1);
    memcpy(w->rest, target, (size_t)n + left + 1);
    return 0;
}

static int look(struct way *w)
{
    hd_autofd int fd = hd_beneath_open(w->root, w->done, O_PATH);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return errno;
    if (!S_ISLNK(st.st_mode))
        return 0;
    return st.st_uid == w->owner ? follow(w, fd) : ELOOP;
}

static int step(struct way *w, bool whole)
{
    char name[HD_9P_NAME];
    size_t len = strlen(w->done);

    if (!take_name(w, name))
        return ENAMETOOLONG;
    if (!*name || !strcmp(name, "."))
        return 0;
    if (!strcmp(name, "..")) {
        go_up(w);
        return 0;
    }
    if (len + 1 + strlen(name) >= HD_9P_PATH)
        return ENAMETOOLONG;
    w->done[len] = '/';
    strcpy(w->done + len + 1, name);
    return whole || w->rest[strspn(w->rest, "/")] ? look(w) : 0;
}

int hd_links_resolve(int root, const char *path, bool whole,
                     char ret[HD_9P_PATH])
{
    struct way w = {.root = root};
    struct stat st;
    int rc = 0;

    if (fstat(root, &st))
        return errno;
    if (strlen(path) >= HD_9P_PATH)
        return ENAMETOOLONG;
    w.owner = st.st_uid;
    strcpy(w.rest, path);
    while (!rc && *w.rest)
        rc = step(&w, whole);
    if (!rc)
        strcpy(ret, *w.done ? w.done : "/");
    return rc;
}
