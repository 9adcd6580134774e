/* SPDX-License-Identifier: MIT */
/* hotdom keygen: makes a signer's key pair; never overwrites one. */
#include <stdio.h>
#include <string.h>

#include "../store/sign.h"
#include "cmd.h"

int hd_cmd_keygen(int argc, char **argv, struct hd_err *err)
{
    char text[HD_SIGNER_TEXT];
    struct hd_signer signer;
    const char *name = argv[argc - 1], *base;

    if (argc != 2 || !*name || *name == '-')
        return hd_fail(err, HD_E_USAGE, "give the key a name");
    if (hd_sign_keygen(name, &signer, err))
        return -1;
    hd_signer_format(&signer, text);
    base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    printf("%s.key  the private key; keep it to yourself\n"
           "%s.pub  the signer, for others\n\n"
           "A host accepts its stores after:\n"
           "  hotdom trust add %s %s\n",
           name, name, base, text);
    return 0;
}
