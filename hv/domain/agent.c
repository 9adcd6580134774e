/* SPDX-License-Identifier: MIT */
/* Reads what a guest's agent tells; believes nothing that it has not checked.
 */
#include "agent.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BAD(err, ...) hd_fail(err, HD_E_FAILED, __VA_ARGS__)

/* Printable, and not longer than `size` - 1. */
static int take_text(const char *value, size_t len, char *ret, size_t size,
                     struct hd_err *err)
{
    if (len >= size)
        return BAD(err, "the report has a value of %zu bytes", len);
    for (size_t i = 0; i < len; i++)
        if (value[i] < ' ' || value[i] > '~')
            return BAD(err, "the report has a character that is not printable");
    memcpy(ret, value, len);
    ret[len] = '\0';
    return 0;
}

/* ---- fields */

typedef int take_fn(const char *value, size_t len, struct hd_agent_report *r,
                    struct hd_err *err);

static int take_beat(const char *value, size_t len, struct hd_agent_report *r,
                     struct hd_err *err)
{
    uint64_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9' || n > UINT64_MAX / 16)
            return BAD(err, "the report's beat is no number");
        n = n * 10 + (uint64_t)(value[i] - '0');
    }
    r->beat = n;
    return len ? 0 : BAD(err, "the report's beat is empty");
}

static int take_state(const char *value, size_t len, struct hd_agent_report *r,
                      struct hd_err *err)
{
    static const char *const words[] = {
#define HD_X(name, text) text,
        HD_AGENT_WORDS(HD_X)
#undef HD_X
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(words); i++)
        if (len == strlen(words[i]) && !memcmp(value, words[i], len)) {
            r->word = (enum hd_agent_word)i;
            return 0;
        }
    return BAD(err, "the report's state is none");
}

static int take_version(const char *value, size_t len,
                        struct hd_agent_report *r, struct hd_err *err)
{
    return take_text(value, len, r->version, sizeof(r->version), err);
}

static int take_os(const char *value, size_t len, struct hd_agent_report *r,
                   struct hd_err *err)
{
    return take_text(value, len, r->os, sizeof(r->os), err);
}

static int take_why(const char *value, size_t len, struct hd_agent_report *r,
                    struct hd_err *err)
{
    return take_text(value, len, r->why, sizeof(r->why), err);
}

/* As the system writes it, whatever the guest has written. */
static int take_address(const char *text, struct hd_agent_report *r,
                        struct hd_err *err)
{
    static const int families[] = {AF_INET, AF_INET6};
    uint8_t raw[16];

    if (r->n_addresses == HD_AGENT_ADDRESSES)
        return BAD(err, "the report has more than %d addresses",
                   HD_AGENT_ADDRESSES);
    for (size_t i = 0; i < HD_ARRAY_LEN(families); i++)
        if (inet_pton(families[i], text, raw) == 1) {
            inet_ntop(families[i], raw, r->addresses[r->n_addresses++],
                      sizeof(r->addresses[0]));
            return 0;
        }
    return BAD(err, "the report has an address that is none");
}

static int take_addresses(const char *value, size_t len,
                          struct hd_agent_report *r, struct hd_err *err)
{
    char all[HD_AGENT_TEXT], *save, *one;

    if (take_text(value, len, all, sizeof(all), err))
        return -1;
    for (one = strtok_r(all, " ", &save); one; one = strtok_r(NULL, " ", &save))
        if (take_address(one, r, err))
            return -1;
    return 0;
}

static const struct field {
    const char *key;
    take_fn *take;
    bool needed;
} fields[] = {
    {"beat", take_beat, true},
    {"state", take_state, true},
    {"version", take_version, false},
    {"os", take_os, false},
    {"addresses", take_addresses, false},
    {"why", take_why, false},
};

/* ---- the report */

/* `seen` has a bit for each of `fields`. */
static int take_field(const char *text, size_t len, struct hd_agent_report *r,
                      unsigned *seen, struct hd_err *err)
{
    const char *eq = memchr(text, '=', len);
    size_t n_key = eq ? (size_t)(eq - text) : 0;

    if (!n_key)
        return BAD(err, "the report has a field without a key");
    for (size_t i = 0; i < HD_ARRAY_LEN(fields); i++) {
        if (strlen(fields[i].key) != n_key ||
            memcmp(fields[i].key, text, n_key) != 0)
            continue;
        if (*seen & 1u << i)
            return BAD(err, "the report has \"%s\" twice", fields[i].key);
        *seen |= 1u << i;
        return fields[i].take(eq + 1, len - n_key - 1, r, err);
    }
    return 0;
}

int hd_agent_parse(const char *text, struct hd_agent_report *ret,
                   struct hd_err *err)
{
    struct hd_agent_report r = {0};
    unsigned seen = 0;

    if (strnlen(text, HD_AGENT_TEXT) == HD_AGENT_TEXT)
        return BAD(err, "the report is longer than %d bytes",
                   HD_AGENT_TEXT - 1);
    for (size_t len; *text; text += len + (text[len] == ';')) {
        len = strcspn(text, ";");
        if (take_field(text, len, &r, &seen, err))
            return -1;
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(fields); i++)
        if (fields[i].needed && !(seen & 1u << i))
            return BAD(err, "the report has no \"%s\"", fields[i].key);
    *ret = r;
    return 0;
}

void hd_agent_folder(uint32_t domid, char ret[HD_AGENT_PATH])
{
    snprintf(ret, HD_AGENT_PATH, "/local/domain/%u/data/hotdom/agent", domid);
}

int hd_agent_read(struct hd_xs *xs, uint32_t domid, char ret[HD_AGENT_TEXT],
                  struct hd_err *err)
{
    char path[HD_AGENT_PATH + 8];

    hd_agent_folder(domid, path);
    strcat(path, "/report");
    return hd_xs_read(xs, path, ret, HD_AGENT_TEXT, err);
}
