/* SPDX-License-Identifier: MIT */
/* hotdom plan: the steps from this host to a store's guests; does none. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../plan/plan_json.h"
#include "../plan/xl.h"
#include "cmd.h"
#include "mapped.h"
#include "show_json.h"

/* Guests that would not start, and why. */
static void print_refused(const struct hd_map *map)
{
    for (uint32_t i = 0; i < map->n_guests; i++)
        if (map->guests[i].why.code)
            printf("    %s does not start (%s): %s\n", map->guests[i].name,
                   hd_err_reason(map->guests[i].why.code),
                   map->guests[i].why.msg);
        else if (map->guests[i].left_out)
            printf("    %s is not among the guests that user %s starts\n",
                   map->guests[i].name, map->user);
}

static void print_json(const struct hd_map *map, const struct hd_plan *plan)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "map", hd_map_to_json(map));
    json_object_object_add(o, "plan", hd_plan_to_json(plan));
    hd_show_json(o);
    json_object_put(o);
}

/* Is the kernel's partition N the table's entry N, on the disk of that path?
 * Linux's ABI/testing/sysfs-block, "start": in sectors of 512 bytes. */
static bool is_numbered_so(const char *disk, const struct hd_gpt *gpt)
{
    const char *name = strrchr(disk, '/') + 1;
    bool digit = strchr("0123456789", disk[strlen(disk) - 1]);

    for (uint32_t i = 0; i < gpt->n; i++) {
        hd_autofree char *text = NULL;
        char path[PATH_MAX];

        if ((size_t)snprintf(path, sizeof(path),
                             "/sys/class/block/%s%s%u/start", name,
                             digit ? "p" : "", i + 1) >= sizeof(path) ||
            hd_io_read_file(path, 32, &text, NULL, NULL) ||
            strtoull(text, NULL, 10) * 512 != gpt->parts[i].start)
            return false;
    }
    return true;
}

/* As tar and zstd leave it where they are run: "desk/vmlinux". */
static void name_file(const struct hd_manifest *m, const char *member,
                      char ret[HD_PATH_SIZE])
{
    size_t len = strlen(member);

    strcpy(ret, member);
    if (m->files[hd_manifest_file(m, member)].unpacked && len > 4 &&
        !strcmp(ret + len - 4, ".zst"))
        ret[len - 4] = '\0';
}

static void name_files(const struct hd_manifest *m, const struct hd_guest *g,
                       char kernel[HD_PATH_SIZE], char ramdisk[HD_PATH_SIZE],
                       struct hd_xl_files *ret)
{
    name_file(m, g->kernel, kernel);
    ret->kernel_member = g->kernel;
    if (!*g->ramdisk)
        return;
    name_file(m, g->ramdisk, ramdisk);
    ret->ramdisk_member = g->ramdisk;
    ret->ramdisk = ramdisk;
}

static int print_xl(const struct hd_mapped *mapped, const struct hd_plan *plan,
                    const char *guest, struct hd_err *err)
{
    const struct hd_answer *answer = mapped->store->answer;
    const struct hd_manifest *m = &answer->manifest;
    int g = hd_manifest_guest(m, guest);
    char disk[PATH_MAX], kernel[HD_PATH_SIZE] = "", ramdisk[HD_PATH_SIZE];
    struct hd_xl_files files = {.kernel = kernel};
    struct stat st;

    if (!realpath(mapped->store->path, disk) || stat(disk, &st) ||
        !S_ISBLK(st.st_mode))
        return hd_fail(err, HD_E_USAGE,
                       "xl needs a disk, and %s is a file; `losetup --find "
                       "--show --partscan %s` makes it one",
                       mapped->store->path, mapped->store->path);
    files.disk = disk;
    files.gpt = is_numbered_so(disk, &answer->gpt) ? &answer->gpt : NULL;
    if (g >= 0)
        name_files(m, &m->guests[g], kernel, ramdisk, &files);
    return hd_xl_write(plan, mapped->map, guest, &files, stdout, err);
}

/* `xl`: a guest, or NULL. */
static int plan(const char *store, const char *user, bool json, const char *xl,
                struct hd_err *err)
{
    hd_auto(hd_mapped) mapped = NULL;
    hd_autofree struct hd_plan *steps = NULL;

    if (hd_mapped_open(store, user, &mapped, err) ||
        hd_plan_make(mapped->store->answer, mapped->map, &steps, err))
        return -1;
    if (xl)
        return print_xl(mapped, steps, xl, err);
    if (json) {
        print_json(mapped->map, steps);
        return 0;
    }
    hd_plan_print(steps, stdout);
    print_refused(mapped->map);
    return 0;
}

int hd_cmd_plan(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"user", required_argument, NULL, 'u'},
        {"xl", required_argument, NULL, 'x'},
        {0},
    };
    const char *user = NULL, *xl = NULL;
    bool json = false;
    int c;

    while ((c = getopt_long(argc, argv, ":u:", options, NULL)) != -1) {
        if (c == ':')
            return hd_fail(err, HD_E_USAGE, "%s needs a value",
                           argv[optind - 1]);
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        if (c == 'u')
            user = optarg;
        if (c == 'x')
            xl = optarg;
        json |= c == 'j';
    }
    if (xl && json)
        return hd_fail(err, HD_E_USAGE, "--xl and --json exclude each other");
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE,
                       "name one store: an image, a device or a name");
    return plan(argv[optind], user, json, xl, err);
}
