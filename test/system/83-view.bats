#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Files of the host that a guest reads, through the stock kernel's own 9p.

load lib

shown='host_paths: [/srv/shown, /etc/hostname]\n'

setup_file() {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack_rogue_9p
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
    rm -f "$stores/rogue-9p.img"
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
    [ "$(grep -cP '^Uid:\t0\t' "$BATS_TEST_TMPDIR/status")" = 0 ]
    await 90 yes answers reader
    [ "$(dom0 "hotdom table reader list | grep -c /
        xenstore-read -R /local/domain/$(guest_domid reader)/data/hotdom/table |
            grep -c /" | xargs)" = '65 65' ]
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

last_change() { # GUEST: of its tables, as it was told
    dom0 'hotdom events --json' | jq -rs --arg g "$1" \
        'map(select(.guest == $g and .reason == "table")) | last.message'
}

@test "what a guest reads of the host changes while it runs, and outlasts restarts" {
    mount='mkdir -p /v && mount -t 9p -o trans=xen,version=9p2000.L hostview /v'
    plug view
    await 60 running state view
    await 90 yes answers reader
    in_guest reader "$mount
        (exec 3</v/srv/shown/deep/numbers; until [ -e /go ]; do sleep 1; done
        cat <&3 >/late 2>/why) >/dev/null 2>&1 &"
    dom0 hotdom table reader rm /srv/shown/own
    dom0 hotdom table reader rm /srv/shown --json |
        jq -e '.guest == "reader" and .message == "/srv/shown is no entry any more"'
    dom0 hotdom table reader add /srv/shown/own --json |
        jq -e '.store == "view" and .path == "/srv/shown/own"'
    # Behind a link of the host's.
    dom0 'ln -s own /srv/shown/alias; hotdom table reader add /srv/shown/alias/file'
    refused=$(dom0 'hotdom table reader add /srv/hidden 2>&1; echo "status $?"')
    [[ $refused == *'/srv/hidden is outside the host_paths'*'status 3' ]]
    seen=$(in_guest reader 'touch /go; sleep 2
        echo "late: $(cat /why) $(wc -c </late)"
        echo "own: $(cat /v/srv/shown/own/file /v/srv/shown/alias/file | uniq -c)"
        echo "file: $(cat /v/srv/shown/file 2>&1)"')
    echo "$seen"
    [[ $seen == *'late: '*'Stale file handle 0'* ]]
    [[ $seen == *'own: '*'2 own'*'file: '*'No such file'* ]]
    [ "$(dom0 hotdom table reader which /srv/shown/own/file)" = \
        '/srv/shown/own/file: host, by /srv/shown/own of the operator' ]
    dom0 hotdom table reader which /srv/shown/own/file --json |
        jq -e '[.side, .entry, .from] == ["host", "/srv/shown/own", "operator"]'
    dom0 hotdom table reader list --json | jq -e '.entries | any(. == {path: "/etc/hostname",
        side: "host", from: "manifest", allowed: true})'
    dom0 'timeout 8 hotdom table reader log --json >/run/asked.json &
        timeout 8 hotdom table reader log >/run/asked; wait; :' 3>&- &
    in_guest reader 'sleep 3; cat /v/srv/shown/own/file /v/srv/hidden/file'
    wait $!
    dom0 'cat /run/asked; rm /run/asked' >"$BATS_TEST_TMPDIR/asked"
    grep -x 'host   opened     /srv/shown/own/file  by /srv/shown/own' \
        "$BATS_TEST_TMPDIR/asked"
    grep -x 'guest  looked-up  /srv/hidden' "$BATS_TEST_TMPDIR/asked"
    dom0 'cat /run/asked.json; rm /run/asked.json' | jq -es 'any(.[];
        [.side, .asked, .path, .entry] == ["host", "opened", "/srv/shown/own/file", "/srv/shown/own"])'
    table=$(dom0 hotdom table reader list)
    dom0 systemctl restart hotdomd
    await 60 running state view
    [ "$(dom0 hotdom table reader list)" = "$table" ]
    before=$(guest_domid reader)
    in_guest reader /sbin/reboot || :
    await 60 yes is_other "$before" reader
    await 90 yes answers reader
    in_guest reader "$mount; cat /v/srv/shown/own/file; cat /v/srv/shown/file" |
        grep -x own
    [ "$(dom0 hotdom table reader list)" = "$table" ]
    # What the policy shows no longer goes, and does not come back by itself.
    policy "${usual_policy}host_paths: [/srv/shown/own, /etc/hostname]\n"
    await 30 '/srv/shown/00000000000001 and 62 more are no entries any more: the policy does not show them' \
        last_change reader
    seen=$(in_guest reader 'cat /v/srv/shown/own/file; cat /v/srv/shown/alias/file 2>&1')
    [[ $seen == *own*'No such file'* ]]
    policy "$usual_policy$shown"
    table=$(dom0 hotdom table reader list)
    [ "$(grep -o '/.*' <<<"$table" | xargs)" = '/etc/hostname /srv/shown/own' ]
    # Nobody serves it any more: what was noted is taken back.
    dom0 'kill -9 $(pgrep -x hotdom-9p)'
    refused=$(dom0 'hotdom table reader add /srv/shown/deep 2>&1; echo "status $?"')
    [[ $refused == *'no process serves a host view'*'status 5' ]]
    [ "$(dom0 hotdom table reader list)" = "$table" ]
    dom0 'rm /srv/shown/alias; hotdom eject view && hotdom verify-host && ! ls /run/hotdom/server/*'
}

# attack GROUP: of rogue-9p, in the guest `rogue`; what it said is in $seen.
attack() {
    in_guest rogue "(rogue-9p $1; echo \"end \$?\") >/run/said 2>&1 &"
    await 120 'end 0' attack_ended
    seen=$(in_guest rogue 'cat /run/said')
    echo "$seen"
}
attack_ended() { in_guest rogue 'grep "^end" /run/said'; }

@test "a guest that attacks its host view harms nobody else's" {
    plug rogue-9p
    await 60 running state rogue-9p
    for guest in reader rogue; do await 90 yes answers "$guest"; done
    in_guest reader 'mkdir -p /v && mount -t 9p -o trans=xen,version=9p2000.L hostview /v'
    servers=$(server)
    for group in messages files rings xenbus; do
        attack "$group"
        # The last thing that it did was what any client does.
        [[ $seen == *$'\nread: from-the-host\nend 0' ]]
        [ "$(in_guest reader 'cat /v/srv/shown/file')" = from-the-host ]
        [ "$(guest_state rogue)" = running ]
        # All of it was answered, and nobody was killed.
        [ "$(server)" = "$servers" ]
    done
    [ "$(dom0 'hotdom events --json' | jq -s 'any(.[]; .reason == "server-died")')" = false ]
    dom0 'hotdom eject rogue-9p && hotdom verify-host'
    [ -z "$(server)" ]
}
