#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a host remembers of stores that come and go: the generations it has seen
# and the wrong passwords.

load lib

seen=/var/lib/hotdom/seen
tries=/var/lib/hotdom/throttle/state

id_of() { list | jq -r --arg s "$1" '.[] | select(.store == $s) | .id'; }
message() { list | jq -r '.[].message'; }
replug() { # OLD NEW
    yank "$1"
    await 30 '[]' compact_list
    plug "$2"
}

# ---- older copies

@test "an older copy of a store that was seen is refused with both numbers" {
    plug newer
    await 60 locked state aged
    replug newer aged
    await 60 'refused rollback' state aged
    [[ $(message) == *"generation 6"*" 7 "*"hotdom trust reset"* ]]
    run unlock aged
    echo "$output"
    [ "$status" -eq 3 ]
    # Not for want of memory of the one before.
    replug aged newer
    await 60 locked state aged
}

@test "a restarted daemon still refuses the older copy" {
    plug newer
    await 60 locked state aged
    replug newer aged
    await 60 'refused rollback' state aged
    dom0 systemctl restart hotdomd
    await 60 'refused rollback' state aged
}

@test "the same generation with other content is refused" {
    dom0 "rm -f $seen/*"
    plug_locked aged
    replug aged other
    await 60 'refused rollback' state aged
    [[ $(message) == *"same generation 6"* ]]
}

@test "trust reset accepts the older copy, and a plain user cannot" {
    plug newer
    await 60 locked state aged
    replug newer aged
    await 60 'refused rollback' state aged
    run dom0 'runuser -u nobody -- hotdom trust reset aged'
    echo "$output"
    [ "$status" -eq 3 ]
    [ "$(state aged)" = 'refused rollback' ]
    run dom0 hotdom trust reset aged
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"aged: locked"* ]]
    [ "$(state aged)" = locked ]
}

@test "a damaged record refuses its store until it is reset" {
    local id
    plug_locked one
    id=$(id_of one)
    dom0 "echo 7 >$seen/$id"
    replug one one
    await 60 'refused rollback' state one
    [[ $(message) == *"is damaged"*"hotdom trust reset $id"* ]]
    dom0 hotdom trust reset "$id"
    [ "$(state one)" = locked ]
}

@test "a host that cannot record refuses the store" {
    dom0 "rm -rf $seen && touch $seen"
    plug one
    await 60 'refused io-error' state one
    dom0 "rm -f $seen"
    dom0 hotdom attach /dev/sda
    [ "$(state one)" = locked ]
}

@test "the generation that has booted is noted" {
    start two
    await 10 'booted 1' booted "$(id_of two)"
}

booted() { dom0 "grep booted $seen/$1"; } # ID

# ---- wrong passwords

# In dom0, so that no wait is over before the next try.
try() { # N PASSWORD
    dom0 "for i in \$(seq $1); do
        echo '$2' | hotdom unlock locked2 -u owner --password-fd 0
        echo status \$?; done" 2>&1
}

next_try() { list | jq -r '.[].next_try_s // 0'; }

# As if ten passwords had been wrong, and now one more: a minute to wait.
wait_a_minute() {
    try 1 wrong
    dom0 "sed -i 's/^store \([^ ]*\) 1 1 /store \1 10 10 /' $tries"
    run try 1 wrong
    echo "$output"
    [[ $output == *"wrong password"* ]]
    must_wait
}

# The right password is not looked at.
must_wait() {
    run try 1 "$password"
    echo "$output"
    [[ $output == *"too many wrong passwords for this store; wait "* ]]
    [[ $output == *"status 4"* ]]
    (($(next_try) > 0))
}

@test "five wrong passwords are answered and then one must wait" {
    dom0 "rm -f $tries"
    plug_locked locked2
    run try 5 wrong
    echo "$output"
    [ "$(grep -c 'status 4' <<<"$output")" -eq 5 ]
    [ "$(grep -c 'wrong password$' <<<"$output")" -eq 5 ]
    # The wait doubles with each further try; a slow host outlasts the first.
    run try 8 wrong
    echo "$output"
    [[ $output == *"too many wrong passwords for this store; wait "* ]]
    [ "$(dom0 'xl list | tail -n +3')" = '' ]
}

@test "a wait survives a pull, a restart and a clock that is set" {
    dom0 "rm -f $tries"
    plug_locked locked2
    wait_a_minute
    dom0 hotdom list |
        grep -E '^locked2: after wrong passwords, next try in [0-9m]+s$'
    replug locked2 locked2
    await 60 locked state locked2
    must_wait
    dom0 systemctl restart hotdomd
    await 60 locked state locked2
    must_wait
    dom0 "date -s '1 year ago'" >/dev/null
    run must_wait
    dom0 "date -s '1 year'" >/dev/null
    echo "$output"
    [ "$status" -eq 0 ]
    dom0 "date -s '1 year'" >/dev/null
    run must_wait
    dom0 "date -s '1 year ago'" >/dev/null
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "the right password makes the tries free again" {
    dom0 "rm -f $tries"
    plug_locked locked2
    try 4 wrong
    run try 1 "$password"
    echo "$output"
    [[ $output == *"status 0"* ]]
    dom0 "grep -E '^store $(id_of locked2) 0 4 ' $tries"
}

@test "a password is not looked at when it cannot be counted" {
    dom0 "echo 0 >$tries"
    plug_locked locked2
    run try 1 "$password"
    echo "$output"
    [[ $output == *"$tries is damaged; as root, remove it"* ]]
    [[ $output == *"status 1"* ]]
    [ "$(state locked2)" = locked ]
    dom0 "rm -rf ${tries%/*} && touch ${tries%/*}"
    run try 1 "$password"
    echo "$output"
    [[ $output == *"no password is looked at"* ]]
    dom0 "rm -f ${tries%/*}"
    run try 1 "$password"
    echo "$output"
    [[ $output == *"status 0"* ]]
}
