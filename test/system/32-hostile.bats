#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Guests that crash, that compute without end and that flood xenstore: each gets
# what is due to it, and its neighbour goes on.

load lib

setup_file() {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    for way in preserve coredump-restart; do
        manifest "$way" '' 96M "$way" |
            sed "s/grace: 20s/&, on_crash: $way/" >"$stores/$way.yaml"
        hotdom pack --manifest "$stores/$way.yaml" --key "$stores/lab.key" -q \
            -o "$stores/$way.img" --force --kdf-memory 64M --password-fd 3 \
            3<<<"$password"
    done
    manifest rogue '' 96M worst quiet |
        sed '/name: worst$/,/stop:/s/grace: 20s/&, on_crash: restart/' \
            >"$stores/rogue.yaml"
    hotdom pack --manifest "$stores/rogue.yaml" --key "$stores/lab.key" -q \
        -o "$stores/rogue.img" --force --kdf-memory 64M --password-fd 3 \
        3<<<"$password"
}

teardown_file() { rm -f "$stores"/{rogue,preserve,coredump-restart}.img; }

teardown() {
    dom0 'rm -rf /var/lib/hotdom/dump'
    policy "$usual_policy"
    end_test
}

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

# told GUEST REASON: whether an event of the guest has it.
told() {
    dom0 hotdom events --json | jq -r -s --arg g "$1" --arg r "$2" \
        'any(.[]; .guest == $g and .reason == $r)'
}

@test "a guest that crashes leaves its memory in a file, and starts again" {
    local before
    policy "${usual_policy}limits: {dumps: 1G}\n"
    start coredump-restart
    await 120 yes answers coredump-restart
    before=$(guest_domid coredump-restart)
    crash coredump-restart
    await 120 yes is_other "$before" coredump-restart
    [ "$(told coredump-restart dumped)" = true ]
    # A core of a domain of 96 MiB, whole, and for root alone.
    dom0 'cd /var/lib/hotdom/dump && set -- * && [ $# -eq 1 ] &&
        [ "$(stat -c %a "$1")" = 600 ] && [ "$(stat -c %s "$1")" -gt 90000000 ] &&
        [ "$(head -c 4 "$1" | tail -c 3)" = ELF ]'
    await 90 yes answers coredump-restart
    # Without room it starts again all the same.
    policy "$usual_policy"
    before=$(guest_domid coredump-restart)
    crash coredump-restart
    await 120 yes is_other "$before" coredump-restart
    [ "$(told coredump-restart denied)" = true ]
    [ "$(dom0 'ls /var/lib/hotdom/dump | wc -l')" = 1 ]
    dom0 hotdom eject coredump-restart
}

@test "a guest that is to be preserved stays where it crashed until it is destroyed" {
    local domid
    start preserve
    await 120 yes answers preserve
    domid=$(guest_domid preserve)
    crash preserve
    await 60 preserved guest_state preserve
    [ "$(guest_domid preserve)" = "$domid" ]
    # Another hotdomd finds it so.
    dom0 systemctl restart hotdomd
    await 60 preserved guest_state preserve
    dom0 'hotdom dump preserve /root/preserve.core && rm /root/preserve.core'
    dom0 "xl list $domid"
    dom0 hotdom destroy --wait=60 preserve
    await 60 '[]' compact_list
    run dom0 "xl list $domid"
    [ "$status" -ne 0 ]
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

cap_of() { # GUEST: of its processors, in percent; 0 is none
    dom0 "xl sched-credit2 -d rogue.$1 | awk 'END {print \$NF}'"
}

# shellcheck disable=SC2016
@test "a guest that floods xenstore is slowed down and named until it stops" {
    start_rogue
    in_guest worst 'printf "\013\0\0\0\0\0\0\0\0\0\0\0\014\0\0\0data/flood\0x" >/run/one
        n=0; while [ $n -lt 1000 ]; do cat /run/one; n=$((n + 1)); done >/run/flood
        (until [ -e /run/enough ]; do
            dd if=/run/flood of=/dev/xen/xenbus bs=28
        done) >/dev/null 2>&1 & echo flows' | grep flows
    await 60 true told worst floods-xenstore
    [[ $(cap_of worst) == 7 && $(cap_of quiet) == 0 ]]
    run dom0 hotdom list
    echo "$output"
    [[ $output == *"rogue.worst: floods-xenstore: it asked "*" KiB a second"* ]]
    in_guest worst 'touch /run/enough'
    await 180 true told worst flood-over
    [ "$(cap_of worst)" = 0 ]
    run dom0 hotdom list
    [[ $output == *"worst "*" running "* && $output != *floods-xenstore* ]]
    dom0 hotdom eject rogue
}
