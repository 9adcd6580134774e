#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Unlocks a store in dom0, whose guest is built after the password or ahead of
# it, and starts the same guest through stock xl, in turns; for
# test/bench/unlock. hotdom's time begins where the password has been found
# right, so opening the keyslot is not in it.
. "$(dirname "$0")/dom0.bash"
pairs=$1
shift
sides=("$@") # "later", and "ahead" where a policy can ask for it

obey() { # SIDE: its policy, for the stores that come from now on
    cp "policy.$1" /etc/hotdom/hotdom.yaml
    systemctl reload hotdomd
}

# Its domain is there, paused, and what made it has ended; the job that waits for
# the next request has another name.
await_ahead() {
    local n=0
    until xl list "$store.$guest" 2>/dev/null | grep -q -- '--p---' &&
        ! pgrep -x hotdom-job >/dev/null; do
        ((++n < 300)) || { echo "$guest is not built ahead" >&2; return 1; }
        pause 0.2
    done
}

by_hotdom() { # SIDE
    local unlocked
    obey "$1"
    plug
    await '' locked
    [[ $1 == later ]] || await_ahead
    while read -r -u "$events" _; do :; done
    begin
    hotdom unlock "$store" --password-fd 0 <<<bench >&2
    await '' building && unlocked=$at
    await "$guest" running
    finish
    sample unlock "$1" $(($(ms_of "$at") - $(ms_of "$unlocked")))
    pull
    await '' gone
}

by_xl() {
    begin
    xl create -q stock.cfg >&2
    finish
    sample unlock stock
    xl destroy bench
}

begin_samples
config stock kernel >stock.cfg
make_disks 64
load unlock.img
give_disk
follow
for ((pair = 1; pair <= pairs; pair++)); do
    for side in "${sides[@]}"; do by_hotdom "$side"; done
    by_xl
done
dmsetup remove --retry hotdom-bench
