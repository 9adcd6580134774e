#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A locked store whose guests are built while its password is typed.

load lib

teardown_file() { policy "$usual_policy"; }

# Domains that are there and paused, by name.
waiting() { dom0 "xl list | awk '\$5 ~ /p/ {print \$1}'"; }

domid() { dom0 "xl domid one.one"; }

plug_ahead() { # HOW LONG
    policy "build_ahead: $1\n$usual_policy"
    plug_locked one
    await 60 one.one waiting
}

@test "a guest is built while the password is typed, and starts when it fits" {
    plug_ahead 10m
    before=$(domid)
    run unlock one 'not this one'
    [ "$status" -eq 4 ]
    [ "$(state one)" = locked ]
    [ "$(domid)" = "$before" ]
    dom0 hotdom verify-host
    unlock one
    [ "$(state one)" = running ]
    [ "$(domid)" = "$before" ]
    await 90 yes answers one
    in_guest one 'echo written-by-the-guest | dd of=/dev/xvda conv=fsync'
    dom0 'xl block-list one.one && hotdom eject one'
    grep -qa written-by-the-guest "$plugged/one.img"
}

@test "what nobody unlocks is taken away, and the store can still be unlocked" {
    plug_ahead 3s
    await 30 '' waiting
    [ "$(state one)" = locked ]
    dom0 'hotdom events --json | jq -r .message' |
        grep -q 'nobody has unlocked it in time'
    clean_but_listed
    unlock one
    [ "$(state one)" = running ]
}

clean_but_listed() { dom0 'hotdom verify-host && ! ls /run/hotdom/ledger/*-*'; }

@test "what was built ahead goes with an eject, a yank and a killed daemon" {
    plug_ahead 10m
    dom0 hotdom eject one
    [ -z "$(waiting)" ]
    yank one
    plug_locked one
    await 60 one.one waiting
    yank one
    await 30 '' waiting
    await 30 '[]' compact_list
    plug_locked one
    await 60 one.one waiting
    dom0 'systemctl kill -s KILL hotdomd; until systemctl -q is-active hotdomd &&
        hotdom list >/dev/null 2>&1; do sleep 0.2; done'
    await 60 locked state one
    unlock one
    [ "$(state one)" = running ]
}
