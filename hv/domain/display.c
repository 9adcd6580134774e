/* SPDX-License-Identifier: MIT */
/* Where a guest's display is served; never opens the socket itself. */
#include "display.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void hd_display_path(const char *label, const char *guest,
                     char ret[HD_DISPLAY_SIZE])
{
    snprintf(ret, HD_DISPLAY_SIZE, HD_DISPLAY_DIR "/%s.%s", label, guest);
}

int hd_display_prepare(struct hd_err *err)
{
    if (mkdir(HD_DISPLAY_DIR, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "cannot make " HD_DISPLAY_DIR);
    return 0;
}

void hd_display_remove(const char *label, const char *guest)
{
    char path[HD_DISPLAY_SIZE];

    hd_display_path(label, guest, path);
    (void)unlink(path);
}
