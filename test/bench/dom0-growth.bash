#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Starts idle guests in dom0 one behind the other, through hotdom from one store
# and through xl, and shows what each takes beside those that run; for
# test/bench/growth. In MS's place "memory" has KiB.
. "$(dirname "$0")/dom0.bash"
guests=$1

pss_of() { # PID...: proportional, so that shared libraries count once
    local p
    for p in "$@"; do cat "/proc/$p/smaps_rollup"; done |
        awk '$1 == "Pss:" {n += $2} END {print n + 0}'
}

by_hotdom() {
    local n before
    before=$(pss_of "$(hotdomd)")
    plug
    for ((n = 1; n <= guests; n++)); do
        await "g$n" running
        echo "growth hotdom $n $(awk "BEGIN {printf \"%d\", 1000 * $seconds}") 0 0"
    done
    await '' running
    echo "memory hotdom 0 $((($(pss_of "$(hotdomd)") - before) / guests)) 0 0"
    pull
    await '' gone
}

# Stock xl's first three and last three; those between are there the sooner with
# what makes xl quick, and its own first and last are among them. An xl stays
# beside each guest of either kind.
kind_of() { # N
    (($1 > 3 && $1 <= guests - 3)) && echo tuned || echo stock
}

by_xl() {
    local kind
    for ((pair = 1; pair <= guests; pair++)); do
        kind=$(kind_of "$pair")
        dmsetup create "hotdom-bench$pair" \
            --table "0 2048 linear $other $((2048 * (pair - 1)))"
        idle_config "$kind" "$pair" >idle.cfg
        begin
        xl create -q idle.cfg >&2
        finish
        sample growth "$kind"
    done
    mapfile -t pids < <(pgrep -x xl)
    echo "memory xl 0 $(($(pss_of "${pids[@]}") / guests)) 0 0"
    for ((pair = 1; pair <= guests; pair++)); do
        xl destroy "idle$pair"
        dmsetup remove --retry "hotdom-bench$pair"
    done
}

begin_samples
make_disks "$2"
load growth.img
follow
by_hotdom
by_xl
