#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The policy changed while the daemon runs.

load lib

only() { list | jq -r '.[] | .state + " " + (.reason // "")'; }

last_line() { dom0 'journalctl -u hotdomd -o cat | grep "policy was" | tail -n 1'; }

setup() { policy "$usual_policy"; }

teardown_file() { policy "$usual_policy"; }

@test "a new policy counts from the next plug on and leaves running guests alone" {
    local domid
    start two
    domid=$(guest_domid two)
    policy 'signers:\n  - {name: lab, activation: deny}\n'
    [[ $(last_line) == *"the policy was read anew" ]]
    [ "$(state two)" = running ]
    [ "$(guest_domid two)" = "$domid" ]
    dom0 "xl list $domid"
    dom0 hotdom eject two
    yank two
    await 30 '[]' compact_list
    plug two
    await 60 'refused denied' only
    policy "$usual_policy"
    [ "$(only)" = 'refused denied' ]
}

@test "a bad policy is not taken and the old one stays" {
    policy 'activation: auto\nsigners:\n  - {name: lab, activation: maybe}\n'
    [[ $(last_line) == *"the old one stays: /etc/hotdom/hotdom.yaml: line 3, column 29: activation: "* ]]
    start two
}

@test "a daemon that starts with a bad policy refuses stores until it is mended" {
    dom0 'echo "activation: maybe" >/etc/hotdom/hotdom.yaml
        systemctl restart hotdomd'
    plug two
    await 60 'refused failed' only
    [[ $(list | jq -r '.[].message') == *"hotdom.yaml: line 1, column 13: "* ]]
    yank two
    await 30 '[]' compact_list
    policy "$usual_policy"
    start two
}

# The store `one` with four bytes of its ramdisk changed, on the stick alone.
spoil_ramdisk() {
    local begin=$((1 << 20)) block
    block=$(tail -c +$((begin + 1)) "$stores/one.img" | tar tR 2>/dev/null |
        sed -n 's/^block \([0-9]*\): .*initrd.*/\1/p')
    cp --sparse=always "$stores/one.img" "$stores/worn.img"
    printf XXXX | dd of="$stores/worn.img" bs=1 conv=notrunc status=none \
        seek=$((begin + 512 * (block + 1) + 1000))
}

@test "a kernel and a ramdisk serve the next store, unless the policy keeps none" {
    spoil_ramdisk
    plug_locked one
    yank one
    await 30 '[]' compact_list
    # What is known is not read.
    plug worn
    await 60 'locked ' only
    yank worn
    await 30 '[]' compact_list
    policy "${usual_policy}limits: {cache: 0}\n"
    plug worn
    await 60 'refused bad-member' only
    [[ $(list | jq -r '.[].message') == *one/initrd.img* ]]
}
