/* SPDX-License-Identifier: MIT */
/* Cuts requests and answers to pieces and puts them together again; keeps no
 * more of them than it was told. */
#include "piece.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void hd_piece_format(const struct hd_piece *piece, char ret[HD_PIECE_TEXT])
{
    int n = snprintf(ret, HD_PIECE_TEXT, "%" PRIu64 " %" PRIu32 " %c ",
                     piece->number, piece->turn, piece->more ? '+' : '.');

    hd_base64_encode(piece->data, piece->len, ret + n);
}

/* A decimal number and the blank behind it. */
static bool take_number(const char **at, uint64_t most, uint64_t *ret)
{
    const char *text = *at;
    uint64_t n = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        if (n > (most - 9) / 10)
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    if (text == *at || *text != ' ')
        return false;
    *at = text + 1;
    *ret = n;
    return true;
}

bool hd_piece_parse(const char *text, struct hd_piece *ret)
{
    uint64_t number, turn;
    ssize_t n;

    if (!take_number(&text, UINT64_MAX, &number) ||
        !take_number(&text, UINT32_MAX, &turn) ||
        (*text != '+' && *text != '.') || text[1] != ' ')
        return false;
    n = hd_base64_decode(text + 2, strlen(text + 2), ret->data,
                         sizeof(ret->data));
    if (n < 0)
        return false;
    ret->number = number;
    ret->turn = (uint32_t)turn;
    ret->more = *text == '+';
    ret->len = (size_t)n;
    return true;
}

/* The next of `len` bytes, of which `*sent` are gone. */
static void fill(struct hd_piece *piece, const char *bytes, size_t len,
                 size_t *sent)
{
    size_t left = len - *sent;

    piece->len = left < HD_PIECE_DATA ? left : HD_PIECE_DATA;
    if (piece->len)
        memcpy(piece->data, bytes + *sent, piece->len);
    *sent += piece->len;
    piece->more = *sent < len;
}

int hd_piece_call(uint64_t number, const void *request, size_t len,
                  hd_piece_fn *fn, void *ctx, struct hd_entries *answer,
                  struct hd_err *err)
{
    struct hd_piece ask = {.number = number}, got;
    size_t sent = 0;

    do {
        fill(&ask, request, len, &sent);
        if (fn(ctx, &ask, &got, err))
            return -1;
        if (ask.more && (got.len || !got.more))
            return hd_fail(err, HD_E_FAILED,
                           "the guest answers before it was asked");
        if (!ask.more && got.more && got.len != HD_PIECE_DATA)
            return hd_fail(err, HD_E_FAILED, "the guest answers by bits");
        if (hd_entries_put(answer, got.data, got.len, err))
            return hd_wrap(err, "the guest's answer");
        ask.turn++;
    } while (ask.more || got.more);
    return 0;
}

static void begin(struct hd_piece_server *s, uint64_t number)
{
    s->number = number;
    s->turn = 0;
    s->asked = false;
    s->sent = 0;
    s->request.used = s->answer.used = 0;
}

bool hd_piece_serve(struct hd_piece_server *server, const char *text,
                    hd_piece_perform_fn *perform, void *ctx,
                    char ret[HD_PIECE_TEXT])
{
    struct hd_piece piece;

    if (!hd_piece_parse(text, &piece))
        return false;
    if (!piece.turn && piece.number != server->number)
        begin(server, piece.number);
    if (piece.number != server->number || piece.turn != server->turn)
        return false;
    if (!server->asked) {
        if (hd_entries_put(&server->request, piece.data, piece.len, NULL))
            return false;
        server->asked = !piece.more;
        if (server->asked)
            perform(ctx, &server->request, &server->answer);
    }
    server->turn++;
    piece.len = 0;
    piece.more = true;
    if (server->asked)
        fill(&piece, server->answer.data, server->answer.used, &server->sent);
    hd_piece_format(&piece, ret);
    return true;
}

void hd_piece_skip(struct hd_piece_server *server, const char *text)
{
    struct hd_piece piece;

    if (!hd_piece_parse(text, &piece))
        return;
    begin(server, piece.number);
    server->turn = UINT32_MAX;
}

void hd_piece_server_fini(struct hd_piece_server *server)
{
    hd_entries_fini(&server->request);
    hd_entries_fini(&server->answer);
}
