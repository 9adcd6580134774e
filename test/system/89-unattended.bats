#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Nobody is there: from boot to shutdown, and who asks for a password.  The boot
# is hotdomd's start with the stick plugged in, the shutdown is what systemd
# does first in one: it stops hotdom-guests.

load lib

folder=/run/systemd/ask-password

teardown() {
    dom0 "systemctl start hotdom-guests; rm -f $folder/ask.hotdom-stale"
    policy "$usual_policy"
    end_test
}

domids() { list | jq -c '[.[].guests[].domid] | sort'; }

# What agents see: the message of each question.
questions() {
    dom0 "cat $folder/ask.hotdom-* 2>/dev/null | sed -n 's/^Message=//p'" || :
}

leftovers() { dom0 "ls -A $folder | grep -c hotdom" || :; }

# reply PASSWORD: as a desktop's agent does.
reply() {
    dom0 "/lib/systemd/systemd-reply-password 1 \
        \$(sed -n 's/^Socket=//p' $folder/ask.hotdom-*)" <<<"$1"
}

@test "stores start at boot by themselves, and shutdown stops their guests" {
    local before out
    dom0 systemctl stop hotdomd
    plug auto
    plug pair
    dom0 systemctl start hotdomd
    await 60 running state auto
    await 90 running state pair
    before=$(domids)
    # A restart of hotdomd is no shutdown.
    dom0 systemctl restart hotdomd
    await 60 running state pair
    [ "$(domids)" = "$before" ]
    [[ $(dom0 systemctl show -p After --value hotdom-guests) == \
        *hotdomd.service* ]]
    dom0 systemctl stop hotdom-guests
    [ "$(compact_list)" = '[]' ]
    out=$(dom0 'journalctl -u hotdom-guests -o cat -n 20')
    [[ $out == *"auto: safe to remove"* && $out == *"pair: safe to remove"* ]]
    # In order: the last one started is the first to go.
    [ "$(dom0 hotdom events --json | jq -r 'select(.store == "pair" and
        .to == "gone" and .guest) | .guest' | tail -n 2 | xargs)" = "right left" ]
}

@test "guests that would not end in time are named and destroyed" {
    local out
    start stubborn
    # Less than its grace time, by a quarter.
    out=$(dom0 'hotdom eject --all --within 24 2>&1; echo "status $?"')
    echo "$out"
    [[ $out == *'stubborn.stubborn did not end in time and is destroyed'* ]]
    [[ $out == *'status 0' && $(compact_list) == '[]' ]]
    # With no time at all it says who is left.
    yank stubborn
    start stubborn
    out=$(dom0 'hotdom eject --all --within 1 2>&1; echo "status $?"')
    echo "$out"
    [[ $out == *"stubborn"*"status "[01] ]]
    await 60 '[]' compact_list
}

@test "a password agent is asked for a locked store until it is unlocked" {
    local asked='Please enter the password of owner for store one:'
    plug_locked one
    [ "$(questions)" = "$asked" ]
    reply 'wrong horse'
    await 60 "Wrong password. $asked" questions
    [[ $(state one) == locked* ]]
    # hotdomd is killed: the next one leaves one question, its own.
    dom0 'systemctl kill -s KILL hotdomd; systemctl start hotdomd'
    await 60 "$asked" questions
    # Somebody at a terminal.
    dom0 "$terminal"'
        open_terminal "systemd-tty-ask-password-agent --query"
        until_seen "for store one:"
        echo "'"$password"'" >&4
        wait $pid'
    await 60 running state one
    [ "$(leftovers)" = 0 ]
    dom0 hotdom eject one
    yank one
    plug_locked one
    [ "$(questions)" = "$asked" ]
    yank one
    await 30 '' questions
    [ "$(leftovers)" = 0 ]
    policy 'ask_password: 0s\n'
    plug_locked one
    [ "$(leftovers)" = 0 ]
}

@test "verify-host names a question that nobody has, and none that somebody has" {
    local out
    plug_locked one
    [ -n "$(questions)" ]
    dom0 hotdom verify-host --json | jq -e '. == []'
    dom0 "touch $folder/ask.hotdom-stale"
    out=$(dom0 'hotdom verify-host --json; echo "status $?"')
    [[ $out == *"status 1" ]]
    jq -e --arg f "$folder/ask.hotdom-stale" '. == [{kind: "file", value: $f,
        change: "new", ours: true, remedy: "rm it"}]' <<<"${out%status*}"
    dom0 "rm $folder/ask.hotdom-stale; hotdom verify-host"
}
