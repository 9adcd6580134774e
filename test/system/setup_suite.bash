# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Before the first system test: the stores, and hosts that trust two of their
# three signers; one of those two needs no password.

setup_suite() {
    BATS_TEST_DIRNAME=${BATS_TEST_DIRNAME:-$(dirname "${BASH_SOURCE[0]}")}
    . "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
    . "$(dirname "${BASH_SOURCE[0]}")/stores.bash"
    make_stores
    for BED_HOST in ${BED_HOSTS:=$BED_HOST}; do
        mkdir -p "$stores/$BED_HOST"
        pull_everything
        introduce
    done
}
