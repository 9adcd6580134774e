#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads files of dom0 in two guests, one that has them from hotdom-9p and one
# from QEMU, in turns; for test/bench/view.
. "$(dirname "$0")/dom0.bash"
pairs=$1
starts=$2
share=/srv/bench
files=10000
# A `find` over them takes minutes in the bed, of QEMU's four.
patience=900
declare -A classes=([hotdom]=hostview [stock]=9pfs)
declare -A folders=([hotdom]=/v$share [stock]=/v)

make_files() {
    local i
    rm -rf "$share"
    for ((i = 0; i < files / 100; i++)); do
        mkdir -p "$share/many/$i"
        touch "$share/many/$i/"{0..99}
    done
    head -c $((32 << 20)) /dev/urandom >"$share/large"
}

mount_view() {
    ask "mkdir -p /v && mount -t 9p -o trans=xen,version=9p2000.L hostview /v \
        && ls ${folders[$side]} | wc -l"
    [[ $said == 2 ]] || { echo "no host view in $side: $said" >&2; return 1; }
}

# ---- what a guest does for a figure, between two lines of its shell

view-read() { ask "dd if=${folders[$side]}/large of=/dev/null bs=128k 2>&1 |
    tail -n 1"; }

view-find() {
    ask "find ${folders[$side]}/many -type f | wc -l"
    [[ $said == "$files" ]]
}

# ---- how long the servers take to start

server() { # of $side
    case $side in
    hotdom) pgrep -n -x hotdom-9p ;;
    stock) pgrep -n -f 'qemu.*-xen-domid ' ;;
    esac
}

# Each backend's state as it changes, into $states.
watch_states() {
    exec {states}< <(exec xenstore-watch /local/domain/0/backend 2>/dev/null)
    watcher=$!
}

# What its threads took of a processor so far, into $ms.
its_cpu() { # PID
    ms=$(awk '{ns += $1} END {printf "%.3f", ns / 1e6}' /proc/"$1"/task/*/schedstat)
}

# From the backend's nodes, without which no server can do anything, until the
# server waits for the guest (InitWait); and what it took of a processor until
# then, from the start of its process.
await_server() {
    local path made=
    while read -r -t 120 -u "$states" path; do
        [[ $path == */${classes[$side]}/*/state ]] || continue
        made=${made:-${EPOCHREALTIME/[.,]/}}
        [[ $(xenstore-read "$path" 2>/dev/null) == 2 ]] || continue
        ms=$(((${EPOCHREALTIME/[.,]/} - made) / 1000))
        counters
        sample view-start "$side" "$ms"
        its_cpu "$(server)"
        sample view-start-cpu "$side" "$ms"
        return 0
    done
    echo "no 9p backend of $side" >&2
    kill "$watcher"
    return 1
}

start_hotdom() {
    plug
    await_server
    await '' running
    pull
    await '' gone
}

start_stock() {
    xl create -q stock.cfg >&2 &
    await_server
    wait $!
    xl destroy bench
}

# Beside the pair that runs, whose stick is the same: so before it.
measure_starts() {
    local side
    for ((pair = 1; pair <= starts; pair++)); do
        for side in hotdom stock; do
            watch_states
            begin
            "start_$side"
            kill "$watcher"
            exec {states}<&-
        done
    done
}

# private_kib PID: what it alone takes.
private_kib() { awk '/^RssAnon/ {print $2}' "/proc/$1/status"; }

make_files
begin_samples
begin_both "p9 = ['tag=hostview,path=$share,security_model=none']"
measure_starts
start_both
open_shells
for side in "${!shells[@]}"; do
    shell=${shells[$side]}
    mount_view
done
in_turns view-read view-find
begin
finish
pair=1
sample view-memory hotdom "$(private_kib "$(pgrep -x hotdom-9p)")"
sample view-memory stock \
    "$(private_kib "$(pgrep -o -f "qemu.*-xen-domid ${domids[stock]} ")")"
close_shells
end_both
rm -rf "$share"
