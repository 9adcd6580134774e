#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads files of dom0 in two guests, one that has them from hotdom-9p and one
# from QEMU, in turns; for test/bench/view.
. "$(dirname "$0")/dom0.bash"
pairs=$1
reads=$2
starts=$3
share=/srv/bench
files=10000
# A `find` over them takes minutes in the bed, of QEMU's four.
patience=900
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

# What its threads took of a processor so far, into $ms.
its_cpu() { # PID
    ms=$(awk '{ns += $1} END {printf "%.3f", ns / 1e6}' /proc/"$1"/task/*/schedstat)
}

sample_start() { # SIDE MS PID
    counters
    sample view-start "$1" "$2"
    its_cpu "$3"
    sample view-start-cpu "$1" "$ms"
}

# As hotdom-job starts it, for a domain that nobody has: until it says that it
# serves.
start_hotdom() {
    local tables="+$share"$'\n' took pid word
    mkdir -m 700 /run/hotdom/server 2>/dev/null || :
    read -r took pid word < <(/root/bench/spawn until "${helper%/*}/hotdom-9p" \
        65000 bench.start "$tables" "$tables" </dev/null)
    [[ ${word-} == ready ]] || { echo "hotdom-9p says: ${word-}" >&2; return 1; }
    sample_start hotdom "$took" "$pid"
    kill "$pid"
    while [[ -d /proc/$pid ]]; do sleep 0.01; done
    rm /run/hotdom/server/bench.start*
}

# Each backend's state as it changes, into $states.
watch_states() {
    exec {states}< <(exec xenstore-watch /local/domain/0/backend 2>/dev/null)
    watcher=$!
}

# From when its process was made, which the kernel has in hundredths of a second,
# until it waits for the guest (InitWait).
await_qemu() {
    local path up pid stat
    while read -r -t 120 -u "$states" path; do
        read -r up _ </proc/uptime
        [[ $path == */9pfs/*/state &&
            $(xenstore-read "$path" 2>/dev/null) == 2 ]] || continue
        pid=$(pgrep -n -f 'qemu.*-xen-domid ')
        read -ra stat <"/proc/$pid/stat"
        sample_start stock $(((${up/./} - stat[21]) * 10)) "$pid"
        return 0
    done
    echo "no 9p backend of QEMU's" >&2
    return 1
}

start_stock() {
    watch_states
    xl create -q stock.cfg >&2 &
    await_qemu || { kill "$watcher"; return 1; }
    wait $!
    kill "$watcher"
    exec {states}<&-
    xl destroy bench
}

# Beside the pair that runs, whose stick is the same: so before it.
measure_starts() {
    local side
    for ((pair = 1; pair <= starts; pair++)); do
        for side in hotdom stock; do
            begin
            "start_$side"
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
pairs=$reads in_turns view-read
in_turns view-find
begin
finish
pair=1
sample view-memory hotdom "$(private_kib "$(pgrep -x hotdom-9p)")"
sample view-memory stock \
    "$(private_kib "$(pgrep -o -f "qemu.*-xen-domid ${domids[stock]} ")")"
close_shells
end_both
rm -rf "$share"
