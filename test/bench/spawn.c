/* SPDX-License-Identifier: MIT */
/* How long a command takes, in ms, for test/bench:
 *   spawn COMMAND...        from its start to its end; it fails with it
 *   spawn until COMMAND...  until it writes something: MS PID WORDS; it goes on
 * A shell's fork in a PV dom0 takes longer than many a command does, for its
 * page tables are Xen's to check; posix_spawn, as hotdom-job has it, copies
 * none.  What the command writes is not shown. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

extern char **environ;

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Its process, or 0; `*ret_began` is just before that. */
static pid_t start(char **argv, int out, double *ret_began)
{
    posix_spawn_file_actions_t files;
    pid_t pid;
    int rc;

    if (posix_spawn_file_actions_init(&files) ||
        posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO))
        return 0;
    *ret_began = now_ms();
    rc = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
    if (rc)
        fprintf(stderr, "spawn: %s: %s\n", argv[0], strerror(rc));
    return rc ? 0 : pid;
}

static int time_whole(char **argv)
{
    int out = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
    double began;
    pid_t pid = out < 0 ? 0 : start(argv, out, &began);

    if (!pid || waitpid(pid, &status, 0) != pid)
        return EXIT_FAILURE;
    printf("%.1f\n", now_ms() - began);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int time_first_word(char **argv)
{
    char words[200];
    double began;
    int pipe[2];
    ssize_t n;
    pid_t pid;

    if (pipe2(pipe, O_CLOEXEC))
        return EXIT_FAILURE;
    pid = start(argv, pipe[1], &began);
    close(pipe[1]);
    n = pid ? read(pipe[0], words, sizeof(words)) : 0;
    if (n <= 0)
        return EXIT_FAILURE;
    printf("%.1f %d %.*s\n", now_ms() - began, (int)pid, (int)n, words);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "until"))
        return time_first_word(argv + 2);
    return argc > 1 ? time_whole(argv + 1) : 2;
}
