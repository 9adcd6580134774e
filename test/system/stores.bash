# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Makes the stores that the system tests plug in, under build/system; packs
# each with the real `hotdom pack`, then spoils the ones that must be bad. In
# guests as in dom0, see test/system/run, programs start in half the time with
# norandmaps.

hotdom() { "$repo/build/bin/hotdom" "$@"; }

# manifest NAME CMDLINE MEMORY GUEST...: a source manifest on stdout; each guest
# has a volume of its own and a nic.
manifest() {
    local name=$1 cmdline=$2 memory=$3 g
    shift 3
    echo "hotdom: 1"
    echo "store: {name: $name}"
    echo "volumes:"
    for g in "$@"; do echo "  - {name: $g-disk, kind: data, encryption: none, size: 8M}"; done
    echo "users:"
    echo "  - {name: owner}"
    echo "guests:"
    for g in "$@"; do
        cat <<END
  - name: $g
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps $cmdline"
    memory: {min: $memory, want: $memory}
    volumes: [{name: $g-disk, as: xvda}]
    nics: [{role: internet, as: lan0}]
    stop: {grace: 20s}
END
    done
}

# pack NAME KEY [CMDLINE [MEMORY [GUEST...]]]: fixture NAME.img.
pack() {
    local name=$1 key=$2 cmdline=${3:-} memory=${4:-96M}
    shift $(($# < 4 ? $# : 4))
    manifest "$name" "$cmdline" "$memory" "${@:-$name}" >"$stores/$name.yaml"
    hotdom pack --manifest "$stores/$name.yaml" --key "$stores/$key.key" \
        -o "$stores/$name.img" --force -q --kdf-memory 64M --password-fd 3 \
        3<<<"$password"
}

# Encrypted data, two users with a password each, and a recovery key, which is
# kept in locked2.recovery; opening it is cheap, for the bed is slow.
pack_locked2() {
    head -c 2M /dev/urandom >"$stores/more.raw"
    cat >"$stores/locked2.yaml" <<END
hotdom: 1
store: {name: locked2}
volumes:
  - {name: locked2-disk, size: 8M}
  - {name: locked2-more, size: 4M, from: $stores/more.raw}
users:
  - {name: owner}
  - name: second
    settings: {locale: de_DE.UTF-8, keyboard: de, time_zone: Europe/Berlin,
      memory: 112M, vcpus: 64}
guests:
  - name: locked2
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M, want: 96M}
    volumes: [{name: locked2-disk, as: xvda}, {name: locked2-more, as: xvdb}]
    nics: [{role: internet, as: lan0}]
    stop: {grace: 20s}
END
    hotdom pack --manifest "$stores/locked2.yaml" --key "$stores/signer.key" \
        -o "$stores/locked2.img" --force -q --kdf-memory 8M --password-fd 3 \
        3<<<"$password"$'\n'"$password2" |
        sed -n 's/^recovery key: //p' >"$stores/locked2.recovery"
    [[ -s $stores/locked2.recovery ]]
}

# Plain data as xvda, and as xvdb an image of what image.raw holds; needs no
# password.
pack_image() {
    cat >"$stores/image.yaml" <<END
hotdom: 1
store: {name: image}
volumes:
  - {name: image-disk, encryption: none, size: 8M}
  - {name: image-ro, kind: image, from: $stores/image.raw}
guests:
  - name: image
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M, want: 96M}
    volumes: [{name: image-disk, as: xvda}, {name: image-ro, as: xvdb}]
    nics: [{role: internet, as: lan0}]
    stop: {grace: 20s}
END
    head -c 4M /dev/urandom >"$stores/image.raw"
    hotdom pack --manifest "$stores/image.yaml" --key "$stores/lab.key" \
        -o "$stores/image.img" --force -q
}

# The first guest of two is after the second, and is kept behind a pull.
pack_ordered() {
    manifest ordered '' 96M web db |
        sed -e 's/^  - name: web$/&\n    after: [db]/' \
            -e '0,/{grace: 20s}/s//{grace: 20s, on_yank: pause, pause: 30s}/' \
            >"$stores/ordered.yaml"
    hotdom pack --manifest "$stores/ordered.yaml" --key "$stores/lab.key" \
        -o "$stores/ordered.img" --force -q --password-fd 3 3<<<"$password"
}

# A guest that logs to a file system for ever, and tells what it wrote.
pack_logger() {
    mke2fs -q -F -t ext4 "$stores/logger.raw" 8M
    manifest logger hotdom.log=/dev/xvda 96M logger |
        sed "s|kind: data, encryption: none, size: 8M|encryption: none, from: $stores/logger.raw|" \
            >"$stores/logger.yaml"
    hotdom pack --manifest "$stores/logger.yaml" --key "$stores/lab.key" \
        -o "$stores/logger.img" --force -q --password-fd 3 3<<<"$password"
}

# Two guests that wish for what the tests' policy has not.
pack_mapped() {
    cat >"$stores/mapped.yaml" <<END
hotdom: 1
store: {name: mapped}
volumes: [{name: maker-disk, encryption: none, size: 8M}]
guests:
  - name: needy
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    nics: [{role: lab, as: lan0, level: required}]
  - name: maker
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    volumes: [{name: maker-disk, as: xvda}]
    nics: [{role: lab, as: lan0}]
    wishes: [{class: block, as: xvdc, size: 16M}, {class: sound, as: speaker}]
END
    hotdom pack --manifest "$stores/mapped.yaml" --key "$stores/lab.key" \
        -o "$stores/mapped.img" --force -q
}

# Two guests that wish for the same stick; only the first does without.
pack_devices() {
    cat >"$stores/devices.yaml" <<END
hotdom: 1
store: {name: devices}
volumes: [{name: holder-disk, encryption: none, size: 8M}]
guests:
  - name: holder
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    volumes: [{name: holder-disk, as: xvda}]
    nics: [{role: internet, as: lan0}]
    wishes:
      - {class: usb, role: stick, as: stick}
      - {class: usb, role: wire, as: wire}
      - {class: usb, role: line, as: line}
    stop: {grace: 20s}
  - name: picky
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    wishes: [{class: usb, role: stick, as: stick, level: required}]
    stop: {grace: 20s}
END
    hotdom pack --manifest "$stores/devices.yaml" --key "$stores/lab.key" \
        -o "$stores/devices.img" --force -q
}

# One guest reads files of the host, and has as many exceptions as there may be;
# the other wants what no policy gives.
pack_view() {
    cat >"$stores/view.yaml" <<END
hotdom: 1
store: {name: view}
volumes: [{name: reader-disk, encryption: none, size: 8M}]
guests:
  - name: reader
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    volumes: [{name: reader-disk, as: xvda}]
    nics: [{role: internet, as: lan0}]
    tables:
      exception: [/srv/shown, /etc/hostname$(printf ', /srv/shown/%014d' {1..62})]
      inclusion: [/srv/shown/own]
    stop: {grace: 20s}
  - name: spy
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    tables: {exception: [/srv/shown, /etc/shadow]}
END
    hotdom pack --manifest "$stores/view.yaml" --key "$stores/lab.key" \
        -o "$stores/view.img" --force -q
}

# A guest that reads files of the host and one that attacks what serves it them:
# without the kernel's driver, and with what a process needs in its place.
pack_rogue_9p() {
    local tree=$stores/rogue-9p-root kver m guest
    kver=$(<"$build/bed/kernel/version")
    rm -rf "$tree" && mkdir -p "$tree/bin" "$tree/lib/modules/$kver"
    zstdcat "$tiny/initrd" | cpio -i --quiet --to-stdout modules.order |
        grep -v 9pnet_xen >"$tree/modules.order"
    for m in xen-gntalloc xen-evtchn; do
        cp "$build/bed/kernel/lib/modules/$kver/kernel/drivers/xen/$m.ko" \
            "$tree/lib/modules/$kver/"
        echo "/lib/modules/$kver/$m.ko" >>"$tree/modules.order"
    done
    cp "$build/bin/rogue-9p" "$tree/bin/"
    # What comes later in a ramdisk takes the place of what was there.
    { zstdcat "$tiny/initrd" && (cd "$tree" && find . | sort |
        cpio -o -H newc -R 0:0 --quiet); } | zstd -q >"$stores/rogue-9p.initrd"
    {
        printf 'hotdom: 1\nstore: {name: rogue-9p}\nguests:\n'
        for guest in "reader $tiny/initrd" "rogue $stores/rogue-9p.initrd"; do
            cat <<END
  - name: ${guest% *}
    kernel: $tiny/kernel
    ramdisk: ${guest#* }
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M, want: 96M}
    nics: [{role: internet, as: lan0}]
    tables: {exception: [/srv/shown, /etc/hostname]}
    stop: {grace: 20s}
END
        done
    } >"$stores/rogue-9p.yaml"
    hotdom pack --manifest "$stores/rogue-9p.yaml" --key "$stores/lab.key" \
        -o "$stores/rogue-9p.img" --force -q
    rm -rf "$tree" "$stores/rogue-9p.initrd"
}

# A guest that wishes for a PCI device.
pack_card() {
    cat >"$stores/card.yaml" <<END
hotdom: 1
store: {name: card}
volumes: [{name: card-disk, encryption: none, size: 8M}]
guests:
  - name: card
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    volumes: [{name: card-disk, as: xvda}]
    nics: [{role: internet, as: lan0}]
    wishes: [{class: pci, role: lab, as: lab}]
    stop: {grace: 20s}
END
    hotdom pack --manifest "$stores/card.yaml" --key "$stores/lab.key" \
        -o "$stores/card.img" --force -q
}

# A guest that wishes for more than most hosts have, so that each gives it what
# it can.
pack_roam() {
    cat >"$stores/roam.yaml" <<END
hotdom: 1
store: {name: roam}
volumes: [{name: roam-disk, encryption: none, size: 8M}]
guests:
  - name: roam
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M, want: 448M}
    vcpus: {min: 1, want: 2}
    volumes: [{name: roam-disk, as: xvda}]
    nics: [{role: internet, as: lan0}, {role: home, as: lan1}]
    wishes: [{class: sound, as: speaker}]
    stop: {grace: 20s}
END
    hotdom pack --manifest "$stores/roam.yaml" --key "$stores/lab.key" \
        -o "$stores/roam.img" --force -q
}

# NAME.yaml, whose guests get the agent's ramdisk.
pack_with_agent() { # NAME
    hotdom pack --manifest "$stores/$1.yaml" --key "$stores/lab.key" \
        -o "$stores/$1.img" --force -q --ramdisk auto \
        --modules "$build/bed/kernel/lib/modules/$(<"$build/bed/kernel/version")"
}

# Debian with the agent and files of the host, and a guest that is nothing else
# than the agent; both in the ramdisk that hotdom makes.
# The tables of desk are more than a node of xenstore takes, by long names that no
# host has.
pack_agent() {
    cat >"$stores/agent.yaml" <<END
hotdom: 1
store: {name: agent}
volumes: [{name: root, encryption: none, from: $build/guest/debian/root.img}]
guests:
  - name: desk
    kernel: $build/guest/debian/kernel
    cmdline: "root=/dev/xvda console=hvc0 quiet norandmaps"
    memory: {min: 256M, want: 384M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
    tables:
      exception: [/srv/agent, /etc/agent.conf$(printf ', /srv/many/absent/%0105d' {0..17})]
      inclusion: [/srv/agent/own]
    stop: {grace: 90s}
  - name: lone
    kernel: $build/guest/debian/kernel
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 128M}
    tables: {exception: [/srv/agent]}
    stop: {grace: 90s}
END
    pack_with_agent agent
}

# Debian without systemd, for a user with settings.
pack_sysv() {
    cat >"$stores/sysv.yaml" <<END
hotdom: 1
store: {name: sysv}
volumes: [{name: root, encryption: none, from: $build/guest/sysv/root.img}]
users:
  - name: owner
    settings: {locale: de_DE.UTF-8, keyboard: de, time_zone: Europe/Berlin}
guests:
  - name: desk
    kernel: $build/guest/sysv/kernel
    cmdline: "root=/dev/xvda console=hvc0 quiet norandmaps"
    memory: {min: 256M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
    tables: {exception: [/srv/agent]}
    stop: {grace: 90s}
END
    hotdom pack --manifest "$stores/sysv.yaml" --key "$stores/signer.key" \
        -o "$stores/sysv.img" --force -q --kdf-memory 8M --ramdisk auto \
        --modules "$build/bed/kernel/lib/modules/$(<"$build/bed/kernel/version")" \
        --password-fd 3 3<<<"$password"
}

# Debian with a ramdisk of its own, so with no agent; for the same user.
pack_plain() {
    cat >"$stores/plain.yaml" <<END
hotdom: 1
store: {name: plain}
volumes: [{name: root, encryption: none, from: $build/guest/debian/root.img}]
users:
  - name: owner
    settings: {locale: de_DE.UTF-8, keyboard: de, time_zone: Europe/Berlin}
guests:
  - name: desk
    kernel: $build/guest/debian/kernel
    ramdisk: $build/guest/debian/initrd
    cmdline: "root=/dev/xvda rw console=hvc0 quiet norandmaps"
    memory: {min: 256M, want: 384M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
    tables: {exception: [/srv/agent]}
    stop: {grace: 30s}
END
    hotdom pack --manifest "$stores/plain.yaml" --key "$stores/signer.key" \
        -o "$stores/plain.img" --force -q --kdf-memory 8M \
        --password-fd 3 3<<<"$password"
}

# A Debian guest with a key that is a file, and two that share a setting.
pack_registry() {
    cat >"$stores/registry.yaml" <<END
hotdom: 1
store: {name: registry}
volumes: [{name: root, encryption: none, from: $build/guest/debian/root.img}]
registry: [{key: net/proxy, value: "http://proxy:3128"}, {key: retries, type: integer, value: "3"}]
guests:
  - name: desk
    kernel: $build/guest/debian/kernel
    cmdline: "root=/dev/xvda console=hvc0 quiet norandmaps"
    memory: {min: 256M, want: 384M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
    bind: [{key: guest/motd, file: /etc/motd}, {key: store/net/proxy, file: /etc/proxy}]
    stop: {grace: 30s}
  - name: lone
    kernel: $build/guest/debian/kernel
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 128M}
    stop: {grace: 30s}
END
    pack_with_agent registry
}

# Two guests with the agent whose roots are the same small one, busybox's, and
# that have the same exception; and one whose root is an image of that.
pack_twins() {
    local tree=$stores/twins-root side
    rm -rf "$tree" && mkdir -p "$tree"
    (cd "$tree" && zstdcat "$tiny/initrd" | cpio -idm --quiet && ln -s ../init sbin/init)
    for side in left right; do
        PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -m 0 -d "$tree" \
            "$stores/$side.raw" 32M >/dev/null
    done
    mksquashfs "$tree" "$stores/picture.raw" -noappend -quiet -no-progress
    {
        printf 'hotdom: 1\nstore: {name: twins}\nvolumes:\n'
        for side in left right; do
            echo "  - {name: $side, encryption: none, from: $stores/$side.raw}"
        done
        echo "  - {name: picture, kind: image, from: $stores/picture.raw}"
        echo guests:
        for side in left right; do
            cat <<END
  - name: $side
    kernel: $build/guest/debian/kernel
    cmdline: "root=/dev/xvda console=hvc0 quiet norandmaps"
    memory: {min: 128M}
    volumes: [{name: $side, as: xvda}]
    nics: [{role: internet, as: eth0}]
    tables: {exception: [/srv/agent]}
    stop: {grace: 20s}
END
        done
        cat <<END
  - name: picture
    kernel: $build/guest/debian/kernel
    cmdline: "root=/dev/xvda console=hvc0 quiet norandmaps"
    memory: {min: 128M}
    volumes: [{name: picture, as: xvda}]
    stop: {grace: 20s}
END
    } >"$stores/twins.yaml"
    pack_with_agent twins
    rm -rf "$tree" "$stores"/{left,right,picture}.raw
}

# A guest that begins with GRUB, which finds its kernel on the guest's own disk,
# and one that begins with the same kernel.
pack_grub() {
    local tree=$stores/grub-root
    rm -rf "$tree" && mkdir -p "$tree/boot/grub"
    cp "$tiny/kernel" "$tree/boot/vmlinuz"
    cp "$tiny/initrd" "$tree/boot/initrd.img"
    printf '%s\n' 'linux /boot/vmlinuz console=hvc0 quiet norandmaps from.grub' \
        'initrd /boot/initrd.img' boot >"$tree/boot/grub/grub.cfg"
    # GRUB 2.06 does not know these two.
    PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -m 0 -d "$tree" \
        -O ^metadata_csum_seed,^orphan_file "$stores/grub.raw" 48M >/dev/null
    cat >"$stores/grub.yaml" <<END
hotdom: 1
store: {name: grub}
volumes: [{name: root, encryption: none, from: $stores/grub.raw}]
guests:
  - name: loader
    kernel: /usr/lib/grub-xen/grub-x86_64-xen.bin
    memory: {min: 256M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
    stop: {grace: 20s}
  - name: plain
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet norandmaps"
    memory: {min: 96M}
    nics: [{role: internet, as: lan0}]
    stop: {grace: 20s}
END
    hotdom pack --manifest "$stores/grub.yaml" --key "$stores/lab.key" \
        -o "$stores/grub.img" --force -q
    rm -rf "$tree" "$stores/grub.raw"
}

# Debian with a screen.
pack_screen() {
    cat >"$stores/screen.yaml" <<END
hotdom: 1
store: {name: screen}
volumes: [{name: root, kind: data, encryption: none, from: $build/guest/debian/root.img}]
guests:
  - name: desk
    kernel: $build/guest/debian/kernel
    ramdisk: $build/guest/debian/initrd
    cmdline: "root=/dev/xvda rw console=hvc0 quiet norandmaps xen_fbfront.video=4,1024,768"
    memory: {min: 256M, want: 512M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
    wishes:
      - {class: display, as: screen, width: 1024, height: 768}
      - {class: input, as: keys}
    stop: {grace: 5s}
END
    hotdom pack --manifest "$stores/screen.yaml" --key "$stores/lab.key" \
        -o "$stores/screen.img" --force -q
}

# The header partition is the first, at 1 MiB: manifest.yaml's tar block, then
# its bytes, then the block of manifest.sig and the signature.
header=$((1 << 20))

# sign_again IMAGE KEY: a true signature over whatever the manifest says now.
sign_again() {
    local img=$1 key=$2 size blocks
    size=$((8#$(dd if="$img" bs=1 skip=$((header + 124)) count=11 status=none)))
    blocks=$(((size + 511) / 512))
    dd if="$img" bs=1 skip=$((header + 512)) count=$size \
        of="$stores/m.yaml" status=none
    openssl pkeyutl -sign -rawin -inkey "$stores/$key.key" \
        -in "$stores/m.yaml" -out "$stores/m.sig"
    dd if="$stores/m.sig" of="$img" bs=1 conv=notrunc status=none \
        seek=$((header + 512 * (2 + blocks)))
}

# patch IMAGE FROM TO: replaces bytes of the manifest, as many as before.
patch_manifest() {
    local at
    [[ ${#2} -eq ${#3} ]]
    at=$(head -c $((header + 65536)) "$1" | grep -abo -m 1 -F -- "$2" |
        head -n 1 | cut -d: -f1)
    printf %s "$3" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

spoiled() { # NAME FROM: a copy to spoil
    cp --sparse=always "$stores/$2.img" "$stores/$1.img"
}

make_stores() {
    local k
    rm -rf "$stores" && mkdir -p "$stores"
    for k in signer lab stranger; do
        (cd "$stores" && hotdom keygen "$k" >/dev/null)
    done
    # The lab's stores need no password, which costs seconds each in the bed.
    pack one signer
    pack huge signer "" 512G
    # It is given devices while it runs, whose rings leave no room in less.
    pack auto lab "" 128M
    pack two lab
    pack pair lab "" 96M left right
    pack writer lab hotdom.write
    pack off lab hotdom.poweroff=4
    pack stubborn lab hotdom.ignore_shutdown
    pack unknown stranger
    pack_locked2
    pack_image
    pack_logger
    pack_ordered
    pack_mapped
    pack_devices
    pack_card
    pack_view
    pack_roam
    pack big lab "" 640M

    # Three states of one store, each with a true signature.
    sed 's/name: one}/name: aged, generation: 6}/' "$stores/one.yaml" \
        >"$stores/aged.yaml"
    hotdom pack --manifest "$stores/aged.yaml" --key "$stores/signer.key" \
        -o "$stores/aged.img" --force -q --kdf-memory 64M --password-fd 3 \
        3<<<"$password"
    spoiled newer aged
    patch_manifest "$stores/newer.img" "generation: 6" "generation: 7"
    sign_again "$stores/newer.img" signer
    spoiled other aged
    patch_manifest "$stores/other.img" "quiet " "quiet2"
    sign_again "$stores/other.img" signer

    spoiled forged one
    patch_manifest "$stores/forged.img" "name: one" "name: two"
    spoiled odd one
    patch_manifest "$stores/odd.img" "memory:" "memorz:"
    sign_again "$stores/odd.img" signer
    spoiled cut one
    truncate -s 3M "$stores/cut.img"
    spoiled kernel one
    printf X | dd of="$stores/kernel.img" bs=1 seek=$((header + 1000000)) \
        conv=notrunc status=none
    truncate -s 16M "$stores/blank.img"
    printf '%512s' ' ' >"$stores/sector.img"
    mke2fs -q -F -t ext4 -L holiday "$stores/photos.img" 16M
}
