#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The daemon killed, stopped and started again while guests run.

load lib

kill_daemon() { dom0 'systemctl kill -s KILL --kill-who=main hotdomd'; }
daemon_up() { dom0 'systemctl is-active hotdomd' || :; }
domains() { dom0 "xl list | tail -n +3 | awk '{print \$1, \$2}'"; }

# A daemon that was made to stand still would hold up all that follow.
teardown() {
    dom0 'systemctl kill -s CONT --kill-who=main hotdomd
        rm -f /run/udev/rules.d/99-systemd.rules' || :
    end_test
}

@test "a killed daemon finds its running guest again" {
    local before
    start two
    before=$(domains)
    kill_daemon
    await 60 running state two
    [ "$(domains)" = "$before" ]
    dom0 hotdom eject two
    clean
}

@test "a restarted daemon leaves the guest running" {
    local before
    start two
    before=$(domains)
    dom0 systemctl restart hotdomd
    await 60 running state two
    [ "$(domains)" = "$before" ]
}

@test "a stick pulled while the daemon is dead is cleaned up after" {
    start two
    dom0 'systemctl stop hotdomd'
    yank two
    await 60 no partitions
    dom0 'systemctl start hotdomd'
    await 30 '' domains
    await 10 '[]' compact_list
    clean
}

@test "an eject goes on when the daemon is killed in it" {
    start stubborn
    dom0 'hotdom eject stubborn' >/dev/null 2>&1 &
    await 60 ejecting state stubborn
    kill_daemon
    wait $! || :
    await 120 '[]' compact_list
    clean
}

@test "a daemon killed while it builds leaves no half-built guest" {
    plug_locked one
    unlock one >/dev/null 2>&1 &
    await 60 building state one
    kill_daemon
    await 60 locked state one
    [ "$(domains)" = '' ]
    wait $! || :
}

@test "a daemon killed while it builds starts no guest twice" {
    plug pair
    await 60 building state pair
    kill_daemon
    await 90 running state pair
    [ "$(domains | wc -l)" = 2 ]
}

# Bytes that udev has told hotdomd and it has not taken.
unread() {
    dom0 'awk -v pid="$(systemctl show -p MainPID --value hotdomd)" \
        "\$2 == 15 && \$3 == pid {print \$5}" /proc/net/netlink'
}

sessions() { # STORE: how often it was taken in
    dom0 hotdom events --json | jq -s --arg s "$1" \
        '[.[] | select(.store == $s and .guest == null and .from == "seen")] | length'
}

@test "a guest destroyed behind our back is noticed" {
    start two
    dom0 xl destroy two.two
    await 60 gone gone two
    clean
}

@test "repair removes what a lost ledger left and nothing of a store that runs" {
    start one
    start two
    id=$(list | jq -r '.[] | select(.store == "one") | .id')
    dom0 "systemctl stop hotdomd; rm /run/hotdom/ledger/$id"
    run dom0 hotdom repair --yes
    [ "$status" -eq 6 ]
    dom0 systemctl start hotdomd
    await 60 locked state one
    await 60 running state two
    dom0 'hotdom repair --dry-run --json' |
        jq -e 'any(.kind == "dm" and .removes and (.gone | not)) and
            all(.value | contains("two") | not)'
    run dom0 'hotdom repair </dev/null'
    [ "$status" -eq 2 ]
    dom0 'xl domid one.one && hotdom repair --yes && ! xl domid one.one'
    dom0 hotdom verify-host
    [ "$(guest_state two)" = running ]
    # Its things are free again.
    unlock one
    await 90 running guest_state one
}

@test "a second daemon is refused in one sentence" {
    run dom0 /usr/sbin/hotdomd
    echo "$output"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
}

@test "no store is missed in 10,000 uevents that are too many to hear" {
    local before spare since
    # One that has seen no session yet.
    dom0 systemctl restart hotdomd
    start two
    start auto
    before=$(dom0 xl domid two.two)
    # systemd, which listens too, would take minutes to hear them all.
    dom0 'mkdir -p /run/udev/rules.d && cd /run/udev/rules.d &&
        sed "s/^SUBSYSTEM==\"block\", TAG+=\"systemd\"/#&/" \
            /lib/udev/rules.d/99-systemd.rules >99-systemd.rules
        udevadm settle -t 60; udevadm control --reload'
    spare=$(plug_spare)
    bed push "$build/bin/uevent-storm" /root/
    since=$(dom0 date +%s)
    dom0 'systemctl kill -s STOP --kill-who=main hotdomd'
    dom0 /root/uevent-storm "${spare#/dev/}" 10000
    yank auto
    cp --sparse=always "$stores/writer.img" "$plugged/writer.img"
    bed plug --wait "$plugged/writer.img" writer >/dev/null
    dom0 'systemctl kill -s CONT --kill-who=main hotdomd
        rm /root/uevent-storm /run/udev/rules.d/99-systemd.rules
        udevadm control --reload'
    await 60 running state writer
    await 60 gone gone auto
    # And it goes on to hear: nothing of what there was is left unread.
    await 60 0 unread
    dom0 "journalctl -u hotdomd -o cat --since @$since" | grep -q 'came too fast'
    [ "$(state two)" = running ]
    [ "$(dom0 xl domid two.two)" = "$before" ]
    for s in two writer; do [ "$(sessions "$s")" = 1 ]; done
    dom0 hotdom verify-host
}
