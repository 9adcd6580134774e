#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The plug pulled without asking, at every stage of a store's life.

load lib

@test "a locked store is pulled" {
    plug_locked one
    yank one
    await 10 gone gone one
    clean
}

@test "a store is pulled while its guest writes" {
    start writer
    await 90 yes answers writer
    [ "$(in_guest writer 'test $(cat /run/written) -gt 3 && echo yes' |
        tail -n 1)" = yes ]
    yank writer
    await 60 gone gone writer
    clean
}

@test "a store is pulled while its domain is being built" {
    plug pair
    await 60 building state pair
    yank pair
    await 60 gone gone pair
    clean
}

@test "a store is pulled while its guests shut down" {
    start stubborn
    dom0 hotdom eject stubborn >/dev/null 2>&1 &
    await 30 ejecting state stubborn
    yank stubborn
    await 60 gone gone stubborn
    wait $! || :
    clean
}

@test "a stick is pulled while it is read" {
    for _ in 1 2 3; do
        plug one
        yank one
    done
    await 20 '[]' compact_list
    clean
}

@test "a pulled store starts again when it is plugged in again" {
    start auto
    yank auto
    await 60 gone gone auto
    start auto
    [ "$(guest_state auto)" = running ]
}

@test "a pulled guest keeps its memory for a while, and one that cannot go is quarantined" {
    start ordered
    run dom0 hotdom dump web /root/web.core
    [ "$status" -eq 1 ] # it runs
    # Somebody in dom0 has a page of db's.
    bed push "$build/bin/hold-grant" /root/ >/dev/null
    dom0 './hold-grant $(xl domid ordered.db) >held 2>&1 & echo $! >holder
        until grep -q held held; do sleep 0.2; done'
    yank ordered
    await 30 fenced guest_state web
    await 40 quarantined guest_state db
    dom0 'xl list | grep quarantined.ordered.db; ! dmsetup ls | grep db-disk'
    dom0 hotdom dump web /root/web.core
    dom0 'stat -c "%a %u" web.core | grep -qx "600 0" && head -c 4 web.core |
        grep -q ELF && [ $(stat -c %s web.core) -gt $((90 << 20)) ]; rm web.core'
    await 60 'quarantined quarantined' state ordered
    run dom0 hotdom verify-host
    [[ $output == *quarantined* ]]
    dom0 'kill $(cat holder); rm -f holder held hold-grant'
    dom0 'hotdom eject ordered' || :
    await 30 gone gone ordered
    clean
}

@test "a pull of one store leaves the other running" {
    start auto
    start two
    yank auto
    await 60 gone gone auto
    [ "$(guest_state two)" = running ]
    await 90 yes answers two
    in_guest two 'dd if=/dev/zero of=/dev/xvda bs=4k count=16 conv=fsync'
}

daemon_fds() {
    dom0 'ls "/proc/$(systemctl show -p MainPID --value hotdomd)/fd" | wc -l'
}

ledgers() { dom0 'ls /run/hotdom/ledger | grep -vc history || true'; }

xen_free() { dom0 "xl info free_memory"; }

@test "ten pulls in a row leave nothing behind" {
    local before after free i
    start auto
    yank auto
    await 60 gone gone auto
    before=$(daemon_fds)
    free=$(xen_free)
    for i in $(seq 10); do
        start auto
        yank auto
        await 60 gone gone auto
    done
    # A child of the first may just have held two more: none may be added.
    after=$(daemon_fds)
    [ "$after" -le "$before" ] || fail "descriptors: $before, now $after"
    await 10 0 ledgers
    await 10 "$free" xen_free
    clean
}
