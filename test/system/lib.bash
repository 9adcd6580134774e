# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the system tests share: the bed, waiting for states, and the check that
# a host is clean. Waits always have a deadline; nothing here just sleeps.

repo=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
build=$repo/build
tiny=$build/guest/tiny
stores=$build/system
# bats sets it to 0 for each file, whatever the environment says.
# shellcheck disable=SC2034
BATS_TEST_RETRIES=${HOTDOM_TEST_RETRIES:-0}
# Files that run side by side have a host each, and what is plugged into it.
if [[ -n ${PARALLEL_JOBSLOT-} ]]; then
    read -ra slots <<<"$BED_HOSTS"
    export BED_HOST=${slots[PARALLEL_JOBSLOT - 1]}
fi
plugged=$stores/$BED_HOST
password='correct horse'
# Of the user `second` of locked2.
# shellcheck disable=SC2034
password2='battery staple'
# Of tests that set none, as printf takes it.
usual_policy='signers:\n  - {name: lab, activation: auto}\n'

bed() { "$repo/scripts/bed" "$@"; }
dom0() { bed run "$@"; }

# As `fail ... || return`: a function that is called under `||` does not end
# by itself where something in it fails.
fail() {
    echo "$*" >&2
    return 1
}

# plug NAME [ID]: a fresh copy of the fixture, so that no test sees what another
# wrote.
plug() {
    local id=${2:-$1}
    mkdir -p "$plugged"
    cp --sparse=always "$stores/$1.img" "$plugged/$id.img"
    bed plug "$plugged/$id.img" "$id" >/dev/null
}

yank() { bed yank "$@" >/dev/null; }

# Asked again within `await`: when something has happened, or two seconds later.
# Each session in dom0 takes time of its one processor, which a guest wants.
list() {
    [[ ${awaited-} == again ]] || { dom0 hotdom list --json; return; }
    dom0 'exec 3< <(exec hotdom events --follow --since 1 2>&1)
        read -r -t 2 -u 3
        kill $! 2>/dev/null
        exec hotdom list --json'
}

# state STORE: its state now, and its reason when it has one; nothing when it
# is not there. STORE is a label or a device.
state() {
    list | jq -r --arg s "$1" '.[] | select(.store == $s or .device == $s) |
        .state + (if .reason then " " + .reason else "" end)'
}

guest_state() { # GUEST
    list | jq -r --arg g "$1" '.[].guests[] | select(.guest == $g) | .state'
}

guest_domid() { # GUEST
    list | jq -r --arg g "$1" '.[].guests[] | select(.guest == $g) | .domid'
}

# await SECONDS WANT COMMAND...: until the command prints WANT.
await() {
    local begun=$SECONDS until=$((SECONDS + $1)) want=$2 got= pause
    local awaited=first
    shift 2
    until got=$("$@" 2>&1) && [[ $got == "$want" ]]; do
        ((SECONDS < until)) ||
            fail "'$*' still says '$got', not '$want'" || return
        awaited=again
        # A pause between two questions, not a wait for time to pass.
        pause=0.3
        ((SECONDS - begun < 10)) || pause=1
        read -r -t $pause <> <(:) || :
    done
}

unlock() { # STORE [PASSWORD]
    dom0 "hotdom unlock $1 --password-fd 0" <<<"${2:-$password}"
}

# What a script for dom0 begins with when it is the person at a terminal.
# shellcheck disable=SC2016,SC2034
terminal='
open_terminal() { # COMMAND
    coproc T { exec script -qec "$1" /dev/null; }
    pid=$T_PID
    exec 3<&"${T[0]}" 4>&"${T[1]}"
}
until_seen() { # TEXT
    local seen= c
    until [[ $seen == *"$1"* ]]; do
        IFS= read -r -t 60 -n 1 -u 3 c || exit 99
        seen+=$c
    done
}
'

plug_locked() { # NAME [ID]
    plug "$@"
    await 60 locked state "$1"
}

start() { # NAME: from the plug to the running guest
    if [[ $1 == one || $1 == debian ]]; then
        plug_locked "$1"
        unlock "$1"
    else
        plug "$1"
    fi
    await 60 running state "$1"
    # Before it is up it does not yet ignore a shutdown.
    [[ $1 != stubborn ]] || await 120 yes answers stubborn
}

# introduce: the host, whatever it knew, trusts two signers; the stores of one
# need no password.
introduce() {
    bed push "$stores/signer.pub" "$stores/lab.pub" /root/
    dom0 'rm -f /etc/hotdom/trusted.d/*
        rm -rf /var/lib/hotdom/*
        hotdom trust add signer signer.pub
        hotdom trust add lab lab.pub
        printf "'"$usual_policy"'" >/etc/hotdom/hotdom.yaml
        systemctl restart hotdomd'
}

policy() { # TEXT, as printf takes it: hotdomd's from now on
    dom0 "printf '$1' >/etc/hotdom/hotdom.yaml"
    reload_policy
}

# reload_policy: hotdomd took /etc/hotdom/hotdom.yaml or refused it.
policy_lines() { dom0 'journalctl -u hotdomd -o cat | grep -c "policy was"' || :; }

reload_policy() {
    local before
    before=$(policy_lines)
    dom0 systemctl reload hotdomd
    await 30 $((before + 1)) policy_lines
}

# What a script for dom0 begins with that asks a guest over the network that
# hotdom gave it: a session in dom0 costs a quarter of a second, and jq there more.
# shellcheck disable=SC2016
network='
address_of() { # GUEST
    local domid mac
    domid=$(hotdom list | awk -v g="$1" "\$2 == g {print \$3}")
    mac=$(xenstore-read "/local/domain/$domid/device/vif/0/mac") &&
        awk -v m="$mac" "tolower(\$2) == m {print \$3}" /run/dnsmasq.leases
}
'
address_of() { dom0 "$network address_of $1"; }

# An address may be an old lease: the guest is there when it answers; within a
# few seconds, if it is awaited.
answers() { # GUEST [PORT]
    dom0 "$network"'for ((n = 0; n < '"${awaited:+4}"' + 1; n++)); do
        ((n == 0)) || read -r -t 1 <> <(:) || :
        address=$(address_of '"$1"') && [[ -n $address ]] &&
            nc -z -w 2 $address '"${2:-23}"' && echo yes && break
    done'
}

in_guest() { # GUEST COMMAND
    dom0 "$network"'address=$(address_of '"$1"') && [[ -n $address ]] || {
        echo "guest '"$1"' has no address" >&2
        exit 1
    }
    '"printf '%s\nexit\n' '$2'"' | timeout 20 nc $address 23'
}

# It runs in another domain than that.
is_other() { # DOMID GUEST
    list | jq -r --arg d "$1" --arg g "$2" '.[].guests[] | select(.guest == $g
        and .state == "running" and (.domid | tostring) != $d) | "yes"'
}

# A stick of 16 MiB that is no store; prints its disk in dom0.
plug_spare() {
    truncate -s 16M "$plugged/spare.img"
    bed plug --wait "$plugged/spare.img" spare | cut -d' ' -f2
}

# Does the kernel see a store? It says so without anyone reading one.
partitions() {
    dom0 'grep -qs ^PARTNAME=hotdom: /sys/class/block/sd*/uevent &&
        echo yes || echo no'
}

gone() { [[ -z $(state "$1") ]] && echo gone; }

# Nothing is listed, nothing runs, and verify-host finds nothing. In one go,
# for each session in dom0 takes time.
# shellcheck disable=SC2016
cleanliness='
domains=$(xl list | tail -n +3)
[[ -z $domains ]] || { echo "domains: $domains" && exit 1; }
listed=$(hotdom list --json)
[[ ${listed//[[:space:]]/} == "[]" ]] ||
    { echo "still listed: $listed" && exit 1; }
exec hotdom verify-host
'
clean() { dom0 "$cleanliness" >&2; }

# Every test begins and ends with a clean host, whatever the last one did.
pull_everything() {
    local s
    for s in "$build/bed/hosts/$BED_HOST/sticks/"*; do
        [[ ! -e $s ]] || yank "${s##*/}"
    done
    dom0 'until listed=$(hotdom list --json) || systemctl start hotdomd
            [[ ${listed//[[:space:]]/} == "[]" ]]; do
            ((SECONDS < 60)) || { echo "still listed: $listed" && exit 1; }
            sleep 0.2
        done'"
        $cleanliness" >&2
}

compact_list() { list | jq -c .; }

teardown() { end_test; }

# What cannot be cleaned up would fail all tests that follow on this host, and
# this one's second try: the run that booted it boots it anew.
renew_host() {
    [[ " ${HOTDOM_TEST_BOOTED-} " == *" $BED_HOST "* ]] || return 0
    echo "host '$BED_HOST' does not come clean; it is booted anew" >&2
    bed down
    BED_CPUS=${BED_CPUS:-1} bed up --tied "$HOTDOM_TEST_RUN" 3>&-
    bed install
    introduce
}

end_test() {
    local status
    [[ -n ${BATS_TEST_COMPLETED:-} ]] ||
        dom0 'journalctl -u hotdomd -n 40 --no-pager -o cat; hotdom list' || :
    set +e
    (set -e; pull_everything)
    status=$?
    set -e
    ((status == 0)) || renew_host
    return $status
}
