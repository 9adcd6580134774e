#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs in the bed's dom0, so that no ssh is in the times: starts and ends the
# tiny guest through hotdom, stock xl, xl with what hotdom has made quick, and
# the floor, in turns. Prints "FIGURE SIDE PAIR MS CPU_MS FORKS", a sample a
# line, and first "xenstored KIND".
set -euo pipefail
cd "$(dirname "$0")"
pairs=$1
mac=00:16:3e:00:00:01
store=bench
guest=g1

# ---- counters: of the whole of dom0, so that nothing of either side is missed

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

counters() { # into $cpu (ms) and $forks; forks nothing itself
    local key user nice system irq soft rest
    cpu=0 forks=0
    while read -r key user nice system _ _ irq soft rest; do
        case $key in
        cpu) cpu=$(((user + nice + system + irq + soft) * 10)) ;;
        processes) forks=$user && break ;;
        esac
    done </proc/stat
}

begin() {
    counters
    cpu0=$cpu forks0=$forks
    begin=${EPOCHREALTIME/[.,]/}
}

# sample FIGURE SIDE [MS]: since `begin`, unless the time is given.
sample() {
    local ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    counters
    echo "$1 $2 $pair ${3:-$ms} $((cpu - cpu0)) $((forks - forks0))"
}

processes() { # with a command line, so none of the kernel's; nor udev's workers
    local p n=0 line
    for p in /proc/[0-9]*; do
        line=
        { IFS= read -r -d '' line <"$p/cmdline"; } 2>/dev/null || :
        [[ -z $line || $line == '(udev-worker)' ]] || n=$((n + 1))
    done
    echo "$n"
}

# ---- disks: two of scsi_debug's, one for the store and one for the others

host_of() { # N: the SCSI host of the Nth, as hostX
    local h
    h=$(echo /sys/bus/pseudo/drivers/scsi_debug/adapter"$1"/host*)
    echo "${h##*/}"
}

disk_of() { # HOST: its block device
    local d n=0
    until d=$(echo /sys/class/scsi_host/"$1"/device/target*/*/block/*) &&
        [[ $d != *'*' ]]; do
        ((++n < 600)) || { echo "no disk of $1" >&2; return 1; }
        read -r -t 0.1 <> <(:) || :
    done
    echo "/dev/${d##*/}"
}

plug() { echo '- - -' >"/sys/class/scsi_host/$stick/scan"; }
pull() { echo 1 >"$(echo /sys/class/scsi_host/"$stick"/device/target*/*/delete)"; }

make_disks() {
    local other
    modprobe -r scsi_debug 2>/dev/null || :
    modprobe scsi_debug dev_size_mb=40 per_host_store=1 delay=0 removable=1 \
        add_host=2
    stick=$(host_of 0)
    other=$(disk_of "$(host_of 1)")
    dd if=store.img of="$(disk_of "$stick")" bs=1M conv=fsync status=none
    udevadm settle
    pull
    # hotdom-hotplug takes no device with another name.
    dmsetup create hotdom-bench --table "0 16384 linear $other 0"
}

# ---- events

follow() {
    exec {events}< <(exec hotdom events --follow --json)
    events_pid=$!
    # What there was before.
    while read -r -t 3 -u "$events" _; do :; done
}

field() { # NAME: of $line
    [[ $line =~ \"$1\":(null|\"([^\"]*)\"|([0-9.]+)) ]] &&
        value=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
}

# await GUEST STATE: GUEST is empty for the store's own. The event's moment, in
# ms, is in $at.
await() {
    local line value
    while read -r -t 300 -u "$events" line; do
        field store && [[ $value == "$store" ]] || continue
        field guest && [[ $value == "$1" ]] || continue
        field to && [[ $value == failed || $value == refused ]] &&
            { echo "$line" >&2; return 1; }
        [[ $value == "$2" ]] || continue
        field time && at=$(date -d "$value" +%s%3N)
        return 0
    done
    echo "no event $1 $2" >&2
    return 1
}

# ---- the sides: each starts a guest into $domid, and ends it

xl() { /usr/lib/xen-4.17/bin/xl "$@"; }

config() { # KERNEL DISK VIF
    cat <<END
name = "bench"
kernel = "$PWD/$1"
ramdisk = "$PWD/initrd"
extra = "console=hvc0 quiet"
memory = 128
vcpus = 1
disk = ["$2"]
vif = ["mac=$mac,bridge=xenbr0$3"]
END
}

start_by_xl() { # SIDE
    begin
    xl create -q "$1.cfg" >&2
    sample start "$1"
    domid=$(xl domid bench)
}

end_by_xl() { # SIDE
    begin
    xl destroy bench
    sample destroy "$1"
}

start_stock() { start_by_xl stock; }
start_tuned() { start_by_xl tuned; }
end_stock() { end_by_xl stock; }
end_tuned() { end_by_xl tuned; }

# From the event that says verified and planned to the one that says running;
# and from the plug to the end of hotdom-job, with all that this costs.
start_hotdom() {
    local planned running
    begin
    plug
    await $guest planned && planned=$at
    await $guest running && running=$at
    await '' running
    sample plugged hotdom
    sample start hotdom $((running - planned))
    domid=$(xl domid $store.$guest)
}

# From the removal of the SCSI device, which udev tells hotdomd.
end_hotdom() {
    local pulled fenced
    pulled=$(now_ms)
    begin
    pull
    await '' fenced && fenced=$at
    await $guest gone
    sample destroy hotdom $((at - pulled))
    sample yank hotdom $((fenced - pulled))
    await '' gone
}

ask_floor() { # ORDER FIGURE
    local us
    begin
    echo "$1" >&"${FLOOR[1]}"
    read -r -t 300 -u "${FLOOR[0]}" domid us
    sample "$2" floor $((us / 1000))
}

start_floor() { ask_floor start start; }
end_floor() { ask_floor end destroy; }

# Until both devices are connected, its address is taken and it idles.
settle() {
    local n=0 last=-1 now=
    until [[ $(xenstore-read "/local/domain/$domid/device/vbd/51712/state" \
        "/local/domain/$domid/device/vif/0/state") == 4$'\n'4 ]]; do
        ((++n < 300)) || { echo "guest $domid does not come up" >&2; return 1; }
        read -r -t 1 <> <(:) || :
    done
    until [[ $now == "$last" ]]; do
        last=$now
        read -r -t 2 <> <(:) || :
        now=$(xl list "$domid" | awk 'NR == 2 {printf "%d", $NF}')
    done
}

main() {
    local side before
    echo "xenstored $(pgrep -l 'xenstored$' | awk '{print $2; exit}')"
    config kernel "phy:/dev/mapper/hotdom-bench,xvda,w" '' >stock.cfg
    config vmlinux "vdev=xvda,access=rw,format=raw,backendtype=phy,script=/usr/libexec/hotdom/hotdom-hotplug,target=/dev/mapper/hotdom-bench" \
        ,script=/usr/libexec/hotdom/hotdom-hotplug >tuned.cfg
    make_disks
    follow
    coproc FLOOR { exec ./floor vmlinux initrd /dev/mapper/hotdom-bench \
        $mac xenbr0 128; }
    for ((pair = 1; pair <= pairs; pair++)); do
        for side in hotdom stock tuned floor; do
            before=$(processes)
            "start_$side"
            settle
            echo "resident $side $pair $(($(processes) - before)) 0 0"
            "end_$side"
        done
    done
    exec {FLOOR[1]}>&-
    kill "$events_pid"
    dmsetup remove hotdom-bench
}

main
