/* SPDX-License-Identifier: MIT */
/* Tests how many entries the tables of a manifest's guests may have. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/store/host_view.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* A manifest of guests with so many exceptions each, whose paths have that many
 * bytes. */
static int parse(unsigned guests, unsigned entries, int bytes,
                 struct hd_manifest **ret, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs("hotdom: 1\nstore: {name: a}\nguests:\n", f);
    for (unsigned g = 0; g < guests; g++) {
        fprintf(f, "- {name: g%u, kernel: k, tables: {exception: [", g);
        for (unsigned i = 0; i < entries; i++)
            fprintf(f, "%s/%0*u", i ? ", " : "", bytes - 1, i);
        fputs("]}}\n", f);
    }
    fclose(f);
    return hd_manifest_parse(text, len, HD_F_SOURCE, ret, err);
}

static void a_guest_has_2048_entries_of_each_table(void)
{
    hd_autofree struct hd_manifest *m = NULL;
    static char text[HD_VIEW_TEXT];
    struct hd_err err = {0};

    CHECK_OK(parse(2, 2048, 20, &m, &err), &err);
    CU_ASSERT_EQUAL(m->n_views, 4096);
    CU_ASSERT_EQUAL(m->guests[1].tables.exception, 2048);
    CHECK_OK(hd_host_view_text(m, &m->guests[1], text, &err), &err);
    CU_ASSERT_EQUAL(strlen(text), 2048 * 22);
    CHECK_FAILS(parse(1, 2049, 20, &m, &err), &err, HD_E_BAD_MANIFEST,
                "exception: more than 2048");
}

static void all_guests_have_4096_together(void)
{
    hd_autofree struct hd_manifest *m = NULL;
    struct hd_err err = {0};

    CHECK_OK(parse(64, 64, 20, &m, &err), &err);
    CHECK_FAILS(parse(64, 65, 20, &m, &err), &err, HD_E_BAD_MANIFEST,
                "exception: more than 4096 entries of all guests' tables; name "
                "the folders above");
}

static void the_text_of_a_guests_tables_is_bounded(void)
{
    hd_autofree struct hd_manifest *m = NULL;
    struct hd_err err = {0};

    /* Of 64 bytes each with sign and newline. */
    CHECK_OK(parse(1, 2047, 62, &m, &err), &err);
    CHECK_FAILS(parse(1, 2048, 62, &m, &err), &err, HD_E_BAD_MANIFEST,
                "guest \"g0\": the tables are longer than 131072 bytes; name "
                "the folders above");
}

/* hotdomd reads it again while its guests run. */
static void a_store_that_was_packed_before_is_still_read(void)
{
    hd_autofree struct hd_manifest *m = NULL;
    static char text[HD_VIEW_TEXT];
    struct hd_err err = {0};

    CHECK_OK(parse(1, 1, 9, &m, &err), &err);
    strcpy(m->views[m->guests[0].tables.exception].path, "/var");
    CHECK_OK(hd_host_view_text(m, m->guests, text, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, "+/var\n");
    CHECK_FAILS(hd_host_view_check(text, &err), &err, HD_E_BAD_MANIFEST,
                "add the inclusion /var/lib/hotdom-guest");
    CHECK_FAILS(hd_manifest_check(m, HD_F_SOURCE, &err), &err,
                HD_E_BAD_MANIFEST, "the exception \"/var\" covers");
    CHECK_FAILS(hd_manifest_check(m, HD_F_SIGNED, &err), &err,
                HD_E_BAD_MANIFEST, "");
    CU_ASSERT_PTR_NULL(strstr(err.msg, "covers"));
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_has_2048_entries_of_each_table),
    HD_TEST(all_guests_have_4096_together),
    HD_TEST(the_text_of_a_guests_tables_is_bounded),
    HD_TEST(a_store_that_was_packed_before_is_still_read),
};

HD_SUITE("store/host_view", tests);
