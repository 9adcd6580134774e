#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The same stores on hosts of other hardware, and what each makes of them.

load lib

setup_file() {
    export usual=$BED_HOST file=$$
    rm -f "$stores"/map-*.json
}

teardown_file() { leave; }

# Of these hosts one is up at a time: memory is dear.
leave() {
    local set
    for set in bare lan media iommu; do
        BED_HOST=$usual-$set bed down 2>/dev/null
    done
}

# on SET: from here on, the host is one of that hardware; it has roam.img.
on() {
    export BED_HOST=$usual-$1
    [[ $(bed status) != *"host $BED_HOST: up"* ]] || return 0
    leave
    bed up --hardware "$1" --tied "$file"
    bed install
    introduce
    bed push "$stores/roam.img" "$build/bin/screen" /root/
    dom0 hotdom plan roam.img --json | jq .map >"$stores/map-$1.json"
}

info() { dom0 hotdom info --json | jq -c "$1"; }

# row SET NAME KEY: of roam's map on that host.
row() {
    [[ -e $stores/map-$1.json ]] || on "$1"
    jq -r --arg n "$2" ".guests[0].rows[] | select(.name == \$n) | .$3" \
        "$stores/map-$1.json"
}

vif() { # GUEST NUMBER WHAT: of the guest's end
    dom0 "xenstore-read /local/domain/$(guest_domid "$1")/device/vif/$2/$3"
}

bridge_of() { # GUEST NUMBER
    dom0 "basename \$(readlink /sys/class/net/vif$(guest_domid \
        "$1").$2/master)"
}

@test "a host without a network card has none in its scan" {
    on bare
    [ "$(info .links)" = '[]' ]
    [ "$(info .cpu.count)" = 2 ]
    [ "$(info '[.parts[] | select(.class == "sound")]')" = '[]' ]
}

@test "a guest runs without a network card, on bridges that lead nowhere" {
    local bridge
    on bare
    run dom0 hotdom explain roam lan0 --in roam.img
    echo "$output"
    [[ $output == *'found   no bridge'*'chosen  emulated hd'* ]]
    [[ $output == *'a bridge of its own that leads nowhere'* ]]
    bridge=$(row bare lan0 host)
    plug roam
    await 60 running state roam
    await 90 4 vif roam 0 state
    await 90 4 vif roam 1 state
    [ "$(bridge_of roam 0)" = "$bridge" ]
    # The guests' ends are its only ports.
    [ "$(dom0 "ls /sys/class/net/$bridge/brif | grep -vc '^vif'")" = 0 ]
    dom0 hotdom eject roam
    [ "$(info .links)" = '[]' ]
    clean
}

@test "a guest gets less memory where there is little" {
    local given free
    on bare
    given=$(row bare memory given)
    free=$(info .memory.free)
    [ "$given" -lt $((448 << 20)) ]
    [ "$given" -ge $((96 << 20)) ]
    [ "$given" -lt "$free" ]
    plug roam
    await 60 running state roam
    [ "$(dom0 xl list roam.roam | awk 'END {print $3}')" = $((given >> 20)) ]
    await 90 4 vif roam 0 state
}

@test "a guest that needs more memory than there is hears what is missing" {
    local free
    on bare
    free=$(($(info .memory.free) >> 20))
    plug big
    await 60 'refused no-memory' state big
    [[ $(list | jq -r '.[].message') =~ \
        needs\ ([0-9]+)\ MiB\ and\ ([0-9]+)\ MiB\ are\ free.*\ ([0-9]+)\ MiB\ are\ missing ]]
    ((BASH_REMATCH[1] > 640 && BASH_REMATCH[2] <= free))
    ((BASH_REMATCH[3] == BASH_REMATCH[1] - BASH_REMATCH[2]))
}

@test "a scan lists two cards and two bridges, and which of them lead out" {
    on lan
    [ "$(info '[.links[] | select(.kind == "ethernet") | .name]')" = \
        '["eth0","eth1"]' ]
    [ "$(info '[.links[] | select(.kind == "bridge") | [.name, .outside]]')" = \
        '[["lanbr0",true],["xenbr0",false]]' ]
    [ "$(info '.links[] | select(.name == "eth1") | .master')" = '"lanbr0"' ]
}

@test "two networks go to the bridges that the policy joins them to" {
    on lan
    dom0 'printf "networks:\n%s\n%s\n" "  - {role: internet, bridge: lanbr0}" \
        "  - {role: home, bridge: xenbr0}" >>/etc/hotdom/hotdom.yaml'
    reload_policy
    plug roam
    await 60 running state roam
    [ "$(bridge_of roam 0)" = lanbr0 ]
    [ "$(bridge_of roam 1)" = xenbr0 ]
    # The first address that the network behind the uplink gives.
    await 90 yes dom0 'nc -z -w 2 10.0.3.15 23 && echo yes'
}

@test "a guest gets as many CPUs as there are" {
    on lan
    [ "$(info .cpu.count)" = 1 ]
    [ "$(row lan vcpus given)" = 1 ]
    [ "$(row bare vcpus given)" = 2 ]
    [[ $(row lan vcpus why) == 'the host has no more' ]]
    on lan
    plug roam
    await 60 running state roam
    [ "$(dom0 xl list roam.roam | awk 'END {print $4}')" = 1 ]
}

@test "a scan lists sound, display, keyboard, pointer and serial port" {
    on media
    [ "$(info '[.parts[] | .class] | unique')" = \
        '["display","input","serial","sound"]' ]
    info '.parts[].text' | grep -q 'QEMU USB Keyboard'
    info '.parts[].text' | grep -q 'QEMU USB Tablet'
    info '.parts[].name' | grep -q ttyUSB0
    [ "$(info '[.usb[] | .class] | sort')" = '["03","03","ff"]' ]
    [ "$(info .qemu)" = true ]
}

@test "sound is explained as absent on a host that has a sound card" {
    on media
    run dom0 hotdom explain roam sound --in roam.img
    echo "$output"
    [[ $output == *'found   card0'*'chosen  absent'*'backend for PV sound'* ]]
    dom0 hotdom explain roam sound --in roam.img --json | jq -e '.starts and
        (.rows | length) == 1 and (.rows[0] | .class == "sound" and
        .how == "absent" and .found == "card0" and
        (.why | contains("PV sound")))'
}

# ---- what both ends of a device agree on

# A key and a value a line: what the ends of roam's first disk and NIC wrote,
# whether the disk below has a cache, and the processors of dom0 and the guest.
ends() {
    # shellcheck disable=SC2016
    dom0 'domid=$(xl domid roam.roam)
        back=/local/domain/0/backend front=/local/domain/$domid/device
        tell() { # KEY FOLDER NODE...
            local key=$1 folder=$2 n
            shift 2
            for n in "$@"; do
                echo "$key/$n $(xenstore-read "$folder/$n" 2>/dev/null)"
            done
        }
        tell vbd "$back/vbd/$domid/51712" multi-queue-max-queues mode \
            max-ring-page-order feature-persistent feature-flush-cache \
            feature-max-indirect-segments discard-enable
        tell xvda "$front/vbd/51712" multi-queue-num-queues feature-persistent
        tell vif "$back/vif/$domid/0" multi-queue-max-queues
        tell eth0 "$front/vif/0" multi-queue-num-queues
        below=$(dmsetup info -c --noheadings -o blkdevname hotdom-roam-roam-disk)
        cached=0
        [[ $(cat "/sys/class/block/$below/queue/write_cache") != *back ]] || cached=1
        echo "cached $cached"
        echo "dom0 $(nproc)"
        echo "vcpus $(xl list "$domid" | awk "END {print \$4}")"'
}

@test "a disk and a NIC have a queue for each processor, and persistent grants" {
    local key value
    local -A is
    on media
    plug roam
    await 60 running state roam
    await 90 yes answers roam
    while read -r key value; do is[$key]=$value; done <<<"$(ends)"
    declare -p is
    [ "${is[dom0]} ${is[vcpus]}" = '2 2' ]
    [ "${is[vbd/multi-queue-max-queues]}" = 2 ]
    [ "${is[xvda/multi-queue-num-queues]}" = 2 ]
    [ "${is[vif/multi-queue-max-queues]}" = 2 ]
    [ "${is[eth0/multi-queue-num-queues]}" = 2 ]
    [ "${is[vbd/feature-persistent]}${is[xvda/feature-persistent]}" = 11 ]
    [ "${is[vbd/feature-max-indirect-segments]}" -ge 32 ]
    [ "${is[vbd/max-ring-page-order]}" -ge 1 ]
    # Flushes are the guest's to ask for where there is something to flush.
    [ "${is[vbd/feature-flush-cache]}" = "${is[cached]}" ]
    [ "${is[vbd/mode]} ${is[vbd/discard-enable]}" = 'w 1' ]
    # And the guest uses them all.
    # shellcheck disable=SC2016
    [[ $(in_guest roam 'cd /sys; echo $(ls block/xvda/mq | wc -l) \
        $(ls -d class/net/eth0/queues/tx-* | wc -l)') == *'2 2'* ]]
    dom0 hotdom eject roam
}

# ---- the Debian guest's screen

display() { list | jq -r '.[].guests[] | .display'; }
screen() { dom0 /root/screen "$(display)" "$@"; }
size() { screen | cut -d' ' -f1; }

desk() { # COMMAND: in the guest
    dom0 "ssh -q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        root@$(address_of desk) '$1'"
}

# What has the screen's terminal: agetty, login, bash.
has_tty1() { desk 'ps -o comm= -t tty1 | tail -n 1'; }

start_screen() {
    [[ -e $stores/screen.img ]] || {
        . "$BATS_TEST_DIRNAME/stores.bash"
        pack_screen
    }
    plug screen
    await 60 running state screen
}

@test "a Debian guest shows a login on its PV framebuffer" {
    local ink
    on media
    start_screen
    await 240 1024x768 size
    await 180 agetty has_tty1
    ink=$(screen | cut -d' ' -f2)
    # A few words on one colour: neither blank nor noise.
    [ "$ink" -gt 100 ]
    [ "$ink" -lt 20000 ]
    screen root$'\n'
    await 60 login has_tty1
    await 60 bash typed hotdom$'\n'
    screen poweroff$'\n'
    await 120 gone gone screen
    clean
}

typed() { # TEXT, until somebody has read it
    screen "$1" >/dev/null
    has_tty1
}

@test "a display is for root alone and goes with its guest" {
    local path
    on media
    start_screen
    path=$(display)
    [ "$path" = /run/hotdom/display/screen.desk ]
    dom0 test -S "$path"
    [ "$(dom0 stat -c '%U %a' /run/hotdom/display)" = 'root 700' ]
    dom0 hotdom verify-host
    dom0 systemctl restart hotdomd
    await 60 running state screen
    screen
    dom0 hotdom eject screen
    [ "$(dom0 ls /run/hotdom/display)" = '' ]
    dom0 hotdom verify-host
    dom0 'hotdom attach /dev/sda'
    await 60 running state screen
    yank screen
    await 60 '[]' compact_list
    [ "$(dom0 ls /run/hotdom/display)" = '' ]
    [ "$(dom0 'pgrep -c qemu')" = 0 ]
    clean
}

# The host with an IOMMU, where the policy gives PCI devices of a class to lab.
gives_pci() { # CLASS
    on iommu
    dom0 "modprobe xen-pciback
        printf '%s\\n' 'signers:' '  - {name: lab, activation: auto}' 'devices:' \
            '  - {role: lab, pci: \"$1\"}' >/etc/hotdom/hotdom.yaml"
    reload_policy
}

told_card() {
    dom0 "xenstore-read /local/domain/$(guest_domid card)/data/hotdom/map/pci/lab"
}

seized() { dom0 'ls /sys/bus/pci/drivers/pciback | grep -c :' || :; }

@test "a PCI device that the policy names is the guest's, and dom0's again after" {
    # The bed's device for guests.
    gives_pci 00ff
    plug card
    await 60 running state card
    [ "$(told_card)" = 'passthrough 0000:00:10.0' ]
    [ "$(seized)" = 1 ]
    dom0 hotdom verify-host
    await 90 yes answers card
    in_guest card 'cat /sys/bus/pci/devices/*/vendor /sys/bus/pci/devices/*/device' |
        tr -d '\n\r' | grep 0x1234.*0x11e8
    dom0 hotdom eject card
    [ "$(seized)" = 0 ]
}

@test "a pulled store gives its PCI device back" {
    gives_pci 00ff
    plug card
    await 60 running state card
    [ "$(seized)" = 1 ]
    yank card
    await 60 '[]' compact_list
    [ "$(seized)" = 0 ]
}

@test "the PCI device that the root disk hangs on stays with the host" {
    gives_pci 0100
    plug card
    await 60 running state card
    [ "$(told_card)" = absent ]
    [ "$(seized)" = 0 ]
    dom0 hotdom eject card
}

@test "the same store gets another map on each host" {
    local set
    for set in bare lan media; do row "$set" lan0 how; done
    [ "$(sort -u "$stores"/map-*.json | grep -c '"how": "emulated"')" = 1 ]
    [ "$(row bare lan0 how)" = emulated ]
    [ "$(row lan lan0 how)" = pv ]
    [ "$(row media memory given)" = $((448 << 20)) ]
    [ "$(row bare memory given)" -lt $((448 << 20)) ]
    [ "$(row bare speaker found)" = 'no sound device' ]
    [ "$(row media speaker found)" = card0 ]
    # What it is does not change, wherever it goes.
    [ "$(row media lan0 mac)" = "$(row bare lan0 mac)" ]
    [ "$(row lan xvda how)" = "$(row bare xvda how)" ]
}
