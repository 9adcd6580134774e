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

le() { # BYTES NUMBER: little endian
    local i
    for ((i = 0; i < $1; i++)); do
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $((($2 >> (8 * i)) & 255)))"
    done
}

note() { # TYPE: one of Xen's ELF notes, eight bytes from stdin
    le 4 4 && le 4 8 && le 4 "$1" && printf 'Xen\0' && cat
}

# The smallest ELF that Xen starts: one segment, its notes, and code that waits
# for ever: SCHEDOP_poll for no event channel, with no time-out.
small_kernel() {
    printf '\x7fELF\x02\x01\x01' && le 9 0
    le 2 2 && le 2 62 && le 4 1 && le 8 0 && le 8 64 && le 8 0
    le 4 0 && le 2 64 && le 2 56 && le 2 2 && le 6 0
    le 4 1 && le 4 7 && le 8 0 && le 8 0xffffffff80100000 && le 8 0x100000 &&
        le 8 1024 && le 8 4096 && le 8 0
    le 4 4 && le 4 0 && le 8 512 && le 8 0 && le 8 0 && le 8 96 && le 8 0 &&
        le 8 0
    head -c $((512 - 64 - 2 * 56)) /dev/zero
    le 8 0xffffffff80100300 | note 1 # entry
    le 8 0xffffffff80000000 | note 3 # virt_base
    printf 'xen-3.0\0' | note 5
    printf 'generic\0' | note 8
    head -c $((256 - 96)) /dev/zero
    printf '\xb8' && le 4 29                 # mov $sched_op, %eax
    printf '\xbf' && le 4 3                  # mov $poll, %edi
    printf '\x48\xc7\xc6' && le 4 0x80100380 # mov $zeros, %rsi
    printf '\x0f\x05\xeb\xeb'                # syscall, and again
    head -c $((256 - 21)) /dev/zero
}

# row NAME AGAINST RATIO TARGET PAIRS UNIT [MORE]: one result. The ratio is ours
# to theirs in UNIT; TARGET is what it must reach, or null for a figure of its
# own; MORE is a JSON object of further fields, of which `low` and `high` are null
# where nothing is known of them.
row() {
    jq -nc --arg name "$1" --arg against "$2" --argjson ratio "$3" \
        --argjson target "$4" --argjson pairs "$5" --arg unit "$6" \
        --argjson more "${7:-{\}}" \
        '{$name, $against, $ratio, $target, $pairs, $unit, low: null, high: null}
            + $more' \
        >>"$build/bench.json"
}

# MORE of a row whose target is to be no worse than: it is missed when all of
# the interval is beyond the target, for equal ones are as often above as below.
# shellcheck disable=SC2034
noise='{"noise": true}'

# not_measured NAME AGAINST TARGET UNIT WHY: the row says so, and has no ratio.
not_measured() {
    row "$1" "$2" null "$3" 0 "$4" "$(jq -nc --arg why "$5" '{$why}')"
    echo "$1: not measured: $5"
}

# paired NAME AGAINST TARGET UNIT [MORE]: the row of the pairs on stdin, ours
# and theirs a line; the medians of both stay in $ours and $theirs.
paired() {
    local ratio low high pairs more
    read -r ratio low high ours theirs pairs < <(
        awk -f "$repo/test/bench/statistics.awk")
    [[ -n $pairs ]] || { echo "bench: no pairs of $1" >&2; return 1; }
    more=$(jq -nc --argjson low "$low" --argjson high "$high" \
        --argjson ours "$ours" --argjson theirs "$theirs" \
        '{$low, $high, $ours, $theirs} + $more' \
        --argjson more "${5:-{\}}")
    row "$1" "$2" "$ratio" "$3" "$pairs" "$4" "$more"
}

# alone NAME AGAINST TARGET UNIT LIMIT [MORE]: the row of the values on stdin, one
# a line, each against LIMIT; their median stays in $ours.
alone() {
    paired "$1" "$2" "$3" "$4" "${6:-{\}}" < <(awk -v limit="$5" \
        'NF {print $1, limit}')
}
