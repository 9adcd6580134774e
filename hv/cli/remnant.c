/* SPDX-License-Identifier: MIT */
/* How a leftover is removed; looks at text alone, and removes nothing. */
#include "remnant.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/base/uuid.h"

#define DIGITS   "0123456789"
#define HEX      DIGITS "abcdef"
#define NAME     HEX "ghijklmnopqrstuvwxyz_.+-"
#define USERDATA "/var/lib/xen/userdata-"

/* `text` behind `prefix`, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) ? NULL : text + len;
}

static bool consists_of(const char *text, const char *letters)
{
    return *text && !text[strspn(text, letters)];
}

/* "7" or "7/device": the length of its domid, and 0 for dom0's and others. */
static size_t domid_len(const char *text)
{
    size_t len = strspn(text, DIGITS);

    return len && *text != '0' && (!text[len] || text[len] == '/') ? len : 0;
}

static void domain(const char *value, struct hd_remnant *ret)
{
    char id[HD_UUID_SIZE] = "";
    struct hd_uuid uuid;

    snprintf(id, sizeof(id), "%.*s", (int)strcspn(value, " "), value);
    if (strcspn(value, " ") != HD_UUID_SIZE - 1 ||
        hd_uuid_parse(id, &uuid, NULL))
        return;
    ret->how = HD_REMNANT_EFFECT;
    ret->kind = HD_EFFECT_DOMAIN;
    strcpy(ret->value, id);
}

/* The one word that `value` must be. */
static void effect(const char *value, enum hd_effect_kind kind,
                   struct hd_remnant *ret)
{
    if (strlen(value) >= sizeof(ret->value))
        return;
    ret->how = HD_REMNANT_EFFECT;
    ret->kind = kind;
    strcpy(ret->value, value);
}

static void dm(const char *value, struct hd_remnant *ret)
{
    if (behind(value, "hotdom-") && consists_of(value, NAME))
        effect(value, HD_EFFECT_DM, ret);
}

/* A bridge that is made for a guest: map_net.c. */
static bool is_our_bridge(const char *name)
{
    const char *rest = behind(name, "hd");

    return rest && strlen(rest) > 8 && consists_of(rest, HEX "u");
}

/* A guest's own interface goes with its domain. */
static void netdev(const char *value, struct hd_remnant *ret)
{
    if (is_our_bridge(value))
        effect(value, HD_EFFECT_BRIDGE, ret);
}

static void port(const char *value, struct hd_remnant *ret)
{
    char bridge[32];
    const char *slash = strchr(value, '/');

    snprintf(bridge, sizeof(bridge), "%.*s", slash ? (int)(slash - value) : 0,
             value);
    if (slash && is_our_bridge(bridge) && !behind(slash + 1, "vif"))
        effect(value, HD_EFFECT_PORT, ret);
}

static void pci(const char *value, struct hd_remnant *ret)
{
    if (consists_of(value, HEX ":."))
        effect(value, HD_EFFECT_PCI, ret);
}

static void node(const char *value, struct hd_remnant *ret)
{
    static const char *const tops[] = {"/local/domain/0/device-model/",
                                       "/local/domain/", "/libxl/"};
    const char *rest = behind(value, "/local/domain/0/backend/");
    const char *slash = rest ? strchr(rest, '/') : NULL;
    size_t len = slash ? domid_len(slash + 1) : 0;

    if (len)
        len += (size_t)(slash + 1 - value);
    for (size_t i = 0; !len && i < HD_ARRAY_LEN(tops); i++) {
        rest = behind(value, tops[i]);
        len = rest ? domid_len(rest) : 0;
        if (len)
            len += strlen(tops[i]);
    }
    rest = behind(value, "/vm/");
    if (rest && strcspn(rest, "/") == HD_UUID_SIZE - 1)
        len = strlen("/vm/") + HD_UUID_SIZE - 1;
    if (!len || len >= sizeof(ret->value))
        return;
    ret->how = HD_REMNANT_NODE;
    snprintf(ret->value, sizeof(ret->value), "%.*s", (int)len, value);
}

/* What hotdomd and libxl keep of a guest, directly in their folders. */
static void file(const char *value, struct hd_remnant *ret)
{
    static const char *const tops[] = {HD_MAP_DIR "/", HD_PLAN_DIR "/",
                                       HD_ORDER_DIR "/", HD_DISPLAY_DIR "/",
                                       USERDATA};
    const char *rest = behind(value, HD_SERVER_DIR "/");

    if (rest && *rest && !strchr(rest, '/')) {
        effect(value, HD_EFFECT_SERVER, ret);
        return;
    }
    if (!strcmp(value, HD_LEDGER_DIR "/" HD_REPAIR_ID))
        ret->how = HD_REMNANT_LEDGER;
    for (size_t i = 0; i < HD_ARRAY_LEN(tops); i++) {
        rest = behind(value, tops[i]);
        if (!rest || !*rest || *rest == '.' || strpbrk(rest, "/ ?") ||
            strlen(value) >= sizeof(ret->value))
            continue;
        ret->how = HD_REMNANT_FILE;
        strcpy(ret->value, value);
    }
}

static const struct {
    const char *kind;
    void (*parse)(const char *value, struct hd_remnant *ret);
} kinds[] = {
    {"domain ", domain}, {"dm ", dm},     {"netdev ", netdev}, {"port ", port},
    {"pci ", pci},       {"file ", file}, {"xenstore ", node},
};

struct hd_remnant hd_remnant_of(const char *line)
{
    struct hd_remnant ret = {.how = HD_REMNANT_LEFT};

    for (size_t i = 0; i < HD_ARRAY_LEN(kinds); i++) {
        const char *value = behind(line, kinds[i].kind);

        if (value)
            kinds[i].parse(value, &ret);
    }
    return ret;
}
