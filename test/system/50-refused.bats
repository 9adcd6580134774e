#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Bad input: each gets one clear sentence and its exit status, and leaves
# nothing behind (teardown proves that and that the daemon lives on).

load lib

message() { # DEVICE-or-STORE
    list | jq -r --arg s "$1" '.[] | select(.store == $s or .device == $s) |
        .message'
}

# The only listed store's state and reason.
only() { list | jq -r '.[] | .state + " " + (.reason // "")'; }
why() { list | jq -r '.[].message'; }
daemon_pid() { dom0 systemctl show -p MainPID --value hotdomd; }

disk() { dom0 'test -e /sys/block/sda && udevadm settle && echo yes'; }

# plug_and_forget NAME: no store, so it is not listed and nothing is said.
plug_and_forget() {
    plug "$1"
    await 60 yes disk
    # A store plugged in behind it is listed, so the first one was looked at.
    plug_locked one
    [ "$(list | jq length)" = 1 ]
}

@test "a blank stick is no store" { plug_and_forget blank; }

@test "a stick of one sector is no store" { plug_and_forget sector; }

@test "a stick of photos is no store" { plug_and_forget photos; }

@test "a truncated store is refused" {
    plug cut
    await 60 'refused bad-header' only
    run dom0 hotdom unlock --password-fd 0 <<<"$password"
    echo "$output"
    [ "$status" -eq 3 ]
}

@test "a changed manifest is refused as bad-signature" {
    plug forged
    await 60 'refused bad-signature' only
}

@test "a changed kernel is refused as bad-member" {
    # One that is known is not read.
    dom0 systemctl restart hotdomd
    plug kernel
    await 60 'refused bad-member' only
    [[ $(why) == *one/* || $(why) == *vmlin* ]]
}

@test "an unknown signer is named with the line that would accept it" {
    local line
    plug unknown
    await 60 'refused untrusted-signer' only
    line=$(why | grep -o 'hotdom trust add NAME ed25519:[A-Za-z0-9_-]*')
    [ -n "$line" ]
    dom0 "${line/NAME/stranger}"
    await 60 locked state unknown
    dom0 hotdom trust rm stranger
}

@test "a manifest that breaks the format is refused with line and column" {
    plug odd
    await 60 'refused bad-manifest' only
    why | grep -E 'line [0-9]+, column [0-9]+.*memorz'
}

@test "an unknown user is refused" {
    plug_locked one
    run dom0 "hotdom unlock one -u nobody --password-fd 0" <<<"$password"
    echo "$output"
    [ "$status" -ne 0 ]
    [ "$(state one)" = locked ]
}

@test "more memory than the host has is refused with how much" {
    plug_locked huge
    run unlock huge
    echo "$output"
    [ "$status" -eq 3 ]
    [[ $output == *"MiB are free"* ]]
    [ "$(state huge | cut -d' ' -f1)" = locked ]
}

@test "a second stick with the same store id is refused" {
    plug one first
    await 60 locked state one
    plug one second
    await 20 1 duplicates
    [ "$(state one)" = locked ]
}

duplicates() {
    list | jq '[.[] | select(.reason == "duplicate-store")] | length'
}

@test "with no daemon running a command says so and exits 6" {
    dom0 systemctl stop hotdomd
    run dom0 hotdom list
    echo "$output"
    [ "$status" -eq 6 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output == *"systemctl start hotdomd"* ]]
}

@test "without Xen the daemon and a command say so and exit 6" {
    # This machine, not the bed: it runs no Xen.
    [ ! -e /proc/xen/capabilities ] || skip "this machine runs Xen"
    run "$build/bin/hotdom" list
    echo "$output"
    [ "$status" -eq 6 ]
    [[ $output == *"does not run Xen"* ]]
    run "$build/bin/hotdomd"
    echo "$output"
    [ "$status" -eq 6 ]
    [[ $output == *"does not run Xen"* ]]
}

@test "a store that is not there is refused with what is there" {
    plug_locked one
    run dom0 hotdom eject other
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *one* ]]
}

@test "a plain user sees the list and changes nothing" {
    plug_locked one
    dom0 'runuser -u nobody -- hotdom list' | grep -w one
    run dom0 'runuser -u nobody -- hotdom eject one'
    echo "$output"
    [ "$status" -eq 3 ]
    [ "$(state one)" = locked ]
}

@test "garbage on the control socket does not disturb the daemon" {
    local pid
    pid=$(daemon_pid)
    dom0 'head -c 200000 /dev/urandom | timeout 5 nc -NU /run/hotdom/control' \
        >/dev/null || :
    dom0 'printf "{\"method\":\"io.hotdom.List\",\"parameters\":[[[[\0" |
        timeout 5 nc -NU /run/hotdom/control' >/dev/null || :
    dom0 hotdom list
    [ "$(daemon_pid)" = "$pid" ]
}
