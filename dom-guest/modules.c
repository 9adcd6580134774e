/* SPDX-License-Identifier: MIT */
/* Loads modules as a list has them; runs no modprobe(8). */
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"
#include "../pv-drivers/base/mem.h"

#define TEXT_MAX (64u << 10)

static int load(const char *path, struct hd_err *err)
{
    hd_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "open module %s", path);
    if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "load module %s", path);
    return 0;
}

/* One that this kernel does not take may be one that is not needed here. */
void hd_modules_load(const char *list)
{
    hd_autofree char *text = NULL;
    struct hd_err err;
    char *save, *line;

    if (hd_io_read_file(list, TEXT_MAX, &text, NULL, NULL))
        return;
    for (line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        if (load(line, &err))
            hd_log(HD_LOG_WARNING, "%s", err.msg);
}
