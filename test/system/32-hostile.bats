#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Guests that crash, that compute without end and that flood xenstore: each gets
# what is due to it, and its neighbour goes on.

load lib

setup_file() {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    manifest rogue '' 96M worst quiet |
        sed '/name: worst$/,/stop:/s/grace: 20s/&, on_crash: restart/' \
            >"$stores/rogue.yaml"
    hotdom pack --manifest "$stores/rogue.yaml" --key "$stores/lab.key" -q \
        -o "$stores/rogue.img" --force --kdf-memory 64M --password-fd 3 \
        3<<<"$password"
}

teardown_file() { rm -f "$stores/rogue.img"; }

crash() { in_guest "$1" 'echo c >/proc/sysrq-trigger' || :; }

start_rogue() {
    start rogue
    for guest in worst quiet; do await 120 yes answers "$guest"; done
}

@test "a guest that crashes starts again or ends, as it is to, and its neighbour goes on" {
    local before
    start_rogue
    before=$(guest_domid worst)
    crash worst
    await 60 yes is_other "$before" worst
    dom0 'hotdom events --json' | jq -e -s 'any(.[]; .guest == "worst" and
        .reason == "crash" and .message == "it starts again")'
    [ "$(answers quiet)" = yes ]
    crash quiet
    await 60 '' guest_state quiet
    dom0 'hotdom events --json' | jq -e -s 'any(.[]; .guest == "quiet" and
        .to == "ejecting" and .reason == "crash")'
    await 90 yes answers worst
    dom0 hotdom eject rogue
}

# The flood is of requests to write a node of the guest's own (xen/io/xs_wire.h:
# XS_WRITE, of twelve bytes), whose answers nobody reads.
@test "a guest that spins and floods xenstore is ended like any other" {
    start_rogue
    # shellcheck disable=SC2016
    in_guest worst 'printf "\013\0\0\0\0\0\0\0\0\0\0\0\014\0\0\0data/flood\0x" >/run/one
        dd if=/run/one of=/dev/xen/xenbus bs=28 && echo flows
        (while :; do dd if=/run/one of=/dev/xen/xenbus bs=28; done) >/dev/null 2>&1 &
        (while :; do :; done) &' | grep flows
    run dom0 'timeout 20 hotdom list && timeout 60 hotdom destroy --wait=60 worst'
    echo "$output"
    [[ $status -eq 0 && $output == *"rogue.worst: gone"* ]]
    [ "$(answers quiet)" = yes ]
    dom0 hotdom eject rogue
}
