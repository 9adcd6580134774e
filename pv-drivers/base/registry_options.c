/* SPDX-License-Identifier: MIT */
/* Takes options apart; knows nothing of what they are for. */
#include "registry_options.h"

#include <getopt.h>
#include <stddef.h>

int hd_registry_options_parse(int argc, char **argv,
                              struct hd_registry_options *ret,
                              struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"type", required_argument, NULL, 't'},
        {"replace", required_argument, NULL, 'r'},
        {0},
    };
    struct hd_registry_options opts = {0};
    int o;

    opterr = 0;
    optind = 0; /* of the C library: it begins anew */
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        opts.json |= o == 'j';
        opts.type = o == 't' ? optarg : opts.type;
        opts.replace = o == 'r' ? optarg : opts.replace;
    }
    *ret = opts;
    return 0;
}
