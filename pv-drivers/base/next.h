/* SPDX-License-Identifier: MIT */
/* For a function that stands before a library's of that name: the library's
 * own, called as HD_NEXT(name)(...); dlsym(3), RTLD_NEXT. */
#ifndef HD_BASE_NEXT_H
#define HD_BASE_NEXT_H

#include <dlfcn.h>

#define HD_NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#endif
