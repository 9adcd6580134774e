#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures the registry in a guest, on the guest's own volume; for
# test/bench/registry. The times are the guest's, in microseconds.
. "$(dirname "$0")/dom0.bash"
runs=$1

# measure: figures of one run, a sample each, with a folder of its own.
measure() {
    local figure value
    ask 'rm -rf registry-get.tmp; ./registry-get 10000 100000 | tr "\n" " "; echo'
    while read -r figure value; do
        [[ $figure != *-us ]] || sample "${figure%-us}" guest "$value"
    done < <(xargs -n 2 <<<"$said")
}

begin_samples
make_disks 64
load store.img
follow
plug
await "$guest" running
await '' running
domid=$(xl domid "$store.$guest")
settle
open_shell
ask 'mkdir -p /vol && mount -t ext4 /dev/xvda /vol && cd /vol && echo mounted'
[[ $said == mounted ]] || { echo "no volume: $said" >&2; exit 1; }
for ((pair = 1; pair <= runs; pair++)); do
    begin
    measure
done
exec {shell}>&-
pull
await '' gone
