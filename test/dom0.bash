# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the drivers dom0-* of the bench and the system tests share. They run in
# the bed's dom0, so that no ssh is in the times; those of the bench print
# "FIGURE SIDE PAIR MS CPU_MS FORKS UDEVS_FORKS", a sample a line, and first
# "xenstored KIND".
set -Eeuo pipefail
cd "$(dirname "$0")"
trap 'echo "$0, ${FUNCNAME[*]-}, line $LINENO: $BASH_COMMAND" >&2' ERR
# Or ssh waits for those that run behind, when something fails.
trap 'kill $(jobs -p) 2>/dev/null || :' EXIT
mac=00:16:3e:00:00:01
store=bench
guest=g1

# ---- counters: of the whole of dom0, so that nothing of either side is missed

counters() { # into $cpu (ms), $forks and $udevs; forks nothing itself
    local user nice system irq soft
    read -r _ user nice system _ _ irq soft _ </proc/stat
    cpu=$(((user + nice + system + irq + soft) * 10))
    forks=0 udevs=0
    [[ -z ${asked-} ]] || { echo >&"$asked" && read -r -u "$told" forks udevs; }
}

# What a driver of the bench begins with; from here on `counters` knows forks.
begin_samples() {
    echo "xenstored $(xenstored_kind)"
    rm -f asked told
    mkfifo asked told
    ./forks <asked >told &
    exec {asked}>asked {told}<told
}

begin() {
    counters
    cpu0=$cpu forks0=$forks udevs0=$udevs
    begin=${EPOCHREALTIME/[.,]/}
}

# Before any fork of ours: what follows `begin` ends here.
finish() {
    ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    counters
}

# sample FIGURE SIDE [MS]: from `begin` to `finish`, unless the time is given.
sample() {
    echo "$1 $2 $pair ${3:-$ms} $((cpu - cpu0)) $((forks - forks0))" \
        "$((udevs - udevs0))"
}

hotdomd() { systemctl show -p MainPID --value hotdomd; } # its process

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
pull() { # forks nothing
    local ends=(/sys/class/scsi_host/"$stick"/device/target*/*/delete)
    echo 1 >"${ends[0]}"
}

# make_disks MIB [N]: of two or N the store's is empty and pulled, the other's is
# $other.
make_disks() {
    modprobe -r scsi_debug 2>/dev/null || :
    modprobe scsi_debug dev_size_mb="$1" per_host_store=1 delay=0 removable=1 \
        add_host="${2:-2}"
    stick=$(host_of 0)
    other=$(disk_of "$(host_of 1)")
    udevadm settle
    pull
}

# load STORE: what is on the disk the next time that it is plugged.
load() {
    plug
    dd if="$1" of="$(disk_of "$stick")" bs=1M conv=fsync status=none
    udevadm settle
    pull
}

# ---- events

# Into a file, which bash reads by blocks: a pipe it reads byte by byte, and that
# took 0.3 s of CPU from each start of hotdom's, and of no other side.
follow() {
    local log=$PWD/events
    : >"$log"
    hotdom events --follow --json >>"$log" &
    exec {events}<"$log" {never}<> <(:)
    # What there was before.
    pause 3
    while read -r -u "$events" _; do :; done
}

pause() { read -r -t "$1" -u "$never" || :; } # SECONDS; forks nothing

next_event() { # into $line, within 300 s
    local part n=0
    line=
    until read -r -u "$events" part; do
        line+=$part
        ((++n < 6000)) || return 1
        pause 0.05
    done
    line+=$part
}

field() { # NAME: of $line
    [[ $line =~ \"$1\":(null|\"([^\"]*)\"|([0-9.]+)) ]] &&
        value=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
}

# Of whatever $line tells: a store that could not be read has no name yet.
went_wrong() {
    field to && [[ $value == failed || $value == refused ]] || return 1
    echo "$line" >&2
}

# await GUEST STATE: GUEST is empty for the store's own. The event's moment is in
# $at, as it was told: to make a number of it is a fork; in $seconds how long the
# state before it was.
await() {
    local line value
    while next_event; do
        went_wrong && return 1
        field store && [[ $value == "$store" ]] || continue
        field guest && [[ $value == "$1" ]] || continue
        field to && [[ $value == "$2" ]] || continue
        field time && at=$value
        field seconds && seconds=$value
        return 0
    done
    echo "no event $1 $2" >&2
    return 1
}

ms_of() { date -d "$1" +%s%3N; }

# ---- xl

xl() { /usr/lib/xen-4.17/bin/xl "$@"; }

xenstored_kind() { pgrep -l 'xenstored$' | awk '{print $2; exit}'; }

helper=/usr/libexec/hotdom/hotdom-hotplug

# disk_for KIND DEVICE: the `disk` of a configuration with Debian's script
# (stock) or with our program (tuned), which takes /dev/mapper/hotdom-* alone.
disk_for() {
    case $1 in
    stock) echo "phy:$2,xvda,w" ;;
    tuned) echo "vdev=xvda,access=rw,format=raw,backendtype=phy,script=$helper,target=$2" ;;
    esac
}

vif_for() { # KIND
    [[ $1 == stock ]] || echo ",script=$helper"
}

# ---- an idle guest

# Where the guests' disks of xl lie does not matter: they never open them.
idle_config() { # KIND N
    cat <<END
name = "idle$2"
kernel = "$PWD/idle"
memory = 16
vcpus = 1
disk = ["$(disk_for "$1" "/dev/mapper/hotdom-bench$2")"]
vif = ["bridge=xenbr0$(vif_for "$1")"]
END
}

# ---- the tiny guest

config() { # KIND KERNEL [MORE]: for xl
    cat <<END
name = "bench"
kernel = "$PWD/$2"
ramdisk = "$PWD/initrd"
extra = "console=hvc0 quiet"
memory = 128
vcpus = 1
disk = ["$(disk_for "$1" /dev/mapper/hotdom-bench)"]
vif = ["mac=$mac,bridge=xenbr0$(vif_for "$1")"]
${3-}
END
}

# The disk of xl's, as large as the volume of the store.
give_disk() { dmsetup create hotdom-bench --table "0 16384 linear $other 0"; }

is_connected() { # CLASS/DEVID...: devices of $domid, as the guest sees them
    local device
    for device in "$@"; do
        [[ $(xenstore-read "/local/domain/$domid/device/$device/state") == 4 ]] ||
            return 1
    done
}

await_connected() { # CLASS/DEVID...
    local n=0
    until is_connected "$@"; do
        ((++n < 300)) || { echo "guest $domid does not take $*" >&2; return 1; }
        read -r -t 1 <> <(:) || :
    done
}

# Until both devices are connected, its address is taken and it idles.
settle() {
    local last=-1 now=
    await_connected vbd/51712 vif/0
    until [[ $now == "$last" ]]; do
        last=$now
        read -r -t 2 <> <(:) || :
        now=$(xl list "$domid" | awk 'NR == 2 {printf "%d", $NF}')
    done
}

# open_shell: of $domid, over its network, into $shell.
open_shell() {
    local its address n=0
    its=$(xenstore-read "/local/domain/$domid/device/vif/0/mac")
    until address=$(awk -v m="$its" 'tolower($2) == tolower(m) {print $3}' \
        /run/dnsmasq.leases) && [[ -n $address ]] &&
        { exec {shell}<>"/dev/tcp/$address/23"; } 2>/dev/null; do
        ((++n < 60)) || { echo "guest $domid does not answer" >&2; return 1; }
        read -r -t 1 <> <(:) || :
    done
}

# ask LINE: the shell's next line of output is in $said, within $patience s.
patience=120
ask() {
    echo "$1" >&"$shell"
    read -r -t "$patience" -u "$shell" said
}

# ---- one guest of each side, beside each other, that run all the time

begin_both() { # [MORE]: of xl's configuration
    config stock kernel "${1-}" >stock.cfg
    make_disks 40
    load store.img
    give_disk
    follow
}

start_both() { # into ${domids[SIDE]}
    plug
    await "$guest" running
    await '' running
    xl create -q stock.cfg >&2
    declare -gA domids
    domids=([hotdom]=$(xl domid "$store.$guest") [stock]=$(xl domid bench))
    for domid in "${domids[@]}"; do settle; done
}

# Shells of both, which `in_turns` uses.
open_shells() {
    declare -gA shells
    for side in "${!domids[@]}"; do
        domid=${domids[$side]}
        open_shell
        shells[$side]=$shell
    done
}

close_shells() { for shell in "${shells[@]}"; do exec {shell}>&-; done; }

# in_turns FIGURE...: each names what is done in $shell, of $side, $pairs times.
# The first round is not told: it fills caches, and makes the guests' pages and
# grants.
in_turns() {
    local figure
    for ((pair = 0; pair <= pairs; pair++)); do
        for figure in "$@"; do
            for side in hotdom stock; do
                shell=${shells[$side]}
                begin
                "$figure"
                finish
                ((pair == 0)) || sample "$figure" "$side"
            done
        done
    done
}

end_both() {
    pull
    await '' gone
    xl destroy bench
    dmsetup remove --retry hotdom-bench
}
