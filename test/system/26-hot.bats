#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Devices that a guest is given, and gives back, while it runs.

load lib

usual='signers:\n  - {name: lab, activation: auto}\n'
# As QEMU's stick names itself, and a bridge that is not there.
given='devices: [{role: stick, usb: "46f4:0001"}]
networks:
  - {role: lost, bridge: nobr0}
  - {role: slow, bridge: xenbr0, rate: 1M, mtu: 1400, isolated: true}
'

setup_file() {
    dom0 "printf '$usual' >/etc/hotdom/hotdom.yaml
        cat >>/etc/hotdom/hotdom.yaml" <<<"$given"
    reload_policy
}

teardown_file() {
    dom0 "printf '$usual' >/etc/hotdom/hotdom.yaml"
    reload_policy
}

# refused STATUS WORDS COMMAND...
refused() {
    local status=$1 words=$2 got rc=0
    shift 2
    got=$(dom0 "$@" 2>&1) || rc=$?
    [[ $rc == "$status" && $got == *"$words"* ]] || fail "$rc: $got"
}

# What dom0 has of the guest's second disk and second nic.
traces() { # GUEST
    dom0 "ls /dev/mapper | grep -c '+ram\|+usb'
        xenstore-ls -f | grep -cE '/(vbd/($1/)?51728|vif/($1/)?24)/state'" |
        paste -sd+ | bc
}

@test "a guest that runs is given a disk and a NIC, uses them, and gives them back" {
    start auto
    await 90 yes answers auto
    local domid
    domid=$(guest_domid auto)
    [[ $(dom0 hotdom block-attach auto ram:16M) == "auto.auto: attached xvdb: emulated" ]]
    [[ $(dom0 hotdom network-attach auto slow) == "auto.auto: attached lan1: pv xenbr0" ]]
    [[ $(dom0 xl block-list auto.auto | awk '$4 == 4 {print $1}' | paste -sd,) == 51712,51728 ]]
    [[ $(dom0 xl network-list auto.auto | awk '$5 == 4 {print $1}' | paste -sd,) == 0,24 ]]
    dom0 xl list -l auto.auto | jq -e '.[0].config |
        ([.disks[].vdev] == ["xvda", "xvdb"]) and (.nics | length) == 2'
    [[ $(in_guest auto 'echo kept | dd of=/dev/xvdb conv=fsync 2>/dev/null
        head -c 4 /dev/xvdb; cat /sys/class/net/eth1/address') == *kept*00:16:3e:* ]]
    [[ $(in_guest auto 'ip link set eth1 up; udhcpc -n -q -i eth1 \
        -s /bin/dhcp; ip -4 addr show eth1') == *' inet '* ]]
    [ "$(dom0 xenstore-read "/local/domain/$domid/data/hotdom/map/net/lan1")" = 'pv xenbr0' ]
    # What the policy says of the role holds: 1M a second is so much in 50 ms.
    [ "$(dom0 xenstore-read "/local/domain/0/backend/vif/$domid/24/rate")" = 52428,50000 ]
    [[ $(dom0 "bridge -d link show dev vif$domid.24") == *'mtu 1400'*'isolated on'* ]]
    dom0 hotdom explain auto xvdb | grep -q 'a scratch disk of 16 MiB as xvdb, by hand'
    dom0 hotdom verify-host
    refused 1 'has xvdb already' hotdom block-attach auto ram:1M --as xvdb
    refused 2 'is no size' hotdom block-attach auto ram:lots
    refused 3 "the policy's bridge nobr0 is not there" hotdom network-attach auto lost
    refused 3 'the policy joins role wheel to no USB device' hotdom block-attach auto wheel
    refused 5 'no attached store has a guest nobody' hotdom block-attach nobody ram:1M

    dom0 hotdom block-detach auto xvdb
    dom0 hotdom network-detach auto lan1
    [ "$(traces "$domid")" = 0 ]
    [[ $(in_guest auto 'echo $(ls /dev /sys/class/net)') == *xvda* ]]
    [[ $(in_guest auto 'echo $(ls /dev /sys/class/net)') != *xvdb* ]]
    refused 3 'has no disk xvdb' hotdom block-detach auto xvdb
    dom0 xl list -l auto.auto | jq -e '.[0].config |
        (.disks | length) == 1 and (.nics | length) == 1'
    # And whoever is destroyed gives back as well.
    dom0 hotdom block-attach auto ram:16M --as xvdd
    dom0 xl destroy auto.auto
    await 60 '[]' compact_list
}

# A stick of 16 MiB that is no store; prints its disk in dom0.
plug_spare() {
    truncate -s 16M "$stores/spare.img"
    bed plug --wait "$stores/spare.img" spare | cut -d' ' -f2
}

@test "a stick that comes later is given by its role, and the host's again after" {
    plug devices
    await 60 running state devices
    await 90 yes answers holder
    refused 3 'it carries the store itself' hotdom block-attach holder stick
    disk=$(plug_spare)
    [[ $(dom0 hotdom block-attach holder stick) == \
        "devices.holder: attached stick: pv ${disk#/dev/} as xvdb" ]]
    [ "$(dom0 xenstore-read "/local/domain/$(guest_domid holder)/data/hotdom/map/usb/stick")" = "pv ${disk#/dev/} xvdb" ]
    in_guest holder 'echo written-in-the-guest | dd of=/dev/xvdb'
    refused 3 'a guest has it' hotdom block-attach holder stick
    dom0 hotdom block-detach holder xvdb
    [ "$(dom0 "ls /sys/class/block/${disk#/dev/}/holders | wc -l")" = 0 ]
    [ "$(head -c 20 "$stores/spare.img")" = written-in-the-guest ]
    dom0 hotdom block-attach holder stick --as xvdf --read-only
    yank spare
    dom0 hotdom block-detach holder xvdf
    dom0 hotdom verify-host
    dom0 hotdom eject devices
}

@test "a guest that does not let go keeps its disk, until it is taken by force" {
    start auto
    await 90 yes answers auto
    local domid
    domid=$(guest_domid auto)
    dom0 hotdom block-attach auto ram:16M
    dom0 xl pause auto.auto
    refused 1 'does not let go of xvdb and keeps it' hotdom block-detach auto xvdb
    dom0 xl unpause auto.auto
    [[ $(in_guest auto 'echo still | dd of=/dev/xvdb conv=fsync 2>/dev/null
        head -c 5 /dev/xvdb') == *still* ]]
    dom0 xl pause auto.auto
    dom0 hotdom block-detach auto xvdb --force
    [ "$(traces "$domid")" = 0 ]
    # Nor does it take one while it is paused.
    refused 1 'the frontend of vbd 51728' hotdom block-attach auto ram:16M
    [ "$(traces "$domid")" = 0 ]
    dom0 hotdom events --json | jq -es 'any(.[]; .guest == "auto" and
        .from == .to and .reason == "timeout" and (.message | test("51728")))'
    dom0 xl unpause auto.auto
    await 30 yes answers auto
    dom0 hotdom verify-host
    dom0 hotdom eject auto
}

half_attached() { # GUEST: the nodes are there, and the guest never answers
    dom0 "xenstore-exists /local/domain/$(guest_domid "$1")/device/vbd/51728 && echo yes"
}

@test "an attach that is interrupted leaves nothing" {
    start auto
    await 90 yes answers auto
    local domid
    domid=$(guest_domid auto)
    dom0 'xl pause auto.auto; hotdom block-attach auto ram:16M >/dev/null 2>&1 &'
    await 20 yes half_attached auto
    refused 1 'busy with something else' hotdom network-attach auto internet
    dom0 'systemctl kill -s KILL hotdomd'
    await 60 running state auto
    await 30 0 traces "$domid"
    dom0 hotdom verify-host
    dom0 'hotdom block-attach auto ram:16M >/dev/null 2>&1 &'
    await 20 yes half_attached auto
    yank auto
    await 60 '[]' compact_list
}
