/* SPDX-License-Identifier: MIT */
/* A request and its answer that are longer than a node of xenstore, a piece at
 * a time: one node to ask, one to answer, and each turn waits for the other.
 * Pure but for what the caller's functions do. */
#ifndef HD_BUS_PIECE_H
#define HD_BUS_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/base64.h"
#include "../base/entry.h"
#include "../base/err.h"

#define HD_PIECE_DATA 1440 /* bytes of one */
/* Of its text, with the NUL; a guest's node has 2 KiB. */
#define HD_PIECE_TEXT (40 + HD_BASE64_SIZE(HD_PIECE_DATA))

/* "7 0 + AAAA": its exchange, its turn, whether more follows ("." does not),
 * and base64. */
struct hd_piece {
    uint64_t number;
    uint32_t turn;
    bool more;
    size_t len;
    char data[HD_PIECE_DATA];
};

void hd_piece_format(const struct hd_piece *piece, char ret[HD_PIECE_TEXT]);
/* Of a text that may be anything; false: it is none. */
bool hd_piece_parse(const char *text, struct hd_piece *ret);

/* ---- who asks */

/* Puts `ask` where the other side reads it and blocks until an answer with the
 * same number and turn is there. */
typedef int hd_piece_fn(void *ctx, const struct hd_piece *ask,
                        struct hd_piece *ret, struct hd_err *err);
/* One exchange; `answer->max` bounds what comes back, behind what it holds, and
 * each piece but the last must be full, so that it ends. */
int hd_piece_call(uint64_t number, const void *request, size_t len,
                  hd_piece_fn *fn, void *ctx, struct hd_entries *answer,
                  struct hd_err *err);

/* ---- who answers */

struct hd_piece_server {
    uint64_t number;
    uint32_t turn;                     /* the next one's */
    bool asked;                        /* the request is whole */
    struct hd_entries request, answer; /* owned; `max` is the caller's to set */
    size_t sent;
};

/* Fills in `answer` to `request`, for the last of which memory is missing. */
typedef void hd_piece_perform_fn(void *ctx, const struct hd_entries *request,
                                 struct hd_entries *answer);
/* What to write as an answer to `text`; false: nothing, for it is no piece or
 * not the next one. */
bool hd_piece_serve(struct hd_piece_server *server, const char *text,
                    hd_piece_perform_fn *perform, void *ctx,
                    char ret[HD_PIECE_TEXT]);
/* What is asked there already was somebody else's to answer. */
void hd_piece_skip(struct hd_piece_server *server, const char *text);
void hd_piece_server_fini(struct hd_piece_server *server);

#endif
