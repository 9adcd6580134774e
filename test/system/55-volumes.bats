#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What lies between a guest's disk and the stick: encryption and verification,
# and what is left of either when the plug is pulled.

load lib

start_locked2() {
    plug_locked locked2
    unlock_as owner "$password"
}

unlock_as() { # USER PASSWORD
    dom0 "hotdom unlock locked2 -u $1 --password-fd 0" <<<"$2"
    await 60 running state locked2
    await 90 yes answers locked2
}

start_image() {
    plug "${1:-image}" image
    await 60 running state image
    await 90 yes answers image
}

devices() { dom0 'dmsetup ls --target "'"$1"'" | wc -l'; }

# sum_in_guest GUEST FILE: its SHA-256, as the guest reads it.
sum_in_guest() { in_guest "$1" "sha256sum $2" | grep -o '^[0-9a-f]\{64\}'; }

sum() { sha256sum | cut -d' ' -f1; }

@test "a guest reads and writes its encrypted disks, and the stick shows nothing" {
    start_locked2
    in_guest locked2 'dd if=/dev/xvdb bs=1M count=2 | sha256sum' |
        grep "$(sum <"$stores/more.raw")"
    in_guest locked2 'echo written-by-the-guest | dd of=/dev/xvda conv=fsync'
    dom0 hotdom eject locked2
    run grep -qa written-by-the-guest "$plugged/locked2.img"
    [ "$status" -eq 1 ]
    yank locked2
    await 30 '[]' compact_list
    # Again from the same stick, by the other user.
    bed plug "$plugged/locked2.img" locked2
    await 60 locked state locked2
    unlock_as second "$password2"
    in_guest locked2 'head -c 20 /dev/xvda' | grep written-by-the-guest
}

@test "one password opens both encrypted volumes, and no key is to be seen" {
    local table
    start_locked2
    [ "$(devices crypt)" = 2 ]
    table=$(dom0 dmsetup table --showkeys)
    echo "$table"
    [[ $(grep -c ' crypt aes-xts-plain64 :64:logon:hotdom:' <<<"$table") = 2 ]]
    run grep -E '[0-9a-f]{64}' <<<"$table"
    [ "$status" -eq 1 ]
    dom0 'cat /proc/keys; cat /proc/key-users'
    [ "$(dom0 'grep -c logon /proc/keys || :')" = 0 ]
}

# The most that the job had locked, in KiB, while it opened the store.
most_locked() {
    # shellcheck disable=SC2016
    dom0 'exec 3<&0; hotdom unlock locked2 -u owner --password-fd 3 >&2 3<&3 &
        most=0
        while kill -0 $! 2>/dev/null; do
            job=$(pgrep -n -x hotdom-job) || continue
            now=$(awk "/^VmLck:/ {print \$2}" /proc/$job/status 2>/dev/null)
            if [ "${now:-0}" -gt $most ]; then most=$now; fi
        done
        wait $! && echo $most' <<<"$password"
}

@test "what a password's keys come from is in locked memory" {
    local kib kdf=8192 # KiB, as pack_locked2 packs it
    plug_locked locked2
    kib=$(most_locked)
    echo "$kib KiB of hotdom-job were locked"
    [ "$kib" -gt "$kdf" ]
}

@test "a wrong password opens no volume" {
    plug_locked locked2
    run dom0 'hotdom unlock locked2 -u owner --password-fd 0' <<<"$password2"
    echo "$output"
    [ "$status" -eq 4 ]
    [ "$(dom0 'dmsetup ls')" = 'No devices found' ]
    [[ $(state locked2) == locked* ]]
}

@test "an encrypted store is pulled while its guest writes" {
    start_locked2
    in_guest locked2 'while dd if=/dev/urandom of=/dev/xvda bs=4k count=64 \
        conv=fsync; do echo x >>/run/rounds; done >/dev/null 2>&1 &'
    await 30 yes in_guest_says locked2 'test -s /run/rounds && echo yes'
    yank locked2
    await 60 gone gone locked2
    [ "$(dom0 'dmsetup ls')" = 'No devices found' ]
    [ "$(dom0 'grep -c logon /proc/keys || :')" = 0 ]
    clean
}

in_guest_says() { in_guest "$@" | tail -n 1; }

@test "a guest reads its image through verity and cannot write it" {
    start_image
    [ "$(devices verity)" = 1 ]
    [ "$(sum_in_guest image /dev/xvdb)" = "$(sum <"$stores/image.raw")" ]
    [ "$(in_guest_says image 'cat /sys/block/xvdb/ro')" = 1 ]
    dom0 hotdom eject image
    [ "$(dom0 'dmsetup ls')" = 'No devices found' ]
}

# block N: its SHA-256, or nothing when the guest cannot read it.
block() {
    in_guest image "dd if=/dev/xvdb of=/run/b bs=4k skip=$1 count=1 \
        iflag=direct && sha256sum /run/b" | grep -o '^[0-9a-f]\{64\}' || :
}

@test "a changed block of an image is an error for the guest, never wrong data" {
    local at n
    spoiled_image
    start_image spoiled-image
    for n in 499 500 501; do
        at=$(dd if="$stores/image.raw" bs=4k skip=$n count=1 status=none | sum)
        if [ $n = 500 ]; then at=; fi
        [ "$(block $n)" = "$at" ]
    done
    dom0 'dmsetup status --target verity' | grep -w C
    # ... and for the host an event of store and guest, when udev has told it.
    await 60 true told_of 500
}

told_of() { # BLOCK
    dom0 'hotdom events --json' | jq -n "any(inputs; .reason == \"bad-volume\"
        and .guest == \"image\" and (.message | test(\"block $1 \")))"
}

# One bit of block 500, found by what stands before it.
spoiled_image() {
    local img=$stores/spoiled-image.img at byte
    cp --sparse=always "$stores/image.img" "$img"
    at=$(start_of image-ro "$img")
    at=$(((at + 500) * 4096 + 77))
    byte=$(od -An -tu1 -j $at -N 1 "$img")
    printf "\\x$(printf %02x $((byte ^ 1)))" |
        dd of="$img" bs=1 seek=$at conv=notrunc status=none
}

# start_of VOLUME IMAGE: of its partition, in blocks of 4 KiB.
start_of() {
    sfdisk --json "$2" | jq --arg n "hotdom:$1" \
        '.partitiontable.partitions[] | select(.name == $n) | .start / 8'
}

@test "an image is pulled while its guest reads" {
    start_image
    in_guest image 'while cat /dev/xvdb; do
        echo 3 >/proc/sys/vm/drop_caches; echo x >>/run/rounds
        done >/dev/null 2>&1 &'
    await 30 yes in_guest_says image 'test -s /run/rounds && echo yes'
    yank image
    await 60 gone gone image
    [ "$(dom0 'dmsetup ls')" = 'No devices found' ]
    clean
}

@test "who makes a device that is called as ours is not left waiting" {
    dom0 'timeout 30 dmsetup create hotdom-odd --table "0 8 zero" &&
        timeout 30 dmsetup remove hotdom-odd'
}
