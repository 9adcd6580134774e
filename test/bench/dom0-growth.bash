#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Starts an idle guest in dom0, PAIRS times on an empty host ("first") and PAIRS
# times with GUESTS - 1 beside it ("last"), through hotdom and through xl, and
# shows what each of those takes; for test/bench/growth. In MS's place "memory"
# has KiB.
. "$(dirname "$0")/dom0.bash"
guests=$1 pairs=$2
pss_of() { # PID...: proportional, so that shared libraries count once
    local p
    for p in "$@"; do cat "/proc/$p/smaps_rollup"; done |
        awk '$1 == "Pss:" {n += $2} END {print n + 0}'
}

starts_of_hotdom() { # FIGURE
    store=one stick=$one
    for ((pair = 1; pair <= pairs; pair++)); do
        begin
        plug
        await g1 running
        finish
        sample "$1" hotdom "$(awk "BEGIN {printf \"%d\", 1000 * $seconds}")"
        await '' running
        pull
        await '' gone
    done
}

by_hotdom() {
    local before
    starts_of_hotdom first
    before=$(pss_of "$(hotdomd)")
    store=many stick=$many
    plug
    await '' running
    echo "memory hotdom 0 $((($(pss_of "$(hotdomd)") - before) / (guests - 1))) 0 0"
    starts_of_hotdom last
    store=many stick=$many
    pull
    await '' gone
}

xl_create() { # KIND N
    dmsetup create "hotdom-bench$2" \
        --table "0 2048 linear $other $((2048 * ($2 - 1)))"
    idle_config "$1" "$2" >idle.cfg
    begin
    xl create -q idle.cfg >&2
    finish
}

xl_destroy() { # N
    xl destroy "idle$1"
    dmsetup remove --retry "hotdom-bench$1"
}

starts_of_xl() { # FIGURE
    local kind
    for ((pair = 1; pair <= pairs; pair++)); do
        for kind in stock tuned; do
            xl_create "$kind" "$guests"
            sample "$1" "$kind"
            xl_destroy "$guests"
        done
    done
}

# Those between come by what makes xl quick; an xl stays beside each.
by_xl() {
    local n
    starts_of_xl first
    for ((n = 1; n < guests; n++)); do xl_create tuned "$n"; done
    mapfile -t pids < <(pgrep -x xl)
    echo "memory xl 0 $(($(pss_of "${pids[@]}") / (guests - 1))) 0 0"
    starts_of_xl last
    for ((n = 1; n < guests; n++)); do xl_destroy "$n"; done
}

begin_samples
make_disks "$3" 3
many=$stick one=$(host_of 2)
load many.img
stick=$one
pull
load one.img
follow
by_hotdom
by_xl
