#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store whose content calls for the host's own tools: LVM, md, btrfs, swap,
# udisks and the device links must not answer. The host has its own such thing
# in use, and the store holds a copy of it, with the same names and UUIDs.

load lib
eval "$(declare -f teardown | sed 's/^teardown/usual_teardown/')"

trap_dir=/root/trap

# host_has SIZE COMMANDS: makes /root/trap/raw in dom0 and lets the host use it
# by these commands, which find its loop device in $loop. A copy comes here.
host_has() {
    dom0 "set -e
        mkdir -p $trap_dir && cd $trap_dir
        truncate -s $1 raw
        loop=\$(losetup -f --show raw)
        $2
        udevadm settle
        sync" >&2
    fetch_raw trap.raw
}

fetch_raw() { # NAME
    rm -rf "$stores/pulled" && mkdir "$stores/pulled"
    bed pull $trap_dir/raw "$stores/pulled"
    mv "$stores/pulled/raw" "$stores/$1"
}

# trap_store KEY: packs a store whose one volume holds trap.raw.
trap_store() {
    cat >"$stores/trap.yaml" <<END
hotdom: 1
store: {name: trap}
volumes:
  - {name: trap-disk, kind: data, encryption: none, from: $stores/trap.raw}
users: [{name: owner}]
guests:
  - name: trap
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet"
    memory: {min: 96M, want: 96M}
    volumes: [{name: trap-disk, as: xvda}]
    stop: {grace: 20s}
END
    "$build/bin/hotdom" pack --manifest "$stores/trap.yaml" --force -q \
        --key "$stores/$1.key" -o "$stores/trap.img" \
        --password-fd 3 3<<<"$password"
}

# All that somebody may have activated, and all names under which a file system
# is found; none of hotdom's own devices.
host_view() {
    # shellcheck disable=SC2016
    dom0 'udevadm settle
        echo "== links"; cd /dev/disk && find . -type l -printf "%p %l\n" | sort
        echo "== mapper"; dmsetup ls | grep -v -e ^hotdom- -e "^No dev" | sort
        echo "== md"; grep -v ^unused /proc/mdstat
        echo "== swaps"; awk "{print \$1, \$2, \$3}" /proc/swaps
        echo "== mounts"; findmnt -rno SOURCE,TARGET,FSTYPE
        echo "== lvm"; find /run/lvm -type f ! -name hints ! -path "*/lock/*" | sort
        echo "== btrfs"; ls /sys/fs/btrfs 2>/dev/null
            btrfs filesystem show -m 2>/dev/null | grep -v "^$"
        echo "== units"; systemctl list-units --all --plain --no-legend \
            --type=mount,swap,device | awk "/\.device/ && !/sd|dm/ {next}
            {print \$1, \$3, \$4}" | sort
            systemctl list-units --plain --no-legend "lvm*" "md*" |
            awk "{print \$1}"
        echo "== blkid"; cat /run/blkid/blkid.tab 2>/dev/null
        true'
}

# The store's disk, partitions and volumes: their udev database, and who has
# them open beside the kernel.
hidden() {
    # shellcheck disable=SC2016
    dom0 'cd /dev; bad=0
        for d in sda sda[0-9] mapper/hotdom-*; do
            [ -e $d ] || continue
            p=$(udevadm info --query=property /dev/$d)
            grep -q ^UDISKS_IGNORE=1 <<<"$p" || { echo "$d is not hidden"; bad=1; }
            grep ^ID_FS_ <<<"$p" && { echo "$d was probed"; bad=1; }
            find /proc/[0-9]*/fd -lname "$(readlink -f $d)" 2>/dev/null |
                grep . && { echo "$d is open"; bad=1; }
        done
        [ $(ls mapper | grep ^hotdom- | grep -vc "+raw$") -le 1 ] ||
            { ls mapper; bad=1; }
        exit $bad'
}

untouched() { # BEFORE
    diff <(echo "$1") <(host_view)
    hidden
}

# From the plug to the running guest nothing of the host changes.
stays_away() {
    local before
    trap_store lab
    before=$(host_view)
    plug trap
    await 60 running state trap
    untouched "$before"
    dom0 hotdom eject trap
}

teardown() {
    pull_everything || :
    # shellcheck disable=SC2016
    dom0 'systemctl -q stop trap-udisksd 2>/dev/null
        swapoff /dev/loop* 2>/dev/null
        umount '$trap_dir'/mnt 2>/dev/null
        vgchange -qq -an trapvg 2>/dev/null
        mdadm -q --stop /dev/md/trap 2>/dev/null
        for l in $(losetup -n -O NAME -j '$trap_dir'/raw); do
            losetup -d $l
        done
        udevadm settle
        rm -rf '$trap_dir'
        true'
    rm -rf "$stores/trap.raw" "$stores/pulled"
    usual_teardown
}

@test "a volume group of the host's own name and UUID is not activated" {
    local before
    host_has 16M 'pvcreate -q $loop; vgcreate -q trapvg $loop
        lvcreate -q -y -n lv -L 4M trapvg'
    trap_store signer
    before=$(host_view)
    [[ $before == *trapvg-lv* ]]
    plug trap
    await 60 locked state trap
    untouched "$before"
    unlock trap
    untouched "$before"
}

@test "the missing half of the host's RAID is not added to it" {
    host_has 16M 'mdadm -q --create /dev/md/trap --run --level=1 -n 2 \
        --metadata=1.2 $loop missing </dev/null'
    [[ $(host_view) == *"active raid1"* ]]
    stays_away
}

@test "a btrfs with the UUID of a mounted one is not registered" {
    host_has 128M 'mkfs.btrfs -q -L trap $loop
        mkdir mnt; mount $loop mnt; touch mnt/host'
    [[ $(host_view) == *"Label: 'trap'"* ]]
    stays_away
}

@test "an ext4 with the UUID and label of the host's root gets no link" {
    local root uuid label
    root=$(dom0 'findmnt -no UUID,LABEL /')
    read -r uuid label <<<"$root"
    mke2fs -q -F -t ext4 -U "$uuid" -L "${label:-trap}" "$stores/trap.raw" 16M
    stays_away
}

@test "swap with a label of the host's is not used" {
    host_has 16M 'mkswap -L trapswap $loop; swapon $loop'
    [[ $(host_view) == */dev/loop* ]]
    stays_away
}

@test "a partition table inside a volume makes no partitions" {
    truncate -s 16M "$stores/trap.raw"
    printf '%s\n' 'label: gpt' 'size=4M, name=inner' \
        'size=4M, type=swap, name=inner-swap' | sfdisk -q "$stores/trap.raw"
    stays_away
}

@test "what lies in front of the first partition is not looked at" {
    # btrfs has its superblock at 64 KiB, where a store has nothing.
    local before
    truncate -s 128M "$stores/trap.raw"
    trap_store lab
    dom0 "modprobe btrfs; mkdir -p $trap_dir; cd $trap_dir
        truncate -s 128M raw; mkfs.btrfs -q -L trap raw"
    fetch_raw whole.raw
    dd if="$stores/whole.raw" of="$stores/trap.img" bs=64K skip=1 seek=1 \
        count=1 conv=notrunc status=none
    rm "$stores/whole.raw"
    before=$(host_view)
    plug trap
    await 60 running state trap
    untouched "$before"
}

@test "udisks offers nothing of a store" {
    local before
    mke2fs -q -F -t ext4 -L holiday "$stores/trap.raw" 16M
    trap_store lab
    dom0 'systemd-run -q --unit trap-udisksd /usr/libexec/udisks2/udisksd
        for i in $(seq 60); do
            udisksctl status >/dev/null 2>&1 && exit; done; exit 1'
    before=$(host_view)
    plug trap
    await 60 running state trap
    untouched "$before"
    # Its objects of the store, but for those that say HintIgnore.
    run dom0 'udisksctl dump | awk "
        /^\/org/ {name = \$1}
        /Filesystem:|Swapspace:|Encrypted:/ && name ~ /sda|dm_2d/ {print name, \$0}
        /HintIgnore: *false/ && name ~ /sda|dm_2d/ {print name, \$0}"'
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}
