#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs in the bed's dom0, beside dom0.bash, whose disks it plugs:
# kills a job, or hotdomd below it, at one record in the ledger after the other
# (crash.c), and prints what became of it, a line each, and how long it took.
# With EVERY 1 each record is a job's end and hotdomd's, with 2 one of both, with 4
# every other record, and so on. With DUMP also at those of a dump, which its
# guest and the policy are to want.
. "$(dirname "$0")/dom0.bash"
label=$1 every=$2 dump=${3-}
dumps=/var/lib/hotdom/dump
armed=/run/crash-point
exec {never}<> <(:)

now() { echo "${EPOCHREALTIME/[.,]/}"; }

# Of the store: its state, "none", or "away" while nobody answers.
# Without jq, which takes as long as what it would look at: there is no other
# store, and its state stands before those of its guests.
state() {
    local listed
    listed=$(hotdom list --json 2>/dev/null) || { echo away && return; }
    [[ $listed =~ \"state\":\ *\"([a-z]+)\" ]] && echo "${BASH_REMATCH[1]}" ||
        echo none
}

domains() { # of the store, NAME DOMID a line
    xl list | awk -v s="$label." 'index($1, s) == 1 {print $1, $2}'
}

is_state() { # PATTERN: into $state
    state=$(state)
    # shellcheck disable=SC2053
    [[ $state == $1 ]]
}

is_order_done() { [[ ! -e /proc/$order ]]; }

# It has started again, and no job works on it any more; or it is not there.
again='"domid":[[:space:]]*[0-9]+,[[:space:]]*"state":[[:space:]]*"running"'
is_again() {
    is_state '@(none|running)' || return
    [[ $state == none ]] || {
        [[ $(domains) != "$runs" && $(hotdom list --json) =~ $again ]] &&
            ! pgrep -x hotdom-job >/dev/null
    }
}

# until_so SECONDS COMMAND...: it asks seldom, for it is not to be what everybody
# waits for.
until_so() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < until)) || { echo "still $state, not: $*" && exit 1; }
        pause 0.5
    done
}

# A device of the guest that $runs; $order is the command that waits for it.
give() { hotdom block-attach "${runs% *}" ram:1M --as xvdb >/dev/null 2>&1; }
take() { hotdom block-detach "${runs% *}" xvdb >/dev/null 2>&1; }

# 0: somebody was killed; 1: it is so without.
until_hit() { # COMMAND...
    local until=$((SECONDS + 60))
    until [[ -e $armed.at ]]; do
        ! "$@" || [[ -e $armed.at ]] || return 1
        ((SECONDS < until)) || { echo "$verb goes on and on" && exit 1; }
        pause 0.5
    done
}

act() {
    case $1 in
    start) plug ;;
    eject) hotdom eject "$label" >/dev/null 2>&1 & ;;
    yank) pull ;;
    dump) xl sysrq "${runs% *}" c ;;
    attach) give & ;;
    detach) take & ;;
    esac
    order=${!-}
}

# Settled: it runs, with one domain, or nothing of it is there.
check() { # MICROSECONDS
    local n
    n=$(domains | wc -l)
    case $state in
    running) [[ $n -eq 1 ]] ;;
    *) [[ $n -eq 0 && -z $(find /run/hotdom/ledger -type f ! -name history) ]] ;;
    esac || { echo "$state, with $n domains" && exit 1; }
    hotdom verify-host >&2 || exit 1
    echo "$verb $victim $n_point $(<"$armed.at"): $state after $(($1 / 1000)) ms"
}

# Of a guest of 96 MiB, those that are whole; there may be none.
check_dumps() {
    local half
    half=$(find "$dumps" -type f ! '(' -name '*.core' -size +90000k ')')
    [[ -z $half ]] || { echo "half a dump: $half" && exit 1; }
    rm -f "$dumps"/*
}

is_done() { # while nobody is killed
    case $verb in
    start) is_state running ;;
    dump) is_again ;;
    *) is_state none ;;
    esac
}

is_settled() {
    case $verb in
    start) is_state '@(running|failed|refused)' ;;
    *) is_done ;;
    esac
}

# One more of these; 1 when the verb has so many points no more.
crash_at() {
    local since
    [[ $verb == start ]] || {
        plug
        until_so 60 is_state running
        runs=$(domains)
    }
    rm -f "$armed.at"
    echo "$n_point $victim" >"$armed"
    act "$verb"
    until_hit is_done || {
        rm -f "$armed"
        end
        return 1
    }
    since=$(now)
    until_so 60 is_settled
    check $(($(now) - since))
    [[ $verb != dump ]] || check_dumps
    end
}

# Whatever became of it, the disk goes and with it the rest.
end() {
    [[ ! -e $(echo /sys/class/scsi_host/"$stick"/device/target*/*/delete) ]] ||
        pull
    until_so 60 is_state none
    hotdom verify-host >&2 || exit 1
}

# The guest runs on, the same one, and has the device whole or has nothing of it:
# then it can be taken from it, or given.
crash_device_at() {
    local since
    if [[ $verb == attach ]]; then take || :; else give || :; fi
    rm -f "$armed.at"
    echo "$n_point $victim" >"$armed"
    act "$verb"
    until_hit is_order_done || {
        rm -f "$armed"
        return 1
    }
    since=$(now)
    until_so 60 is_state running
    wait "$order" || :
    until hotdom verify-host >/dev/null 2>&1; do
        (($(now) - since < 60000000)) || { hotdom verify-host; exit 1; }
        pause 0.2
    done
    check $(($(now) - since))
    [[ $(domains) == "$runs" ]] ||
        { echo "$runs is $(domains) now" && exit 1; }
    take || give || { echo "neither taken nor given" && exit 1; }
}

shopt -s extglob
make_disks 40
load store.img
victims=(job daemon)
step=$(((every + 1) / 2))

points_of() { # VERB FUNCTION: at one more record each time
    verb=$1 n_point=1 turn=$first
    while victim=${victims[turn++ % 2]} && "$2"; do
        n_point=$((n_point + step))
    done
    echo "points of $verb: up to $((n_point - step))"
}

for ((first = 0; first < 2; first++)); do
    ((every > 1 && first == 1)) && break
    points_of start crash_at
    points_of eject crash_at
    points_of yank crash_at
    [[ -z $dump ]] || points_of dump crash_at
    plug
    until_so 60 is_state running
    runs=$(domains)
    points_of attach crash_device_at
    points_of detach crash_device_at
    end
done
