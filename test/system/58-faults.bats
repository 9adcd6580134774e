#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Sick sticks: what reads wrong, late or never is refused with its reason, and
# hotdomd answers meanwhile (teardown proves that nothing is left behind).

load lib

only() { list | jq -r '.[] | .state + " " + (.reason // "")'; }
why() { list | jq -r '.[].message'; }

# plug_sick FAULT [NAME]
plug_sick() {
    local name=${2:-one}
    cp --sparse=always "$stores/$name.img" "$stores/plugged-$name.img"
    bed plug --fault "$1" "$stores/plugged-$name.img" "$name" >/dev/null
}

# The header partition begins at sector 2048: the manifest's tar block, then the
# manifest, and a mebibyte further there is a kernel.
@test "a medium error in the partition table is refused as io-error" {
    plug_sick eio:1
    await 60 'refused io-error' only
    [[ $(why) == *"cannot read at byte 512"* ]]
}

@test "a medium error in the manifest is refused as io-error" {
    plug_sick eio:2050
    await 60 'refused io-error' only
    [[ $(why) == *"cannot read at byte 10"* ]]
}

@test "a medium error in a kernel is refused as io-error" {
    plug_sick eio:4096
    await 60 'refused io-error' only
    [[ $(why) == *"cannot read at byte"* ]]
}
