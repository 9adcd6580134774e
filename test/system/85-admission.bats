#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Memory and guests are counted for all stores together.

load lib

teardown() {
    end_test || return
    policy "$usual_policy"
}

free_mib() { dom0 "xl info | awk '/^free_memory/ {print \$3}'"; }

# big NAME MIN: a store whose guest wants all the memory there is.
big() {
    . "$BATS_TEST_DIRNAME/stores.bash"
    manifest "$1" "" "$2M" "$1" | sed "s/want: $2M/want: 64G/" \
        >"$stores/$1.yaml"
    hotdom pack --manifest "$stores/$1.yaml" --key "$stores/lab.key" \
        -o "$stores/$1.img" --force -q --kdf-memory 64M --password-fd 3 \
        3<<<"$password"
}

settled() { # STORE: it runs, or is refused
    [[ $(state "$1") =~ ^(running|refused) ]] && echo yes
}

@test "what the plan counts for a guest is what libxl counts" {
    bed push "$build/bin/need-check" /root/ >/dev/null
    dom0 './need-check; rc=$?; rm need-check; exit $rc'
}

@test "two stores plugged at once get no more memory than there is" {
    local before half
    before=$(free_mib)
    half=$((before / 2 + 64))
    big hungry "$half"
    big greedy "$half"
    plug hungry
    plug greedy
    await 120 yes settled hungry
    await 120 yes settled greedy
    [ "$(list | jq '[.[] | select(.state == "running")] | length')" = 1 ]
    [ "$(list | jq -r '.[] | select(.state == "refused").reason')" = no-memory ]
    list | jq -r '.[] | select(.state == "refused").message' |
        grep -E 'needs [0-9]+ MiB .* [0-9]+ MiB are missing'
    [ "$(list | jq ".[].guests[] | select(.memory < $half * 1048576)")" = '' ]
    [ "$(free_mib)" -ge 0 ]
    dom0 hotdom eject "$(list | jq -r '.[] | select(.state == "running").store')"
    # Xen scrubs the pages behind the domain.
    await 60 yes given_back "$before"
}

given_back() { (($(free_mib) >= $1 - 8)) && echo yes; }

@test "two stores that both fit share what there is" {
    local before
    before=$(free_mib)
    big hungry 256
    big greedy 256
    plug hungry
    plug greedy
    await 120 yes settled hungry
    await 120 yes settled greedy
    [ "$(list | jq '[.[] | select(.state == "running")] | length')" -ge 1 ]
    [ "$(list | jq "[.[].guests[].memory] | add <= $before * 1048576")" = true ]
}

@test "the guests of all stores together are counted" {
    policy "${usual_policy}limits: {all_guests: 2}\n"
    start pair
    plug two
    await 60 'refused limit' state two
    [[ $(list | jq -r '.[] | select(.store == "two").message') == \
        *'guests'* ]]
    dom0 hotdom eject pair
}
