#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Devices that a guest is given, and gives back, while it runs.

load lib

# As QEMU's stick names itself, and a bridge that is not there.
given='devices: [{role: stick, usb: "46f4:0001"}]
networks:
  - {role: lost, bridge: nobr0}
  - {role: slow, bridge: xenbr0, rate: 1M, mtu: 1400, isolated: true}
'

setup_file() { policy "$usual_policy$given"; }

teardown_file() { policy "$usual_policy"; }

# As dom0 says it, each with its exit status behind: one session for many.
tries='try() {
    local said status=0
    said=$(hotdom "$@" 2>&1) || status=$?
    echo "$said ($status)"
}
'

# What dom0 has of the guest's second disk and second nic.
traces() { # DOMID
    dom0 "{ ls /dev/mapper | grep '+ram\|+usb'
        xenstore-ls -f | grep -E '/(vbd/($1/)?51728|vif/($1/)?24)/state'; } | wc -l"
}

leased() { # does its second nic lead to the network's server?
    [[ $(in_guest auto 'ip link set eth1 up; udhcpc -n -q -i eth1 -s /bin/dhcp;\
        ip -4 addr show eth1') == *' inet '* ]] && echo yes
}

# 4 MiB out of its second nic, by addresses that no other one has: how much came,
# and in how many milliseconds.
sent() {
    in_guest auto 'ip addr add 10.78.0.2/24 dev eth1
        { dd if=/dev/zero bs=64k count=64 | nc -l -p 5001; } </dev/null >/dev/null 2>&1 &'
    # shellcheck disable=SC2016
    dom0 'ip addr add 10.78.0.1/24 dev xenbr0
        begin=${EPOCHREALTIME/./}
        timeout 60 socat -u TCP:10.78.0.2:5001,retry=20,interval=0.5,readbytes=4194304 - |
            wc -c
        echo $(((${EPOCHREALTIME/./} - begin) / 1000))
        ip addr del 10.78.0.1/24 dev xenbr0'
}

@test "a guest that runs is given a disk and a NIC, uses them, and gives them back" {
    start auto
    local domid got
    domid=$(guest_domid auto)
    await 90 yes answers auto
    got=$(dom0 "$tries"'try block-attach auto ram:16M
        try network-attach auto slow
        xl block-list auto.auto | awk "\$4 == 4 {print \$1}"
        xl network-list auto.auto | awk "\$5 == 4 {print \$1}"
        try explain auto xvdb
        try verify-host')
    [[ $got == *'auto.auto: attached xvdb: emulated (0)'* ]]
    [[ $got == *$'auto.auto: attached lan1: pv xenbr0 (0)\n51712\n51728\n0\n24\n'* ]]
    [ "$(dom0 hotdom events --json | jq -cs 'map(select(.reason == "attached") |
        .phases[-1].step)[-2:]')" = '["attach-block","attach-net"]' ]
    [[ $got == *'a scratch disk of 16 MiB as xvdb, by hand'*' no differences (0)'* ]]
    # What the policy says of the role holds: 1M a second is so much in 50 ms.
    got=$(dom0 "xenstore-read /local/domain/0/backend/vif/$domid/24/rate \
        /local/domain/$domid/data/hotdom/map/net/lan1
        bridge -d link show dev vif$domid.24")
    [[ $got == $'52428,50000\npv xenbr0 00:16:3e:'*'mtu 1400'*'isolated on'* ]]
    dom0 xl list -l auto.auto | jq -e '.[0].config |
        ([.disks[].vdev] == ["xvda", "xvdb"]) and .nics[1].mtu == 1400'
    [[ $(in_guest auto 'echo kept | dd of=/dev/xvdb conv=fsync 2>/dev/null
        head -c 4 /dev/xvdb') == *kept* ]]
    await 60 yes leased
    # Nobody is faster than the rate, but for the 128 KiB that netback lets pass.
    got=$(sent | tail -n 2)
    echo "$got"
    [[ $got == 4194304$'\n'* && ${got#*$'\n'} -ge 3700 ]]

    got=$(dom0 "$tries"'try block-attach auto ram:1M --as xvdb
        try block-attach auto ram:lots
        try network-attach auto lost
        try block-attach auto wheel
        try block-attach nobody ram:1M
        try block-detach auto xvdb
        try network-detach auto lan1
        try block-detach auto xvdb
        try block-attach auto ram:16M --as xvdd')
    [[ $got == *'has xvdb already'*'(1)'*'is no size'*'(2)'* ]]
    [[ $got == *"the policy's bridge nobr0 is not there"*'(3)'* ]]
    [[ $got == *'the policy joins role wheel to no USB device'*'(3)'* ]]
    [[ $got == *'no attached store has a guest nobody'*'(5)'* ]]
    [[ $got == *'detached xvdb (0)'*'detached lan1 (0)'*'has no disk xvdb (3)'* ]]
    [ "$(traces "$domid")" = 1 ]
    got=$(in_guest auto 'echo $(ls /dev /sys/class/net)')
    [[ $got == *xvda* && $got == *xvdd* && $got != *xvdb* && $got != *eth1* ]]
    # And whoever is destroyed gives back as well.
    dom0 xl destroy auto.auto
    await 60 '[]' compact_list
}

@test "a stick that comes later is given by its role, and the host's again after" {
    plug devices
    await 60 running state devices
    local disk got
    got=$(dom0 "$tries"'try block-attach holder stick')
    [[ $got == *'it carries the store itself (3)' ]]
    await 90 yes answers holder
    disk=$(plug_spare)
    got=$(dom0 "$tries"'try block-attach holder stick
        xenstore-read /local/domain/$(xl domid devices.holder)/data/hotdom/map/usb/stick
        try block-attach holder stick')
    [[ $got == "devices.holder: attached stick: pv ${disk#/dev/} as xvdb (0)
pv ${disk#/dev/} xvdb"*'a guest has it (3)' ]]
    in_guest holder 'echo written-in-the-guest | dd of=/dev/xvdb'
    dom0 "hotdom block-detach holder xvdb
        [ -z \"\$(ls /sys/class/block/${disk#/dev/}/holders)\" ]"
    [ "$(head -c 20 "$plugged/spare.img")" = written-in-the-guest ]
    dom0 hotdom block-attach holder stick --as xvdf --read-only
    yank spare
    dom0 'hotdom block-detach holder xvdf && hotdom verify-host &&
        hotdom eject devices'
}

untouched() { [ "$(sha256sum <"$plugged/spare.img")" = "$before" ]; } # since $before

@test "a disk given read-only is not written, whatever its guest believes" {
    local got before
    plug devices
    await 60 running state devices
    await 90 yes answers holder
    plug_spare
    before=$(sha256sum <"$plugged/spare.img")
    dom0 'hotdom block-attach holder stick --read-only &&
        [ "$(blockdev --getro /dev/mapper/hotdom-devices-holder+usb*)" = 1 ]'
    got=$(in_guest holder 'blockdev --setrw /dev/xvdb; cat /sys/block/xvdb/ro
        echo x | dd of=/dev/xvdb conv=fsync 2>/dev/null || echo refused')
    [[ $got == *1*refused* ]]
    untouched

    # A guest that takes its word of what it may from elsewhere than dom0.
    # shellcheck disable=SC2016
    dom0 'hotdom block-detach holder xvdb
        xl pause devices.holder
        hotdom block-attach holder stick --read-only >/dev/null &
        attaching=$!
        domid=$(xl domid devices.holder)
        disk=/local/domain/$domid/device/vbd/51728 lie=/local/domain/$domid/data/lie
        for ((n = 0; n < 100; n++)); do
            if xenstore-exists $disk; then break; fi
            read -r -t 0.1 <> <(:) || :
        done
        xenstore-write $lie/sectors 32768 $lie/sector-size 512 $lie/info 0 \
            $lie/feature-persistent 1 $lie/state 4 $disk/backend $lie
        xl unpause devices.holder
        wait $attaching'
    got=$(in_guest holder 'cat /sys/block/xvdb/ro
        echo x | dd of=/dev/xvdb conv=fsync 2>/dev/null || echo refused
        head -c 512 /dev/xvdb | wc -c')
    [[ $got == *0*refused*512* ]]
    untouched
    dom0 'hotdom block-detach holder xvdb --force'
}

half_attached() { # GUEST: the nodes are there, and the guest never answers
    dom0 "xenstore-exists /local/domain/$(guest_domid "$1")/device/vbd/51728 && echo yes"
}

# The events of a guest that say this of a device.
told() { # REASON TEXT
    dom0 hotdom events --json | jq -es --arg r "$1" --arg t "$2" 'any(.[];
        .guest == "auto" and .from == .to and .reason == $r and
        (.message | contains($t)))'
}

# A guest that is up, of the store `auto`; it is `domid`.
await_auto() {
    start auto
    domid=$(guest_domid auto)
    await 90 yes answers auto
}

@test "a guest that does not let go keeps its disk, until it is taken by force" {
    local domid got
    await_auto
    got=$(dom0 "$tries"'try block-attach auto ram:16M
        xl pause auto.auto
        try block-detach auto xvdb
        xl unpause auto.auto')
    [[ $got == *'does not let go of xvdb and keeps it'*'(1)' ]]
    told busy 'does not let go of xvdb'
    [[ $(in_guest auto 'echo still | dd of=/dev/xvdb conv=fsync 2>/dev/null
        head -c 5 /dev/xvdb') == *still* ]]
    got=$(dom0 "$tries"'xl pause auto.auto
        try block-detach auto xvdb --force')
    [[ $got == 'auto.auto: detached xvdb (0)' ]]
    [ "$(traces "$domid")" = 0 ]
}

# Of the next three nobody needs a guest that is up: one that is paused early is
# as deaf.
@test "a guest that never connects is named, and its disk is taken back" {
    start auto
    local domid got
    domid=$(guest_domid auto)
    got=$(dom0 "$tries"'xl pause auto.auto
        try block-attach auto ram:16M
        try verify-host')
    [[ $got == *'the frontend of vbd 51728'*'does not connect'*'(1)'*'(0)' ]]
    [ "$(traces "$domid")" = 0 ]
    told timeout 'the frontend of vbd 51728'
}

@test "an attach that is interrupted by a kill leaves nothing" {
    start auto
    local domid got
    domid=$(guest_domid auto)
    dom0 'xl pause auto.auto
        hotdom block-attach auto ram:16M >/dev/null 2>&1 &'
    await 20 yes half_attached auto
    # Another one waits for it, until hotdomd is no more.
    # shellcheck disable=SC2016
    got=$(dom0 "$tries"'try network-attach auto internet &
        pid=$!
        read -r -t 1 <> <(:) || :
        kill -0 $pid && echo waits
        systemctl kill -s KILL hotdomd
        wait $pid')
    [[ $got == *waits*'hotdomd hung up'*'(6)' ]]
    await 60 running state auto
    await 30 0 traces "$domid"
    dom0 hotdom verify-host
}

@test "an attach that is interrupted by a yank leaves nothing" {
    start auto
    dom0 'xl pause auto.auto
        hotdom block-attach auto ram:16M >/dev/null 2>&1 &'
    await 20 yes half_attached auto
    yank auto
    await 60 '[]' compact_list
    dom0 hotdom verify-host
}

# Only hotdom and xl need it. It always goes on, whatever the test found.
@test "an attach whose xenstored hangs ends, names it, and leaves nothing" {
    start auto
    local domid got
    domid=$(guest_domid auto)
    # The job waits for the guest when xenstored stops; what it leaves is undone
    # once it goes on.
    # shellcheck disable=SC2016
    got=$(dom0 "$tries"'xenstored=$(pidof oxenstored xenstored)
        trap "kill -CONT $xenstored" EXIT
        xl pause auto.auto
        try block-attach auto ram:16M >/tmp/attached &
        attaching=$!
        for ((n = 0; n < 100; n++)); do
            if xenstore-exists /local/domain/'"$domid"'/device/vbd/51728; then break; fi
            read -r -t 0.1 <> <(:) || :
        done
        # The oldest: the next spare one is called so until it waits.
        job=$(pgrep -o -x hotdom-job)
        kill -STOP $xenstored
        # It gives up; the one that undoes waits.
        for ((n = 0; n < 120; n++)); do
            if ! kill -0 "$job" 2>/dev/null; then break; fi
            read -r -t 0.5 <> <(:) || :
        done
        timeout 10 hotdom list >/dev/null && echo answers
        kill -CONT $xenstored
        wait $attaching
        cat /tmp/attached')
    echo "$got"
    [[ $got == answers*'xenstored '*'answer'*'reboot the host (1)' ]]
    await 60 0 traces "$domid"
    told timeout 'reboot the host'
    dom0 hotdom verify-host
}
