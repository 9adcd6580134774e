#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store on a LUN of iSCSI: target and initiator are both in dom0, and the
# portal goes silent when the target's process stands still.

load lib

iqn=iqn.2026-11.test.bed:lun # verify-host asks for what bears our name

setup_file() { bed push "$stores/auto.img" /root/lun.img >/dev/null; }

teardown_file() { dom0 'rm -f /root/lun.img'; }

setup() {
    dom0 "modprobe iscsi_tcp
        systemctl start tgt iscsid
        tgtadm --op new --mode target --tid 1 -T $iqn
        tgtadm --op new --mode logicalunit --tid 1 --lun 1 -b /root/lun.img
        tgtadm --op bind --mode target --tid 1 -I 127.0.0.1
        iscsiadm -m discovery -t sendtargets -p 127.0.0.1 >/dev/null
        iscsiadm -m node -T $iqn --login >/dev/null"
}

teardown() {
    dom0 'pkill -CONT -x tgtd
        iscsiadm -m node --logoutall=all >/dev/null 2>&1
        iscsiadm -m node -o delete
        systemctl stop tgt iscsid.socket iscsid
        rm -rf /etc/iscsi/nodes /etc/iscsi/send_targets /run/lock/iscsi
        cd / && modprobe -r iscsi_tcp' || :
    end_test
}

disk() { list | jq -r '.[] | select(.store == "auto") | .device'; }

has_disk() { dom0 "[ -e /sys/block/$1 ] && echo yes || echo no"; }

@test "a LUN that appears is a store, and goes when its session ends" {
    await 60 running state auto
    await 90 yes answers auto
    in_guest auto 'echo kept | dd of=/dev/xvda conv=fsync 2>/dev/null'
    dom0 hotdom eject auto
    clean
    [ "$(dom0 'head -c 100M /root/lun.img | grep -c kept')" = 1 ]
    dom0 "iscsiadm -m node -T $iqn --logout >/dev/null
        iscsiadm -m node -T $iqn --login >/dev/null"
    await 60 running state auto
    dom0 "iscsiadm -m node -T $iqn --logout >/dev/null"
    await 60 gone gone auto
    clean
}

# MILLISECONDS of dom0's clock: from then until the store was fenced.
fenced_after() {
    local at
    at=$(dom0 hotdom events --json | jq -rs '[.[] | select(.store == "auto" and
        (.guest | not) and .to == "fenced" and .reason == "device-gone")] |
        last.time')
    echo $(($(date -d "$at" +%s%3N) - $1))
}

@test "a portal that goes silent is fenced within 30 seconds" {
    local disk stopped took
    await 60 running state auto
    await 90 yes answers auto
    disk=$(disk)
    stopped=$(dom0 'date +%s%3N; pkill -STOP -x tgtd')
    await 60 gone gone auto
    took=$(fenced_after "$stopped")
    echo "fenced after $took ms"
    ((took > 0 && took <= 30000))
    await 10 no has_disk "$disk"
    clean
    # It answers again, and is looked for: it is a store as before.
    dom0 'pkill -CONT -x tgtd'
    await 60 running scanned
}

# The session comes back by itself, its disk when it is asked for.
scanned() {
    dom0 'iscsiadm -m session --rescan >/dev/null 2>&1' || :
    state auto
}
