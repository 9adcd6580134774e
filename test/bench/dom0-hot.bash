#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Gives a guest that runs in dom0 a disk and a nic and takes them back, through
# hotdom and stock xl, in turns; for test/bench/hot. hotdom's disk is made for
# it, xl's is there already; hotdom is done when both ends are connected, xl
# when its script is.  `-usable` is until the guest has it, of either.
. "$(dirname "$0")/dom0.bash"
pairs=$1
its_mac=00:16:3e:00:00:02

hotdom_block-attach() { hotdom block-attach "$guest" ram:8M --as xvdb; }
hotdom_block-detach() { hotdom block-detach "$guest" xvdb; }
hotdom_network-attach() { hotdom network-attach "$guest" internet; }
hotdom_network-detach() { hotdom network-detach "$guest" lan1; }

stock_block-attach() { xl block-attach bench phy:/dev/mapper/hotdom-more,xvdb,w; }
stock_block-detach() { xl block-detach bench xvdb; }
stock_network-attach() { xl network-attach bench "mac=$its_mac,bridge=xenbr0"; }
stock_network-detach() { xl network-detach bench "$its_mac"; }

newest() { # CLASS
    echo "$1/$(xenstore-list "/local/domain/$domid/device/$1" | sort -n |
        tail -n 1)"
}

# there_and_back CLASS FIGURE SIDE
there_and_back() {
    local device n=0
    begin
    "$3_$2-attach" >&2
    finish
    sample "$2-attach" "$3"
    device=$(newest "$1")
    until is_connected "$device"; do
        ((++n < 3000)) || { echo "guest $domid does not take $device" >&2; return 1; }
        pause 0.02
    done
    finish
    sample "$2-usable" "$3"
    begin
    "$3_$2-detach" >&2
    finish
    sample "$2-detach" "$3"
}

begin_samples
begin_both
start_both
dmsetup create hotdom-more --table "0 16384 linear $other 16384"
for ((pair = 1; pair <= pairs; pair++)); do
    for side in hotdom stock; do
        domid=${domids[$side]}
        there_and_back vbd block "$side"
        there_and_back vif network "$side"
    done
done
dmsetup remove --retry hotdom-more
end_both
