/* SPDX-License-Identifier: MIT */
/*
 * Stands before libxenguest in hotdom-job, as a program's own functions do:
 * libxl builds a domain from images that are in memory already (image.h), and
 * the guest's memory is unmapped while libxl goes on, for both take as long as
 * the copy itself.  A guest that runs while its memory is mapped writable would
 * crash: Xen takes no such page as a table of pages.  So hd_build_end waits for
 * it.  What is not the job's goes on as it is.
 */
#include <xenctrl.h>
#include <xenguest.h>

#include "../../pv-drivers/base/next.h"
#include "build.h"
#include "image.h"

int xc_dom_kernel_file(struct xc_dom_image *dom, const char *filename)
{
    const void *data;
    size_t size;

    return hd_image_find(filename, &data, &size)
               ? xc_dom_kernel_mem(dom, data, size)
               : HD_NEXT(xc_dom_kernel_file)(dom, filename);
}

int xc_dom_module_file(struct xc_dom_image *dom, const char *filename,
                       const char *cmdline)
{
    const void *data;
    size_t size;

    return hd_image_find(filename, &data, &size)
               ? xc_dom_module_mem(dom, data, size, cmdline)
               : HD_NEXT(xc_dom_module_file)(dom, filename, cmdline);
}

static void *release(void *dom)
{
    HD_NEXT(xc_dom_release)(dom);
    return NULL;
}

void xc_dom_release(struct xc_dom_image *dom)
{
    if (!hd_build_beside(release, dom))
        (void)release(dom);
}
