#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Who can open an encrypted store, how that changes, and what a header does that
# is not the store's own.

load lib

tries=/var/lib/hotdom/throttle/state
third='staple battery'

setup() { dom0 "rm -f $tries"; }

# The only store's state, and its reason when it has one.
only() {
    list | jq -r '.[] | .state + (if .reason then " " + .reason else "" end)'
}

# try USER PASSWORD: the exit status of unlocking locked2.
try() {
    dom0 "hotdom unlock locked2 -u $1 --password-fd 0" <<<"$2" >&2 || echo $?
}

opens() { # USER PASSWORD
    [ -z "$(try "$@")" ]
    [ "$(state locked2)" = running ]
}

# The same stick again, with what is on it now.
replug() {
    yank locked2
    await 30 '[]' compact_list
    bed plug "$stores/plugged-locked2.img" locked2 >/dev/null
    await 60 locked state locked2
}

users() { dom0 hotdom user list locked2 --json | jq -c '[.users[], .recovery]'; }

# Reasons of events that changed no state, in their order.
notes() {
    dom0 hotdom events --json | jq -r --arg s locked2 \
        'select(.store == $s and .from == .to) | .reason' | tail -n "$1" |
        paste -sd ' '
}

@test "a store for two users opens for each, and no longer for one who is removed" {
    plug_locked locked2
    [ "$(users)" = '["owner","second",true]' ]
    opens second "$password2"
    dom0 hotdom eject locked2
    replug
    run dom0 'hotdom user rm locked2 second -u owner --password-fd 0' \
        <<<"$password"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"user second was removed"* ]]
    [ "$(state locked2)" = locked ]
    [ "$(users)" = '["owner",true]' ]
    [ "$(notes 1)" = user-removed ]
    [ "$(try second "$password2")" = 4 ]
    replug
    [ "$(try second "$password2")" = 4 ]
    opens owner "$password"
}

@test "a wrong old password changes nothing and is counted" {
    local id
    plug_locked locked2
    id=$(list | jq -r '.[].id')
    run dom0 'hotdom passwd locked2 -u owner --password-fd 0' \
        <<<"$password2"$'\n'"$third"
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"wrong password"* ]]
    dom0 "grep -E '^store $id 1 1 ' $tries"
    [ "$(notes 1)" = wrong-password ]
    run dom0 'hotdom passwd locked2 -u nobody --password-fd 0' \
        <<<"$password"$'\n'"$third"
    [ "$status" -eq 5 ]
    cmp "$stores/locked2.img" "$stores/plugged-locked2.img"
    opens owner "$password"
}

@test "the recovery key opens the store however it is typed" {
    local key
    key=$(tr -d - <"$stores/locked2.recovery" | tr a-z A-Z)
    plug_locked locked2
    opens recovery "$key"
}
