#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What hotdom explain tells of attached guests, whatever has become of them, and
# what moved since the store was elsewhere.

load lib

teardown() {
    end_test || return
    policy "$usual_policy"
}

explain() { dom0 hotdom explain "$@"; }
maps() { dom0 'ls /run/hotdom/map 2>/dev/null | cat'; }

# Another store with a guest two.
setup_file() {
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack twin lab "" 96M two
}

restart_daemon() { # STORE
    dom0 systemctl restart hotdomd
    await 60 running state "$1"
}

@test "a running guest is explained, before and after a restart of hotdomd" {
    local first
    start two
    first=$(explain two --json)
    jq -e '.starts and (.rows | length) >= 4 and
        all(.rows[]; .how == "pv" and .wish != null and .why != null)' \
        <<<"$first"
    [ "$(jq -r '.rows[] | select(.name == "lan0").host' <<<"$first")" = xenbr0 ]
    explain two.two lan0 | grep -qx '    chosen  pv xenbr0'
    [ "$(dom0 'stat -c %a /run/hotdom/map/*')" = 600 ]
    dom0 hotdom verify-host
    restart_daemon two
    [ "$(explain two --json)" = "$first" ]
    # Not what a plan would say now: the guests have their bridge.
    policy "${usual_policy}networks:\n  - {role: internet, bridge: nobridge}\n"
    [ "$(explain two --json)" = "$first" ]
    dom0 hotdom eject two
    [ "$(maps)" = '' ]
}

@test "a guest refused beside a running one is explained, and after a restart" {
    local first
    policy "${usual_policy}networks:\n  - {role: lab, bridge: nobridge}\n"
    plug mapped
    await 60 running state mapped
    first=$(explain needy)
    [[ $first == 'needy does not start (no-network): '*nobridge* ]]
    grep -q '^    change ' <<<"$first"
    restart_daemon mapped
    [ "$(explain needy)" = "$first" ]
    explain maker xvdc --json |
        jq -e '.rows | length == 1 and .[0].how == "emulated" and .[0].own'
    dom0 hotdom eject mapped
}

@test "a locked store's guest is told what it would get, and stays locked" {
    plug_locked one
    explain one --json | jq -e '.starts and all(.rows[]; .why != null)'
    explain one memory | grep -q '^memory (memory'
    [ "$(state one)" = locked ]
    dom0 hotdom eject one
}

@test "a store of which no guest can start is explained, one that is denied says so" {
    policy "${usual_policy}limits: {memory: 64M}\n"
    plug auto
    await 60 "refused no-memory" state auto
    [[ $(explain auto) == 'auto does not start (no-memory): '*MiB* ]]
    explain auto --json | jq -e '.starts == false and .reason == "no-memory"'
    yank auto
    await 60 '[]' compact_list
    policy 'signers:\n  - {name: lab, activation: deny}\n'
    plug auto
    await 60 refused\ denied state sda
    run explain auto
    [ "$status" -eq 3 ]
    [[ $output == *'is refused: the policy of this host denies'* ]]
}

@test "an unknown guest, an unknown resource and a name that two have are errors" {
    start two
    run explain nobody
    [ "$status" -eq 5 ]
    [[ $output == *'no attached store has a guest nobody'* ]]
    run explain two sound
    [ "$status" -eq 1 ]
    [[ $output == *'guest two asks for no sound'* ]]
    run explain two -u owner
    [ "$status" -eq 2 ]
    plug twin
    await 60 running state twin
    run explain two
    [ "$status" -eq 5 ]
    [[ $output == *'say which one: two.two, twin.two'* ]]
    explain twin.two cpu | grep -q '^vcpus (cpu'
}

@test "a bridge that vanishes between plan and build is named, and explained" {
    dom0 'ip link add hdvan0 type bridge && ip link set hdvan0 up'
    policy "${usual_policy}networks:\n  - {role: internet, bridge: hdvan0}\n"
    plug_locked one
    # The password is being checked by now: the plan is made.
    local unlocking code=0
    unlock one >"$BATS_TEST_TMPDIR/unlocked" 2>&1 &
    unlocking=$!
    await 60 planned state one
    [[ $(explain one lan0) == *'chosen  pv hdvan0'* ]]
    dom0 ip link del hdvan0
    wait "$unlocking" || code=$?
    [ "$code" -ne 0 ]
    grep -q hdvan0 "$BATS_TEST_TMPDIR/unlocked"
    [[ $(state one) == locked* ]]
    [ "$(dom0 'xl list | tail -n +3')" = '' ]
    dom0 hotdom verify-host
    # A store that needs no password has nothing to be asked again.
    explain one lan0 | grep -q hdvan0
    dom0 hotdom eject one
}

@test "what moved since the store was here, and since it was on another host" {
    # Other tests had it here.
    dom0 rm -rf /var/lib/hotdom/last
    start two
    explain two --json >"$BATS_TEST_TMPDIR/there.json"
    run explain two --diff
    [ "$status" -eq 1 ]
    [[ $output == *'has not been here and gone before'* ]]
    dom0 hotdom eject two
    yank two
    await 60 '[]' compact_list

    policy "${usual_policy}networks:\n  - {role: internet, bridge: nobridge}\n"
    start two
    explain two --diff | grep -E '^lan0 +net +changed +pv xenbr0 +emulated hd'
    [ "$(explain two --diff --json | jq -r '.rows[] |
        select(.moved != "same").name')" = lan0 ]
    [ "$(dom0 hotdom explain two --diff=- --json \
        <"$BATS_TEST_TMPDIR/there.json")" = "$(explain two --diff --json)" ]
    dom0 hotdom verify-host
    dom0 hotdom eject two
}

@test "what is no map of another host is refused, and its texts are escaped" {
    start two
    run dom0 'echo hello | hotdom explain two --diff=-'
    [ "$status" -eq 1 ]
    [[ $output == *'no JSON object'* ]]
    run dom0 'head -c 100M /dev/zero >/tmp/large.json
        hotdom explain two --diff=/tmp/large.json; rc=$?
        rm /tmp/large.json; exit $rc'
    [ "$status" -eq 1 ]
    [[ $output == *'is larger than'* ]]
    dom0 'printf "%s" "{\"guest\": \"two\", \"rows\": [{\"class\": \"usb\",
        \"name\": \"\\u001b[2J\\nx\", \"how\": \"pv\"}]}" >/tmp/odd.json'
    run dom0 hotdom explain two --diff=/tmp/odd.json
    [ "$status" -eq 0 ]
    [[ $output == *'\x1b[2J\x0ax'*gone* && $output != *$'\e'* ]]
    dom0 hotdom explain two --diff=/tmp/odd.json --json |
        jq -e '[.rows[] | select(.moved == "gone")] | length == 1'
    dom0 rm /tmp/odd.json
}
