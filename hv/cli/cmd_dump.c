/* SPDX-License-Identifier: MIT */
/* hotdom dump: saves the memory of a guest that stands still; never leaves half
 * a file. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "cmd.h"
#include "job_call.h"
#include "whom.h"

/* While it lasts the end of a guest that is kept behind a pull waits, and
 * hotdomd's patience for that is a little longer (states.c). */
#define JOB_MS 360000

static int check_still(const struct hd_whom *whom, struct hd_err *err)
{
    static const char *const still[] = {"paused", "preserved", "fenced"};

    for (size_t i = 0; i < HD_ARRAY_LEN(still); i++)
        if (!strcmp(whom->state, still[i]))
            return 0;
    return hd_fail(err, HD_E_BUSY,
                   "guest %s is %s, and not still; `hotdom pause %s` first",
                   whom->guest, whom->state, whom->guest);
}

/* Nobody else reads it: keys and passwords are in it. */
static int make(const char *path, struct hd_err *err)
{
    int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST
                   ? hd_fail(err, HD_E_EXISTS,
                             "%s is there; choose another name", path)
                   : hd_fail_errno(err, HD_E_IO, "cannot make %s", path);
    return fd;
}

/* Of whoever is interrupted, the memory of a guest does not stay. */
static const char *unfinished;

static void on_signal(int signal)
{
    unlink(unfinished);
    _exit(128 + signal);
}

static void remove_when_interrupted(const char *path)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction act = {.sa_handler = on_signal};

    unfinished = path;
    for (size_t i = 0; i < HD_ARRAY_LEN(signals); i++)
        sigaction(signals[i], &act, NULL);
}

static int dump(const struct hd_whom *whom, int fd, struct hd_err *err)
{
    struct hd_job_request req = {.op = HD_JOB_DUMP,
                                 .store = whom->store,
                                 .n_files = 1,
                                 .deadline_ms = hd_io_now_ms() + JOB_MS};

    strcpy(req.guest, whom->guest);
    /* Kept behind a pull: its end waits. */
    if (!strcmp(whom->state, "fenced"))
        strcpy(req.kept[req.n_kept++].name, whom->guest);
    if (hd_job_call(&req, &fd, err))
        return -1;
    return fsync(fd) ? hd_fail_errno(err, HD_E_IO, "the file") : 0;
}

int hd_cmd_dump(int argc, char **argv, struct hd_err *err)
{
    hd_autofd int fd = -1;
    struct hd_whom whom;

    if (argc != 3 || *argv[1] == '-' || *argv[2] == '-')
        return hd_fail(err, HD_E_USAGE, "it takes a guest and a file");
    if (geteuid() != 0)
        return hd_fail(err, HD_E_USAGE,
                       "what a guest has in memory is for root");
    if (hd_whom(argv[1], &whom, err) || check_still(&whom, err))
        return -1;
    fd = make(argv[2], err);
    if (fd < 0)
        return -1;
    remove_when_interrupted(argv[2]);
    if (dump(&whom, fd, err)) {
        unlink(argv[2]);
        return hd_wrap(err, "%s", argv[2]);
    }
    return 0;
}
