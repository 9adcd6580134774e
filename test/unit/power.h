/* SPDX-License-Identifier: MIT */
/* Power cuts: notes what is written to a file, then makes of it every file that
 * a cut could have left behind. */
#ifndef HD_TEST_POWER_H
#define HD_TEST_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct power_log;

/* From now on, until power_end, each pwrite, writev, ftruncate, punched hole,
 * fsync and fdatasync of this program on the file `path` is noted.  One file at
 * a time.
 */
struct power_log *power_begin(const char *path);
void power_end(struct power_log *log);
void power_free(struct power_log *log);

/* `medium` holds what a cut left; the callee neither changes nor closes it. */
typedef void power_check_fn(void *ctx, int medium);

/*
 * Calls `check` for the file as it was, after each sector of each write, in
 * their order (a write of more than 64 KiB counts as one), and, for each flush,
 * with `shuffled` choices of the sectors that were on no medium before it, the
 * first one the last write alone, the others random: a disk writes in any order
 * what was not flushed.  A write to a descriptor with O_DSYNC flushes itself.
 */
void power_replay(const struct power_log *log, unsigned shuffled,
                  power_check_fn *check, void *ctx);
/* The same of a cut behind all of it: what was flushed is there. */
void power_replay_end(const struct power_log *log, unsigned shuffled,
                      power_check_fn *check, void *ctx);

/* Kills this process in front of so many calls of pwrite, writev and fdatasync
 * from now on, on any file; 0: never. */
extern unsigned power_kill_at;
/* The same of write, rename, unlink and ftruncate; a write counts twice, for it
 * may be cut in its middle. */
extern unsigned power_cut_at;

/* So many bytes write(2) still takes, as where a file system is nearly full;
 * -1: no end. */
extern ssize_t power_room;

/* Asked in front of each fsync(2); one that is to fail does so with EIO. */
extern bool (*power_fails_fsync)(int fd);

/* Called once, in front of the next flock(2). */
extern void (*power_before_flock)(void);

#endif
