/* SPDX-License-Identifier: MIT */
/* Starts hotdom-9p; never looks at a file that it serves. */
#include "files.h"

#include <stdio.h>

void hd_files_path(const char *name, char ret[HD_SERVER_SIZE])
{
    snprintf(ret, HD_SERVER_SIZE, HD_SERVER_DIR "/%.70s", name);
}

int hd_files_serve(const struct hd_step_files *step, uint32_t domid,
                   struct hd_err *err)
{
    char number[12], name[HD_DOMAIN_NAME_SIZE], tables[HD_VIEW_TEXT];
    char *argv[] = {HD_9P, number, name, tables, NULL};

    snprintf(number, sizeof(number), "%u", domid);
    snprintf(name, sizeof(name), "%s", step->name);
    snprintf(tables, sizeof(tables), "%s", step->tables);
    return hd_server_start(argv, err);
}
