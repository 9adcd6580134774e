#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs in the bed's dom0, beside dom0.bash, whose disks it plugs: a
# store comes and goes, by eject, by a pull while it is built and by a pull at
# any moment while its guest writes a log. What was written for sure must be
# there, and neither the host nor hotdomd may keep anything. Its last line is
# "soak: ok" or the first difference.
. "$(dirname "$0")/dom0.bash"
cycles=$1
RANDOM=${2:-1}
label=soak

differs() { # WHAT: the only way out but the end
    echo "soak: cycle $cycle, $what: $1"
    exit 1
}

state() {
    hotdom list --json | jq -r --arg s "$label" \
        '[.[] | select(.store == $s).state] + ["none"] | .[0]'
}

until_state() { # STATE
    local until=$((SECONDS + 120)) state
    until state=$(state) && [[ $state == "$1" ]]; do
        ((SECONDS < until)) || differs "still $state, not $1"
        pause 0.2
    done
}

activation() { # auto or deny, of what comes from now on
    printf 'signers:\n  - {name: soak, activation: %s}\n' "$1" \
        >/etc/hotdom/hotdom.yaml
    hotdom policy check >/dev/null && systemctl reload hotdomd
}

# With the store's disk there, and hotdomd leaving it alone.
with_disk() { # COMMAND...
    activation deny
    plug
    disk=$(disk_of "$stick")
    udevadm settle
    "$@"
    udevadm settle
    pull
    until_state none
    activation auto
}

# The kernel's word: udev looks at no partition of a store.
part() { # NAME: the disk's partition of that volume
    local at
    at=$(grep -lx "PARTNAME=hotdom:$1" /sys/class/block/"${disk##*/}"?*/uevent) ||
        return 1
    at=${at%/uevent}
    echo "/dev/${at##*/}"
}

# ---- the log

written() { # FILE of the guest's: how many it was told are on the disk
    # It is empty for the moment in which it is written.
    said=
    until [[ -n $said ]]; do ask "echo \$(cat /run/$1 2>/dev/null || echo 0)"; done
    echo "$said"
}

# Both logs have each record up to what the guest knew of.
check_log() {
    local raw fs n last
    raw=$(part raw) && fs=$(part fs) || differs "$disk has not all volumes"
    n=$(tr '\0' '\n' <"$raw" | { grep -a -o '^record [0-9]*' || :; } |
        sort -u | wc -l)
    ((n >= records)) || differs "$n records of $records that were written"
    e2fsck -p "$fs" >/dev/null 2>&1 || (($? == 1)) ||
        differs "e2fsck -p does not mend the file system"
    e2fsck -fn "$fs" >/dev/null 2>&1 ||
        differs "the file system is not clean after its journal"
    last=$(debugfs -R 'cat /log' "$fs" 2>/dev/null | tail -n 1)
    ((${last:-0} >= lines)) ||
        differs "line ${last:-0} of $lines that were written"
}

renew() { dd if=store.img of="$disk" bs=1M conv=fsync status=none; }

check_and_renew() { check_log && renew; }

# ---- the ways to go

by_eject() {
    plug
    until_state running
    hotdom eject "$label" >/dev/null
    until_state none
    pull
}

# At any moment of the way from the plug to the guest.
by_early_pull() {
    plug
    pause "$((RANDOM % 4)).$((RANDOM % 10))"
    pull
}

by_pull() {
    plug
    until_state running
    domid=$(xl domid soak.writer)
    open_shell
    pause "$((RANDOM % 4)).$((RANDOM % 10))"
    records=$(written written)
    lines=$(written logged)
    pull
    exec {shell}>&-
    until_state none
    with_disk check_and_renew
    told+=" ($records records, $lines lines)"
}

# ---- what must not grow

facts() { # into $fds, $open (what they are), $rss (KiB) and $free (MiB)
    # One that is closed meanwhile is none.
    open=$({ find "/proc/$(hotdomd)/fd" -mindepth 1 -printf '%l\n' || :; } \
        2>/dev/null | sed 's/:\[.*//' | sort)
    fds=$(wc -l <<<"$open")
    rss=$(awk '/^VmRSS/ {print $2}' "/proc/$(hotdomd)/status")
    free=$(xl info free_memory)
}

check_host() {
    hotdom verify-host >/dev/null || differs "$(hotdom verify-host 2>&1)"
    [[ $(xl list | tail -n +3) == '' ]] || differs "$(xl list)"
}

report() {
    facts
    echo "cycle $cycle: $what$told, descriptors $fds, $rss KiB, Xen has $free MiB"
}

main() {
    local fds open rss free fds0 open0 rss0 free0 ways=(eject early_pull pull)
    cycle=0 what=load told=
    exec {never}<> <(:)
    make_disks 40
    with_disk renew
    for ((cycle = 1; cycle <= cycles; cycle++)); do
        what=${ways[RANDOM % 3]} told=
        ((cycle > 3)) || what=${ways[cycle - 1]}
        "by_$what"
        until_state none
        check_host
        report
        # By then each way was gone once, and what is made once is there.
        ((cycle != 3)) || fds0=$fds open0=$open rss0=$rss free0=$free
    done
    what=end
    ((fds <= fds0)) || differs "descriptors: $fds0, now $fds, and of them new \
$(comm -13 <(echo "$open0") <(echo "$open") | tr '\n' ' ')"
    ((rss < rss0 + 1024)) || differs "memory of hotdomd: $rss0 KiB, now $rss"
    ((free >= free0)) || differs "Xen's free memory: $free0 MiB, now $free"
    echo "soak: ok"
}

main
