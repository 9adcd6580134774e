# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion of `hotdom` for bash-completion(1); all it knows of commands and
# options comes from `hotdom --commands`.

# What `hotdom list` shows in column N, without its head.
_hotdom_listed() {
    hotdom list 2>/dev/null | awk -v n="$1" 'NR > 1 && $n != "-" { print $n }' |
        sort -u
}

_hotdom_commands() {
    hotdom --commands | cut -f1
}

# The words of a command's usage that look like $1.
_hotdom_words() { # COMMAND PATTERN
    hotdom --commands | awk -F'\t' -v c="$1" '$1 == c { print $2 }' |
        grep -oE -- "$2" | sort -u
}

_hotdom() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_hotdom_commands)" -- "$cur")
        return
    fi
    case $prev in
    -o | --output | --manifest | --key | --image)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames 2>/dev/null
        return
        ;;
    --guest)
        mapfile -t COMPREPLY < <(compgen -W "$(_hotdom_listed 2)" -- "$cur")
        return
        ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W \
            "$(_hotdom_words "$command" '(^|[^a-z-])--?[a-z][a-z-]*' |
                grep -oE -- '-.*')" -- "$cur")
        return
    fi
    # Sub-commands are the lower-case words of the usage: "list | add NAME", or
    # "GUEST list | add PATH".
    local words= place=2
    [[ $(_hotdom_words "$command" '^GUEST [a-z]+ ') ]] && place=3
    if ((COMP_CWORD == place)); then
        words=$(_hotdom_words "$command" '(^|^GUEST |[|] )[a-z]+' |
            grep -oE '[a-z]+')
    fi
    if [[ $(_hotdom_words "$command" '\bSTORE\b') ]]; then
        words+=" $(_hotdom_listed 1)"
    fi
    if [[ $(_hotdom_words "$command" '\bGUEST\b') ]]; then
        words+=" $(_hotdom_listed 2)"
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    # A store that is not attached is a file or a device.
    if [[ ${#COMPREPLY[@]} -eq 0 && $(_hotdom_words "$command" \
        '\b(STORE|IMAGE|DEVICE|FILE)\b') ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames 2>/dev/null
    fi
}

complete -F _hotdom hotdom
