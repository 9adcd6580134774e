/* SPDX-License-Identifier: MIT */
/* Addresses of network interfaces as text; never asks for one. */
#include "mac.h"

#include <stdio.h>
#include <string.h>

void hd_mac_format(const uint8_t mac[6], char ret[HD_MAC_SIZE])
{
    snprintf(ret, HD_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
             mac[2], mac[3], mac[4], mac[5]);
}

bool hd_mac_parse(const char *text, uint8_t ret[6])
{
    char end;

    return strlen(text) == HD_MAC_SIZE - 1 &&
           sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &ret[0],
                  &ret[1], &ret[2], &ret[3], &ret[4], &ret[5], &end) == 6;
}
