/* SPDX-License-Identifier: MIT */
/* Tests hv/store/initrd: what a ramdisk holds, read back by libarchive. */
#include "../../hv/store/initrd.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/mem.h"
#include "pack_kit.h"
#include "unit.h"

static struct pack_kit b;

/* A kernel that has all but ext4 built in, whose module is `ext4`. */
static void begin(void)
{
    char path[64];

    pack_kit_init(&b);
    snprintf(path, sizeof(path), "%s/fs", b.dir);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    pack_kit_text(&b, "fs/ext4.ko", "of ext4");
    pack_kit_text(&b, "fs/jbd2.ko", "of jbd2");
    pack_kit_text(&b, "fs/erofs.ko", "of erofs");
    pack_kit_text(
        &b, "modules.dep",
        "fs/jbd2.ko:\nfs/ext4.ko: fs/jbd2.ko\nfs/erofs.ko: fs/jbd2.ko\n");
    pack_kit_text(&b, "modules.builtin",
                  "xen-blkfront.ko\nxen-netfront.ko\n9pnet_xen.ko\n9p.ko\n"
                  "overlay.ko\ncrc32c_generic.ko\n");
    pack_kit_text(&b, "agent", "an agent");
}

static int make(void **ret, size_t *len, struct hd_err *err)
{
    char agent[64];

    snprintf(agent, sizeof(agent), "%s/agent", b.dir);
    return hd_initrd_make(b.dir, agent, ret, len, err);
}

/* "init 100755 an agent|..." of all that is no folder. */
static void list(const void *image, size_t len, char ret[1024])
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;

    archive_read_support_format_cpio(a);
    archive_read_support_filter_zstd(a);
    CU_ASSERT_EQUAL_FATAL(archive_read_open_memory(a, image, len), ARCHIVE_OK);
    CU_ASSERT_STRING_EQUAL(archive_filter_name(a, 0), "zstd");
    *ret = '\0';
    while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
        const char *link = archive_entry_symlink(e);
        char text[256] = "";

        if (archive_entry_filetype(e) == AE_IFDIR)
            continue;
        if (!link)
            CU_ASSERT(archive_read_data(a, text, sizeof(text) - 1) >= 0);
        snprintf(ret + strlen(ret), 1024 - strlen(ret), "%s %o %s|",
                 archive_entry_pathname(e), archive_entry_mode(e),
                 link ? link : text);
    }
    archive_read_free(a);
}

static void the_agent_is_the_first_process_and_has_its_modules_in_order(void)
{
    hd_autofree void *image = NULL, *again = NULL;
    size_t len = 0, len_again = 0;
    struct hd_err err;
    char text[1024];

    begin();
    CHECK_OK(make(&image, &len, &err), &err);
    list(image, len, text);
    CU_ASSERT_STRING_EQUAL(
        text, "init 100755 an agent|sbin/poweroff 120777 ../init|"
              "sbin/reboot 120777 ../init|sbin/hotdom-guest 120777 ../init|"
              "lib/modules/jbd2.ko 100644 of jbd2|"
              "lib/modules/ext4.ko 100644 of ext4|"
              "modules.root 100644 /lib/modules/jbd2.ko\n"
              "/lib/modules/ext4.ko\n|modules.view 100644 |"
              "lib/modules/erofs.ko 100644 of erofs|"
              "modules.more 100644 /lib/modules/jbd2.ko\n"
              "/lib/modules/erofs.ko\n|");
    CHECK_OK(make(&again, &len_again, &err), &err);
    CU_ASSERT_EQUAL_FATAL(len, len_again);
    CU_ASSERT_EQUAL(memcmp(image, again, len), 0);
    pack_kit_fini(&b);
}

static void a_folder_that_is_no_kernels_is_named(void)
{
    struct hd_err err;
    char path[80];
    size_t len;
    void *image;

    begin();
    snprintf(path, sizeof(path), "%s/fs/jbd2.ko", b.dir);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CHECK_FAILS(make(&image, &len, &err), &err, HD_E_IO, "module fs/jbd2.ko");
    CHECK_FAILS(hd_initrd_make("/nowhere", b.key, &image, &len, &err), &err,
                HD_E_IO, "/lib/modules/VERSION");
    snprintf(path, sizeof(path), "%s/none", b.dir);
    pack_kit_text(&b, "fs/jbd2.ko", "of jbd2");
    CHECK_FAILS(hd_initrd_make(b.dir, path, &image, &len, &err), &err, HD_E_IO,
                "the agent");
    pack_kit_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(the_agent_is_the_first_process_and_has_its_modules_in_order),
    HD_TEST(a_folder_that_is_no_kernels_is_named),
};
HD_SUITE("store/initrd", tests);
