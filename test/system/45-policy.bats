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
