#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Devices of the host that the policy gives to guests, and those it keeps.

load lib

# As QEMU's stick, NIC and serial adapter name themselves.
given='devices:
  - {role: stick, usb: "46f4:0001"}
  - {role: wire, usb: "0525:a4a2"}
  - {role: line, usb: "0403:6001", speed: 9600}
'

setup_file() { policy "$usual_policy$given"; }

teardown_file() { policy "$usual_policy"; }

teardown() {
    dom0 'umount -q /mnt || :; systemctl -q stop holds 2>/dev/null || :'
    end_test
}

told() { # PATH below data/hotdom
    dom0 "xenstore-read /local/domain/$(guest_domid holder)/data/hotdom/$1"
}

refusal() { # [GUEST]: why `picky`, or that one, does not start
    list | jq -r --arg g "${1:-picky}" \
        '.[].guests[] | select(.guest == $g) | .message'
}

connected() { # BACKEND/NUMBER: does the guest use it?
    dom0 "xenstore-read /local/domain/$(guest_domid holder)/device/$1/state"
}

plug_devices() {
    plug devices
    await 60 running state devices
}

# The host's own view of the stick: nothing holds it.
released() { # /dev/sdX
    dom0 "ls /sys/class/block/${1#/dev/}/holders | wc -l"
}

# 51728 is xvdb.
xvdb=vbd/51728

@test "a stick that the policy names is the guest's, and the host's again after" {
    disk=$(plug_spare)
    plug_devices
    [ "$(told map/usb/stick)" = "pv ${disk#/dev/} xvdb" ]
    [ "$(told map/usb/wire)" = absent ]
    [ "$(guest_state picky)" = refused ]
    [[ $(refusal) == *'requires a USB device of role stick'* ]]
    [[ $(refusal) == *'another guest of the store has it'* ]]
    await 90 4 connected $xvdb
    await 90 yes answers holder
    in_guest holder 'echo written-in-the-guest | dd of=/dev/xvdb conv=fsync'
    [ "$(released "$disk")" = 1 ]
    dom0 hotdom verify-host
    dom0 hotdom eject devices
    [ "$(released "$disk")" = 0 ]
    [ "$(head -c 20 "$plugged/spare.img")" = written-in-the-guest ]
    [ "$(dom0 "head -c 20 $disk")" = written-in-the-guest ]
}

@test "a pulled store lets go of the stick that its guest had" {
    disk=$(plug_spare)
    plug_devices
    await 90 4 connected $xvdb
    yank devices
    await 60 0 released "$disk"
    dom0 "dd if=$disk of=/dev/null bs=1M iflag=direct status=none"
}

writes() { # to xvdb, for ever
    await 90 yes answers holder
    in_guest holder 'while dd if=/dev/zero of=/dev/xvdb bs=64k count=64 \
        conv=fsync; do :; done >/dev/null 2>&1 </dev/null &'
}

@test "a stick that is pulled from a guest hangs no eject" {
    plug_spare
    plug_devices
    await 90 4 connected $xvdb
    writes
    yank spare
    [ "$(state devices)" = running ]
    dom0 timeout 60 hotdom eject devices
}

@test "a stick that is pulled from a guest hangs no yank" {
    plug_spare
    plug_devices
    await 90 4 connected $xvdb
    writes
    yank spare devices
    await 60 '[]' compact_list
}

@test "a mounted stick stays with the host, and who requires it is refused" {
    disk=$(plug_spare)
    dom0 "mke2fs -q $disk && mount $disk /mnt"
    plug_devices
    [ "$(told map/usb/stick)" = absent ]
    [ "$(guest_state picky)" = refused ]
    [ "$(guest_state holder)" = running ]
    [[ $(refusal) == *'the host uses the disk'* ]]
    dom0 'mountpoint -q /mnt'
    dom0 hotdom eject devices
}

@test "another store is no stick to give away" {
    plug auto
    await 60 running state auto
    plug_devices
    [ "$(told map/usb/stick)" = absent ]
    [[ $(refusal) == *'it is a store of hotdom'* ||
        $(refusal) == *'it carries the store itself'* ]]
    dom0 hotdom eject auto
    dom0 hotdom eject devices
}

@test "a NIC that the policy names leads a guest out, and is down again after" {
    bed gadget net wire
    await 30 1 dom0 'ls /sys/class/net | grep -c ^usb0'
    plug_devices
    [[ $(told map/usb/wire) == 'pv usb0 00:16:3e:'* ]]
    dom0 hotdom verify-host
    # The first nic is 0; a wish's follow those that a guest can have.
    await 90 4 connected vif/9
    await 90 yes answers holder
    # QEMU's own answer, from behind the NIC.
    [[ $(in_guest holder 'ip link set eth1 up; udhcpc -n -q -i eth1 \
        -s /bin/dhcp; ip -4 addr show eth1') == *' 10.78.0.15/'* ]]
    # Nor takes dom0 an address from who announces itself there as a router.
    [ "$(dom0 'ip -6 -o addr | grep -cE "usb0|hd[0-9a-f]{9}"')" = 0 ]
    dom0 hotdom eject devices
    [ "$(dom0 'ip -o link show usb0 | grep -cE "master|,UP"')" = 0 ]
    [ "$(dom0 'ls /sys/class/net | grep -c ^hd')" = 0 ]
}

@test "a pulled NIC hangs no eject, and a pulled store frees its NIC" {
    bed gadget net wire
    await 30 1 dom0 'ls /sys/class/net | grep -c ^usb0'
    plug_devices
    [[ $(told map/usb/wire) == 'pv usb0 '* ]]
    yank devices
    await 60 '[]' compact_list
    [ "$(dom0 'ip -o link show usb0 | grep -cE "master|,UP"')" = 0 ]
    plug_devices
    yank wire
    dom0 timeout 60 hotdom eject devices
    [ "$(dom0 'ls /sys/class/net | grep -c ^hd')" = 0 ]
}

@test "a NIC that the host has set up stays with the host" {
    bed gadget net wire
    await 30 1 dom0 'ls /sys/class/net | grep -c ^usb0'
    dom0 ip link set usb0 up
    plug_devices
    [ "$(told map/usb/wire)" = absent ]
    dom0 hotdom eject devices
}

# ---- a serial adapter; what is behind it is a socket of QEMU's

plug_line() {
    bed gadget serial line
    await 30 /dev/ttyUSB0 dom0 'ls /dev/ttyUSB0'
}

# line COMMAND... &: with the other end of the adapter, which one has at a time.
line() {
    cd "$build/bed/hosts/$BED_HOST" && exec "$@" UNIX-CONNECT:line.sock
}

said() { tr -d '\r' <"$BATS_TEST_TMPDIR/said"; }

serving() { dom0 'pgrep -c "^hotdom-serial" || :'; }

@test "a serial adapter that the policy names is a console of the guest" {
    plug_line
    plug_devices
    [ "$(told map/usb/line)" = 'pv ttyUSB0 hvc1' ]
    dom0 hotdom verify-host
    await 90 4 connected console/1
    await 90 yes answers holder
    line timeout 300 socat -U - >"$BATS_TEST_TMPDIR/said" 3>&- &
    in_guest holder 'echo from-the-guest >/dev/hvc1'
    await 20 from-the-guest said
    kill $! || :
    # More than the ring holds, and not a byte lost.
    in_guest holder '(stty raw -echo; exec cat >/tmp/line) </dev/hvc1 &'
    { seq 5000; sleep 60; } 3>&- | line timeout 60 socat -u - 3>&- &
    await 60 "$(seq 5000 | sha256sum)" in_guest holder 'sha256sum </tmp/line'
    kill $! || :
    # Who serves it has no right left, and others see that it is taken.
    [ "$(dom0 'ps -o user= -C hotdom-serial')" = hotdom-serial ]
    run dom0 flock -n /dev/ttyUSB0 true
    [ "$status" -eq 1 ]
    dom0 systemctl restart hotdomd
    await 60 running state devices
    [ "$(serving)" = 1 ]
    dom0 hotdom eject devices
    [ "$(serving)" = 0 ]
    dom0 flock -n /dev/ttyUSB0 true
    dom0 hotdom verify-host
}

@test "a pulled store frees its adapter, and a pulled adapter hangs nothing" {
    plug_line
    plug_devices
    await 90 4 connected console/1
    dom0 'pkill -STOP hotdom-serial'
    yank devices
    await 60 '[]' compact_list
    [ "$(serving)" = 0 ]
    dom0 hotdom verify-host
    plug_devices
    await 90 4 connected console/1
    yank line
    await 10 0 serving
    [ "$(state devices)" = running ]
    dom0 timeout 60 hotdom eject devices
    dom0 hotdom verify-host
}

@test "an adapter that another program has stays with it" {
    plug_line
    dom0 'systemd-run -q --unit=holds flock /dev/ttyUSB0 sleep 1000'
    plug devices
    await 60 failed guest_state holder
    [[ $(refusal holder) == *'another program has /dev/ttyUSB0 open'* ]]
    dom0 systemctl stop holds
    dom0 hotdom eject devices
    dom0 hotdom verify-host
}
