# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the measurements in the bed share: a host of their own, and the tiny
# guest in dom0's /root/bench, as a store that needs no password and as files.

export BED_HOST=${BED_HOST:-bench}
tiny=$build/guest/tiny
bed() { "$repo/scripts/bed" "$@"; }
dom0() { bed run "$@"; }

# A host that somebody keeps up for a second run is left as it was found.
need_host() {
    "$repo/scripts/guest-image" tiny
    if [[ $(bed status) != *"host $BED_HOST: up"* ]]; then
        bed up --tied $$
        trap 'bed down' EXIT
    fi
    bed install
}

# A guest, with MORE of its own in the manifest, in the policy and of what is on
# its volume.
push_guest() { # [MORE [MORE [MORE]]]
    cat >"$work/store.yaml" <<END
hotdom: 1
store: {name: bench}
volumes: [{name: disk, kind: data, encryption: none, ${3-size: 8M}}]
guests:
  - name: g1
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet"
    memory: {min: 128M, want: 128M}
    volumes: [{name: disk, as: xvda}]
    nics: [{role: internet, as: lan0}]
    ${1-}
END
    make_signer
    "$build/bin/hotdom" pack --manifest "$work/store.yaml" --force -q \
        --key "$work/bench.key" -o "$work/store.img"
    trust_signer "${2-}"
    bed push "$work/store.img" "$tiny/kernel" "$tiny/initrd" /root/bench/
}

# pack_guests NAME N KEYS [STORE]: a store of N guests with KEYS, a disk and a nic
# each.
pack_guests() {
    local n
    {
        printf 'hotdom: 1\nstore: {name: %s}\nvolumes:\n' "${4:-bench}"
        for ((n = 1; n <= $2; n++)); do
            echo "  - {name: d$n, kind: data, encryption: none, size: 1M}"
        done
        echo guests:
        for ((n = 1; n <= $2; n++)); do
            printf '  - name: g%s\n    %s\n' "$n" "$3"
            echo "    volumes: [{name: d$n, as: xvda}]"
            echo "    nics: [{role: internet, as: lan0}]"
        done
    } >"$work/$1.yaml"
    "$build/bin/hotdom" pack --manifest "$work/$1.yaml" --force -q \
        --key "$work/bench.key" -o "$work/$1.img"
}

make_signer() { (cd "$work" && "$build/bin/hotdom" keygen bench >/dev/null); }

# Its stores need no password. MORE of the policy is as printf takes it.
trust_signer() { # [MORE]
    bed push "$work/bench.pub" /root/bench/
    dom0 'rm -f /etc/hotdom/trusted.d/*
        hotdom trust add bench /root/bench/bench.pub
        printf "signers:\n  - {name: bench, activation: auto}\n'"${1-}"'" \
            >/etc/hotdom/hotdom.yaml
        systemctl restart hotdomd'
}

# What of a policy this hotdom knows, to measure with it or to say why not.
knows_policy() { # TEXT, as printf takes it
    dom0 'printf "'"$1"'" >/root/bench/policy &&
        hotdom policy check /root/bench/policy >/dev/null 2>&1'
}

# Which one dom0 runs, for who has no samples that say so.
find_xenstored() { dom0 ". /root/bench/dom0.bash && xenstored_kind"; }

# column N "FIGURE SIDE": PAIR and that column of the samples.
column() { awk -v n="$1" -v k="$2" '$1 " " $2 == k {print $3, $n}' \
    "$work/samples" | sort -k 1,1; }

values() { column "${2:-4}" "$1" | cut -d' ' -f2; } # "FIGURE SIDE" [COLUMN]

# of "FIGURE SIDE" COLUMN: the median of a column.
of() {
    local of
    mapfile -t of < <(values "$1" "$2")
    median "${of[@]}"
}

# run_in_dom0 DRIVER ARG...: its samples, shown as they come.
run_in_dom0() {
    local driver=$1
    shift
    bed push "$repo/test/dom0.bash" "$build/bin/forks" "$build/bin/spawn" \
        "$repo/test/bench/dom0-$driver.bash" /root/bench/
    dom0 "/root/bench/dom0-$driver.bash $*" | tee "$work/samples"
    xenstored=$(awk '$1 == "xenstored" {print $2}' "$work/samples")
}

# figure NAME TARGET OURS THEIRS AGAINST [MORE]: OURS and THEIRS are "FIGURE
# SIDE" of the samples, MORE a JSON object of further fields.
figure() {
    local more
    more=$(jq -nc --arg xenstored "$xenstored" \
        --argjson cpu_ours "$(of "$3" 5)" --argjson cpu_theirs "$(of "$4" 5)" \
        --argjson forks_ours "$(of "$3" 6)" \
        --argjson forks_theirs "$(of "$4" 6)" \
        --argjson more "${6:-{\}}" \
        '{$xenstored, $cpu_ours, $cpu_theirs, $forks_ours, $forks_theirs}
            + $more')
    paired "$1" "$5" "$2" time "$more" < <(join <(column 4 "$3") \
        <(column 4 "$4") | cut -d' ' -f2-)
    echo "$1: ours $ours ms, $5 $theirs ms"
}
