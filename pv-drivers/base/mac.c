/* SPDX-License-Identifier: MIT */
/* Addresses of network interfaces as text; never asks for one. */
#include "mac.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hd_mac_format(const uint8_t mac[6], char ret[HD_MAC_SIZE])
{
    snprintf(ret, HD_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
             mac[2], mac[3], mac[4], mac[5]);
}

/* Without sscanf(3), which in a static program is 60 KB. */
bool hd_mac_parse(const char *text, uint8_t ret[6])
{
    if (strlen(text) != HD_MAC_SIZE - 1)
        return false;
    for (size_t i = 0; i < 6; i++, text += 3) {
        if (!isxdigit((unsigned char)text[0]) ||
            !isxdigit((unsigned char)text[1]) || (i < 5 && text[2] != ':'))
            return false;
        ret[i] = (uint8_t)strtoul(text, NULL, 16);
    }
    return true;
}
