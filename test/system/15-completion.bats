#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Completion in bash: what it offers comes from the program's own table.

load lib

# offers WORD...: what bash would offer for this line.
offers() {
    dom0 "$(printf 'COMP_WORDS=(%s) COMP_CWORD=%d; ' "${*@Q}" $(($# - 1)))"'
        . /usr/share/bash-completion/completions/hotdom; _hotdom
        printf "%s\n" "${COMPREPLY[@]}"'
}

@test "bash completes commands, options, sub-commands and attached stores" {
    offers hotdom ej | grep -qx eject
    offers hotdom pack --man | grep -qx -- --manifest
    [ "$(offers hotdom trust a)" = add ]
    start auto
    [ "$(offers hotdom eject '')" = auto ]
    [ "$(offers hotdom console au)" = auto ]
}
