/* SPDX-License-Identifier: MIT */
/* Fuzzes a 9p session on an empty folder: messages, one behind the other as a
 * guest's ring has them. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../pv-drivers/fs9p/ring.h"
#include "../../pv-drivers/fs9p/session.h"
#include "fuzz.h"

#define RING 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t page[4096], pages[2 * RING], buf[HD_9P_MSIZE],
        reply[HD_9P_MSIZE];
    struct hd_9p_ring ring = {(void *)page, pages, RING};
    hd_auto(hd_tables) tables = NULL;
    hd_auto(hd_tables) shown = NULL;
    hd_autofd int root = open("/usr/share/doc", O_PATH | O_DIRECTORY);
    struct hd_tree tree;
    hd_auto(hd_9p) s = NULL;
    ssize_t n;

    if (size > RING ||
        hd_tables_parse("+/git\n+/xz-utils/x\n-/git/own\n", &tables, NULL) ||
        hd_tables_parse("+/git\n+/xz-utils\n", &shown, NULL))
        return 0;
    memset(page, 0, sizeof(page));
    memcpy(pages + RING, data, size);
    ring.intf->out_prod = (uint32_t)size;
    tree = (struct hd_tree){tables, root, shown};
    s = hd_9p_new(&tree);
    while (s && (n = hd_9p_ring_next(&ring)) > 0) {
        hd_9p_ring_take(&ring, buf, (size_t)n);
        if (hd_9p_answer(s, buf, (size_t)n, reply) < 0)
            break;
    }
    return 0;
}
