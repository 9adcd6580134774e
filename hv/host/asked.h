/* SPDX-License-Identifier: MIT */
/* Whether a question to password agents is one that hotdomd waits for. */
#ifndef HD_HOST_ASKED_H
#define HD_HOST_ASKED_H

#include <stdbool.h>

/* `file` is the question, FOLDER/ask.ID, or the socket for its answer,
 * FOLDER/sck.ID.  False when nobody would get an answer and the file is there;
 * nobody is told of the look. */
bool hd_asked_is_awaited(const char *file);

#endif
