/* SPDX-License-Identifier: MIT */
/* Prints a new store's identity and its recovery key, once. */
#include "packed.h"

#include <stdio.h>

#include "progress.h"

int hd_packed_print(const struct hd_packed *packed, const char *output,
                    struct hd_err *err)
{
    char id[HD_UUID_SIZE], signer[HD_SIGNER_TEXT], size[HD_PROGRESS_SIZE];

    hd_uuid_format(&packed->store.id, id);
    hd_signer_format(&packed->signer, signer);
    printf("store %s on %s\n  id      %s\n  signer  %s\n  size    %s\n",
           packed->store.name, output, id, signer,
           hd_progress_size(packed->size, size));
    if (packed->recovery)
        printf("recovery key: %s\n  write it down; it is shown once\n",
               packed->recovery->data);
    if (fflush(stdout))
        return hd_fail_errno(err, HD_E_IO, "the recovery key was not printed");
    return 0;
}
