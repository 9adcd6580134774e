#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The plug pulled without asking, at every stage of a store's life.

load lib

# Whoever holds a page of a guest's lets it go; the guest that was quarantined
# for that goes as well.
# shellcheck disable=SC2016
let_go() {
    dom0 'if [ -e holder ]; then
        kill $(cat holder)
        rm -f holder held hold-grant
        hotdom eject ordered
    fi' || :
}

# A test that failed half way leaves the next ones a clean host.
teardown() {
    [[ -n ${BATS_TEST_COMPLETED:-} ]] || let_go
    end_test
}

@test "a locked store is pulled" {
    plug_locked one
    yank one
    await 10 gone gone one
    clean
}

has_written() {
    in_guest writer 'test $(cat /run/written) -gt 3 && echo yes' | tail -n 1
}

@test "a store is pulled while its guest writes" {
    start writer
    await 90 yes answers writer
    await 60 yes has_written
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
    await 90 yes answers web # a kernel that has its memory can be dumped
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
    let_go
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

# As a stick that sits badly does it: what fails waits, is tried once more, and
# the guest hears of nothing.
@test "a disk that fails a request and stays loses nothing of a guest's, and is named" {
    start two
    await 90 yes answers two
    dom0 'd=$(dmsetup ls --target multipath | cut -f 1)
        dmsetup message $d 0 fail_path $(dmsetup table $d | grep -o "[0-9]*:[0-9]*")'
    [[ $(in_guest two 'dd if=/dev/zero of=/dev/xvda bs=4k count=16 conv=fsync \
        2>&1; echo "ended: $?"') == *'16+0 records out'*'ended: 0'* ]]
    dom0 hotdom events | grep -q 'its disk failed a request and is still there'
    dom0 'dmsetup status --target multipath | grep " A "'
}

forget_yanks() {
    dom0 rm -rf /root/yanks
    introduce
}

# What `make soak` does for hours.
@test "a store that comes and goes leaves nothing behind and loses no record" {
    run "$BATS_TEST_DIRNAME/soak" 4
    dom0 'modprobe -r scsi_debug; rm -r /root/soak'
    introduce
    tail -n 20 <<<"$output"
    [ "${lines[-1]}" = 'soak: ok' ]
    clean
}

@test "the same store is pulled again and again from a medium that forgets, and nothing that was durable is lost" {
    run "$BATS_TEST_DIRNAME/yanks" 3
    forget_yanks
    tail -n 20 <<<"$output"
    [ "${lines[-1]}" = 'yanks: ok' ]
    clean
}

# The test above would see it.
@test "a medium that lies about flushes is noticed by what its guest lost" {
    DEAF=1 run "$BATS_TEST_DIRNAME/yanks" 3
    forget_yanks
    tail -n 20 <<<"$output"
    [ "$status" -eq 1 ]
    [[ ${lines[-1]} == 'yanks: cycle '* && ${lines[-1]} != *' host is not '* ]]
}
