#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Files of the host that a guest reads, through the stock kernel's own 9p.

load lib

shown='host_paths: [/srv/shown, /etc/hostname]\n'

setup_file() {
    policy "$usual_policy$shown"
    dom0 'mkdir -p /srv/shown/own /srv/shown/deep /srv/hidden
        echo from-the-host >/srv/shown/file
        echo hidden >/srv/hidden/file
        echo own >/srv/shown/own/file
        seq 100000 >/srv/shown/deep/numbers
        echo secret >/srv/shown/secret && chmod 600 /srv/shown/secret
        ln -sf /srv/hidden/file /srv/shown/out
        mknod /srv/shown/null c 1 3 2>/dev/null; chmod 666 /srv/shown/null'
}

teardown_file() {
    policy "$usual_policy"
    dom0 rm -rf /srv/shown /srv/hidden
}

teardown() { end_test; }

server() { dom0 'pgrep -x hotdom-9p || :'; }

# The view as the guest has it, each line "NAME: what came".
looked_at='mkdir -p /v && mount -t 9p -o trans=xen,version=9p2000.L hostview /v
echo "find: $(cd /v && find . | sort | tr "\\n" " ")"
echo "file: $(cat /v/srv/shown/file)"
echo "sum: $(md5sum </v/srv/shown/deep/numbers)"
echo "secret: $(cat /v/srv/shown/secret 2>&1)"
echo "out: $(cat /v/srv/shown/out 2>&1)"
echo "own: $(cat /v/srv/shown/own/file 2>&1)"
echo "up: $(cat /v/../../srv/hidden/file /v/srv/hidden/file 2>&1)"
echo "write: $( (echo x >/v/srv/shown/file) 2>&1)"
echo "make: $(touch /v/srv/shown/new 2>&1)"
echo "remove: $(rm -f /v/srv/shown/file 2>&1)"'

@test "a guest reads what its tables and the policy give, and nothing else" {
    plug view
    await 60 running state view
    [ "$(guest_state spy)" = refused ]
    [[ $(list | jq -r '.[].guests[] | select(.guest == "spy") | .message') == \
        *'the exception /etc/shadow'*'outside the host_paths'* ]]
    pid=$(server)
    [ "$(wc -w <<<"$pid")" = 1 ]
    dom0 "grep -E '^(Uid|CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp|VmRSS):' \
        /proc/$pid/status" >"$BATS_TEST_TMPDIR/status"
    grep -q '^CapPrm:.*0000000000000000$' "$BATS_TEST_TMPDIR/status"
    grep -q '^NoNewPrivs:.*1$' "$BATS_TEST_TMPDIR/status"
    grep -q '^Seccomp:.*2$' "$BATS_TEST_TMPDIR/status"
    ! grep -qP '^Uid:\t0\t' "$BATS_TEST_TMPDIR/status"
    await 90 yes answers reader
    dom0 hotdom verify-host
    seen=$(in_guest reader "$looked_at")
    echo "$seen"
    sum=$(dom0 'md5sum </srv/shown/deep/numbers')
    [[ $seen == *'find: . ./etc ./etc/hostname ./srv ./srv/shown ./srv/shown/deep ./srv/shown/deep/numbers ./srv/shown/file ./srv/shown/out ./srv/shown/secret '* ]]
    [[ $seen == *'file: from-the-host'* ]]
    [[ $seen == *"sum: $sum"* ]]
    [[ $seen == *'secret: '*'Permission denied'* ]]
    [[ $seen == *'out: '*'No such file'* ]]
    [[ $seen == *'own: '*'No such file'* ]]
    [[ $seen == *'up: '*'No such file'*'No such file'* ]]
    [[ $seen == *'write: '*'Read-only file system'* ]]
    [[ $seen == *'make: '*'Read-only file system'* ]]
    [[ $seen == *'remove: '*'Read-only file system'* ]]
    [ "$(dom0 "awk '/^RssAnon/ {print \$2}' /proc/$pid/status")" -le 4096 ]
    dom0 hotdom eject view
    [ -z "$(server)" ]
}

@test "a pulled store leaves no process that serves its guest" {
    plug view
    await 60 running state view
    await 90 yes answers reader
    in_guest reader 'mkdir /v; mount -t 9p -o trans=xen,version=9p2000.L hostview /v; cat /v/srv/shown/file'
    yank view
    await 60 '' server
}
