#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The Debian package on a host of its own that has never seen hotdom: nothing of
# `make install` hides what the package forgot.

load lib

push_deb() { # VERSION NAME: into the host; $deb is where it was made
    deb=$(make -s --no-print-directory -C "$repo" deb ${1:+VERSION="$1"} | tail -n 1)
    bed push "$deb" "/root/$2"
}

# A file's host is up beside the others', so it is small.
setup_file() {
    export fresh=$BED_HOST-fresh
    BED_HOST=$fresh
    BED_MEMORY=2560 bed up --tied $$
    push_deb '' hotdom.deb
    # The next version, with the same programs; gone again, for build/ is where
    # README has the package from.
    push_deb "$(sed -n 's/^#define HD_VERSION "\(.*\)"/\1/p' \
        "$repo/pv-drivers/base/version.h")+1" hotdom-next.deb
    rm "$deb"
    bed push "$stores/lab.pub" /root/
}

teardown_file() { BED_HOST=$fresh bed down; }

setup() { export BED_HOST=$fresh; }

teardown() {
    [[ -n ${BATS_TEST_COMPLETED:-} ]] ||
        dom0 'journalctl -u hotdomd -n 40 --no-pager -o cat; dpkg -s hotdom' || :
}

active() { dom0 'systemctl is-active hotdomd hotdom-guests | xargs'; }

version() { dom0 "dpkg-query -W -f '\${Version}' hotdom"; }

# Of hotdom-metrics.socket.
listener() { dom0 'ss -Hltn sport = :9752'; }

# Whatever bears the name, but the package itself and where it is in the
# package manager's and the journal's books.
traces() {
    dom0 'find / -xdev -iname "*hotdom*" ! -path "/root/*" ! -path "/proc/*" \
            ! -path "/var/lib/dpkg/*"
        find /run /tmp /etc /var -iname "*hotdom*" ! -path "/run/udev/*" \
            ! -path "/var/lib/dpkg/*"
        getent passwd | grep hotdom; getent group | grep hotdom
        systemctl list-units --all --plain --no-legend | grep hotdom
        systemctl list-unit-files --no-legend | grep hotdom
        dpkg -l hotdom 2>/dev/null | grep "^.[^n].*hotdom"
        dmsetup ls | grep hotdom; xl list | tail -n +3' || :
}

@test "the package is installed, upgraded beside a guest, and removed in order" {
    local domid pid out
    [ -z "$(traces)" ]
    dom0 'DEBIAN_FRONTEND=noninteractive dpkg -i hotdom.deb'
    [ "$(active)" = 'active active' ]
    [ "$(dom0 'systemctl is-enabled hotdomd hotdom-guests | xargs')" = \
        'enabled enabled' ]
    dom0 "hotdom trust add lab lab.pub
        printf '$usual_policy' >/etc/hotdom/hotdom.yaml
        systemctl reload hotdomd"
    dom0 hotdom doctor
    plug two
    await 60 running state two
    domid=$(guest_domid two)
    pid=$(dom0 systemctl show -p MainPID --value hotdomd)
    # README's steps for Prometheus.
    dom0 'systemctl enable --now hotdom-metrics.socket'
    [ -n "$(listener)" ]
    # The next version: the daemon is another one, the guest is the same.
    dom0 'dpkg -i hotdom-next.deb'
    [ "$(version)" = "$(dom0 'dpkg-deb -f hotdom-next.deb Version')" ]
    [ "$(version)" != "$(dom0 'dpkg-deb -f hotdom.deb Version')" ]
    [ -n "$(listener)" ]
    [ "$(active)" = 'active active' ]
    [ "$(dom0 systemctl show -p MainPID --value hotdomd)" != "$pid" ]
    await 60 running state two
    [ "$(guest_domid two)" = "$domid" ]
    dom0 "xl list $domid"
    # Its end is that of the guests, in order; what the owner wrote stays.
    out=$(dom0 'dpkg -r hotdom 2>&1; echo "status $?"')
    echo "$out"
    [[ $out == *'status 0' ]]
    [[ $out == *"two: safe to remove"* ]]
    [ -z "$(dom0 'xl list | tail -n +3')" ]
    dom0 '[ -e /etc/hotdom/trusted.d/lab.pub ] && [ ! -e /usr/bin/hotdom ]'
    [ -z "$(listener)" ]
    # Installed again, it goes on with what it knew.
    dom0 'dpkg -i hotdom-next.deb'
    await 60 running state two
    [ -n "$(listener)" ]
    dom0 'dpkg -P hotdom'
    [ "$(traces)" = '' ]
    [ -z "$(listener)" ]
    yank two
}

# A LUN whose target is in the same host, on the stick DISK: its daemon is the
# last to be stopped, as one elsewhere would be.
share_lun() { # DISK
    dom0 "mount $1 /mnt
        mkdir -p /run/systemd/system/tgt.service.d
        printf '%s\n' '[Unit]' 'Before=iscsid.service open-iscsi.service' \
            'RequiresMountsFor=/mnt' >/run/systemd/system/tgt.service.d/last.conf
        systemctl daemon-reload
        systemctl start tgt
        tgtadm --op new --mode target --tid 1 -T iqn.2026-11.test.bed:lun
        tgtadm --op new --mode logicalunit --tid 1 --lun 1 -b /mnt/lun.img
        tgtadm --op bind --mode target --tid 1 -I 127.0.0.1
        iscsiadm -m discovery -t sendtargets -p 127.0.0.1 >/dev/null
        systemctl start iscsid open-iscsi
        iscsiadm -m node --login >/dev/null"
}

logged() { in_guest logger 'cat /run/logged 2>/dev/null' | tr -dc 0-9; }

has_logged() { (($(logged) > 3)) && echo yes; }

is_down() { [[ $(bed status) == *"host $fresh: up"* ]] || echo down; }

@test "a host that is shut down ends its guests before it logs out of their LUN" {
    local disk n at
    mkdir -p "$plugged/lun"
    cp --sparse=always "$stores/logger.img" "$plugged/lun/lun.img"
    mke2fs -q -F -t ext4 -d "$plugged/lun" "$plugged/lun.fs" 128M
    dom0 "DEBIAN_FRONTEND=noninteractive dpkg -i hotdom.deb
        hotdom trust add lab lab.pub
        printf '$usual_policy' >/etc/hotdom/hotdom.yaml
        systemctl reload hotdomd"
    disk=$(bed plug --wait "$plugged/lun.fs" lun | cut -d' ' -f2)
    share_lun "$disk"
    await 60 running state logger
    await 90 yes has_logged
    n=$(logged)
    dom0 'systemctl poweroff' || :
    await 120 down is_down
    # All that the guest knew of is there, in a file system that it let go.
    debugfs -R "dump /lun.img $plugged/lun.img" "$plugged/lun.fs"
    at=$(sfdisk -J "$plugged/lun.img" | jq '.partitiontable.partitions[] |
        select(.name == "hotdom:logger-disk").start')
    dd if="$plugged/lun.img" of="$plugged/logger.fs" bs=512 skip="$at" status=none
    run dumpe2fs -h "$plugged/logger.fs"
    echo "$output"
    [[ $output == *'state:'*clean* && $output != *needs_recovery* ]]
    (($(debugfs -R 'cat /log' "$plugged/logger.fs" | tail -n 1) >= n))
}
