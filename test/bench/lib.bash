# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the measurements share: a clock, medians, and the row of a result.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$repo/build
work=$build/bench

# milliseconds COMMAND...: how long it takes, on stdout.
milliseconds() {
    local begin end
    begin=$(date +%s%N)
    "$@" >/dev/null || return 1
    end=$(date +%s%N)
    echo $(((end - begin) / 1000000))
}

median() { printf '%s\n' "$@" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

# row NAME AGAINST RATIO TARGET PAIRS UNIT: one result. The ratio is ours to
# theirs in UNIT; TARGET is what it must reach, or null for a figure of its own.
row() {
    jq -nc --arg name "$1" --arg against "$2" --argjson ratio "$3" \
        --argjson target "$4" --argjson pairs "$5" --arg unit "$6" \
        '{$name, $against, $ratio, $target, $pairs, $unit}' \
        >>"$build/bench.json"
}
