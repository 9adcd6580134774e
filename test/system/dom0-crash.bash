#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs in the bed's dom0, beside dom0.bash, whose disks it plugs:
# kills a job, or hotdomd below it, at one record in the ledger after the other
# (crash.c), and prints what became of it, a line each, and how long it took.
. "$(dirname "$0")/dom0.bash"
label=$1
armed=/run/crash-point

now() { echo "${EPOCHREALTIME/[.,]/}"; }

# Of the store: its state, "none", or "away" while nobody answers.
state() {
    local listed
    listed=$(hotdom list --json 2>/dev/null) || { echo away && return; }
    jq -r --arg s "$label" '[.[] | select(.store == $s).state] + ["none"] | .[0]' \
        <<<"$listed"
}

domains() { xl list | awk -v s="$label." 'index($1, s) == 1' | wc -l; }

# until_state SECONDS PATTERN: into $state.
until_state() {
    local until=$((SECONDS + $1))
    # shellcheck disable=SC2053
    until state=$(state) && [[ $state == $2 ]]; do
        ((SECONDS < until)) || { echo "still $state, not $2" && return 1; }
    done
}

# 0: somebody was killed; 1: the store has got there without.
until_hit() { # PATTERN
    local until=$((SECONDS + 60)) state
    until [[ -e $armed.at ]]; do
        state=$(state)
        # shellcheck disable=SC2053
        [[ -e $armed.at || $state != $1 ]] || return 1
        ((SECONDS < until)) || { echo "still $state" && exit 1; }
    done
}

act() {
    case $1 in
    start) plug ;;
    eject) hotdom eject "$label" >/dev/null 2>&1 & ;;
    yank) pull ;;
    esac
}

# Settled: it runs, with one domain, or nothing of it is there.
check() { # MICROSECONDS
    local n
    n=$(domains)
    case $state in
    running) [[ $n -eq 1 ]] ;;
    *) [[ $n -eq 0 && -z $(find /run/hotdom/ledger -type f ! -name history) ]] ;;
    esac || { echo "$state, with $n domains" && exit 1; }
    hotdom verify-host >&2 || exit 1
    echo "$verb $victim $n_point $(<"$armed.at"): $state after $(($1 / 1000)) ms"
}

# One more of these; 1 when the verb has so many points no more.
crash_at() {
    local since
    [[ $verb == start ]] || {
        plug
        until_state 60 running
    }
    rm -f "$armed.at"
    echo "$n_point $victim" >"$armed"
    act "$verb"
    if [[ $verb == start ]]; then until_hit running; else until_hit none; fi || {
        rm -f "$armed"
        end
        return 1
    }
    since=$(now)
    if [[ $verb == start ]]; then
        until_state 60 '@(running|failed|refused|none)'
    else
        until_state 60 none
    fi
    check $(($(now) - since))
    end
}

# Whatever became of it, the disk goes and with it the rest.
end() {
    [[ ! -e $(echo /sys/class/scsi_host/"$stick"/device/target*/*/delete) ]] ||
        pull
    until_state 60 none
    hotdom verify-host >/dev/null
}

shopt -s extglob
make_disks 40
load store.img
for victim in job daemon; do
    for verb in start eject yank; do
        n_point=0
        while n_point=$((n_point + 1)) && crash_at; do :; done
        echo "points of $verb: $((n_point - 1))"
    done
done
