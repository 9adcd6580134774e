/* SPDX-License-Identifier: MIT */
/* The one place with hotdom's version; the Makefile reads it for the package.
 */
#ifndef HD_BASE_VERSION_H
#define HD_BASE_VERSION_H

#define HD_VERSION "0.1"

#endif
