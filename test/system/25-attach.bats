#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Devices that hotdom attaches itself: Xen's own tools see them, a guest is
# held to its address, and backends that fail are undone.

load lib

# Nobody serves nics until then: udev would load the module for the first one.
deaf=/etc/modprobe.d/deaf.conf
deafen() {
    dom0 "echo blacklist xen-netback >$deaf && udevadm control --reload &&
        modprobe -r xen-netback"
}
hear() { dom0 "rm -f $deaf && udevadm control --reload && modprobe xen-netback"; }

# What libxl runs for each of our disks and nics, where xl takes them away.
helper=/usr/libexec/hotdom/hotdom-hotplug

# on_console GUEST COMMAND: of a tiny guest, whose login takes any name.
on_console() {
    dom0 "printf '\n%s\n' '$2' \
        >\$(xenstore-read /local/domain/$(guest_domid "$1")/console/tty)"
}

teardown() {
    [[ -z ${was_deaf:-} ]] || hear || :
    [[ -z ${was_broken:-} ]] || dom0 "mv $helper.kept $helper" || :
    dom0 'umount -q /mnt; dmsetup remove --noudevsync theirs' >/dev/null 2>&1 || :
    end_test
}

@test "xl lists what hotdom attached, and destroys it" {
    start auto
    dom0 xl block-list auto.auto | grep -q '^51712 '
    dom0 xl network-list auto.auto | grep -qi ' 00:16:3e:'
    dom0 xl list -l auto.auto | jq -e '.[0].config |
        (.disks | length) == 1 and (.nics | length) == 1'
    await 90 yes answers auto
    dom0 xl destroy auto.auto
    await 60 '[]' compact_list
}

# hotdom does not run it; xl does, names it, and what it left undone is undone.
@test "a hotplug program that is killed keeps nothing of a guest" {
    was_broken=1
    dom0 "cp -p $helper $helper.kept && printf '#!/bin/sh\nkill -KILL \$\$\n' >$helper"
    start auto
    run dom0 xl destroy auto.auto
    echo "$output"
    [[ $output == *"$helper"*'fatal signal Killed'* ]]
    await 60 '[]' compact_list
    clean
}

@test "xl saves a guest, with the devices that hotdom attached" {
    start auto
    await 90 yes answers auto
    local before
    before=$(dom0 xl domid auto.auto)
    in_guest auto 'echo in-memory >/kept'
    # A checkpoint: the same guest goes on, with its disk and its nic.
    dom0 xl save -c auto.auto /tmp/saved
    [ "$(guest_state auto)" = running ]
    [ "$(dom0 xl domid auto.auto)" = "$before" ]
    seen=$(in_guest auto 'cat /kept; echo behind | dd of=/dev/xvda conv=fsync && echo written')
    echo "$seen"
    [[ $seen == *in-memory*written* ]]
    # Without -c it ends, and that cannot be undone, which hotdomd says.
    dom0 xl save auto.auto /tmp/saved
    await 60 '[]' compact_list
    dom0 'grep -aq "/dev/mapper/hotdom-auto-auto-disk" /tmp/saved && rm /tmp/saved'
    dom0 'journalctl -u hotdomd -n 50 -o cat | grep -F "xl save -c"'
}

be() { # MAC
    on_console auto "ip link set eth0 down; ip link set eth0 address $1; ip link set eth0 up"
}

# Once of three times: for a moment it cannot be while it changes its address.
heard() { # ADDRESS
    dom0 "for n in 1 2 3; do
            ip neigh flush dev xenbr0
            ping -q -c 1 -W 2 $1 >/dev/null && echo yes && exit
        done
        echo no"
}

@test "a guest that takes anothers address is not heard" {
    start auto
    await 90 yes answers auto
    local address mac
    address=$(address_of auto)
    mac=$(dom0 xenstore-read "/local/domain/$(guest_domid auto)/device/vif/0/mac")
    dom0 "ping -q -c 1 -W 20 $address"
    be 00:16:3e:99:99:99
    await 60 no heard "$address"
    # It was the address, and no cable that is out.
    be "$mac"
    await 60 yes heard "$address"
}

@test "a stick is the host's or a guest's, never both at a time" {
    start auto
    # Whichever part of it: the guest's volume lies in all of it.
    run dom0 'mount -t ext4 /dev/sda2 /mnt'
    echo "$output"
    [[ $status -ne 0 && $output == *busy* ]]
    dom0 hotdom eject auto

    dom0 'mke2fs -q /dev/sda2 && mount -o ro /dev/sda2 /mnt'
    dom0 'hotdom attach /dev/sda' || :
    await 60 'failed busy' state auto
    [[ $(list) == *"the host uses the store's medium: /dev/sda2 is mounted on /mnt;"* ]]
    dom0 'mountpoint -q /mnt && hotdom eject auto && umount /mnt'

    # With other dm devices the kernel would let us share it.
    dom0 'dmsetup create theirs --noudevsync --table "0 8 linear /dev/sda 0"'
    dom0 'hotdom attach /dev/sda' || :
    await 60 'failed busy' state auto
    [[ $(list) == *"/dev/sda is part of dm-"*" (theirs);"* ]]
    dom0 'hotdom eject auto && dmsetup remove --noudevsync theirs &&
        hotdom attach /dev/sda'
    await 60 running state auto
}

@test "a backend that never gets ready is named, and nothing stays" {
    was_deaf=1
    deafen
    plug auto
    await 90 'failed timeout' state auto
    [[ $(list) == *'backend of vif 0 of domain'*'does not answer'* ]]
    dom0 hotdom verify-host
    hear
    dom0 hotdom eject auto
}

@test "a stick that is pulled while devices are attached leaves nothing" {
    was_deaf=1
    deafen
    plug auto
    # The nic's nodes are there, and its backend never answers.
    await 90 yes dom0 'xenstore-list /local/domain/0/backend/vif 2>/dev/null |
        grep -q . && echo yes'
    yank auto
    await 60 '[]' compact_list
}
