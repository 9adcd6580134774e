#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The doctor on a real host: content with it, and then not.

load lib

rule=/usr/lib/udev/rules.d/54-hotdom.rules

teardown() {
    dom0 "[ ! -e /root/rule ] || mv /root/rule $rule
        udevadm control --reload; systemctl start hotdomd"
    policy "$usual_policy"
    end_test
}

@test "the doctor is content with a host, and names what was broken and its fix" {
    local out
    dom0 hotdom doctor
    [ "$(dom0 hotdom doctor --json | jq -r '.[].verdict' | sort -u)" = ok ]
    dom0 "systemctl stop hotdomd; mv $rule /root/rule
        printf 'networks: [{role: lab, bridge: labbr7}]\n' >/etc/hotdom/hotdom.yaml"
    out=$(dom0 'hotdom doctor --json; echo "status $?"')
    [[ $out == *"status 1" ]]
    out=${out%status*}
    [ "$(jq -r '[.[] | select(.verdict == "problem") | .check] | join(" ")' \
        <<<"$out")" = "bridges udev daemon" ]
    fix() { jq -r --arg c "$1" '.[] | select(.check == $c) | .fix' <<<"$out"; }
    [[ $(fix bridges) == "ip link add labbr7 type bridge && "* ]]
    [[ $(fix udev) == *"udevadm control --reload" ]]
    # The fix is a command that mends it.
    dom0 "mv /root/rule $rule; $(fix daemon | sed 's/.*: //')
        ip link add labbr7 type bridge && ip link set labbr7 up"
    dom0 hotdom doctor
    dom0 ip link del labbr7
}
