/* SPDX-License-Identifier: MIT */
/* Whole reads and writes, sealed memory, deadlines; never retries for ever. */
#ifndef HD_BASE_IO_H
#define HD_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* Reads or writes all `len` bytes at `offset` of `fd`; may block as the file
 * does.  A short file is HD_E_BAD_HEADER "ends at byte N", a medium error
 * HD_E_IO, a device that is gone (ENODEV, ENXIO, ENOMEDIUM) HD_E_GONE. */
int hd_io_pread(int fd, void *buf, size_t len, off_t offset,
                struct hd_err *err);
int hd_io_pwrite(int fd, const void *buf, size_t len, off_t offset,
                 struct hd_err *err);
/* The same at the file's own position, for pipes and sockets. */
int hd_io_write(int fd, const void *buf, size_t len, struct hd_err *err);

/* A whole small file, at most `max` bytes, NUL-terminated behind `*ret_len`.
 * The caller frees `*ret_buf`.  ret_len may be NULL. */
int hd_io_read_file(const char *path, size_t max, char **ret_buf,
                    size_t *ret_len, struct hd_err *err);
/* The same of what `fd` still gives, which messages call `path`. */
int hd_io_read_whole(int fd, const char *path, size_t max, char **ret_buf,
                     size_t *ret_len, struct hd_err *err);
/* Replaces `path` in one step (temporary file beside it, fsync, rename, fsync
 * of the folder): after 0 it survives a loss of power. */
int hd_io_write_file(const char *path, const void *buf, size_t len, mode_t mode,
                     struct hd_err *err);

/* Makes the folder `dir` (and its parent), 0700, when it is not there, and
 * waits until it is ours alone, which it is until the descriptor is closed.
 * Returns that or -1. */
int hd_io_lock_folder(const char *dir, struct hd_err *err);

/* A new anonymous file with `len` bytes of room, close-on-exec. `name` is what
 * /proc/PID/fd shows.  Returns the descriptor or -1. */
int hd_io_memfd(const char *name, uint64_t len, struct hd_err *err);
/* No one can write, grow or shrink it from now on. */
int hd_io_seal(int fd, struct hd_err *err);
/* -1 with HD_E_FAILED unless `fd` is sealed so and holds exactly `len` bytes
 * (UINT64_MAX: any length). */
int hd_io_check_sealed(int fd, uint64_t len, struct hd_err *err);

/* Sends or receives one message with descriptors over a unix socket; `n` of
 * them at most HD_IO_MAX_FDS.  hd_io_recv_fds returns the bytes got (0: peer
 * closed) or -1; what arrives is close-on-exec and belongs to the caller. */
#define HD_IO_MAX_FDS 250
int hd_io_send_fds(int sock, const void *buf, size_t len, const int *fds,
                   size_t n, struct hd_err *err);
ssize_t hd_io_recv_fds(int sock, void *buf, size_t len, int *fds, size_t *n,
                       struct hd_err *err);

/* Forgets what was sent to the socket `fd`, which does not block, and that
 * something was lost (ENOBUFS of netlink(7)); whoever is sent more meanwhile is
 * left with some. */
void hd_io_drain(int fd);

/* In a child: closes all descriptors but the standard ones and `fd`, or -1. */
void hd_io_keep_only(int fd);

/* Absolute deadlines (STYLE O3): milliseconds of CLOCK_MONOTONIC. */
uint64_t hd_io_now_ms(void);
/* Until the next whole minute of that clock, or the one after if that is within
 * a second: who looks at something once a minute does it then, so that a
 * process with nothing to do wakes up once. */
uint64_t hd_io_to_minute(uint64_t now_ms);
/* Milliseconds left, 0 when it is over; fits poll(2). */
int hd_io_left_ms(uint64_t deadline_ms);
/* Whether a child has had `least_ms` of processor time since the last call,
 * which left `*cpu_ms`, 0 before the first.  Who waits for a disk has had none.
 */
bool hd_io_has_worked(pid_t child, uint64_t least_ms, uint64_t *cpu_ms);
/* In `ms` from now, or at that deadline when it is sooner. */
uint64_t hd_io_within_ms(uint64_t ms, uint64_t deadline_ms);

#endif
