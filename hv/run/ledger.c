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

#include "../../pv-drivers/base/io.h"

#define MAX_BYTES  (1 << 20)
#define LINE_BYTES 256

struct hd_ledger {
    char path[PATH_MAX];
    char history[PATH_MAX];
    int fd; /* locked; -1: only peeked at */
    struct hd_ledger_head head;
    struct hd_effect *effects;
    size_t n;
};

static const char *const kinds[] = {
    [HD_EFFECT_DM] = "dm",
    [HD_EFFECT_DOMAIN] = "domain",
};

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
        snprintf(l->history, PATH_MAX, "%s/history", dir) >= PATH_MAX) {
        hd_fail(err, HD_E_FAILED, "the path %s is too long", dir);
        return NULL;
    }
    return hd_steal(&l);
}

static struct hd_effect *by_seq(struct hd_ledger *l, uint32_t seq)
{
    /* They are numbered from 1 in the order in which they were taken. */
    return seq >= 1 && seq <= l->n ? &l->effects[seq - 1] : NULL;
}

static struct hd_effect *add_effect(struct hd_ledger *l)
{
    struct hd_effect *grown =
        realloc(l->effects, (l->n + 1) * sizeof(*l->effects));

    if (!grown)
        return NULL;
    l->effects = grown;
    grown[l->n] = (struct hd_effect){.seq = (uint32_t)l->n + 1, .domid = -1};
    return &grown[l->n++];
}

/* Copies a blank-ended word; NULL when there is none or no room. */
static const char *word(const char *at, char *buf, size_t size)
{
    size_t len = strcspn(at, " ");

    if (!len || len >= size)
        return NULL;
    memcpy(buf, at, len);
    buf[len] = '\0';
    return at[len] ? at + len + 1 : at + len;
}

static const char *number(const char *at, uint64_t max, uint64_t *ret)
{
    char text[24], *end;

    at = word(at, text, sizeof(text));
    if (!at || text[0] < '0' || text[0] > '9')
        return NULL;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return errno || *end || *ret > max ? NULL : at;
}

static bool replay_head(struct hd_ledger *l, const char *at)
{
    static const char magic[] = "hotdom-ledger 1 ";

    if (strncmp(at, magic, sizeof(magic) - 1))
        return false;
    at += sizeof(magic) - 1;
    return (at = word(at, l->head.label, sizeof(l->head.label))) &&
           (at = word(at, l->head.devname, sizeof(l->head.devname))) &&
           (at = number(at, UINT64_MAX, &l->head.diskseq)) && !*at;
}

static bool replay_take(struct hd_ledger *l, const char *at, uint64_t seq)
{
    struct hd_effect *e = seq == l->n + 1 ? add_effect(l) : NULL;
    char kind[16];

    if (!e || !(at = word(at, kind, sizeof(kind))))
        return false;
    while (e->kind < HD_ARRAY_LEN(kinds) && strcmp(kinds[e->kind], kind))
        e->kind++;
    return e->kind < HD_ARRAY_LEN(kinds) &&
           (at = word(at, e->guest, sizeof(e->guest))) &&
           (at = word(at, e->value, sizeof(e->value))) && !*at;
}

static bool replay_state(struct hd_effect *e, const char *at)
{
    uint64_t domid;

    if (!strcmp(at, "running")) {
        e->running = true;
        return true;
    }
    if (strncmp(at, "domid:", 6) || !(at = number(at + 6, INT32_MAX, &domid)))
        return false;
    e->domid = (int32_t)domid;
    return !*at;
}

/* Undoing twice is no error: the job may have died before it knew. */
static bool replay_line(struct hd_ledger *l, const char *line)
{
    struct hd_effect *e;
    uint64_t seq;
    const char *at;

    if (!line[0] || line[1] != ' ')
        return false;
    at = number(line + 2, UINT32_MAX, &seq);
    if (!at)
        return false;
    if (line[0] == '+')
        return replay_take(l, at, seq);
    e = by_seq(l, (uint32_t)seq);
    if (!e)
        return false;
    if (line[0] == '=')
        return replay_state(e, at);
    e->undone = true;
    return line[0] == '-' && !*at;
}

/* `*ret_whole`: bytes up to the end of the last whole line. */
static int replay(struct hd_ledger *l, off_t *ret_whole, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    char *line, *end;
    size_t len;
    int lines = 0;

    if (hd_io_read_file(l->path, MAX_BYTES, &text, &len, err))
        return -1;
    for (line = text; (end = memchr(line, '\n', (size_t)(text + len - line)));
         line = end + 1) {
        bool ok;

        *end = '\0';
        ok = lines++ ? replay_line(l, line) : replay_head(l, line);
        if (!ok)
            return hd_fail(err, HD_E_FAILED, "line %d of the ledger %s is bad",
                           lines, l->path);
    }
    if (!lines)
        return hd_fail(err, HD_E_FAILED, "the ledger %s is empty", l->path);
    *ret_whole = line - text;
    return 0;
}

static int append(int fd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One line by one write, so that a death leaves it whole, torn or away. */
static int append(int fd, const char *fmt, ...)
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
    done = write(fd, line, (size_t)len);
    if (done >= 0 && done != len)
        errno = ENOSPC;
    return done == len ? 0 : -1;
}

static int remember(const struct hd_ledger *l, const char *kind,
                    const char *value)
{
    hd_autofd int fd =
        open(l->history, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? -1 : append(fd, "%s %s\n", kind, value);
}

static struct hd_effect *held_effect(struct hd_ledger *l, uint32_t seq,
                                     struct hd_err *err)
{
    struct hd_effect *e = l->fd < 0 ? NULL : by_seq(l, seq);

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
        append(l->fd, "hotdom-ledger 1 %s %s %" PRIu64 "\n", head->label,
               head->devname, head->diskseq))
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

int hd_ledger_peek(const char *dir, const struct hd_uuid *store,
                   struct hd_ledger **ret, struct hd_err *err)
{
    hd_auto(hd_ledger) l = new_ledger(dir, store, err);
    off_t whole;

    if (!l)
        return -1;
    if (access(l->path, F_OK) && errno == ENOENT)
        return hd_fail(err, HD_E_NO_STORE, "there is no ledger %s", l->path);
    if (replay(l, &whole, err))
        return -1;
    *ret = hd_steal(&l);
    return 0;
}

int hd_ledger_open(const char *dir, const struct hd_uuid *store,
                   struct hd_ledger **ret, struct hd_err *err)
{
    hd_auto(hd_ledger) l = new_ledger(dir, store, err);
    struct stat st;
    off_t whole;

    if (!l)
        return -1;
    l->fd = open(l->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (l->fd < 0 && errno == ENOENT)
        return hd_fail(err, HD_E_NO_STORE, "there is no ledger %s", l->path);
    if (l->fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot open the ledger %s",
                             l->path);
    if (flock(l->fd, LOCK_EX | LOCK_NB))
        return hd_fail(err, HD_E_BUSY, "another process holds the ledger %s",
                       l->path);
    /* Its last holder may have removed it between our open and our lock. */
    if (fstat(l->fd, &st) || !st.st_nlink)
        return hd_fail(err, HD_E_NO_STORE, "there is no ledger %s", l->path);
    if (replay(l, &whole, err))
        return -1;
    /* A torn line must not become the head of the next one. */
    if (whole != st.st_size && ftruncate(l->fd, whole))
        return fail_write(l, err);
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
                       kinds[kind], value);
    e = add_effect(ledger);
    if (!e)
        return hd_fail_errno(err, HD_E_FAILED, "the ledger cannot grow");
    if (remember(ledger, kinds[kind], value) ||
        append(ledger->fd, "+ %" PRIu32 " %s %s %s\n", e->seq, kinds[kind],
               guest, value)) {
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
        append(ledger->fd, "= %" PRIu32 " domid:%s\n", seq, text))
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
    if (append(ledger->fd, "= %" PRIu32 " running\n", seq))
        return fail_write(ledger, err);
    e->running = true;
    return 0;
}

int hd_ledger_undone(struct hd_ledger *ledger, uint32_t seq, struct hd_err *err)
{
    struct hd_effect *e = held_effect(ledger, seq, err);

    if (!e)
        return -1;
    if (e->undone)
        return 0;
    if (append(ledger->fd, "- %" PRIu32 "\n", seq))
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
