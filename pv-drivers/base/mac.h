/* SPDX-License-Identifier: MIT */
/* Addresses of network interfaces as text. */
#ifndef HD_BASE_MAC_H
#define HD_BASE_MAC_H

#include <stdbool.h>
#include <stdint.h>

#define HD_MAC_SIZE 18 /* with the NUL */

/* "00:16:3e:01:02:03", in lower case. */
void hd_mac_format(const uint8_t mac[6], char ret[HD_MAC_SIZE]);
/* The reverse, in either case; false for anything else, then `ret` is whatever.
 */
bool hd_mac_parse(const char *text, uint8_t ret[6]);

#endif
