/* SPDX-License-Identifier: MIT */
/* A backend that is a process of ours: what it does as its frontend comes and
 * goes, and what both write into xenstore. */
#ifndef HD_BUS_BACKEND_H
#define HD_BUS_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "xenbus_state.h"

enum hd_backend_act {
    HD_BACKEND_WAIT,       /* nothing is to be done */
    HD_BACKEND_READY,      /* say InitWait */
    HD_BACKEND_CONNECT,    /* then say Connected */
    HD_BACKEND_DISCONNECT, /* then say Closed */
    HD_BACKEND_END,        /* the same, and serve no more */
    HD_BACKEND_GONE,       /* serve no more, and say nothing */
};

/* What the backend does next, by the states (enum hd_xenbus_state) of both
 * ends; `seen`: its nodes have been there. */
enum hd_backend_act hd_backend_next(uint32_t back, uint32_t front, bool seen,
                                    bool connected);

/* Events for the states of both ends from now on. */
int hd_backend_watch(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                     struct hd_err *err);
/* Says it only when there is a backend's state to change. */
int hd_backend_say(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   enum hd_xenbus_state state, struct hd_err *err);
/* A number that the frontend has written; 0 for what is not there and for what
 * is no number. */
uint32_t hd_backend_number(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                           const char *key);

#endif
