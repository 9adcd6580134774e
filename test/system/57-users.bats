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
    bed plug "$plugged/locked2.img" locked2 >/dev/null
    await 60 locked state locked2
}

users() { dom0 hotdom user list locked2 --json | jq -c '[.users[], .recovery]'; }

# Reasons of events that changed no state, in their order.
notes() {
    dom0 hotdom events --json | jq -r --arg s locked2 \
        'select(.store == $s and .from == .to) | .reason' | tail -n "$1" |
        paste -sd ' '
}

room() { list | jq -r '.[].guests[] | "\(.memory / 1048576) \(.vcpus)"'; }
told() { # what the guest is told below data/hotdom
    dom0 "xenstore-ls /local/domain/$(guest_domid locked2)/data/hotdom/$1" |
        sed 's/ = / /; s/"//g' | paste -sd ' '
}

@test "a user's settings go before the guest's wishes, under what the host has" {
    plug_locked locked2
    opens second "$password2"
    [ "$(room)" = "112 $(dom0 nproc)" ]
    [ "$(told settings)" = \
        'keyboard de locale de_DE.UTF-8 time-zone Europe/Berlin' ]
    [[ $(told map) == *' user second'* ]]
    dom0 hotdom eject locked2
    replug
    opens owner "$password"
    [ "$(room)" = '96 1' ]
    [ -z "$(told settings)" ]
    dom0 hotdom eject locked2
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

@test "a password changes while the guest runs, and counts from the next plug on" {
    local domid
    plug_locked locked2
    opens owner "$password"
    domid=$(guest_domid locked2)
    run dom0 'hotdom passwd locked2 -u owner --password-fd 0' \
        <<<"$password"$'\n'"$third"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(state locked2)" = running ]
    [ "$(guest_domid locked2)" = "$domid" ]
    [ "$(notes 1)" = password-changed ]
    # At once again: what is changed now is what was just written.
    dom0 'hotdom user add locked2 anna -u owner --password-fd 0' \
        <<<"$third"$'\n'"annas own"
    [ "$(users)" = '["anna","owner","second",true]' ] ||
        [ "$(users)" = '["owner","second","anna",true]' ]
    dom0 hotdom eject locked2
    replug
    [ "$(try owner "$password")" = 4 ]
    opens anna "annas own"
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
    cmp "$stores/locked2.img" "$plugged/locked2.img"
    opens owner "$password"
}

@test "the recovery key opens the store however it is typed" {
    local key
    key=$(tr -d - <"$stores/locked2.recovery" | tr a-z A-Z)
    plug_locked locked2
    opens recovery "$key"
}

@test "a stick that is pulled while its users change leaves old or new ones" {
    plug_locked locked2
    dom0 "printf '%s\n' '$password' '$third' |
        hotdom passwd locked2 -u owner --password-fd 0" >&2 &
    await 20 yes job_runs
    yank locked2
    wait $! || :
    await 30 '[]' compact_list
    bed plug "$plugged/locked2.img" locked2 >/dev/null
    await 60 locked state locked2
    [ -z "$(try owner "$password")" ] || [ -z "$(try owner "$third")" ]
    [ "$(state locked2)" = running ]
}

job_runs() { dom0 'pgrep -x hotdom-job >/dev/null && echo yes'; }

@test "passwords of a store without encrypted volumes are in its manifest" {
    plug_locked one
    run dom0 'hotdom passwd one --password-fd 0' <<<"$password"$'\n'"$third"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"in its signed manifest; pack it again"* ]]
}

@test "an encrypted store is locked even where the policy says auto" {
    dom0 'sed -i "s/name: lab, /name: signer, /" /etc/hotdom/hotdom.yaml'
    reload_policy
    plug locked2
    await 60 locked state locked2
    dom0 'sed -i "s/name: signer, /name: lab, /" /etc/hotdom/hotdom.yaml'
    reload_policy
    [[ $(list | jq -r '.[].message') == *"a user must unlock it" ]]
}

@test "a store whose passwords cost more than the policy allows is refused" {
    dom0 'echo "limits: {kdf_memory: 4M}" >>/etc/hotdom/hotdom.yaml'
    reload_policy
    plug locked2
    await 60 'refused limit' only
    dom0 'sed -i /^limits/d /etc/hotdom/hotdom.yaml'
    reload_policy
    [[ $(list | jq -r '.[].message') == *" 8 MiB "*" 4 MiB;"* ]]
}

# ---- headers

# start_of VOLUME IMAGE: of its partition, in MiB.
start_of() {
    sfdisk --json "$2" | jq --arg n "hotdom:$1" \
        '.partitiontable.partitions[] | select(.name == $n) | .start / 2048'
}

# The key volume's header: 9 MiB in front of its data.
header_of() { # IMAGE
    dd if="$1" bs=1M skip="$(start_of locked2-disk "$1")" count=9 status=none
}

put_header() { # IMAGE
    dd of="$1" bs=1M seek="$(start_of locked2-disk "$1")" conv=notrunc \
        status=none
}

# Another store of the same layout, users and passwords.
pack_other() {
    "$build/bin/hotdom" pack --manifest "$stores/locked2.yaml" \
        --key "$stores/signer.key" -o "$stores/other2.img" --force -q \
        --kdf-memory 8M --password-fd 3 3<<<"$password"$'\n'"$password2" \
        >"$stores/other2.out"
}

@test "a store with the header of another one is refused" {
    pack_other
    cp --sparse=always "$stores/locked2.img" "$stores/swapped.img"
    header_of "$stores/other2.img" | put_header "$stores/swapped.img"
    plug swapped
    await 60 'refused bad-volume' only
}

@test "a header of another store is refused by its key, whatever UUID it says" {
    local uuid
    pack_other
    header_of "$stores/locked2.img" >"$stores/ours.luks"
    header_of "$stores/other2.img" >"$stores/theirs.luks"
    uuid=$(cryptsetup luksUUID "$stores/ours.luks")
    cryptsetup -q luksUUID --uuid "$uuid" "$stores/theirs.luks"
    cp --sparse=always "$stores/locked2.img" "$stores/swapped.img"
    put_header "$stores/swapped.img" <"$stores/theirs.luks"
    plug swapped locked2
    await 60 locked only
    run dom0 'hotdom unlock locked2 -u owner --password-fd 0' <<<"$password"
    echo "$output"
    [ "$status" -eq 3 ]
    [[ $output == *"not the one that was signed"* ]]
    [ "$(state locked2)" = 'locked bad-volume' ]
    [ "$(dom0 'dmsetup ls')" = 'No devices found' ]
    run dom0 'hotdom user rm locked2 second -u owner --password-fd 0' \
        <<<"$password"
    [ "$status" -eq 3 ]
    cmp "$stores/swapped.img" "$plugged/locked2.img"
}

# ---- images

@test "a block of an image that is not what was signed is an event" {
    local at
    cp --sparse=always "$stores/image.img" "$stores/scratched.img"
    at=$(($(start_of image-ro "$stores/scratched.img") * 256 + 500))
    printf 'not what was signed' | dd of="$stores/scratched.img" bs=1 \
        seek=$((at * 4096)) conv=notrunc status=none
    plug scratched image
    await 60 running state image
    await 90 yes answers image
    in_guest image 'dd if=/dev/xvdb of=/dev/null bs=4k skip=500 count=1
        dd if=/dev/xvdb of=/dev/null bs=4k skip=500 count=1'
    await 20 1 bad_blocks
    [ "$(guest_state image)" = running ]
    [ "$(dom0 hotdom events --json | jq -r 'select(.reason == "bad-volume") |
        .guest + ": " + .message' | tail -n 1)" = \
        "image: image image-ro: block 500 is not what was signed" ]
}

bad_blocks() { list | jq -r '.[].bad_blocks'; }
