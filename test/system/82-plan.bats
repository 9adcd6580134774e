#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Plans that nobody carries out, and the policy they go by.

load lib

@test "the plan of a device is the same each time and leaves no trace" {
    local first
    plug_locked one
    first=$(dom0 hotdom plan one)
    [[ $first == *build-domain* ]]
    [ "$(dom0 hotdom plan one)" = "$first" ]
    [ "$(dom0 hotdom -N attach one)" = "$first" ]
    await 10 locked state one
    dom0 hotdom eject one
    clean
}

@test "each resource of a guest that would start is explained" {
    local guest
    plug_locked one
    guest=$(dom0 hotdom plan one --json | jq -r '.map.guests[0].guest')
    dom0 hotdom explain "$guest" --in one --json |
        jq -e '.starts and all(.rows[]; .wish != null and .why != null)'
    dom0 hotdom explain "$guest" memory --in one | grep -q '^memory (memory'
    run dom0 hotdom explain "$guest" nothing --in one
    [ "$status" -eq 1 ]
    run dom0 hotdom explain nobody --in one
    [ "$status" -eq 5 ]
    dom0 hotdom eject one
}

@test "what runs is not planned" {
    start one
    run dom0 hotdom plan one
    [ "$status" -ne 0 ]
    [[ $output == *'guests use it'* ]]
    dom0 hotdom eject one
}

@test "a policy to be is checked without being used" {
    dom0 'printf "activation: deny\n" >/tmp/good.yaml
        printf "activation: maybe\n" >/tmp/bad.yaml'
    dom0 hotdom policy check /tmp/good.yaml | grep -q '^ok: '
    run dom0 hotdom policy check /tmp/bad.yaml
    [ "$status" -eq 1 ]
    [[ $output == *'line 1'* ]]
    dom0 rm /tmp/good.yaml /tmp/bad.yaml
    dom0 hotdom policy check
}

@test "stock xl starts a guest from its xl.cfg as hotdom would" {
    local domid
    plug_locked one
    dom0 'mkdir /tmp/xl && cd /tmp/xl && hotdom plan one --xl one >one.cfg &&
        cat one.cfg && sed -n "s/^#   \(tar\|zstd\)/\1/p" one.cfg | sh -ex &&
        xl create one.cfg'
    domid=$(dom0 xl domid one.one)
    [ "$(dom0 "xenstore-read /local/domain/$domid/device/vif/0/mac")" = \
        "$(dom0 hotdom plan one --json | jq -r '.plan.steps[] |
            select(.kind == "attach-net").mac')" ]
    await 90 yes dom0 "xenstore-read /local/domain/$domid/device/vbd/51712/state |
        grep -qx 4 && echo yes"
    dom0 'xl destroy one.one && rm -r /tmp/xl'
    dom0 hotdom eject one
}
