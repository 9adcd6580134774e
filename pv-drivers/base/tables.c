/* SPDX-License-Identifier: MIT */
/* A trie of paths, whose edges are in one hash table; never touches a file. */
#include "tables.h"

#include <string.h>

#define NONE 0u /* no node; the root is 1 */
#define ROOT 1u

struct node {
    uint32_t parent, child, next; /* its first child, its next sibling */
    uint32_t chain;               /* the next one of the same slot */
    uint32_t name;                /* where its name is in the text */
    uint8_t len;
    uint8_t side;  /* enum hd_side */
    bool is_entry; /* it decides */
    bool leads;    /* an exception is below */
};

struct hd_tables {
    struct node *nodes;
    uint32_t n_nodes, max_nodes;
    uint32_t *slots; /* as many as `max_nodes`, a power of two */
    char *text;
    size_t used, size;
};

struct hd_tables *hd_tables_new(void)
{
    hd_auto(hd_tables) t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->max_nodes = 64;
    t->n_nodes = ROOT + 1;
    t->nodes = calloc(t->max_nodes, sizeof(*t->nodes));
    t->slots = calloc(t->max_nodes, sizeof(*t->slots));
    return t->nodes && t->slots ? hd_steal(&t) : NULL;
}

void hd_tables_free(struct hd_tables *t)
{
    if (!t)
        return;
    free(t->nodes);
    free(t->slots);
    free(t->text);
    free(t);
}

/* FNV-1a */
static uint32_t slot_of(const struct hd_tables *t, uint32_t parent,
                        const char *name, size_t len)
{
    uint64_t h = 0xcbf29ce484222325ull ^ parent;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
    h *= 0x9e3779b97f4a7c15ull;
    return (uint32_t)(h >> 32) & (t->max_nodes - 1);
}

static uint32_t find(const struct hd_tables *t, uint32_t parent,
                     const char *name, size_t len)
{
    uint32_t at = t->slots[slot_of(t, parent, name, len)];

    while (at != NONE &&
           (t->nodes[at].parent != parent || t->nodes[at].len != len ||
            memcmp(t->text + t->nodes[at].name, name, len)))
        at = t->nodes[at].chain;
    return at;
}

static void enter(struct hd_tables *t, uint32_t at)
{
    struct node *n = &t->nodes[at];
    uint32_t slot = slot_of(t, n->parent, t->text + n->name, n->len);

    n->chain = t->slots[slot];
    t->slots[slot] = at;
}

static int grow_nodes(struct hd_tables *t)
{
    uint32_t max = t->max_nodes * 2;
    struct node *nodes;
    uint32_t *slots;

    if (t->n_nodes < t->max_nodes)
        return 0;
    nodes = reallocarray(t->nodes, max, sizeof(*nodes));
    if (!nodes)
        return -1;
    t->nodes = nodes;
    slots = reallocarray(t->slots, max, sizeof(*slots));
    if (!slots)
        return -1;
    t->slots = slots;
    t->max_nodes = max;
    memset(slots, 0, max * sizeof(*slots));
    for (uint32_t i = ROOT + 1; i < t->n_nodes; i++)
        enter(t, i);
    return 0;
}

static int grow_text(struct hd_tables *t, size_t len)
{
    size_t size = t->size ? t->size : 512;
    char *text;

    while (size < t->used + len)
        size *= 2;
    if (size == t->size)
        return 0;
    text = realloc(t->text, size);
    if (!text)
        return -1;
    t->text = text;
    t->size = size;
    return 0;
}

/* NONE without memory. */
static uint32_t add_child(struct hd_tables *t, uint32_t parent,
                          const char *name, size_t len)
{
    uint32_t at = find(t, parent, name, len);

    if (at != NONE)
        return at;
    if (grow_nodes(t) || grow_text(t, len))
        return NONE;
    at = t->n_nodes++;
    t->nodes[at] = (struct node){.parent = parent,
                                 .next = t->nodes[parent].child,
                                 .name = (uint32_t)t->used,
                                 .len = (uint8_t)len};
    memcpy(t->text + t->used, name, len);
    t->used += len;
    t->nodes[parent].child = at;
    enter(t, at);
    return at;
}

static bool is_name(const char *name, size_t len)
{
    return len && len < HD_TABLES_NAME && !(len == 1 && name[0] == '.') &&
           !(len == 2 && name[0] == '.' && name[1] == '.');
}

/* The component that begins behind the "/" at `path`. */
static const char *component(const char *path, size_t *ret_len)
{
    *ret_len = strcspn(path + 1, "/");
    return path + 1;
}

const char *hd_side_name(enum hd_side side)
{
    return side == HD_SIDE_HOST ? "host" : "guest";
}

bool hd_tables_is_below(const char *path, const char *above)
{
    size_t len = strlen(above);

    return !strncmp(path, above, len) && (!path[len] || path[len] == '/');
}

bool hd_tables_is_path(const char *path)
{
    const char *at = path, *name;
    size_t len;

    if (*path != '/' || strlen(path) >= HD_TABLES_PATH)
        return false;
    for (; *at; at = name + len) {
        name = component(at, &len);
        if (!is_name(name, len))
            return false;
    }
    return true;
}

static int no_memory(struct hd_err *err)
{
    return hd_fail_errno(err, HD_E_FAILED, "fill the tables");
}

int hd_tables_add(struct hd_tables *t, enum hd_side side, const char *path,
                  struct hd_err *err)
{
    static const char *const names[] = {"inclusion", "exception"};
    uint32_t at = ROOT;
    const char *name;
    size_t len;

    if (!hd_tables_is_path(path))
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "\"%.300s\" is not an absolute path below / without "
                       "\".\", \"..\" and empty names",
                       path);
    for (const char *p = path; *p; p = name + len) {
        name = component(p, &len);
        at = add_child(t, at, name, len);
        if (at == NONE)
            return no_memory(err);
    }
    if (t->nodes[at].is_entry)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       t->nodes[at].side == side
                           ? "the %s \"%s\" stands twice; keep one"
                           : "the %s \"%s\" is in the other table as well; it "
                             "is the host's or the guest's",
                       names[side], path);
    t->nodes[at].is_entry = true;
    t->nodes[at].side = (uint8_t)side;
    while (side == HD_SIDE_HOST && at != NONE && !t->nodes[at].leads) {
        t->nodes[at].leads = true;
        at = t->nodes[at].parent;
    }
    return 0;
}

int hd_tables_parse(const char *text, struct hd_tables **ret,
                    struct hd_err *err)
{
    hd_auto(hd_tables) t = hd_tables_new();
    char path[HD_TABLES_PATH];

    if (!t)
        return no_memory(err);
    for (size_t len; *text; text += len + 1) {
        len = strcspn(text, "\n");
        if ((*text != '+' && *text != '-') || len > sizeof(path) ||
            text[len] != '\n')
            return hd_fail(err, HD_E_BAD_MANIFEST,
                           "the tables have a bad line \"%.300s\"", text);
        memcpy(path, text + 1, len - 1);
        path[len - 1] = '\0';
        if (hd_tables_add(t, *text == '+' ? HD_SIDE_HOST : HD_SIDE_GUEST, path,
                          err))
            return -1;
    }
    *ret = hd_steal(&t);
    return 0;
}

/* The node of the whole path, or NONE; `ret` may be NULL. */
static uint32_t walk(const struct hd_tables *t, const char *path,
                     struct hd_decision *ret)
{
    uint32_t at = ROOT;
    const char *name;
    size_t len;

    for (const char *p = path; at != NONE && p[0] && p[1]; p = name + len) {
        name = component(p, &len);
        at = len < HD_TABLES_NAME ? find(t, at, name, len) : NONE;
        if (at != NONE && t->nodes[at].is_entry && ret) {
            ret->side = t->nodes[at].side;
            ret->len = (size_t)(name + len - path);
        }
    }
    return at;
}

struct hd_decision hd_tables_decide(const struct hd_tables *t, const char *path)
{
    struct hd_decision d = {.side = HD_SIDE_GUEST};
    uint32_t at = walk(t, path, &d);

    d.leads = at != NONE && t->nodes[at].leads;
    return d;
}

bool hd_tables_next(const struct hd_tables *t, const char *path,
                    uint64_t *cursor, char ret_name[HD_TABLES_NAME])
{
    uint32_t dir = walk(t, path, NULL), at = NONE;

    if (dir == NONE)
        return false;
    if (!*cursor)
        at = t->nodes[dir].child;
    else if (*cursor < t->n_nodes && t->nodes[*cursor].parent == dir)
        at = t->nodes[*cursor].next;
    while (at != NONE && !t->nodes[at].leads)
        at = t->nodes[at].next;
    if (at == NONE)
        return false;
    *cursor = at;
    memcpy(ret_name, t->text + t->nodes[at].name, t->nodes[at].len);
    ret_name[t->nodes[at].len] = '\0';
    return true;
}
