/* SPDX-License-Identifier: MIT */
/* The one way in which files are opened in a tree that somebody else has made.
 */
#ifndef HD_BASE_BENEATH_H
#define HD_BASE_BENEATH_H

/* `path` is absolute and taken as beneath the folder `root`; no link is
 * followed, neither on the way nor at its end, which O_PATH opens as a link.
 * -1 with errno: ELOOP, a link is on the way. */
int hd_beneath_open(int root, const char *path, int flags);
/* The same, and nothing that is mounted in there is entered: EXDEV. */
int hd_beneath_open_here(int root, const char *path, int flags);

#endif
