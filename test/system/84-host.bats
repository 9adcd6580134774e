#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What comes to the host and goes while hotdomd runs.

load lib

# How often the host's events say so, without store and state.
told() { # MESSAGE
    dom0 hotdom events --json | jq -s --arg m "$1" \
        '[.[] | select(.message == $m and .reason == "host-changed" and
            .store == null and .from == null and .to == null)] | length'
}

@test "a bridge that comes and one that goes are told" {
    dom0 ip link add hdtest0 type bridge
    await 30 1 told 'bridge hdtest0 has come'
    dom0 ip link del hdtest0
    await 30 1 told 'bridge hdtest0 has gone'
    dom0 hotdom events | grep 'host: bridge hdtest0 has gone'
}

@test "guests and their interfaces are no news of the host" {
    start two
    dom0 hotdom eject two
    [ "$(dom0 hotdom events --json |
        jq -r 'select(.reason == "host-changed") | .message' |
        grep -cE 'vif|hd[0-9a-f]{9}|dm-')" = 0 ]
}
