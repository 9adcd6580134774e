/* SPDX-License-Identifier: MIT */
/* Attacks on the server of a host view, by what they lie about. */
#ifndef HD_TEST_ROGUE_ATTACK_H
#define HD_TEST_ROGUE_ATTACK_H

#define ROGUE_ENDED (-1) /* the server has let go of the rings */

struct attack {
    const char *name;
    int (*run)(void); /* within a session of its own */
    int want;         /* what it answers: 0, an errno or ROGUE_ENDED */
};
#define ATTACK(name, want)                                                     \
    {                                                                          \
#name, name, want                                                      \
    }

/* Each ends with a row without a name. */
extern const struct attack rogue_messages[], rogue_files[], rogue_rings[],
    rogue_xenbus[];

#endif
