#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Guests that end by themselves and start again.

load lib

# reboot_in GUEST: from the inside, until it answers again.  By its path, for the
# shell has a reboot of its own, which only asks init.
reboot_in() {
    local before
    before=$(guest_domid "$1")
    in_guest "$1" /sbin/reboot || :
    await 60 yes is_other "$before" "$1"
    await 90 yes answers "$1"
}

@test "a guest that reboots starts again, with its encrypted volumes and no password" {
    plug_locked locked2
    dom0 'hotdom unlock locked2 -u owner --password-fd 0' <<<"$password"
    await 90 yes answers locked2
    in_guest locked2 'echo written-before | dd of=/dev/xvda conv=fsync'
    reboot_in locked2
    in_guest locked2 'head -c 14 /dev/xvda' | grep written-before
    dom0 'hotdom events --json' | jq -e -s '[.[] | select(.guest == "locked2" and
        .reason == "reboot" and .message == "it starts again")] | length == 1'
    # The next hotdomd knows how, too.
    dom0 systemctl restart hotdomd
    await 60 running state locked2
    reboot_in locked2
    dom0 'hotdom verify-host && hotdom eject locked2 && ! ls /run/hotdom/plan/*'
}

@test "a guest that reboots in a loop stays down" {
    sed 's/poweroff=[0-9]*/reboot=1/; s/name: off}/name: loop}/' \
        "$stores/off.yaml" >"$stores/loop.yaml"
    "$build/bin/hotdom" pack --manifest "$stores/loop.yaml" -q --force \
        --key "$stores/lab.key" -o "$stores/loop.img" --kdf-memory 64M \
        --password-fd 3 3<<<"$password"
    start loop
    await 120 gone gone loop
    dom0 'hotdom events --json' | jq -e -s '[.[] | select(.store == "loop")] |
        ([.[] | select(.message == "it starts again")] | length) == 2 and
        any(.[]; .message // "" | startswith("it has ended within a minute"))'
}
