#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Sick sticks: what reads wrong, late or never is refused with its reason, and
# hotdomd answers meanwhile (teardown proves that nothing is left behind).

load lib

only() { list | jq -r '.[] | .state + " " + (.reason // "")'; }
why() { list | jq -r '.[].message'; }

# plug_sick FAULT [NAME]
plug_sick() {
    local name=${2:-one}
    cp --sparse=always "$stores/$name.img" "$plugged/$name.img"
    bed plug --fault "$1" "$plugged/$name.img" "$name" >/dev/null
}

# The header partition begins at sector 2048: the manifest's tar block, then the
# manifest, and a mebibyte further there is a kernel.
@test "a medium error in the partition table is refused as io-error" {
    plug_sick eio:1
    await 60 'refused io-error' only
    [[ $(why) == *"cannot read at byte 512"* ]]
}

@test "a medium error in the manifest is refused as io-error" {
    plug_sick eio:2050
    await 60 'refused io-error' only
    [[ $(why) == *"cannot read at byte 10"* ]]
}

@test "a medium error in a kernel is refused as io-error" {
    # One that is known is not read.
    dom0 systemctl restart hotdomd
    plug_sick eio:4096
    await 60 'refused io-error' only
    [[ $(why) == *"cannot read at byte"* ]]
}

# How long hotdomd takes to answer `hotdom list`, 20 times, sorted, in
# milliseconds: over one open connection, for a process takes longer to start
# in the bed than hotdomd may take to answer.
answer_times() {
    dom0 'bash -s' <<'END'
coproc D { exec socat - UNIX-CONNECT:/run/hotdom/control; }
# Not in a pipeline: a subshell does not have the coprocess.
for _ in {1..20}; do
    a=${EPOCHREALTIME/./}
    printf '{"method":"io.hotdom.List","parameters":{}}\0' >&"${D[1]}"
    IFS= read -r -t 20 -d '' -u "${D[0]}" line || exit 1
    [[ $line == '{"parameters"'* || $line == '{ "parameters"'* ]] || exit 1
    echo $(((${EPOCHREALTIME/./} - a) / 1000))
done > >(sort -n)
END
}

# A disk in dom0's memory that answers as late as it is told, for QEMU cannot
# hold one disk back without holding itself back. `sick` becomes its name.
debug=/sys/bus/pseudo/drivers/scsi_debug
sick_disk() { # STORE
    dom0 'modprobe scsi_debug dev_size_mb=64 delay=1 && udevadm settle'
    sick=$(dom0 "basename $debug/adapter0/host*/target*/*:*/block/*")
    dom0 "dd of=/dev/$sick bs=1M conv=fsync status=none && udevadm settle" \
        <"$stores/$1.img"
}

# Commands may be in the queue yet, and readers have it open until they end.
heal() {
    # What waits behind the request in flight fails at once.
    dom0 "for s in $debug/adapter0/host*/target*/*:*/state; do
            [ ! -e \$s ] || echo offline >\$s
        done
        for n in \$(seq 100); do
            [ -e $debug ] || exit 0
            echo 1 >$debug/delay && rmmod scsi_debug && exit
            sleep 1
        done 2>/dev/null; exit 1"
}

# A test that failed has left it, and readers that wait for it.
teardown() {
    [[ -z ${sick:-} ]] || heal || :
    dom0 systemctl -q revert hotdomd || :
    end_test
}

@test "a disk that stalls for a minute is refused after 10 s, and hotdomd answers" {
    local times seconds
    sick_disk one
    # In ticks of 4 ms; the kernel must not give up before.
    dom0 "echo 15000 >$debug/delay && echo 180 >/sys/block/$sick/device/timeout
        hotdom attach /dev/$sick </dev/null >/tmp/attach 2>&1 &"
    await 5 'seen ' only
    times=$(answer_times)
    [ "$(only)" = 'seen ' ]
    echo "answered in ms:" "$times"
    # One that waited for the disk would take a minute.
    [ "$(sed -n 20p <<<"$times")" -lt 5000 ]
    await 30 'refused timeout' only
    dom0 'ps -C hotdom-reader -o pid,stat,wchan:32,args; cat /tmp/attach'
    [[ $(why) == *"within 10 s"* ]]
    seconds=$(dom0 hotdom events --json |
        jq -s 'map(select(.to == "refused")) | last | .seconds')
    echo "refused after $seconds s"
    jq -ne "$seconds >= 10 and $seconds < 12"
    # Its end is the disk's, and the host is clean then.
    heal
    [ -z "$(dom0 'ps -C hotdom-reader -o pid= | cat')" ]
    await 20 '[]' compact_list
}

told() { dom0 'journalctl -u hotdomd -o cat | grep -c "auto runs on, but"' || :; }

# Of all that hotdomd's helpers read of the stick; the guest goes by itself.
read_slowly() { # BYTES A SECOND
    dom0 "sync; echo 3 >/proc/sys/vm/drop_caches
        systemctl set-property --runtime hotdomd IOReadBandwidthMax='/dev/sda $1'"
}

@test "a disk that is late when hotdomd comes back costs no guest" {
    local id before
    before=$(told)
    plug auto
    await 60 running state auto
    id=$(guest_domid auto)
    read_slowly 1K
    dom0 systemctl restart hotdomd
    await 60 $((before + 1)) told
    dom0 systemctl revert hotdomd
    await 60 running state auto
    [ "$(guest_domid auto)" = "$id" ]
    dom0 hotdom eject auto
}

# The same disk with another capacity: asked again, the kernel tells.
shrink() { # ID BYTES
    bed resize "$1" "$2"
    dom0 'echo 1 >/sys/block/sda/device/rescan'
    await 20 "$(($2 / 512))" dom0 cat /sys/block/sda/size
}

@test "a store that no longer fits its disk does not start" {
    plug_locked one
    shrink one 4194304
    run unlock one
    echo "$output"
    [ "$status" -ne 0 ]
    [ "$(dom0 'xl list | tail -n +3')" = '' ]
    [ "$(dom0 'dmsetup ls')" = 'No devices found' ]
    # Read again, it is refused for what it is.
    yank one
    await 60 '[]' compact_list
    bed plug "$plugged/one.img" one >/dev/null
    await 60 'refused bad-header' only
    [[ $(why) == *"cut off"* ]]
}

@test "a running guest does not notice that its disk grew" {
    start auto
    bed resize auto $((512 << 20))
    dom0 'echo 1 >/sys/block/sda/device/rescan'
    await 20 1048576 dom0 cat /sys/block/sda/size
    [ "$(state auto)" = running ]
    await 90 yes answers auto
    in_guest auto 'cat /sys/block/xvda/size' | grep -w 16384
}

@test "a volume that looks like qcow2 reaches the guest as the bytes it has" {
    local at
    cp --sparse=always "$stores/auto.img" "$plugged/auto.img"
    at=$(sfdisk -J "$plugged/auto.img" | jq '.partitiontable.partitions |
        map(select(.name == "hotdom:auto-disk"))[0].start')
    printf 'QFI\xfb\0\0\0\3' | dd of="$plugged/auto.img" bs=512 \
        seek="$at" conv=notrunc status=none
    bed plug "$plugged/auto.img" auto >/dev/null
    await 60 running state auto
    await 90 yes answers auto
    in_guest auto 'head -c 8 /dev/xvda | hexdump -C' | grep '51 46 49 fb 00 00 00 03'
    in_guest auto 'cat /sys/block/xvda/size' | grep -w 16384
}
