#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Stores that are changed and copied: update, revert, verify, clone.

load lib
load stores

# A store of its own, since a host remembers the generations that it has seen;
# on a stick with room for one image more.
setup_file() {
    sed 's/^store: .*/store: {name: copies}/' "$stores/image.yaml" \
        >"$stores/copies.yaml"
    hotdom pack --manifest "$stores/copies.yaml" --key "$stores/lab.key" \
        -o "$stores/copies.img" --force -q
    truncate -s +48M "$stores/copies.img"
    dom0 'cat >/tmp/lab.key' <"$stores/lab.key"
}

teardown_file() { dom0 'rm -f /tmp/lab.key /tmp/signer.key /tmp/new.raw'; }

# The first bytes of the guest's image, as it reads them.
first_bytes() { in_guest image 'head -c 16 /dev/xvdb | md5sum' | grep -o '[0-9a-f]\{32\}'; }

device() { list | jq -r '.[] | select(.store == "copies") | "/dev/" + .device'; }

@test "an updated store boots the new image, and the old one after a revert" {
    local old disk
    old=$(head -c 16 "$stores/image.raw" | md5sum | cut -c 1-32)
    start copies
    await 90 yes answers image
    [ "$(first_bytes)" = "$old" ]
    disk=$(device)
    dom0 'head -c 3000000 /dev/urandom >/tmp/new.raw'

    run dom0 "hotdom update copies --guest image --image /tmp/new.raw --key /tmp/lab.key"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"guests use it; eject it first"* ]]

    dom0 hotdom eject copies
    run dom0 "hotdom update $disk --guest image --image /tmp/new.raw --key /tmp/lab.key"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"image boots from image-ro.2"* ]]
    # The kernel reads the table itself, once udev has seen the device closed.
    await 60 PARTNAME=hotdom:image-ro.2 dom0 \
        "grep -hx PARTNAME=hotdom:image-ro.2 /sys/class/block/${disk##*/}?/uevent"
    dom0 "hotdom verify -q $disk"
    dom0 "hotdom attach $disk"
    await 60 running state copies
    await 90 yes answers image
    [ "$(first_bytes)" = "$(dom0 'head -c 16 /tmp/new.raw | md5sum' | cut -c 1-32)" ]

    dom0 hotdom eject copies
    dom0 "hotdom revert $disk --guest image --key /tmp/lab.key"
    dom0 "hotdom attach $disk"
    await 60 running state copies
    await 90 yes answers image
    [ "$(first_bytes)" = "$old" ]
}

@test "a locked store is updated by its name and looked at anew" {
    sed 's/^store: .*/store: {name: sealed}\nusers: [{name: owner}]/' \
        "$stores/image.yaml" >"$stores/sealed.yaml"
    hotdom pack --manifest "$stores/sealed.yaml" --key "$stores/signer.key" \
        -o "$stores/sealed.img" --force -q --password-fd 3 3<<<"$password"
    truncate -s +48M "$stores/sealed.img"
    dom0 'cat >/tmp/signer.key' <"$stores/signer.key"
    dom0 'head -c 3000000 /dev/urandom >/tmp/new.raw'
    plug_locked sealed
    dom0 'hotdom update sealed --guest image --image /tmp/new.raw --key /tmp/signer.key'
    await 60 locked state sealed
    dom0 'hotdom inspect sealed' | grep -E '^generation +2$'
}

@test "a clone of an encrypted store is opened by its user's password" {
    hotdom clone "$stores/locked2.img" -o "$stores/cloned.img" --force -q \
        --key "$stores/signer.key" -u second --password-fd 3 3<<<"$password2"
    plug cloned
    await 60 locked state locked2
    run unlock locked2
    [ "$status" -eq 4 ]
    unlock locked2 "$password2"
    await 90 yes answers locked2
}
