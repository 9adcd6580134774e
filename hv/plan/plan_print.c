/* SPDX-License-Identifier: MIT */
/* Prints plans, and names each step's undo; never does either. */
#include <inttypes.h>
#include <string.h>

#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/mem.h"
#include "plan.h"

#define MIB ((uint64_t)1 << 20)

static const char *const kinds[] = {
    [HD_STEP_OPEN_VOLUME] = "open-volume",
    [HD_STEP_MAKE_BRIDGE] = "make-bridge",
    [HD_STEP_BUILD_DOMAIN] = "build-domain",
    [HD_STEP_ATTACH_BLOCK] = "attach-block",
    [HD_STEP_ATTACH_NET] = "attach-net",
    [HD_STEP_TELL] = "tell",
    [HD_STEP_START_DOMAIN] = "start-domain",
    [HD_STEP_ADD_PORT] = "add-port",
    [HD_STEP_SEIZE_PCI] = "seize-pci",
    [HD_STEP_SERVE_CONSOLE] = "serve-console",
    [HD_STEP_ATTACH_CONSOLE] = "attach-console",
    [HD_STEP_SERVE_FILES] = "serve-files",
    [HD_STEP_ATTACH_FILES] = "attach-files",
};

const char *hd_step_kind_name(uint32_t kind)
{
    return kind < HD_ARRAY_LEN(kinds) ? kinds[kind] : "unknown";
}

void hd_pci_format(const struct hd_pci *pci, char ret[HD_PCI_SIZE])
{
    snprintf(ret, HD_PCI_SIZE, "%04x:%02x:%02x.%x", pci->domain & 0xffff,
             pci->bus & 0xff, pci->device & 0x1f, pci->function & 7);
}

bool hd_pci_parse(const char *text, struct hd_pci *ret)
{
    char again[HD_PCI_SIZE];

    if (sscanf(text, "%4x:%2x:%2x.%1x", &ret->domain, &ret->bus, &ret->device,
               &ret->function) != 4)
        return false;
    hd_pci_format(ret, again);
    return !strcmp(text, again);
}

void hd_step_undo(const struct hd_step *s, char ret[HD_STEP_UNDO_SIZE])
{
    const char *verb = "", *name = "";
    char pci[HD_PCI_SIZE];

    switch ((enum hd_step_kind)s->kind) {
    case HD_STEP_OPEN_VOLUME:
        verb = "close-volume ";
        name = s->u.volume.dm_name;
        break;
    case HD_STEP_MAKE_BRIDGE:
        verb = "remove-bridge ";
        name = s->u.bridge.name;
        break;
    case HD_STEP_ADD_PORT:
        verb = "free-port ";
        name = s->u.port.name;
        break;
    case HD_STEP_SEIZE_PCI:
        verb = "free-pci ";
        hd_pci_format(&s->u.pci.at, pci);
        name = pci;
        break;
    case HD_STEP_SERVE_CONSOLE:
        verb = "free-serial ";
        name = s->u.console.tty;
        break;
    case HD_STEP_SERVE_FILES:
        verb = "end-server ";
        name = s->u.files.name;
        break;
    case HD_STEP_BUILD_DOMAIN:
        verb = "destroy-domain ";
        name = s->u.domain.name;
        break;
    case HD_STEP_ATTACH_BLOCK:
    case HD_STEP_ATTACH_NET:
    case HD_STEP_ATTACH_CONSOLE:
    case HD_STEP_ATTACH_FILES:
    case HD_STEP_TELL:
    case HD_STEP_START_DOMAIN:
        break;
    }
    snprintf(ret, HD_STEP_UNDO_SIZE, "%s%s", verb, name);
}

static void print_volume(const struct hd_step_volume *v, FILE *out)
{
    fprintf(out, "%s start=%" PRIu64 " length=%" PRIu64 " %s", v->dm_name,
            v->start, v->length, v->mode == HD_MODE_RO ? "ro" : "rw");
    switch ((enum hd_step_target)v->target) {
    case HD_TARGET_LINEAR:
        return;
    case HD_TARGET_RAM:
        fputs(" ram", out);
        return;
    case HD_TARGET_DISK:
        fprintf(out, " disk=%s diskseq=%" PRIu64, v->disk, v->diskseq);
        return;
    case HD_TARGET_HOLD:
        fprintf(out, " hold over=%s", v->over);
        return;
    case HD_TARGET_CRYPT:
        fprintf(out, " crypt header=%u offset=%" PRIu64 "%s", v->header,
                v->luks.offset, v->discard ? " discard" : "");
        return;
    case HD_TARGET_VERITY:
        fprintf(out, " verity over=%s blocks=%" PRIu64 " root=", v->over,
                v->verity.blocks);
        for (size_t i = 0; i < sizeof(v->verity.root); i++)
            fprintf(out, "%02x", v->verity.root[i]);
        return;
    }
}

static void print_domain(const struct hd_step_domain *d, FILE *out)
{
    char pci[HD_PCI_SIZE];

    fprintf(out, "%s memory=%" PRIu64 "M vcpus=%u weight=%u", d->name,
            d->memory / MIB, d->vcpus, d->weight);
    if (d->width)
        fprintf(out, " display=%ux%u", d->width, d->height);
    for (uint32_t i = 0; i < d->n_after; i++)
        fprintf(out, " after=%s", d->after[i].name);
    for (uint32_t i = 0; i < d->n_pci; i++) {
        hd_pci_format(&d->pci[i], pci);
        fprintf(out, " pci=%s", pci);
    }
}

static void print_net(const struct hd_step_net *n, FILE *out)
{
    char mac[HD_MAC_SIZE];

    hd_mac_format(n->mac, mac);
    fprintf(out, "%s as=%s mac=%s", n->bridge, n->as, mac);
    if (n->limits.rate)
        fprintf(out, " rate=%" PRIu64, n->limits.rate);
    if (n->limits.mtu)
        fprintf(out, " mtu=%" PRIu64, n->limits.mtu);
    if (n->limits.isolated)
        fputs(" isolated", out);
}

/* The tables' lines as words. */
static void print_files(const struct hd_plan_view *v, FILE *out)
{
    fprintf(out, "%s ", v->name);
    for (const char *c = v->tables; *c && c[1]; c++)
        fputc(*c == '\n' ? ' ' : *c, out);
}

static void print_step(const struct hd_plan *plan, const struct hd_step *s,
                       FILE *out)
{
    struct hd_plan_view view;
    char pci[HD_PCI_SIZE];

    switch ((enum hd_step_kind)s->kind) {
    case HD_STEP_OPEN_VOLUME:
        print_volume(&s->u.volume, out);
        return;
    case HD_STEP_MAKE_BRIDGE:
        fprintf(out, "%s", s->u.bridge.name);
        return;
    case HD_STEP_ADD_PORT:
        fprintf(out, "%s bridge=%s", s->u.port.name, s->u.port.bridge);
        return;
    case HD_STEP_SEIZE_PCI:
        hd_pci_format(&s->u.pci.at, pci);
        fputs(pci, out);
        return;
    case HD_STEP_SERVE_CONSOLE:
        fprintf(out, "%s usb=%s speed=%u", s->u.console.tty, s->u.console.usb,
                s->u.console.speed);
        return;
    case HD_STEP_ATTACH_CONSOLE:
        fprintf(out, "%s as=hvc%u", s->u.console.tty, s->u.console.devid);
        return;
    case HD_STEP_SERVE_FILES:
        view = hd_plan_view(plan, s);
        print_files(&view, out);
        return;
    case HD_STEP_ATTACH_FILES:
        fprintf(out, "%s as=hostview", s->u.files.name);
        return;
    case HD_STEP_TELL:
        fprintf(out, "%s = %s", s->u.tell.path, s->u.tell.value);
        return;
    case HD_STEP_BUILD_DOMAIN:
        print_domain(&s->u.domain, out);
        return;
    case HD_STEP_ATTACH_BLOCK:
        fprintf(out, "%s as=%s %s", s->u.block.dm_name, s->u.block.as,
                s->u.block.mode == HD_MODE_RO ? "ro" : "rw");
        return;
    case HD_STEP_ATTACH_NET:
        print_net(&s->u.net, out);
        return;
    case HD_STEP_START_DOMAIN:
        return;
    }
}

void hd_plan_print(const struct hd_plan *plan, FILE *out)
{
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct hd_step *s = &plan->steps[i];
        char undo[HD_STEP_UNDO_SIZE];

        fprintf(out, "%2u  %-12s %s%s", i + 1, s->guest,
                hd_step_kind_name(s->kind),
                s->kind == HD_STEP_START_DOMAIN ? "" : " ");
        print_step(plan, s, out);
        hd_step_undo(s, undo);
        fprintf(out, "%s%s\n", *undo ? " undo: " : "", undo);
    }
}
