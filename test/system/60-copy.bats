#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Stores that are changed and copied: update, revert, verify, clone.

load lib
load stores

@test "a clone of an encrypted store is opened by its user's password" {
    hotdom clone "$stores/locked2.img" -o "$stores/cloned.img" --force -q \
        --key "$stores/signer.key" -u second --password-fd 3 3<<<"$password2"
    plug cloned
    await 60 locked state locked2
    run unlock locked2
    [ "$status" -eq 4 ]
    unlock locked2 "$password2"
    await 90 yes answers locked2
}
