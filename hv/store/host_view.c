/* SPDX-License-Identifier: MIT */
/* Checks a guest's tables and writes them as a text; never looks at a file. */
#include "host_view.h"

#include <string.h>

#include "../../pv-drivers/base/tables.h"

static int add(const struct hd_view_path *paths, uint32_t n, char sign,
               char ret[HD_VIEW_TEXT], struct hd_err *err)
{
    size_t len = strlen(ret);

    for (uint32_t i = 0; i < n; i++) {
        int more = snprintf(ret + len, HD_VIEW_TEXT - len, "%c%s\n", sign,
                            paths[i].path);

        if (more < 0 || (size_t)more >= HD_VIEW_TEXT - len)
            return hd_fail(err, HD_E_BAD_MANIFEST,
                           "the tables are longer than %d bytes; name the "
                           "folders above",
                           HD_VIEW_TEXT);
        len += (size_t)more;
    }
    return 0;
}

int hd_host_view_text(const struct hd_guest *g, char ret[HD_VIEW_TEXT],
                      struct hd_err *err)
{
    const struct hd_view *v = &g->tables;
    hd_auto(hd_tables) tables = NULL;
    char text[HD_VIEW_TEXT] = "";

    if (add(v->exception, v->n_exception, '+', text, err) ||
        add(v->inclusion, v->n_inclusion, '-', text, err) ||
        hd_tables_parse(text, &tables, err))
        return -1;
    if (!v->n_exception)
        text[0] = '\0';
    strcpy(ret, text);
    return 0;
}
