/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/xl and plan_json: what others read of a plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan_json.h"
#include "../../hv/plan/xl.h"
#include "map_kit.h"

static const struct hd_xl_files files = {.kernel = "/tmp/vmlinux",
                                         .disk = "/dev/sda"};

/* The guest's xl.cfg, for the caller to free, or NULL. */
static char *xl_of(struct map_kit *k, const char *guest,
                   const struct hd_xl_files *f, struct hd_err *err)
{
    hd_auto(hd_map) map = map_kit_make(k);
    hd_autofree struct hd_plan *plan = NULL;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    int rc = hd_plan_make(&k->answer, map, &plan, err) ||
             hd_xl_write(plan, map, guest, f, out, err);

    fclose(out);
    if (!rc)
        return text;
    free(text);
    return NULL;
}

static void a_guest_is_written_as_xl_reads_it(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_err err = {0};

    map_kit_volume(k, 0, "home", HD_VOLUME_DATA);
    map_kit_nic(k, HD_LEVEL_PREFERRED);
    strcpy(k->answer.manifest.guests[0].cmdline, "root=/dev/xvda a=\"b\\c\"");
    hd_autofree char *text = xl_of(k, "desk", &files, &err);
    CU_ASSERT_STRING_EQUAL(
        text ? text : err.msg,
        "# Guest desk of the store travel, for xl create.\n"
        "# Before it is created:\n"
        "#   dmsetup create hotdom-travel-home --table \"0 32768 linear "
        "/dev/sda 32768\"\n"
        "type = \"pv\"\n"
        "name = \"travel.desk\"\n"
        "uuid = \"00000000-0000-0000-0000-000000000001\"\n"
        "kernel = \"/tmp/vmlinux\"\n"
        "cmdline = \"root=/dev/xvda a=\\\"b\\\\c\\\"\"\n"
        "memory = 64\nmaxmem = 64\nvcpus = 1\n"
        "cpu_weight = 64\n"
        "on_poweroff = \"destroy\"\non_reboot = \"destroy\"\n"
        "on_crash = \"destroy\"\non_watchdog = \"destroy\"\n"
        "disk = [\n"
        "    \"format=raw,vdev=xvda,access=rw,backendtype=phy,"
        "target=/dev/mapper/hotdom-travel-home\",\n"
        "]\n"
        "vif = [\n"
        "    \"mac=00:16:3e:00:00:01,bridge=xenbr0\",\n"
        "]\n");
}

static void a_plain_volume_is_a_partition_when_the_table_is_known(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    hd_autofree struct hd_gpt *gpt = calloc(1, sizeof(*gpt));
    struct hd_xl_files f = files;
    struct hd_err err = {0};

    gpt->n = 2;
    gpt->parts[1].start = 16 * MIB;
    f.gpt = gpt;
    f.disk = "/dev/nvme0n1";
    f.kernel_member = "desk/vmlinux.zst";
    f.ramdisk = "/tmp/initrd";
    f.ramdisk_member = "desk/initrd.img.zst";
    map_kit_volume(k, 0, "home", HD_VOLUME_DATA);
    hd_autofree char *text = xl_of(k, "desk", &f, &err);
    CU_ASSERT_PTR_NOT_NULL(text ? strstr(text, "target=/dev/nvme0n1p2\"") : 0);
    CU_ASSERT_PTR_NULL(text ? strstr(text, "dmsetup") : "");
    CU_ASSERT_PTR_NOT_NULL(
        text ? strstr(text, "tar -xf /dev/nvme0n1p1 desk/vmlinux.zst "
                            "desk/initrd.img.zst\n"
                            "#   zstd -d desk/vmlinux.zst -o /tmp/vmlinux\n"
                            "#   zstd -d desk/initrd.img.zst -o /tmp/initrd\n")
             : 0);
}

static void what_must_be_opened_or_made_first_is_said(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_err err = {0};

    map_kit_volume(k, 0, "root", HD_VOLUME_IMAGE);
    map_kit_volume(k, 0, "home", HD_VOLUME_DATA);
    k->answer.manifest.volumes[1].encryption = HD_ENCRYPTION_LUKS2;
    k->host.n_bridges = 0;
    k->host.has_qemu = 1;
    map_kit_nic(k, HD_LEVEL_PREFERRED);
    map_kit_wish(k, HD_CLASS_DISPLAY, HD_LEVEL_PREFERRED, "screen");
    map_kit_wish(k, HD_CLASS_BLOCK, HD_LEVEL_PREFERRED, "xvdc")->size = MIB;
    hd_autofree char *text = xl_of(k, "desk", &files, &err);
    const char *words[] = {
        "veritysetup open PARTITION hotdom-travel-root PARTITION",
        "cryptsetup open --type luks2 PARTITION hotdom-travel-home",
        "ip link add hdab0000000 type bridge",
        "truncate -s 1048576 /dev/shm/hotdom-travel-desk+ram1",
        "vfb = [ \"vnc=1,vnclisten=127.0.0.1,vncunused=1\" ]",
        "vdev=xvdc,access=rw,backendtype=phy,"
        "target=/dev/mapper/hotdom-travel-desk+ram1",
        "bridge=hdab0000000",
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(words); i++)
        if (!text || !strstr(text, words[i])) {
            printf("\n    no \"%s\" in\n%s", words[i], text ? text : err.msg);
            CU_FAIL("the words");
        }
}

static void what_xl_would_read_otherwise_is_refused(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_err err = {0};

    strcpy(k->answer.manifest.guests[0].cmdline, "a\nextra=1");
    CU_ASSERT_PTR_NULL(xl_of(k, "desk", &files, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "has control characters"));
    strcpy(k->answer.manifest.guests[0].cmdline, "quiet");
    strcpy(k->host.bridges[0], "br0,script=x");
    map_kit_nic(k, HD_LEVEL_PREFERRED);
    CU_ASSERT_PTR_NULL(xl_of(k, "desk", &files, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "the bridge of guest desk"));
}

static void a_guest_that_does_not_start_has_no_xl_cfg(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct hd_err err = {0};

    map_kit_guest(k, "second");
    k->answer.manifest.guests[1].vcpus.min = 9;
    CU_ASSERT_PTR_NULL(xl_of(k, "second", &files, &err));
    CU_ASSERT_EQUAL(err.code, HD_E_LIMIT);
    CU_ASSERT_PTR_NULL(xl_of(k, "third", &files, &err));
    CU_ASSERT_EQUAL(err.code, HD_E_NO_GUEST);
}

static void maps_and_plans_are_objects_with_every_key(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_err err = {0};

    map_kit_nic(k, HD_LEVEL_PREFERRED);
    hd_auto(hd_map) map = map_kit_make(k);
    CHECK_OK(hd_plan_make(&k->answer, map, &plan, &err), &err);
    struct json_object *m = hd_map_to_json(map), *p = hd_plan_to_json(plan);
    const char *text = json_object_to_json_string_ext(p, 0);
    const char *first =
        "{\"store\":\"travel\",\"steps\":[{\"step\":1,\"guest\":\"desk\","
        "\"kind\":\"build-domain\",\"undo\":\"destroy-domain travel.desk\","
        "\"name\":\"travel.desk\",\"uuid\":\"00000000-0000-0000-0000-"
        "000000000001\",\"memory\":67108864,\"vcpus\":1,\"weight\":64,"
        "\"cmdline\":null,"
        "\"width\":null,\"height\":null,\"pci\":[],\"after\":[]}";
    const char *row =
        "\"class\":\"net\",\"level\":\"preferred\",\"how\":\"pv\","
        "\"name\":\"lan0\",\"role\":\"internet\",\"host\":"
        "\"xenbr0\",\"wished\":null,\"given\":null";

    CU_ASSERT_EQUAL(strncmp(text, first, strlen(first)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(json_object_to_json_string_ext(m, 0), row));
    CU_ASSERT_EQUAL(json_object_put(m), 1);
    CU_ASSERT_EQUAL(json_object_put(p), 1);
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_is_written_as_xl_reads_it),
    HD_TEST(a_plain_volume_is_a_partition_when_the_table_is_known),
    HD_TEST(what_must_be_opened_or_made_first_is_said),
    HD_TEST(what_xl_would_read_otherwise_is_refused),
    HD_TEST(a_guest_that_does_not_start_has_no_xl_cfg),
    HD_TEST(maps_and_plans_are_objects_with_every_key),
};

HD_SUITE("plan/xl", tests);
