#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The registry of guests with an agent: from dom0, in the guest, as files, and
# across a pull; and of a guest without one.

load lib

setup_file() {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack_registry
}

teardown_file() {
    pull_everything
    rm -f "$stores/registry.img"
}

# A Debian guest takes a minute to begin: it serves four tests, unless one fails.
teardown() {
    [[ -n ${BATS_TEST_COMPLETED:-} && $BATS_TEST_NUMBER -lt 4 ]] || end_test
}

agent() { # GUEST: what hotdomd knows of its agent
    list | jq -r --arg g "$1" '.[].guests[] | select(.guest == $g) | .agent.state'
}

in_desk() { dom0 "ssh root@$(address_of desk) '$1'"; }

registry_in_desk() { in_desk "/run/hotdom-guest/hotdom-guest registry $1"; }

begin() {
    [ "$(state registry)" = running ] || plug registry
    await 60 running state registry
    await 120 ready agent desk
    await 180 yes answers desk 22
}

@test "a setting that a guest keeps is seen from dom0, is a file, and travels through a pull" {
    begin
    dom0 "hotdom registry desk set guest/motd 'from the host'"
    [ "$(dom0 hotdom registry desk get guest/motd)" = 'from the host' ]
    await 60 'from the host' in_desk 'cat /etc/motd'
    registry_in_desk 'set guest/count 17 --type integer'
    dom0 hotdom registry desk get guest/count --json | jq -e '.value == 17'
    [ "$(dom0 hotdom registry desk ls guest)" = $'guest/count\nguest/motd' ]

    # Of the host and of the store.
    [ "$(registry_in_desk 'get host/name')" = "$(dom0 hostname)" ]
    [ "$(in_desk 'cat /etc/proxy')" = http://proxy:3128 ]
    [ "$(dom0 hotdom registry lone get store/retries)" = 3 ]
    [[ $(registry_in_desk 'resolve lan0') == 'lan0: net, pv, the host'* ]]
    run dom0 hotdom registry desk set host/name mine
    [[ $status -ne 0 && $output == *'guest desk says: host/name is not the guest'* ]]
    run registry_in_desk 'set store/retries 9'
    [[ $status -ne 0 && $output == *'store/retries is not the guest'* ]]

    # What was set is there after the plug was pulled behind it.
    registry_in_desk 'set guest/last word'
    yank registry
    await 60 gone gone registry
    bed plug "$plugged/registry.img" registry >/dev/null
    await 60 running state registry
    begin
    dom0 hotdom registry desk export guest |
        jq -e '. == {"guest/count": 17, "guest/last": "word", "guest/motd": "from the host"}'
    [ "$(in_desk 'cat /etc/motd')" = 'from the host' ]
    dom0 hotdom verify-host
}

@test "many settings are imported at once, and a change is watched from both sides" {
    begin
    # It begins to see when it has asked once.
    dom0 'hotdom registry desk watch guest/seen >/root/seen & watch=$!
        for ((n = 1; n < 60; n++)); do
            hotdom registry desk set guest/seen/a $n --type integer
            grep -q "^guest/seen/a " /root/seen && break
            sleep 1
        done
        kill $watch; cat /root/seen; rm /root/seen' | grep -c '^guest/seen/a '
    in_desk '/run/hotdom-guest/hotdom-guest registry watch guest/seen >/run/seen & watch=$!
        for n in $(seq 60); do
            /run/hotdom-guest/hotdom-guest registry set guest/seen/a $n --type integer
            grep -q "^guest/seen/a " /run/seen && break
            sleep 1
        done
        kill $watch; cat /run/seen' | grep -c '^guest/seen/a '
    # And what the host says: that it has given the guest another NIC.
    dom0 'timeout 100 hotdom registry desk watch host/map --json' </dev/null \
        >"$BATS_TEST_TMPDIR/asked" 2>&1 3>&- &
    in_desk 'echo begun; timeout 60 /run/hotdom-guest/hotdom-guest registry watch host/map' \
        </dev/null >"$BATS_TEST_TMPDIR/seen" 2>&1 3>&- &
    await 30 begun head -n 1 "$BATS_TEST_TMPDIR/seen"
    dom0 hotdom network-attach desk internet
    await 60 host/map/lan1/ grep -om1 ^host/map/lan1/ "$BATS_TEST_TMPDIR/seen"
    await 60 1 in_desk 'ip -o link show lan1 | wc -l'
    await 60 '"key":"host/map/lan1/how"' \
        grep -om1 '"key":"host/map/lan1/how"' "$BATS_TEST_TMPDIR/asked"
    dom0 'pkill -f "registry desk [w]atch"'
    dom0 "seq 0 9999 | jq -Rn '[inputs | {key: \"guest/many/\\(.)\", value: tonumber}] |
        from_entries' | ssh root@$(address_of desk) \
        /run/hotdom-guest/hotdom-guest registry import - --replace guest/many"
    [ "$(dom0 'hotdom registry desk export guest/many | jq length')" = 10000 ]
    [ "$(dom0 hotdom registry desk get guest/many/9999)" = 9999 ]
}

@test "what dom0 sets has the type that it names, and goes or is replaced at once" {
    begin
    dom0 'hotdom registry desk set guest/kind/bytes aGk= --type bytes
        hotdom registry desk set guest/kind/list a "b c" --type list
        hotdom registry desk set guest/kind/on true --type boolean'
    registry_in_desk 'export guest/kind' | jq -e '. == {"guest/kind/bytes": {"bytes": "aGk="},
        "guest/kind/list": ["a", "b c"], "guest/kind/on": true}'
    [ "$(dom0 hotdom registry desk get guest/kind/list)" = $'a\nb c' ]
    dom0 'echo "{\"guest/kind/n\": 1, \"guest/kind/on\": null}" | hotdom registry desk import -'
    dom0 hotdom registry desk ls guest/kind --json |
        jq -e '. == ["guest/kind/bytes", "guest/kind/list", "guest/kind/n"]'
    dom0 'echo "{\"guest/kind/m\": 2}" >/root/kind.json
        hotdom registry desk import /root/kind.json --replace guest/kind; rm /root/kind.json'
    [ "$(dom0 hotdom registry desk ls guest/kind)" = guest/kind/m ]
    # What the guest has set, no terminal of dom0's obeys.
    registry_in_desk 'set guest/kind/odd "$(printf "\033[2Jx")"'
    [ "$(dom0 hotdom registry desk get guest/kind/odd)" = '\x1b[2Jx' ]
    dom0 hotdom registry desk rm guest/kind/m guest/kind/odd
    [ -z "$(dom0 hotdom registry desk ls guest/kind)" ]
}

@test "a registry's file that is damaged is moved aside, and the guest goes on" {
    begin
    registry_in_desk 'set guest/a old'
    in_desk 'truncate -s 8192 /var/lib/hotdom-guest/registry/registry'
    registry_in_desk 'set guest/a new'
    [ "$(dom0 hotdom registry desk get guest/a)" = new ]
    in_desk 'ls /var/lib/hotdom-guest/registry/registry.bad-1'
    [ "$(agent desk)" = ready ]
    # Nor has the pull of the first test left anything behind.
    [ -z "$(in_desk 'dmesg | grep -i "ext4-fs error"')" ]
}

@test "a guest without an agent says so, and one that answers garbage is not believed" {
    plug auto
    await 60 running state auto
    await 90 yes answers auto
    run dom0 hotdom registry auto ls
    [[ $status -ne 0 && $output == *'has no agent that answers'* ]]
    # As the guest may, for the folder is its own.
    dom0 "xenstore-write /local/domain/$(guest_domid auto)/data/hotdom/agent/answer \
        \"\$(printf '1 0 . \\033[2J')\""
    run dom0 hotdom registry auto ls
    [[ $status -ne 0 && $output != *$'\033'* ]]
    [ "$(dom0 "xenstore-read /local/domain/$(guest_domid auto)/data/hotdom/registry/ask")" = '' ]
}
