#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Starts and ends the tiny guest in dom0 through hotdom, stock xl, xl with what
# makes it quick, and the floor, in turns; for test/bench/start.
. "$(dirname "$0")/dom0.bash"
pairs=$1
boot=8 # seconds that a guest needs for it, and more

# ---- the sides: each starts a guest into $domid, and ends it

start_by_xl() { # SIDE
    begin
    xl create -q "$1.cfg" >&2
    finish
    sample start "$1"
    domid=$(xl domid bench)
}

end_by_xl() { # SIDE
    begin
    xl destroy bench
    finish
    sample destroy "$1"
}

start_stock() { start_by_xl stock; }
start_tuned() { start_by_xl tuned; }
end_stock() { end_by_xl stock; }
end_tuned() { end_by_xl tuned; }

# Both jobs wait for work again, which is the last that an order makes hotdomd do.
await_spares() { # forks nothing
    local file name n left=2
    for ((n = 0; left > 0; n++)); do
        ((n < 120)) || { echo "no two jobs wait" >&2; return 1; }
        ((n == 0)) || pause 1
        left=2
        for file in /proc/[0-9]*/comm; do
            name=
            { read -r name <"$file"; } 2>/dev/null || :
            [[ $name != hotdom-spare ]] || left=$((left - 1))
        done
    done
}

# whole FIGURE FORKS UDEVS: how many there were since those, with the jobs that
# are made ready for the next orders; what `finish` has counted stays.
whole() {
    local cpu forks udevs
    await_spares
    counters
    echo "$1 hotdom $pair 0 0 $((forks - $2)) $((udevs - $3))"
}

# From the event that says verified and planned to the one that says running,
# without the udev's and hotdom-reader's share of the plug; that is in `plugged`,
# which goes on to the end of hotdom-job.  Told by tell_start, for that forks.
start_hotdom() {
    await_spares
    begin
    plugged=$begin plugged_cpu=$cpu0 plugged_forks=$forks0 plugged_udevs=$udevs0
    plug
    await "$guest" planned && planned=$at
    begin
    await "$guest" running && running=$at
    await '' running
    finish
}

tell_start() {
    whole whole-start "$plugged_forks" "$plugged_udevs"
    echo "read hotdom $pair 0 0 $((forks0 - plugged_forks))" \
        "$((udevs0 - plugged_udevs))"
    sample start hotdom $(($(ms_of "$running") - $(ms_of "$planned")))
    ms=$((ms + (begin - plugged) / 1000))
    cpu0=$plugged_cpu forks0=$plugged_forks udevs0=$plugged_udevs
    sample plugged hotdom
    domid=$(xl domid "$store.$guest")
}

# From the removal of the SCSI device, which udev tells hotdomd.
end_hotdom() {
    local pulled=$((${EPOCHREALTIME/[.,]/} / 1000)) fenced gone
    begin
    pull
    await '' fenced && fenced=$at
    await "$guest" gone && gone=$at
    finish
    await '' gone
    whole whole-end "$forks0" "$udevs0"
    sample destroy hotdom $(($(ms_of "$gone") - pulled))
    sample yank hotdom $(($(ms_of "$fenced") - pulled))
}

ask_floor() { # ORDER FIGURE
    local us
    begin
    echo "$1" >&"${FLOOR[1]}"
    read -r -t 300 -u "${FLOOR[0]}" domid us
    finish
    sample "$2" floor $((us / 1000))
}

start_floor() { ask_floor start start; }
end_floor() { ask_floor end destroy; }

# How long its kernel needed until its network was there: the age of what
# listens on it, by its own clock.
sample_boot() { # SIDE
    open_shell
    # shellcheck disable=SC2016
    ask 'cut -d" " -f22 /proc/$PPID/stat'
    exec {shell}>&-
    echo "boot $1 $pair ${said}0 0 0"
}

main() {
    local side before
    begin_samples
    config stock kernel >stock.cfg
    config tuned vmlinux >tuned.cfg
    make_disks 40
    load store.img
    give_disk
    follow
    coproc FLOOR { exec ./floor vmlinux initrd /dev/mapper/hotdom-bench \
        $mac xenbr0 128; }
    for ((pair = 1; pair <= pairs; pair++)); do
        for side in hotdom stock tuned floor; do
            before=$(processes)
            "start_$side"
            pause "$boot" # nobody looks meanwhile
            [[ $side != hotdom ]] || tell_start
            settle
            echo "resident $side $pair $(($(processes) - before)) 0 0"
            sample_boot "$side"
            "end_$side"
        done
    done
    exec {FLOOR[1]}>&-
    # What hotdomd told of each start and end, for the table of their phases.
    sed -n '/"guest":"'$guest'".*"to":"\(building\|running\|gone\)"/s/^/event /p' \
        events
    dmsetup remove hotdom-bench
}

main
