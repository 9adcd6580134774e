/* SPDX-License-Identifier: MIT */
/* Writes xl.cfg(5); never runs xl, and never writes what xl reads otherwise. */
#include "xl.h"

#include <inttypes.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"

#define MIB    ((uint64_t)1 << 20)
#define SECTOR 512u
#define NODE   600 /* bytes of a path in /dev, with the NUL */

struct writer {
    const struct hd_plan *plan;
    const char *guest;
    const struct hd_xl_files *files;
    FILE *out;
};

/* xl's lexer (libxlu_cfg_l.l) ends a quoted string at a bare quote or a newline
 * and reads a backslash as the beginning of an escape; \", \' and \\ are what
 * they seem.  Control characters are refused, UTF-8 passes through. */
static bool is_quotable(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return false;
    return true;
}

/* Device lines are split at commas again (libxlu_disk_l.l, xl_parse.c). */
static bool is_plain(const char *s)
{
    return *s && is_quotable(s) && !strpbrk(s, ",\"'\\ =;");
}

static int write_text(const struct writer *w, const char *key, const char *text,
                      struct hd_err *err)
{
    if (!is_quotable(text))
        return hd_fail(err, HD_E_FAILED,
                       "the %s of guest %s has control characters, which "
                       "xl.cfg cannot hold",
                       key, w->guest);
    fprintf(w->out, "%s = \"", key);
    for (; *text; text++)
        fprintf(w->out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "",
                *text);
    fputs("\"\n", w->out);
    return 0;
}

static int check_plain(const struct writer *w, const char *what,
                       const char *text, struct hd_err *err)
{
    if (is_plain(text))
        return 0;
    return hd_fail(err, HD_E_FAILED,
                   "the %s of guest %s has characters that a device line of "
                   "xl.cfg cannot hold",
                   what, w->guest);
}

/* The next step of this kind of the guest, from `i` on; NULL: no more. */
static const struct hd_step *next(const struct writer *w,
                                  enum hd_step_kind kind, uint32_t *i)
{
    while (*i < w->plan->n_steps) {
        const struct hd_step *s = &w->plan->steps[(*i)++];

        if (s->kind == kind && !strcmp(s->guest, w->guest))
            return s;
    }
    return NULL;
}

/* The partition's node, as the kernel names it; empty when it has none. */
static void find_node(const struct writer *w, uint64_t start, char ret[NODE])
{
    const char *disk = w->files->disk;
    size_t len = strlen(disk);
    bool digit = len && disk[len - 1] >= '0' && disk[len - 1] <= '9';

    ret[0] = '\0';
    for (uint32_t i = 0; w->files->gpt && i < w->files->gpt->n; i++)
        if (w->files->gpt->parts[i].start == start)
            snprintf(ret, NODE, "%.500s%s%u", disk, digit ? "p" : "", i + 1);
}

static void say_linear(const struct writer *w, const struct hd_step_volume *v,
                       const char *disk)
{
    fprintf(w->out,
            "#   dmsetup create %s --table \"0 %" PRIu64 " linear %s %" PRIu64
            "\"%s\n",
            v->dm_name, v->length / SECTOR, disk, v->start / SECTOR,
            v->mode == HD_MODE_RO ? " --readonly" : "");
}

static void say_hex(const struct writer *w, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(w->out, "%02x", bytes[i]);
}

static void say_crypt(const struct writer *w, const struct hd_step_volume *v,
                      const char *node)
{
    if (v->header)
        fprintf(w->out,
                "#   hotdom unlock %s   (opens %s: its key is derived from "
                "the first volume's)\n",
                w->plan->label, v->dm_name);
    else
        fprintf(w->out, "#   cryptsetup open --type luks2%s %s %s\n",
                v->discard ? " --allow-discards" : "", node, v->dm_name);
}

static void say_verity(const struct writer *w, const struct hd_step_volume *v,
                       const char *node)
{
    fprintf(w->out,
            "#   veritysetup open %s %s %s \\\n#     --no-superblock "
            "--format=1 --hash=sha256 --data-block-size=4096 \\\n#     "
            "--hash-block-size=4096 --data-blocks=%" PRIu64
            " --hash-offset=%" PRIu64 " \\\n#     --salt=",
            node, v->dm_name, node, v->verity.blocks,
            v->verity.blocks * HD_VERITY_BLOCK);
    say_hex(w, v->verity.salt, sizeof(v->verity.salt));
    fputs(" \\\n#     ", w->out);
    say_hex(w, v->verity.root, sizeof(v->verity.root));
    fputc('\n', w->out);
}

static void say_ram(const struct writer *w, const struct hd_step_volume *v)
{
    fprintf(w->out,
            "#   truncate -s %" PRIu64 " /dev/shm/%s\n"
            "#   dmsetup create %s --table \"0 %" PRIu64
            " linear $(losetup -f --show /dev/shm/%s) 0\"\n",
            v->length, v->dm_name, v->dm_name, v->length / SECTOR, v->dm_name);
}

/* Is the volume a partition or a disk that xl can be given as it is? */
static bool is_there(const struct writer *w, const struct hd_step_volume *v,
                     char node[NODE])
{
    if (v->target == HD_TARGET_DISK) {
        snprintf(node, NODE, "/dev/%s", v->disk);
        return true;
    }
    find_node(w, v->start, node);
    return v->target == HD_TARGET_LINEAR && *node;
}

static void say_unpack(const struct writer *w, const char *member,
                       const char *path)
{
    if (member && strcmp(member, path))
        fprintf(w->out, "#   zstd -d %s -o %s\n", member, path);
}

/* The header is the first partition (DESIGN section 4), a plain tar stream. */
static void say_files(const struct writer *w)
{
    const struct hd_xl_files *f = w->files;
    const char *ramdisk = f->ramdisk_member;
    char node[NODE];

    if (!f->kernel_member)
        return;
    find_node(w, f->gpt && f->gpt->n ? f->gpt->parts[0].start : 0, node);
    fprintf(w->out, "#   tar -xf %s %s%s%s\n", *node ? node : "PARTITION",
            f->kernel_member, ramdisk ? " " : "", ramdisk ? ramdisk : "");
    say_unpack(w, f->kernel_member, f->kernel);
    say_unpack(w, ramdisk, f->ramdisk);
}

static void say_volume(const struct writer *w, const struct hd_step_volume *v)
{
    char node[NODE];

    if (is_there(w, v, node))
        return;
    if (!*node)
        snprintf(node, sizeof(node), "PARTITION");
    switch ((enum hd_step_target)v->target) {
    case HD_TARGET_LINEAR:
        say_linear(w, v, w->files->disk);
        return;
    case HD_TARGET_CRYPT:
        say_crypt(w, v, node);
        return;
    case HD_TARGET_VERITY:
        say_verity(w, v, node);
        return;
    case HD_TARGET_RAM:
        say_ram(w, v);
        return;
    case HD_TARGET_DISK:
    case HD_TARGET_HOLD:
        return;
    }
}

/* The guest's volume by its own name, without what hotdomd needs beside it:
 * nobody would tell a HOLD of xl's to let go.  False: that is all of `v`, or it
 * lies under an image, which is veritysetup's business. */
static bool as_for_xl(const struct hd_step_volume *v,
                      struct hd_step_volume *ret)
{
    size_t len = strlen(v->dm_name);
    bool under = len > 4 && !strcmp(v->dm_name + len - 4, "+raw");

    *ret = *v;
    if (under)
        ret->dm_name[len - 4] = '\0';
    return v->target != HD_TARGET_HOLD && !(under && v->mode == HD_MODE_RO);
}

static void say_before(const struct writer *w)
{
    struct hd_step_volume volume;
    const struct hd_step *s;
    char pci[HD_PCI_SIZE];

    fputs("# Before it is created:\n", w->out);
    say_files(w);
    for (uint32_t i = 0; (s = next(w, HD_STEP_OPEN_VOLUME, &i));)
        if (as_for_xl(&s->u.volume, &volume))
            say_volume(w, &volume);
    for (uint32_t i = 0; (s = next(w, HD_STEP_MAKE_BRIDGE, &i));)
        fprintf(w->out, "#   ip link add %s type bridge && ip link set %s up\n",
                s->u.bridge.name, s->u.bridge.name);
    for (uint32_t i = 0; (s = next(w, HD_STEP_ADD_PORT, &i));)
        fprintf(w->out, "#   ip link set %s master %s && ip link set %s up\n",
                s->u.port.name, s->u.port.bridge, s->u.port.name);
    for (uint32_t i = 0; (s = next(w, HD_STEP_SEIZE_PCI, &i));) {
        hd_pci_format(&s->u.pci.at, pci);
        fprintf(w->out, "#   xl pci-assignable-add %s\n", pci);
    }
    for (uint32_t i = 0; (s = next(w, HD_STEP_SERVE_CONSOLE, &i));)
        fprintf(w->out, "# xl has no way to give it %s as hvc%u.\n",
                s->u.console.tty, s->u.console.devid);
    for (uint32_t i = 0; next(w, HD_STEP_SERVE_FILES, &i);)
        fputs("# xl has no way to give it its host view: p9 shares whole "
              "folders, by QEMU.\n",
              w->out);
}

static int write_disk(const struct writer *w, const struct hd_step_block *b,
                      struct hd_err *err)
{
    char target[NODE] = "", node[NODE];
    struct hd_step_volume volume;
    const struct hd_step *s;

    for (uint32_t i = 0; (s = next(w, HD_STEP_OPEN_VOLUME, &i));)
        if (as_for_xl(&s->u.volume, &volume) &&
            !strcmp(volume.dm_name, b->dm_name) && is_there(w, &volume, node))
            strcpy(target, node);
    if (!*target)
        snprintf(target, sizeof(target), "/dev/mapper/%s", b->dm_name);
    if (check_plain(w, "disk", target, err) ||
        check_plain(w, "disk", b->as, err))
        return -1;
    fprintf(w->out,
            "    \"format=raw,vdev=%s,access=%s,backendtype=phy,target=%s\",\n",
            b->as, b->mode == HD_MODE_RO ? "ro" : "rw", target);
    return 0;
}

static int write_disks(const struct writer *w, struct hd_err *err)
{
    const struct hd_step *s;

    fputs("disk = [\n", w->out);
    for (uint32_t i = 0; (s = next(w, HD_STEP_ATTACH_BLOCK, &i));)
        if (write_disk(w, &s->u.block, err))
            return -1;
    fputs("]\n", w->out);
    return 0;
}

/* xl-network-configuration(5), but for what only bridge(8) can do. */
static void write_limits(const struct writer *w, const struct hd_net_limits *l)
{
    if (l->rate)
        fprintf(w->out, ",rate=%" PRIu64 "B/s", l->rate);
    if (l->mtu)
        fprintf(w->out, ",mtu=%" PRIu64, l->mtu);
}

static int write_nics(const struct writer *w, struct hd_err *err)
{
    char mac[HD_MAC_SIZE];
    const struct hd_step *s;

    fputs("vif = [\n", w->out);
    for (uint32_t i = 0; (s = next(w, HD_STEP_ATTACH_NET, &i));) {
        const struct hd_step_net *n = &s->u.net;

        if (check_plain(w, "bridge", n->bridge, err))
            return -1;
        if (n->limits.isolated)
            fputs("    # once it runs: bridge link set dev vifDOMID.N isolated "
                  "on\n",
                  w->out);
        hd_mac_format(n->mac, mac);
        fprintf(w->out, "    \"mac=%s,bridge=%s", mac, n->bridge);
        write_limits(w, &n->limits);
        fputs("\",\n", w->out);
    }
    fputs("]\n", w->out);
    return 0;
}

static int write_domain(const struct writer *w, const struct hd_step *step,
                        struct hd_err *err)
{
    const struct hd_step_domain *d = &step->u.domain;
    char uuid[HD_UUID_SIZE];

    hd_uuid_format(&d->uuid, uuid);
    fputs("type = \"pv\"\n", w->out);
    if (write_text(w, "name", d->name, err) ||
        write_text(w, "uuid", uuid, err) ||
        write_text(w, "kernel", w->files->kernel, err) ||
        (d->ramdisk >= 0 && w->files->ramdisk &&
         write_text(w, "ramdisk", w->files->ramdisk, err)) ||
        write_text(w, "cmdline", hd_plan_cmdline(w->plan, step), err))
        return -1;
    fprintf(w->out,
            "memory = %" PRIu64 "\nmaxmem = %" PRIu64 "\nvcpus = %u\n"
            "cpu_weight = %u\n",
            d->memory / MIB, d->memory / MIB, d->vcpus, d->weight);
    fprintf(w->out,
            "on_poweroff = \"%s\"\non_reboot = \"%s\"\n"
            "on_crash = \"%s\"\non_watchdog = \"%s\"\n",
            hd_on_end_name(d->on_poweroff), hd_on_end_name(d->on_reboot),
            hd_on_end_name(d->on_crash), hd_on_end_name(d->on_crash));
    return 0;
}

static void write_display(const struct writer *w,
                          const struct hd_step_domain *d)
{
    if (!d->width)
        return;
    fprintf(w->out,
            "# %ux%u, on loopback; hotdom shows it on a unix socket.\n"
            "vfb = [ \"vnc=1,vnclisten=127.0.0.1,vncunused=1\" ]\n",
            d->width, d->height);
}

static void write_pci(const struct writer *w, const struct hd_step_domain *d)
{
    char at[HD_PCI_SIZE];

    if (!d->n_pci)
        return;
    fputs("pci = [\n", w->out);
    for (uint32_t i = 0; i < d->n_pci; i++) {
        hd_pci_format(&d->pci[i], at);
        fprintf(w->out, "    \"%s\",\n", at);
    }
    fputs("]\ne820_host = 1\n", w->out);
}

static int no_guest(const struct hd_map *map, const char *guest,
                    struct hd_err *err)
{
    const struct hd_map_guest *g = hd_map_guest(map, guest);

    if (g && g->why.code) {
        if (err)
            *err = g->why;
        return -1;
    }
    if (g && g->left_out)
        return hd_fail(err, HD_E_NO_GUEST, "user %s does not want %s started",
                       map->user, guest);
    return hd_fail(err, HD_E_NO_GUEST, "%s has no guest %s", map->label, guest);
}

int hd_xl_write(const struct hd_plan *plan, const struct hd_map *map,
                const char *guest, const struct hd_xl_files *files, FILE *out,
                struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;
    FILE *memory;
    struct writer w = {plan, guest, files, NULL};
    uint32_t i = 0;
    const struct hd_step *s = next(&w, HD_STEP_BUILD_DOMAIN, &i);
    int rc;

    if (!s)
        return no_guest(map, guest, err);
    memory = open_memstream(&text, &len);
    if (!memory)
        return hd_fail_errno(err, HD_E_FAILED, "write an xl.cfg");
    w.out = memory;
    fprintf(memory, "# Guest %s of the store %s, for xl create.\n", guest,
            plan->label);
    say_before(&w);
    rc = write_domain(&w, s, err) || write_disks(&w, err) || write_nics(&w, err)
             ? -1
             : 0;
    write_display(&w, &s->u.domain);
    write_pci(&w, &s->u.domain);
    if (fclose(memory) && !rc)
        rc = hd_fail_errno(err, HD_E_FAILED, "write an xl.cfg");
    if (!rc && fwrite(text, 1, len, out) != len)
        rc = hd_fail_errno(err, HD_E_IO, "write an xl.cfg");
    return rc;
}
