#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs in the bed's dom0, beside dom0.bash, for `yanks`: "up" brings the guest up
# and lets its word into the file `told`; "begin" does not wait for it; "down"
# is behind the pull and tells what was told.
. "$(dirname "$0")/dom0.bash"
label=yanks
seconds=300

give_up() {
    echo "$1" >&2
    exit 1
}

state() {
    hotdom list --json | jq -r --arg s "$label" \
        '[.[] | select(.store == $s).state] + ["none"] | .[0]'
}

until_state() { # STATE
    local until=$((SECONDS + seconds)) now
    until now=$(state) && [[ $now == "$1" ]]; do
        ((SECONDS < until)) || give_up "the store is $now, not $1"
        [[ $now != failed && $now != refused ]] ||
            give_up "$(hotdom list; journalctl -u hotdomd -n 20 -o cat)"
        pause 1
    done
}

# Or Linux would send no flush, and there were nothing to see.
has_cache() {
    local cache
    for cache in /sys/block/sd*/queue/write_cache; do
        [[ $(<"$cache") == 'write back' ]] && return
    done
    give_up "the disk is not taken for one with a cache"
}

begin() {
    : >told
    until_state locked
    has_cache
    hotdom unlock "$label" --password-fd 0 >unlocked 2>&1 <password ||
        give_up "$(<unlocked)"
}

is_told() { # WORD...: each is the beginning of a whole line
    local word
    for word in "$@"; do
        grep -q "^$word [0-9]" told || return
    done
}

up() {
    local until=$((SECONDS + seconds))
    begin
    until_state running
    domid=$(xl domid "$label.log")
    open_shell
    echo 'cat /run/told' >&"$shell"
    setsid cat <&"$shell" >told 2>/dev/null &
    echo $! >listener
    disown # until `down`
    exec {shell}>&-
    until is_told plain encrypted registry; do
        ((SECONDS < until)) || give_up "the guest told only: $(<told)"
        pause 1
    done
}

down() {
    until_state none
    [[ ! -f listener ]] || kill "$(<listener)" 2>/dev/null || :
    rm -f listener
    hotdom verify-host >/dev/null || give_up "$(hotdom verify-host 2>&1)"
    cat told
}

exec {never}<> <(:)
"$1"
