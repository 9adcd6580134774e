#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two guests in dom0, of two stores: while one idles and while it does its worst,
# in turns, PAIRS times, what the other's disk and `hotdom list` take; for
# test/bench/hostile.
. "$(dirname "$0")/dom0.bash"
pairs=$1

# What its shell does until it is told to stop. The flood is of requests to write
# a node of the guest's own (xen/io/xs_wire.h: XS_WRITE, of twelve bytes), without
# an answer being read.
prepare() { # SHELL
    # shellcheck disable=SC2016
    printf '%s\n' \
        'printf "\013\0\0\0\0\0\0\0\0\0\0\0\014\0\0\0data/flood\0x" >/run/one' \
        'n=0; while [ $n -lt 1000 ]; do cat /run/one; n=$((n + 1)); done >/run/flood' \
        'spin() { while :; do :; done; }' \
        'flood() { while :; do dd if=/run/flood of=/dev/xen/xenbus bs=28 2>/dev/null; done; }' \
        >&"$1"
    shell=$1
    ask 'dd if=/run/one of=/dev/xen/xenbus bs=28 2>/dev/null && echo flows || echo dry'
    [[ $said == flows ]] || { echo "a guest cannot write to xenstore" >&2; return 1; }
}

# hotdom lets nobody flood for long: what it has slowed down is looked at.
begin_worst() {
    shell=$rogue
    ask "$kind & echo \$! >/run/worst; echo begun"
    pause 2
    begin
    until [[ $kind != flood || $(hotdom list) == *floods-xenstore* ]]; do
        pause 1
    done
    finish
    ((ms < 1000)) || echo "a flood was slowed down $ms ms after its second" >&2
}

end_worst() {
    shell=$rogue
    ask 'kill $(cat /run/worst); echo ended'
    pause 2
}

# How long either takes, in ms.
disk() {
    shell=$neighbour
    begin
    ask 'dd if=/dev/zero of=/dev/xvda bs=4k count=100 oflag=dsync 2>/dev/null; echo done'
    finish
    echo "$ms"
}

list() { /root/bench/spawn hotdom list; }

# A few of either, and the median of these.
look() { # SIDE
    local what n
    for what in disk list; do
        begin
        ms=$(for ((n = 0; n < 5; n++)); do "$what"; done | sort -n | sed -n 3p)
        counters
        sample "$what-$kind" "$1"
    done
}

start() { # STORE HOST: its shell is in $shell
    store=$1 stick=$(host_of "$2")
    load "$([[ $1 == bench ]] && echo store || echo "$1").img"
    plug
    await '' running
    domid=$(xl domid "$1.$guest")
    settle
    open_shell
}

begin_samples
make_disks 40 3
follow
start bench 0
neighbour=$shell
start rogue 2
rogue=$shell
prepare "$rogue"
for kind in spin flood; do
    # The first is not told: it makes the guest's pages and grants.
    disk >/dev/null
    for ((pair = 1; pair <= pairs; pair++)); do
        look quiet
        begin_worst
        look beside
        end_worst
    done
done
exec {neighbour}>&- {rogue}>&-
for n in 0 2; do
    stick=$(host_of "$n")
    pull
    store=$([[ $n == 0 ]] && echo bench || echo rogue)
    await '' gone
done
