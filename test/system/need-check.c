/* SPDX-License-Identifier: MIT */
/* need-check: what libxl says a PV guest needs and what the plan counts, for
 * many sizes; ends with 1 when the plan counts less, or more than a few MiB
 * more.  Starts no domain.  Needs dom0. */
#include <inttypes.h>
#include <libxl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../hv/plan/need.h"
#include "../../pv-drivers/base/mem.h"

#define MIB   ((uint64_t)1 << 20)
#define SPARE (8 * MIB)

/* Bytes, or 0 when libxl does not say. */
static uint64_t need_of_libxl(libxl_ctx *ctx, uint64_t memory, uint32_t vcpus)
{
    libxl_domain_config config;
    uint64_t kib = 0;

    libxl_domain_config_init(&config);
    config.c_info.type = LIBXL_DOMAIN_TYPE_PV;
    libxl_domain_build_info_init_type(&config.b_info, LIBXL_DOMAIN_TYPE_PV);
    config.b_info.max_memkb = config.b_info.target_memkb = memory / 1024;
    config.b_info.max_vcpus = (int)vcpus;
    if (libxl_domain_need_memory(ctx, &config, INVALID_DOMID, &kib))
        kib = 0;
    libxl_domain_config_dispose(&config);
    return kib * 1024;
}

/* Whether the two agree. */
static bool compare(libxl_ctx *ctx, uint64_t memory, uint32_t vcpus)
{
    uint64_t theirs = need_of_libxl(ctx, memory, vcpus);
    uint64_t ours = hd_need_bytes(memory, vcpus);
    bool agree = theirs && ours >= theirs && ours - theirs <= SPARE;

    printf("%6" PRIu64 " MiB %3u vcpus: libxl %6" PRIu64
           " KiB, hotdom %6" PRIu64 " KiB%s\n",
           memory / MIB, vcpus, theirs / 1024, ours / 1024,
           agree ? "" : ", and that is wrong");
    return agree;
}

int main(void)
{
    static const uint64_t sizes[] = {16,  33,   64,   96,   128,   129,
                                     512, 1000, 2048, 8192, 65536, 524288};
    static const uint32_t vcpus[] = {1, 2, 3, 8, 32, 128};
    libxl_ctx *ctx = NULL;
    bool agree = true;

    if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, NULL)) {
        fprintf(stderr, "need-check: libxl does not open\n");
        return 2;
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++)
        for (size_t k = 0; k < HD_ARRAY_LEN(vcpus); k++)
            agree &= compare(ctx, sizes[i] * MIB, vcpus[k]);
    libxl_ctx_free(ctx);
    return agree ? 0 : 1;
}
