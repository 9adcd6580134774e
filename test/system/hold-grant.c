/* SPDX-License-Identifier: MIT */
/* hold-grant DOMID: maps the page of a guest's console ring, says "held", and
 * keeps it until it is killed, so that the domain cannot go.  Needs dom0. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

#define CONSOLE 0 /* GNTTAB_RESERVED_CONSOLE */

int main(int argc, char **argv)
{
    xengnttab_handle *gnttab = xengnttab_open(NULL, 0);
    void *page;

    if (argc != 2 || !gnttab)
        return 2;
    page = xengnttab_map_grant_ref(gnttab, (uint32_t)atoi(argv[1]), CONSOLE,
                                   PROT_READ);
    if (!page) {
        perror("hold-grant");
        return 1;
    }
    puts("held");
    fflush(stdout);
    for (;;)
        pause();
}
