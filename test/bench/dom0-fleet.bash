#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Starts STORES stores side by side in dom0, looks at hotdomd with all of them,
# then pulls one with one guest and one with MANY, and lets xl destroy as many,
# and one whose guest takes no order, PAIRS times; for test/bench/fleet. In MS's place "memory" has KiB, and
# "wakeups" how many there were a minute.
. "$(dirname "$0")/dom0.bash"
stores=$1 many=$2 pairs=$3
minutes=5

# Of all its threads, into $switches; forks nothing.
switches() { # PID
    local status key value
    switches=0
    for status in "/proc/$1"/task/*/status; do
        # A thread may have ended since it was listed.
        { while read -r key value; do
            [[ $key != voluntary_ctxt_switches: ]] ||
                switches=$((switches + value))
        done <"$status"; } 2>/dev/null || :
    done
}

# How often it began to do anything: what it does then, with xenstored and in
# threads, is many switches.
wakeups() { # PID SECONDS; into $wakeups
    local until=$((SECONDS + $2)) last quiet=1
    wakeups=0
    switches "$1"
    while last=$switches && ((SECONDS < until)); do
        pause 0.2
        switches "$1"
        ((switches == last || !quiet)) || wakeups=$((wakeups + 1))
        quiet=$((switches == last))
    done
}

# Until it has just done what it does once a minute: five minutes from then on
# hold that five times, and not six.
await_wakeup() { # PID
    local n
    for ((n = 0; n < 90; n++)); do
        wakeups "$1" 1
        ((wakeups == 0)) || return 0
    done
}

# The second disk is the other one.
turn_to() { stick=$(host_of $(($1 > 1 ? $1 : 0))); } # N: of the stores

# In whatever order they come.
await_all() {
    local line value
    local -A up=()
    while ((${#up[@]} < stores)); do
        next_event || return 1
        went_wrong && return 1
        field guest && [[ -z $value ]] || continue
        field to && [[ $value == running ]] || continue
        field store && up[$value]=1
    done
}

look_at_all() {
    local n pid
    for ((n = 1; n <= stores; n++)); do
        turn_to "$n"
        load "fleet$n.img"
    done
    follow
    for ((n = 1; n <= stores; n++)); do
        turn_to "$n"
        plug
    done
    await_all
    pause 60
    pid=$(hotdomd)
    await_wakeup "$pid"
    wakeups "$pid" $((60 * minutes))
    cpu0=0 forks0=0 udevs0=0 cpu=0 forks=0 udevs=0 pair=0
    sample wakeups hotdom "$(awk "BEGIN {print $wakeups / $minutes}")"
    sample memory hotdom "$(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")"
    for ((pair = 1; pair <= 21; pair++)); do
        ms=$(/root/bench/spawn hotdom list)
        sample list hotdom
    done
    for ((n = 1; n <= stores; n++)); do
        turn_to "$n"
        pull
        store=fleet$n await '' gone
    done
}

await_writes() {
    domid=$(xl domid "$store.g1")
    await_connected vbd/51712 vif/0
}

gone_by_hotdom() { # FIGURE
    local pulled
    plug
    await '' running
    [[ $1 != refuses-gone ]] || await_writes
    pause 2
    pulled=$((${EPOCHREALTIME/[.,]/} / 1000))
    begin
    pull
    await '' gone
    finish
    sample "$1" hotdom $(($(ms_of "$at") - pulled))
}

# Its store ends with it.
ended_by_order() {
    plug
    await '' running
    pause 2
    begin
    hotdom destroy g1 --wait >&2
    finish
    sample destroy-order hotdom
    await '' gone
    pull
}

gone_by_xl() { # FIGURE N
    local n
    for ((n = 1; n <= $2; n++)); do
        dmsetup create "hotdom-bench$n" \
            --table "0 2048 linear $other $((2048 * (n - 1)))"
        idle_config tuned "$n" >idle.cfg
        xl create -q idle.cfg >&2
    done
    pause 2
    begin
    for ((n = 1; n <= $2; n++)); do xl destroy "idle$n"; done
    finish
    sample "$1" xl
    for ((n = 1; n <= $2; n++)); do
        dmsetup remove --retry "hotdom-bench$n"
    done
}

begin_samples
make_disks 32 $((stores + 1))
look_at_all
turn_to 1
for kind in one many refuses; do
    load "$kind.img"
    for ((pair = 1; pair <= pairs; pair++)); do
        gone_by_hotdom "$kind-gone"
        case $kind in
        one)
            ended_by_order
            gone_by_xl one-gone 1
            ;;
        many) gone_by_xl many-gone "$many" ;;
        esac
    done
done
