/* SPDX-License-Identifier: MIT */
/* Times hotdom-reader on a store against a shell command, in turns; prints the
 * nanoseconds of both, a pair a line. Never judges them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../hv/store/reader.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"

static void die(const struct hd_err *err)
{
    fprintf(stderr, "read-pairs: %s\n", err->msg);
    exit(1);
}

static long now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void exec_reader(const char *path, int sock, int medium, int keys,
                        int known)
{
    int fds[] = {sock, medium, keys, known};

    for (int i = 0; i < 4; i++)
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10);
    for (int i = 0; i < 4; i++)
        dup2(fds[i], HD_READER_SOCK + i);
    execl(path, path, (char *)NULL);
    _exit(127);
}

/* As hotdomd has it: from the start to the reader's end and its answer taken.
 * Known files are those of `warm`, if given. */
static long time_reader(const char *path, const char *store,
                        const struct hd_signer *who,
                        const struct hd_answer *warm, struct hd_answer **ret)
{
    struct hd_known list[HD_MAX_FILES] = {0};
    int pair[2], fds[HD_MAX_FDS], medium, keys, known;
    struct hd_err err = {0};
    size_t n = 0, n_known = warm ? warm->manifest.n_files : 0;
    long begin = now_ns();
    pid_t pid;

    for (size_t i = 0; i < n_known; i++)
        list[i] = hd_known_of(&warm->manifest, &warm->manifest.files[i]);
    medium = open(store, O_RDONLY | O_CLOEXEC);
    keys = hd_reader_keys(who, 1, &err);
    known = hd_reader_known(list, n_known, &err);
    if (medium < 0 || keys < 0 || known < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        die(&err);
    pid = fork();
    if (!pid)
        exec_reader(path, pair[1], medium, keys, known);
    close(pair[1]);
    if (hd_reader_receive(pair[0], ret, fds, &n, &err))
        die(&err);
    if ((*ret)->err.code)
        die(&(*ret)->err);
    waitpid(pid, NULL, 0);
    begin = now_ns() - begin;
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    close(pair[0]);
    close(medium);
    close(keys);
    close(known);
    return begin;
}

static long time_command(const char *command)
{
    long begin = now_ns();
    int status = -1;
    pid_t pid = fork();

    if (!pid) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    if (status) {
        fprintf(stderr, "read-pairs: \"%s\" fails\n", command);
        exit(1);
    }
    return now_ns() - begin;
}

int main(int argc, char **argv)
{
    struct hd_answer *warm = NULL, *again;
    struct hd_err err = {0};
    char path[PATH_MAX], *pem;
    struct hd_signer who;
    bool known;
    size_t len;

    if (argc != 6) {
        fputs("usage: read-pairs STORE PUBLIC-KEY COMMAND PAIRS cold|known\n",
              stderr);
        return 2;
    }
    hd_beside(HD_READER, path);
    known = !strcmp(argv[5], "known");
    if (hd_io_read_file(argv[2], HD_SIGNER_PEM, &pem, &len, &err) ||
        hd_signer_parse_pem(pem, len, &who, &err))
        die(&err);
    free(pem);
    /* Once without a clock, so that the files are in memory for both. */
    time_reader(path, argv[1], &who, NULL, &warm);
    time_command(argv[3]);
    for (int i = atoi(argv[4]); i > 0; i--) {
        long ours =
            time_reader(path, argv[1], &who, known ? warm : NULL, &again);

        free(again);
        printf("%ld %ld\n", ours, time_command(argv[3]));
    }
    free(warm);
    return 0;
}
