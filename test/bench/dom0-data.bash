#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads, writes and talks in two guests of dom0, one that hotdom started and one
# that stock xl did, in turns; for test/bench/data. Both disks are of the same
# kind, both nics on the same bridge.
. "$(dirname "$0")/dom0.bash"
pairs=$1

# ---- what a guest does for a figure, between two lines of its shell

disk-read() { ask 'dd if=/dev/xvda of=/dev/null bs=256k count=32 iflag=direct \
    2>&1 | tail -n 1'; }
disk-write() { ask 'dd if=/dev/zero of=/dev/xvda bs=256k count=32 oflag=direct \
    conv=notrunc 2>&1 | tail -n 1'; }
disk-read-latency() { ask 'dd if=/dev/xvda of=/dev/null bs=512 count=500 \
    iflag=direct 2>&1 | tail -n 1'; }
disk-write-latency() { ask 'dd if=/dev/zero of=/dev/xvda bs=512 count=500 \
    oflag=direct conv=notrunc 2>&1 | tail -n 1'; }

bytes=$((4 << 20))

network-send() {
    echo "head -c $bytes /dev/zero" >&"$shell"
    head -c "$bytes" <&"$shell" >/dev/null
}

# What follows a line waits until the guest's shell has read that line, or the
# shell takes both for its own.
network-receive() {
    ask "echo ready; head -c $bytes | wc -c"
    head -c "$bytes" /dev/zero >&"$shell"
    read -r -t 120 -u "$shell" said
    [[ $said == "$bytes" ]]
}

network-latency() {
    local i
    # shellcheck disable=SC2016
    ask 'echo ready; while read -r x && [ $x != end ]; do echo $x; done'
    for ((i = 0; i < 200; i++)); do ask "$i"; done
    echo end >&"$shell"
}

figures=(disk-read disk-write disk-read-latency disk-write-latency
    network-send network-receive network-latency)

begin_samples
begin_both
start_both
open_shells
in_turns "${figures[@]}"
close_shells
end_both
