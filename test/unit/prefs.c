/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/prefs, names and beat: what the agent writes, on a real
 * folder. */
#include "../../dom-guest/prefs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../dom-guest/beat.h"
#include "../../dom-guest/folder.h"
#include "../../dom-guest/names.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

static char root[32];

static void begin(void)
{
    strcpy(root, "/tmp/hotdom-prefs-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
}

static void end(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    CU_ASSERT_EQUAL(system(command), 0);
}

static const char *at(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s%s", root, name);
    return path;
}

static void put(const char *name, const char *text)
{
    struct hd_err err;

    CHECK_OK(hd_folder_make_above(at(name), &err), &err);
    CHECK_OK(hd_io_write_file(at(name), text, strlen(text), 0644, &err), &err);
}

static void check_is(const char *name, const char *want)
{
    hd_autofree char *text = NULL;
    struct hd_err err;

    CHECK_OK(hd_io_read_file(at(name), 4096, &text, NULL, &err), &err);
    if (text)
        CU_ASSERT_STRING_EQUAL(text, want);
}

static const struct hd_prefs german = {"de_DE.UTF-8", "de", "Europe/Berlin"};

static void debian_is_given_its_own_files(void)
{
    char link[64] = "";
    struct hd_err err;

    begin();
    put("/etc/default/keyboard", "XKBMODEL=pc105\nXKBLAYOUT=us\nBACKSPACE=x\n");
    put("/etc/timezone", "Etc/UTC\n");
    put("/usr/share/zoneinfo/Europe/Berlin", "TZif");
    CHECK_OK(hd_prefs_apply(&german, root, &err), &err);
    check_is("/etc/default/locale", "LANG=de_DE.UTF-8\n");
    check_is("/etc/default/keyboard",
             "XKBMODEL=pc105\nXKBLAYOUT=de\nBACKSPACE=x\n");
    check_is("/etc/timezone", "Europe/Berlin\n");
    CU_ASSERT(readlink(at("/etc/localtime"), link, sizeof(link) - 1) > 0);
    CU_ASSERT_STRING_EQUAL(link, "/usr/share/zoneinfo/Europe/Berlin");
    CU_ASSERT_NOT_EQUAL(access(at("/etc/locale.conf"), F_OK), 0);
    end();
}

static void other_systems_are_given_systemds(void)
{
    struct hd_err err;

    begin();
    put("/etc/locale.conf", "LC_TIME=C\n");
    CU_ASSERT_EQUAL(hd_prefs_apply(&german, root, &err), -1);
    /* The zone is not there, which keeps nothing else back. */
    CU_ASSERT_EQUAL(err.code, HD_E_NO_DEVICE);
    check_is("/etc/locale.conf", "LC_TIME=C\nLANG=de_DE.UTF-8\n");
    check_is("/etc/vconsole.conf", "KEYMAP=de\n");
    CU_ASSERT_NOT_EQUAL(access(at("/etc/localtime"), F_OK), 0);
    end();
}

static void a_user_without_settings_changes_nothing(void)
{
    static const struct hd_prefs none = {0};
    struct hd_err err;

    begin();
    put("/etc/default/locale", "LANG=C\n");
    CHECK_OK(hd_prefs_apply(&none, root, &err), &err);
    check_is("/etc/default/locale", "LANG=C\n");
    end();
}

static void a_line_is_replaced_once_and_others_are_kept(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {{"", "LANG=C\n"},
                 {"A=1", "A=1\nLANG=C\n"},
                 {"LANG=x\nLANG=y\nB=2\n", "LANG=C\nB=2\n"},
                 {"LANGUAGE=x\n", "LANGUAGE=x\nLANG=C\n"},
                 {"\n\n", "\n\nLANG=C\n"}};

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        hd_autofree char *got = hd_prefs_set(cases[i].text, "LANG", "C");

        CU_ASSERT_PTR_NOT_NULL_FATAL(got);
        CU_ASSERT_STRING_EQUAL(got, cases[i].want);
    }
}

/* ---- names */

/* Devices and links below the root of a test. */
static struct hd_names begin_names(void)
{
    static char dev[64], links[64];

    begin();
    snprintf(dev, sizeof(dev), "%s/dev", root);
    snprintf(links, sizeof(links), "%s/dev/hotdom", root);
    return (struct hd_names){dev, links};
}

static void promised_names_are_links_and_others_go(void)
{
    const struct hd_promise list[] = {{.name = "stick", .device = "xvdc"},
                                      {.name = "lan0", .is_nic = true},
                                      {.name = "speaker"}};
    struct hd_names n = begin_names();
    char link[64] = "";
    struct hd_err err;

    put("/dev/hotdom/.keep", "");
    CU_ASSERT_EQUAL(symlink("old", at("/dev/hotdom/stick")), 0);
    CU_ASSERT_EQUAL(symlink("old", at("/dev/hotdom/gone")), 0);
    CHECK_OK(hd_names_link(&n, list, 3, &err), &err);
    CU_ASSERT(readlink(at("/dev/hotdom/stick"), link, sizeof(link) - 1) > 0);
    CU_ASSERT_STRING_EQUAL(link, at("/dev/xvdc"));
    CU_ASSERT_NOT_EQUAL(readlink(at("/dev/hotdom/gone"), link, 1), 1);
    CU_ASSERT_NOT_EQUAL(readlink(at("/dev/hotdom/lan0"), link, 1), 1);
    CU_ASSERT_EQUAL(access(at("/dev/hotdom/.keep"), F_OK), 0);
    end();
}

static void a_link_that_cannot_be_made_stops_no_other(void)
{
    const struct hd_promise list[] = {{.name = "card", .device = "xvdc"},
                                      {.name = "line", .device = "hvc1"},
                                      {.name = "used", .device = "xvdd"}};
    struct hd_names n = begin_names();
    char link[64] = "";
    struct hd_err err;

    put("/dev/hotdom/card/.keep", "");
    put("/dev/hotdom/used/.keep", "");
    CHECK_FAILS(hd_names_link(&n, list, 3, &err), &err, HD_E_IO, "hotdom/card");
    CU_ASSERT(readlink(at("/dev/hotdom/line"), link, sizeof(link) - 1) > 0);
    CU_ASSERT_STRING_EQUAL(link, at("/dev/hvc1"));
    end();
}

/* ---- beat */

static void a_system_is_called_what_it_calls_itself(void)
{
    char os[64];

    hd_beat_os("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
               os);
    CU_ASSERT_STRING_EQUAL(os, "Debian GNU/Linux 12 (bookworm)");
    hd_beat_os("PRETTY_NAME=Alpine", os);
    CU_ASSERT_STRING_EQUAL(os, "Alpine");
    hd_beat_os("PRETTY_NAME='x\n", os);
    CU_ASSERT_STRING_EQUAL(os, "'x");
    hd_beat_os("", os);
    CU_ASSERT_STRING_EQUAL(os, "Linux");
}

static const struct hd_test tests[] = {
    HD_TEST(debian_is_given_its_own_files),
    HD_TEST(other_systems_are_given_systemds),
    HD_TEST(a_user_without_settings_changes_nothing),
    HD_TEST(a_line_is_replaced_once_and_others_are_kept),
    HD_TEST(promised_names_are_links_and_others_go),
    HD_TEST(a_link_that_cannot_be_made_stops_no_other),
    HD_TEST(a_system_is_called_what_it_calls_itself),
};
HD_SUITE("dom-guest/prefs", tests);
