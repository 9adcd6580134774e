/* SPDX-License-Identifier: MIT */
/* The write-ahead record of everything that hotdom changed on the host; it
 * never makes or undoes an effect itself. */
#include "ledger.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/log.h"
#include "compact.h"
#include "history.h"

#define LINE_BYTES 256

/* Words stand between blanks, so they hold none; nothing else is at stake, as
 * names were checked where they came from. */
static bool is_word(const char *s, size_t size)
{
    size_t len = strnlen(s, size);

    for (size_t i = 0; i < len; i++)
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    return len > 0 && len < size;
}

static struct hd_ledger *new_ledger(const char *dir,
                                    const struct hd_uuid *store,
                                    struct hd_err *err)
{
    hd_auto(hd_ledger) l = calloc(1, sizeof(*l));
    char id[HD_UUID_SIZE];

    if (!l) {
        hd_fail_errno(err, HD_E_FAILED, "open a ledger");
        return NULL;
    }
    l->fd = -1;
    l->head.store = *store;
    hd_uuid_format(store, id);
    if (snprintf(l->path, PATH_MAX, "%s/%s", dir, id) >= PATH_MAX ||
        snprintf(l->beside, PATH_MAX, "%s/%s.new", dir, id) >= PATH_MAX ||
        snprintf(l->history, PATH_MAX, "%s/history", dir) >= PATH_MAX) {
        hd_fail(err, HD_E_FAILED, "the path %s is too long", dir);
        return NULL;
    }
    return hd_steal(&l);
}

/* Cuts off what of a line a full file system took, so that the next one does
 * not go on where it ends; until that is done, nothing is appended. */
static int cut_back(struct hd_ledger *l)
{
    l->torn = ftruncate(l->fd, l->whole) != 0;
    return l->torn ? -1 : 0;
}

static int append(struct hd_ledger *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One line by one write, so that a death leaves it whole, torn or away. */
static int append(struct hd_ledger *l, const char *fmt, ...)
{
    char line[LINE_BYTES];
    ssize_t done;
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (len < 0 || (size_t)len >= sizeof(line)) {
        errno = EOVERFLOW;
        return -1;
    }
    if (l->torn && cut_back(l))
        return -1;
    done = write(l->fd, line, (size_t)len);
    if (done == len) {
        l->whole += len;
        return 0;
    }
    if (done < 0)
        return -1;
    (void)cut_back(l);
    errno = ENOSPC;
    return -1;
}

static int remember(const struct hd_ledger *l, const char *kind,
                    const char *value)
{
    return hd_ledger_history_add(l->history, kind, value);
}

static struct hd_effect *held_effect(struct hd_ledger *l, uint32_t seq,
                                     struct hd_err *err)
{
    struct hd_effect *e = l->fd < 0 ? NULL : hd_ledger_by_seq(l, seq);

    if (!e)
        hd_fail(err, HD_E_FAILED, "no effect %" PRIu32 " in the ledger %s", seq,
                l->fd < 0 ? "that was only peeked at" : l->path);
    return e;
}

static int fail_write(const struct hd_ledger *l, struct hd_err *err)
{
    return hd_fail_errno(err, HD_E_IO, "cannot write the ledger %s", l->path);
}

int hd_ledger_create(const char *dir, const struct hd_ledger_head *head,
                     struct hd_ledger **ret, struct hd_err *err)
{
    hd_auto(hd_ledger) l = new_ledger(dir, &head->store, err);
    char self[64];

    if (!l)
        return -1;
    if (!is_word(head->label, sizeof(head->label)) ||
        !is_word(head->devname, sizeof(head->devname)))
        return hd_fail(err, HD_E_FAILED, "a ledger needs a label and a device");
    l->head = *head;
    if (mkdir(dir, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", dir);
    /* Nameless until its head is written and it is locked: nobody ever finds
     * it without. */
    l->fd = open(dir, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    if (l->fd < 0 || flock(l->fd, LOCK_EX | LOCK_NB) ||
        append(l, HD_LEDGER_HEAD, head->label, head->devname, head->diskseq))
        return fail_write(l, err);
    snprintf(self, sizeof(self), "/proc/self/fd/%d", l->fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, l->path, AT_SYMLINK_FOLLOW)) {
        if (errno == EEXIST)
            return hd_fail(err, HD_E_EXISTS,
                           "the store %s has a ledger already", head->label);
        return fail_write(l, err);
    }
    *ret = hd_steal(&l);
    return 0;
}

/* HD_E_NO_STORE when it is not there. */
static int open_file(const struct hd_ledger *l, int flags, struct hd_err *err)
{
    int fd = open(l->path, flags | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT)
        return hd_fail(err, HD_E_NO_STORE, "there is no ledger %s", l->path);
    return fd < 0 ? hd_fail_errno(err, HD_E_IO, "cannot open the ledger %s",
                                  l->path)
                  : fd;
}

int hd_ledger_peek(const char *dir, const struct hd_uuid *store,
                   struct hd_ledger **ret, struct hd_err *err)
{
    hd_auto(hd_ledger) l = new_ledger(dir, store, err);
    hd_autofd int fd = l ? open_file(l, O_RDONLY, err) : -1;

    if (fd < 0 || hd_ledger_replay(l, fd, err))
        return -1;
    *ret = hd_steal(&l);
    return 0;
}

/* The file that has the name now.  Between our open and our lock its last
 * holder may have removed it, or put another in its place. */
static int open_locked(struct hd_ledger *l, struct stat *ret,
                       struct hd_err *err)
{
    for (;;) {
        hd_autofd int fd = open_file(l, O_RDWR | O_APPEND, err);

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB))
            return hd_fail(err, HD_E_BUSY,
                           "another process holds the ledger %s", l->path);
        if (fstat(fd, ret))
            return hd_fail_errno(err, HD_E_IO, "cannot look at %s", l->path);
        if (ret->st_nlink) {
            l->fd = hd_steal_fd(&fd);
            return 0;
        }
    }
}

int hd_ledger_open(const char *dir, const struct hd_uuid *store,
                   struct hd_ledger **ret, struct hd_err *err)
{
    hd_auto(hd_ledger) l = new_ledger(dir, store, err);
    struct hd_err why;
    struct stat st;

    if (!l || open_locked(l, &st, err) || hd_ledger_replay(l, l->fd, err))
        return -1;
    /* A torn line must not become the head of the next one. */
    if (l->whole != st.st_size && cut_back(l))
        return fail_write(l, err);
    if (hd_ledger_compact(l, &why))
        hd_log(HD_LOG_WARNING, "a ledger stays as large as it is: %s", why.msg);
    *ret = hd_steal(&l);
    return 0;
}

void hd_ledger_free(struct hd_ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->fd >= 0)
        close(ledger->fd);
    free(ledger->effects);
    free(ledger);
}

const struct hd_ledger_head *hd_ledger_head(const struct hd_ledger *ledger)
{
    return &ledger->head;
}

const struct hd_effect *hd_ledger_effects(const struct hd_ledger *ledger,
                                          size_t *ret_n)
{
    *ret_n = ledger->n;
    return ledger->effects;
}

int hd_ledger_take(struct hd_ledger *ledger, enum hd_effect_kind kind,
                   const char *guest, const char *value, uint32_t *ret_seq,
                   struct hd_err *err)
{
    struct hd_effect *e;

    if (ledger->fd < 0 || !is_word(guest, sizeof(e->guest)) ||
        !is_word(value, sizeof(e->value)))
        return hd_fail(err, HD_E_FAILED, "the ledger does not take %s \"%s\"",
                       hd_ledger_kinds[kind], value);
    e = hd_ledger_add(ledger);
    if (!e)
        return hd_fail_errno(err, HD_E_FAILED, "the ledger cannot grow");
    if (remember(ledger, hd_ledger_kinds[kind], value) ||
        append(ledger, HD_LEDGER_TAKEN, e->seq, hd_ledger_kinds[kind], guest,
               value)) {
        ledger->n--;
        return fail_write(ledger, err);
    }
    e->kind = kind;
    strcpy(e->guest, guest);
    strcpy(e->value, value);
    *ret_seq = e->seq;
    return 0;
}

int hd_ledger_set_domid(struct hd_ledger *ledger, uint32_t seq, uint32_t domid,
                        struct hd_err *err)
{
    struct hd_effect *e = held_effect(ledger, seq, err);
    char text[16];

    if (!e)
        return -1;
    snprintf(text, sizeof(text), "%" PRIu32, domid);
    if (remember(ledger, "domid", text) ||
        append(ledger, HD_LEDGER_DOMID, seq, domid))
        return fail_write(ledger, err);
    e->domid = (int32_t)domid;
    return 0;
}

int hd_ledger_set_running(struct hd_ledger *ledger, uint32_t seq,
                          struct hd_err *err)
{
    struct hd_effect *e = held_effect(ledger, seq, err);

    if (!e)
        return -1;
    if (append(ledger, HD_LEDGER_RUNNING, seq))
        return fail_write(ledger, err);
    e->running = true;
    return 0;
}

int hd_ledger_set_dumped(struct hd_ledger *ledger, uint32_t seq,
                         struct hd_err *err)
{
    struct hd_effect *e = held_effect(ledger, seq, err);

    if (!e)
        return -1;
    if (append(ledger, HD_LEDGER_DUMPED, seq))
        return fail_write(ledger, err);
    e->dumped = true;
    return 0;
}

int hd_ledger_set_quarantined(struct hd_ledger *ledger, uint32_t seq,
                              struct hd_err *err)
{
    struct hd_effect *e = held_effect(ledger, seq, err);

    if (!e)
        return -1;
    if (!e->quarantined && append(ledger, HD_LEDGER_QUARANTINED, seq))
        return fail_write(ledger, err);
    e->quarantined = true;
    return 0;
}

bool hd_effect_is_half(const struct hd_effect *e)
{
    return !e->undone && (e->kind == HD_EFFECT_LEAVING ||
                          (e->kind == HD_EFFECT_DEVICE && !e->running));
}

int hd_ledger_undone(struct hd_ledger *ledger, uint32_t seq, struct hd_err *err)
{
    struct hd_effect *e = held_effect(ledger, seq, err);

    if (!e)
        return -1;
    if (e->undone)
        return 0;
    if (append(ledger, HD_LEDGER_UNDONE, seq))
        return fail_write(ledger, err);
    e->undone = true;
    return 0;
}

int hd_ledger_close(struct hd_ledger *ledger, bool *ret_empty,
                    struct hd_err *err)
{
    bool empty = true;

    for (size_t i = 0; i < ledger->n; i++)
        empty &= ledger->effects[i].undone;
    if (ledger->fd < 0)
        return hd_fail(err, HD_E_FAILED, "this ledger was only peeked at");
    /* While we have the lock of the one, nobody makes the other. */
    if (empty && unlink(ledger->beside) && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot remove %s", ledger->beside);
    if (empty && unlink(ledger->path) && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot remove %s", ledger->path);
    *ret_empty = empty;
    return 0;
}

int hd_ledger_list(const char *dir, struct hd_uuid **ret_ids, size_t *ret_n,
                   struct hd_err *err)
{
    hd_autofree struct hd_uuid *ids = NULL;
    DIR *d = opendir(dir);
    struct dirent *e;
    size_t n = 0;

    if (!d && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot list %s", dir);
    while (d && (e = readdir(d))) {
        struct hd_uuid id;
        struct hd_uuid *grown;

        if (hd_uuid_parse(e->d_name, &id, NULL))
            continue;
        grown = realloc(ids, (n + 1) * sizeof(*ids));
        if (!grown) {
            closedir(d);
            return hd_fail_errno(err, HD_E_FAILED, "list %s", dir);
        }
        ids = grown;
        ids[n++] = id;
    }
    if (d)
        closedir(d);
    *ret_ids = hd_steal(&ids);
    *ret_n = n;
    return 0;
}
