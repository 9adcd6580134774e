/* SPDX-License-Identifier: MIT */
/* The bytes of requests to a registry and of answers; never believes either. */
#include "regcall.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

#define LINE 640 /* bytes of a first line, with the NUL */
#define NONE "-" /* a key that is empty */

static const char *const ops[] = {
#define HD_X(name, text) [HD_REGCALL_##name] = text,
    HD_REGCALL_OPS(HD_X)
#undef HD_X
};

/* ---- a line of words */

struct line {
    char text[LINE];
    char *at;
};

/* The first line of `text`, and how long it is with its end; 0: there is none.
 */
static size_t take_line(const char *text, size_t len, struct line *ret)
{
    const char *end = len ? memchr(text, '\n', len < LINE ? len : LINE) : NULL;
    size_t n = end ? (size_t)(end - text) : 0;

    if (!n || text[n - 1] == ' ')
        return 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] < ' ' || text[i] > '~')
            return 0;
    memcpy(ret->text, text, n);
    ret->text[n] = '\0';
    ret->at = ret->text;
    return n + 1;
}

static const char *word(struct line *l)
{
    const char *one = l->at;
    size_t n = strcspn(one, " ");

    l->at += n + (one[n] == ' ');
    if (one[n])
        l->at[-1] = '\0';
    return one;
}

static bool take_number(struct line *l, uint64_t *ret)
{
    const char *text = word(l);
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || n > UINT64_MAX / 16)
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *ret = n;
    return true;
}

static bool take_key(struct line *l, char ret[HD_KEY_SIZE])
{
    const char *text = word(l);

    if (!strcmp(text, NONE))
        *ret = '\0';
    else if (hd_key_is_valid(text))
        strcpy(ret, text);
    else
        return false;
    return true;
}

static const char *key_word(const char *key)
{
    return *key ? key : NONE;
}

static int put(struct hd_entries *out, const char *line, const char *entries,
               size_t len, struct hd_err *err)
{
    return hd_entries_put(out, line, strlen(line), err) ||
                   hd_entries_put(out, entries, len, err)
               ? -1
               : 0;
}

/* ---- requests */

int hd_regcall_format(const struct hd_regcall *call, struct hd_entries *out,
                      struct hd_err *err)
{
    char line[LINE];

    snprintf(line, sizeof(line), "%s %s %s %" PRIu64 "\n", ops[call->op],
             key_word(call->key), key_word(call->from), call->since);
    return put(out, line, call->entries, call->len, err);
}

bool hd_regcall_op_find(const char *name, enum hd_regcall_op *ret)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(ops); i++)
        if (!strcmp(ops[i], name)) {
            *ret = (enum hd_regcall_op)i;
            return true;
        }
    return false;
}

int hd_regcall_parse(const char *text, size_t len, struct hd_regcall *ret,
                     struct hd_err *err)
{
    struct hd_regcall call = {0};
    struct line l;
    size_t n = take_line(text, len, &l);

    if (!n || !hd_regcall_op_find(word(&l), &call.op) ||
        !take_key(&l, call.key) || !take_key(&l, call.from) ||
        !take_number(&l, &call.since) || *l.at)
        return hd_fail(err, HD_E_USAGE, "the request is none");
    call.entries = text + n;
    call.len = len - n;
    *ret = call;
    return 0;
}

/* ---- answers */

int hd_reganswer_format(const struct hd_reganswer *answer,
                        struct hd_entries *out, struct hd_err *err)
{
    char line[LINE];

    if (answer->why.code) {
        snprintf(line, sizeof(line), "%s %.500s",
                 hd_err_reason(answer->why.code), answer->why.msg);
        for (char *c = line; *c; c++)
            if (*c < ' ' || *c > '~')
                *c = '?';
        strcat(line, "\n");
        return put(out, line, NULL, 0, err);
    }
    snprintf(line, sizeof(line), "ok %" PRIu64 " %" PRIu64 " %s\n",
             answer->sequence, answer->lost, key_word(answer->from));
    return put(out, line, answer->entries, answer->len, err);
}

static int check_entries(const char *at, size_t left, struct hd_err *err)
{
    struct hd_entry e;
    int rc;

    do {
        rc = hd_entries_next(&at, &left, &e, err);
    } while (rc > 0);
    return rc;
}

int hd_reganswer_parse(const char *text, size_t len, struct hd_reganswer *ret,
                       struct hd_err *err)
{
    struct hd_reganswer a = {0};
    const char *reason;
    struct line l;
    size_t n = take_line(text, len, &l);

    if (!n)
        return hd_fail(err, HD_E_FAILED, "the answer is none");
    reason = word(&l);
    if (strcmp(reason, "ok")) {
        hd_fail(&a.why, (enum hd_code)hd_err_code(reason), "%s", l.at);
        *ret = a;
        return 0;
    }
    if (!take_number(&l, &a.sequence) || !take_number(&l, &a.lost) ||
        !take_key(&l, a.from) || *l.at)
        return hd_fail(err, HD_E_FAILED, "the answer is none");
    if (check_entries(text + n, len - n, err))
        return hd_wrap(err, "the answer");
    a.entries = text + n;
    a.len = len - n;
    *ret = a;
    return 0;
}
