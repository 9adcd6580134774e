/* SPDX-License-Identifier: MIT */
/* Fuzzes the checks of a guest's kernel (hv/store/kernel), the last of ours
 * before Xen's loader.  An input is the ELF file. */
#include "fuzz.h"

#include "../../hv/store/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hd_err err = {0};

    if (hd_kernel_check(data, len, &err))
        MUST(err.code == HD_E_BAD_KERNEL && err.msg[0]);
    return 0;
}
