#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store in a file of the host's.

load lib

setup_file() { bed push "$stores/auto.img" /root/kept.img >/dev/null; }

teardown_file() { dom0 'rm -f /root/kept.img'; }

setup() { dom0 'cp --sparse=always kept.img file.img'; }

teardown() {
    dom0 'hotdom eject --all >/dev/null 2>&1; rm -f file.img plain thin.img'
    end_test
}

disks() { dom0 "losetup -n -O NAME -j /root/$1 | wc -l"; }

@test "a file becomes a disk, its guest runs, and an eject lets go of it" {
    dom0 hotdom attach file.img
    await 60 running state auto
    [ "$(disks file.img)" = 1 ]
    # Two disks of it would each write.
    run dom0 hotdom attach ./file.img
    echo "$output"
    [[ $status -eq 1 && $output == *'file.img is /dev/loop'*' already'* ]]
    # Nobody but hotdom has looked at it.
    [ "$(dom0 'udevadm info -q property "$(losetup -n -O NAME -j file.img)" |
        grep -c ID_FS_ || true')" = 0 ]
    dom0 hotdom verify-host
    dom0 systemctl restart hotdomd
    await 60 running guest_state auto
    await 90 yes answers auto
    in_guest auto 'echo kept | dd of=/dev/xvda conv=fsync 2>/dev/null'
    # It is let go of by the time that eject says so.
    dom0 hotdom eject auto
    [ "$(disks file.img)" = 0 ]
    clean
    dom0 hotdom attach file.img
    await 60 running guest_state auto
    await 90 yes answers auto
    [[ $(in_guest auto 'head -c 4 /dev/xvda') == *kept* ]]
}

@test "a file that is no store does not stay a disk" {
    run dom0 'head -c 16M /dev/zero >plain; hotdom attach plain'
    echo "$output"
    [ "$status" -ne 0 ]
    await 10 0 disks plain
    run dom0 'hotdom attach /etc/missing'
    [ "$status" -ne 0 ]
}

@test "files that come and go at once do not take each other's place" {
    dom0 'head -c 16M /dev/zero >plain
        hotdom attach plain & hotdom attach file.img & wait
        hotdom attach plain || :'
    await 60 running state auto
    [ "$(disks plain)" = 0 ]
    dom0 'hotdom eject auto && hotdom attach file.img'
    await 60 running state auto
    [ "$(disks file.img)" = 1 ]
}

# Three volumes of 4 MiB: plain data, and encrypted data with and without
# discards.
pack_thin() {
    cat >"$stores/thin.yaml" <<END
hotdom: 1
store: {name: thin}
volumes:
  - {name: plain, encryption: none, size: 4M}
  - {name: thin, discard: true, size: 4M}
  - {name: thick, size: 4M}
users: [{name: owner}]
guests:
  - name: thin
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet"
    memory: {min: 128M}
    volumes:
      - {name: plain, as: xvda}
      - {name: thin, as: xvdb}
      - {name: thick, as: xvdc}
    nics: [{role: internet, as: lan0}]
    stop: {grace: 20s}
END
    "$build/bin/hotdom" pack --manifest "$stores/thin.yaml" -q --force \
        --key "$stores/lab.key" -o "$stores/thin.img" --kdf-memory 8M \
        --password-fd 3 3<<<"$password"
}

used() { dom0 stat -c %b thin.img; } # blocks of 512 bytes of dom0's disk

discard() { # DISK of the guest
    in_guest thin "blkdiscard /dev/$1 2>/dev/null && echo gone || echo kept"
}

@test "what a guest discards leaves the file, through encryption where it may" {
    local d full plain thin
    pack_thin
    bed push "$stores/thin.img" /root/
    dom0 hotdom attach thin.img
    await 60 locked state thin
    unlock thin
    await 60 running state thin
    await 90 yes answers thin
    for d in xvda xvdb xvdc; do
        [[ $(in_guest thin "dd if=/dev/zero of=/dev/$d bs=1M count=4 \
            conv=fsync 2>/dev/null && echo filled") == *filled* ]]
    done
    full=$(used)
    [[ $(discard xvda) == *gone* ]]
    plain=$(used)
    [[ $(discard xvdb) == *gone* ]]
    thin=$(used)
    [[ $(discard xvdc) == *kept* ]]
    # 4 MiB each, but for what the file system keeps of its own.
    [ $((full - plain)) -ge 8000 ]
    [ $((plain - thin)) -ge 8000 ]
    [ $((thin - $(used))) -lt 100 ]
    [ "$(dom0 'dmsetup table | grep -c allow_discards')" = 1 ]
}
