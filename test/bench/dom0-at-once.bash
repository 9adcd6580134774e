#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Starts a store of eight guests and a store of one in dom0, in turns, each from
# verified to all running; for test/bench/at-once.
. "$(dirname "$0")/dom0.bash"
pairs=$1
figure=$2

# In whatever order they come.
await_guests() { # N: running; into $at
    local line value left=$1
    while ((left > 0)) && next_event; do
        went_wrong && return 1
        field store && [[ $value == "$store" ]] || continue
        field guest && [[ -n $value ]] || continue
        field to && [[ $value == running ]] || continue
        field time && at=$value
        left=$((left - 1))
    done
    ((left == 0))
}

run_store() { # SIDE N
    local planned
    begin
    plug
    await '' planned && planned=$at
    await_guests "$2"
    finish
    ((pair == 0)) ||
        sample "$figure" "$1" $(($(ms_of "$at") - $(ms_of "$planned")))
    await '' running
    pull
    await '' gone
}

begin_samples
make_disks "$3"
eight=$stick one=$(host_of 1)
load eight.img
stick=$one
pull
load one.img
follow
# The first round is not told: it unpacks the kernel.
for ((pair = 0; pair <= pairs; pair++)); do
    stick=$eight
    run_store eight 8
    stick=$one
    run_store one 1
done
