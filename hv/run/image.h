/* SPDX-License-Identifier: MIT */
/* The job's kernels and ramdisks in memory, before libxl wants them. */
#ifndef HD_RUN_IMAGE_H
#define HD_RUN_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#define HD_IMAGES 64 /* more are read as libxl does */

/* Maps the whole of a sealed file, once, and has its pages mapped by a thread,
 * for on a PV dom0 Xen is asked for each of them: whoever copies it waits less.
 * Does not wait; without room or memory it does nothing.  What is mapped stays
 * so until the process ends, as `fd` must. */
void hd_image_prepare(int fd);
/* Of a file that libxl knows as /proc/self/fd/N; false: it is none of those. */
bool hd_image_find(const char *path, const void **ret, size_t *ret_size);

#endif
