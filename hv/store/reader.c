/* SPDX-License-Identifier: MIT */
/* The receiving side of hotdom-reader; never believes it: whatever a store made
 * of the reader, what comes through here is bounded, sealed and checked. */
#include "reader.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "text.h"
#include "ustar.h"

#define BAD(err, what)                                                         \
    hd_fail(err, HD_E_FAILED, "the reader's answer is not valid: %s", what)

/* The header's partition holds the files where the answer says. */
static int check_files_at(const struct hd_answer *a, struct hd_err *err)
{
    int header = hd_gpt_find_type(&a->gpt, HD_GUID_HEADER);
    uint64_t end, need = 0;

    for (uint32_t i = 0; i < a->manifest.n_files; i++)
        need += HD_USTAR_BLOCK + hd_ustar_padded(a->manifest.files[i].size);
    if (header < 0)
        return BAD(err, "there is no header");
    end = a->gpt.parts[header].start + a->gpt.parts[header].length;
    if (a->files_at < a->gpt.parts[header].start || a->files_at > end ||
        need > end - a->files_at)
        return BAD(err, "files are outside the header");
    return 0;
}

/* Volumes lie where the table says, so inside the medium and apart. */
static int check_extents(const struct hd_answer *a, struct hd_err *err)
{
    struct hd_err why = {0};

    if (hd_gpt_check(&a->gpt, a->medium_size, &why))
        return BAD(err, why.msg);
    for (uint32_t i = 0; i < a->manifest.n_volumes; i++) {
        const struct hd_volume *v = &a->manifest.volumes[i];
        int at = hd_gpt_find(&a->gpt, &v->partuuid);

        if (at < 0 || a->extents[i].start != a->gpt.parts[at].start ||
            a->extents[i].length != a->gpt.parts[at].length ||
            a->extents[i].length != v->size)
            return BAD(err, "a volume is not where the table says");
    }
    return check_files_at(a, err);
}

/* A message may hold bytes of the store; what is not printable becomes "?". */
static int check_err(struct hd_err *e, struct hd_err *err)
{
    size_t len = strnlen(e->msg, sizeof(e->msg)), at;

    if (e->code < HD_OK || e->code >= HD_CODE_COUNT || len == sizeof(e->msg))
        return BAD(err, "no such refusal");
    while ((at = hd_text_span(e->msg, len)) < len)
        e->msg[at] = '?';
    return 0;
}

/* The files that must come, or -1. */
static ssize_t count_files(const struct hd_answer *a, bool files)
{
    ssize_t n = 0;

    for (uint32_t i = 0; i < HD_MAX_FILES; i++) {
        if (a->known[i] > (files && i < a->manifest.n_files))
            return -1;
        n += files && i < a->manifest.n_files && !a->known[i];
    }
    return n;
}

static int check_answer(struct hd_answer *a, bool files, size_t n,
                        struct hd_err *err)
{
    if (check_err(&a->err, err))
        return -1;
    if (a->trusted > 1)
        return BAD(err, "neither trusted nor not");
    if (a->err.code)
        return n ? BAD(err, "files of a refused store") : 0;
    if (files && !a->trusted)
        return BAD(err, "accepted without trust");
    if (hd_manifest_check(&a->manifest, HD_F_SIGNED, err))
        return hd_wrap(err, "the reader's answer is not valid");
    if (count_files(a, files) < 0 ||
        (size_t)count_files(a, files) + hd_manifest_count_luks(&a->manifest) !=
            n)
        return BAD(err, "too many files or too few");
    if (hd_luks_header_check_facts(
            &a->luks, hd_manifest_luks(&a->manifest, -1) >= 0, err))
        return hd_wrap(err, "the reader's answer is not valid");
    return check_extents(a, err);
}

static int check_fds(const struct hd_answer *a, bool files, const int *fds,
                     struct hd_err *err)
{
    const struct hd_manifest *m = &a->manifest;

    for (uint32_t i = 0; files && i < m->n_files; i++) {
        const struct hd_file *f = &m->files[i];

        if (a->known[i])
            continue;
        if (hd_io_check_sealed(*fds++, hd_file_bytes(f), err))
            return hd_wrap(err, "file %s", f->name);
    }
    for (int i = hd_manifest_luks(m, -1); i >= 0; i = hd_manifest_luks(m, i))
        if (hd_io_check_sealed(*fds++, m->volumes[i].luks.offset, err))
            return hd_wrap(err, "the header of volume %s", m->volumes[i].name);
    return 0;
}

/* From the order of the message to the manifest's: files, then headers. */
static size_t place_fds(const struct hd_answer *a, bool files, const int *fds,
                        int *ret)
{
    size_t n_files = files ? a->manifest.n_files : 0, n;

    if (a->err.code)
        return 0;
    for (n = 0; n < n_files; n++)
        ret[n] = a->known[n] ? -1 : *fds++;
    for (uint32_t i = hd_manifest_count_luks(&a->manifest); i; i--)
        ret[n++] = *fds++;
    return n;
}

static int take_answer(const int *fds, size_t n, bool files,
                       struct hd_answer **ret, struct hd_err *err)
{
    hd_autofree struct hd_answer *a = malloc(sizeof(*a));

    if (!a)
        return hd_fail_errno(err, HD_E_FAILED, "read the reader's answer");
    if (!n)
        return BAD(err, "no answer in it");
    if (hd_io_check_sealed(fds[0], sizeof(*a), err) ||
        hd_io_pread(fds[0], a, sizeof(*a), 0, err))
        return hd_wrap(err, "the reader's answer");
    if (check_answer(a, files, n - 1, err) ||
        (n > 1 && check_fds(a, files, fds + 1, err)))
        return -1;
    *ret = hd_steal(&a);
    return 0;
}

/* `ret_fds` has room for the files, if they come, and the headers. */
static int receive(int sock, bool files, struct hd_answer **ret, int *ret_fds,
                   size_t *ret_n, struct hd_err *err)
{
    int fds[1 + HD_MAX_FDS];
    char hello[sizeof(HD_READER_HELLO)];
    size_t n = HD_ARRAY_LEN(fds);
    ssize_t got = hd_io_recv_fds(sock, hello, sizeof(hello), fds, &n, err);
    int rc = -1;

    if (got < 0)
        return -1;
    if (got == 0)
        BAD(err, "it ended without one");
    else if ((size_t)got != strlen(HD_READER_HELLO) ||
             memcmp(hello, HD_READER_HELLO, (size_t)got))
        BAD(err, "it speaks another version");
    else
        rc = take_answer(fds, n, files, ret, err);
    /* All of them, or but the files, which are the caller's now. */
    for (size_t i = 0; i < (rc ? n : 1); i++)
        close(fds[i]);
    if (!rc)
        *ret_n = place_fds(*ret, files, fds + 1, ret_fds);
    return rc;
}

int hd_reader_receive(int sock, struct hd_answer **ret, int fds[HD_MAX_FDS],
                      size_t *ret_n, struct hd_err *err)
{
    return receive(sock, true, ret, fds, ret_n, err);
}

static int sealed(const char *name, const void *data, size_t len,
                  struct hd_err *err)
{
    hd_autofd int fd = hd_io_memfd(name, len, err);

    if (fd < 0 || hd_io_pwrite(fd, data, len, 0, err) || hd_io_seal(fd, err))
        return -1;
    return hd_steal_fd(&fd);
}

int hd_reader_keys(const struct hd_signer *trusted, size_t n,
                   struct hd_err *err)
{
    return sealed("hotdom-keys", trusted, n * sizeof(*trusted), err);
}

int hd_reader_known(const struct hd_known *known, size_t n, struct hd_err *err)
{
    return sealed("hotdom-known", known, n * sizeof(*known), err);
}

/* In the child: the descriptors of the reader's contract and no others. */
static void exec_reader(const char *path, int sock, int medium, int keys)
{
    int null = open("/dev/null", O_RDWR);
    /* First out of each other's way. */
    int high[] = {fcntl(sock, F_DUPFD, 10), fcntl(medium, F_DUPFD, 10),
                  fcntl(keys, F_DUPFD, 10)};

    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
        dup2(high[0], HD_READER_SOCK) < 0 ||
        dup2(high[1], HD_READER_MEDIUM) < 0 ||
        dup2(high[2], HD_READER_KEYS) < 0 ||
        close_range(HD_READER_KEYS + 1, ~0u, 0))
        _exit(126);
    execl(path, path, "--any-signer", (char *)NULL);
    _exit(127);
}

/* As long as it works, until the longest time is over: >0 when there is
 * something, 0, or -1. */
static int wait_worker(pid_t pid, int sock)
{
    uint64_t longest = hd_io_now_ms() + HD_READER_LONGEST_MS, cpu_ms = 0;
    struct pollfd p = {.fd = sock, .events = POLLIN};
    int rc;

    do {
        uint64_t until = hd_io_within_ms(HD_READER_DEADLINE_MS, longest);

        do {
            rc = poll(&p, 1, hd_io_left_ms(until));
        } while (rc < 0 && errno == EINTR);
    } while (!rc && hd_io_left_ms(longest) &&
             hd_io_has_worked(pid, HD_READER_WORK_MS, &cpu_ms));
    return rc;
}

/* Waits for the message or the reader's end, whichever is first. */
static int wait_answer(pid_t pid, int sock, struct hd_answer **ret,
                       int headers[HD_MAX_LUKS], size_t *ret_n,
                       struct hd_err *err)
{
    uint64_t began = hd_io_now_ms();
    int rc = wait_worker(pid, sock);

    if (rc < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot wait for the reader");
    if (rc == 0)
        return hd_fail(err, HD_E_TIMEOUT,
                       "the medium was not read within %d s; is it sick?",
                       (int)((hd_io_now_ms() - began) / 1000));
    return receive(sock, false, ret, headers, ret_n, err);
}

/* One that is stuck in a read of a sick disk ends when that does, and is
 * init's then. */
static void end_reader(pid_t pid, bool stuck)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, stuck ? WNOHANG : 0) < 0 && errno == EINTR)
        ;
}

int hd_reader_run_luks(const char *reader_path, int medium,
                       const struct hd_signer *trusted, size_t n_trusted,
                       struct hd_answer **ret, int headers[HD_MAX_LUKS],
                       size_t *ret_n, struct hd_err *err)
{
    hd_autofd int keys = hd_reader_keys(trusted, n_trusted, err);
    int pair[2], rc;
    pid_t pid;

    if (keys < 0)
        return -1;
    if (access(reader_path, X_OK))
        return hd_fail_errno(err, HD_E_FAILED, "%s", reader_path);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return hd_fail_errno(err, HD_E_FAILED, "cannot start the reader");
    pid = fork();
    if (!pid)
        exec_reader(reader_path, pair[1], medium, keys);
    close(pair[1]);
    if (pid < 0)
        rc = hd_fail_errno(err, HD_E_FAILED, "cannot start the reader");
    else
        rc = wait_answer(pid, pair[0], ret, headers, ret_n, err);
    close(pair[0]);
    if (pid > 0)
        end_reader(pid, rc && err && err->code == HD_E_TIMEOUT);
    return rc;
}

int hd_reader_run(const char *reader_path, int medium,
                  const struct hd_signer *trusted, size_t n_trusted,
                  struct hd_answer **ret, struct hd_err *err)
{
    int headers[HD_MAX_LUKS];
    size_t n = 0;
    int rc = hd_reader_run_luks(reader_path, medium, trusted, n_trusted, ret,
                                headers, &n, err);

    while (n > 0)
        close(headers[--n]);
    return rc;
}
