# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Before the first system test: the stores, and a host that trusts two of their
# three signers; one of those two needs no password.

setup_suite() {
    BATS_TEST_DIRNAME=${BATS_TEST_DIRNAME:-$(dirname "${BASH_SOURCE[0]}")}
    . "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
    . "$(dirname "${BASH_SOURCE[0]}")/stores.bash"
    pull_everything
    make_stores
    introduce
}
