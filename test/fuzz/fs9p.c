/* SPDX-License-Identifier: MIT */
/* Fuzzes a 9p session on a folder of its own: messages, one behind the other as
 * a guest's ring has them.  No reply may tell of what the tables do not give.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../../pv-drivers/fs9p/ring.h"
#include "../../pv-drivers/fs9p/session.h"
#include "fuzz.h"

#define RING 4096

/* `git` but `git/own`, one of two files of `xz-utils`, the host's link `via`,
 * which the policy shows, and `evil`, which it does not. */
#define TABLES                                                                 \
    "+/git\n+/xz-utils/x\n-/git/own\n+/via/copyright\n+/evil/copyright\n"
#define SHOWN "+/git\n+/xz-utils\n+/via\n"

/* What every file that is not given holds, what it is called, and its size. */
#define CANARY "c4n4ry-of-the-host"
#define SIZE   1234567891

static char folder[] = "/tmp/hd-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void tidy_up(void)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(int root, const char *path, const char *text, off_t size)
{
    hd_autofd int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL, 0644);

    MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    MUST(!size || !ftruncate(fd, size));
}

static void hide(int root, const char *in)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/" CANARY, in);
    put(root, path, CANARY, SIZE);
    snprintf(path, sizeof(path), "%s/copyright", in);
    put(root, path, CANARY, SIZE);
}

static int make_root(void)
{
    static const char *const folders[] = {"git", "git/contrib", "git/own",
                                          "xz-utils", "secret"};
    int root;

    MUST(mkdtemp(folder));
    atexit(tidy_up);
    root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
        MUST(!mkdirat(root, folders[i], 0755));
    put(root, "git/copyright", "everybody's", 0);
    put(root, "git/contrib/x", "everybody's, too", 0);
    put(root, "xz-utils/x", "x", 0);
    hide(root, "git/own");
    hide(root, "xz-utils");
    hide(root, "secret");
    MUST(!symlinkat("../secret/copyright", root, "git/out") &&
         !symlinkat("/secret", root, "git/dir") &&
         !symlinkat("own", root, "git/in") && !symlinkat(".", root, "git/me") &&
         !symlinkat("git", root, "via") && !symlinkat("secret", root, "evil"));
    return root;
}

static bool has(const uint8_t *reply, size_t n, const void *what, size_t len)
{
    return memmem(reply, n, what, len) != NULL;
}

static void check(const uint8_t *reply, size_t n)
{
    const uint64_t size = SIZE;

    MUST(n >= 7 && n <= HD_9P_MSIZE);
    MUST(!has(reply, n, CANARY, strlen(CANARY)));
    MUST(!has(reply, n, &size, sizeof(size)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t page[4096], pages[2 * RING], buf[HD_9P_MSIZE],
        reply[HD_9P_MSIZE];
    static int root = -1;
    struct hd_9p_ring ring = {(void *)page, pages, RING};
    hd_auto(hd_tables) tables = NULL;
    hd_auto(hd_tables) shown = NULL;
    struct hd_tree tree;
    hd_auto(hd_9p) s = NULL;
    ssize_t n;

    if (root < 0)
        root = make_root();
    if (size > RING)
        return 0;
    MUST(!hd_tables_parse(TABLES, &tables, NULL) &&
         !hd_tables_parse(SHOWN, &shown, NULL));
    memset(page, 0, sizeof(page));
    memcpy(pages + RING, data, size);
    ring.intf->out_prod = (uint32_t)size;
    tree = (struct hd_tree){tables, root, shown};
    s = hd_9p_new(&tree);
    while (s && (n = hd_9p_ring_next(&ring)) > 0) {
        hd_9p_ring_take(&ring, buf, (size_t)n);
        n = hd_9p_answer(s, buf, (size_t)n, reply);
        if (n < 0)
            break;
        check(reply, (size_t)n);
    }
    return 0;
}
