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

# The same kernel as hotdom unpacks it when it packs a store.
bare_kernel() { # STORE
    tar --extract --to-stdout --occurrence g1/vmlinux.zst 2>/dev/null \
        < <(tail -c +$(((1 << 20) + 1)) "$1") | zstd -dq
}

push_guest() {
    cat >"$work/store.yaml" <<END
hotdom: 1
store: {name: bench}
volumes: [{name: disk, kind: data, encryption: none, size: 8M}]
guests:
  - name: g1
    kernel: $tiny/kernel
    ramdisk: $tiny/initrd
    cmdline: "console=hvc0 quiet"
    memory: {min: 128M, want: 128M}
    volumes: [{name: disk, as: xvda}]
    nics: [{role: internet, as: lan0}]
END
    make_signer
    "$build/bin/hotdom" pack --manifest "$work/store.yaml" --force -q \
        --key "$work/bench.key" -o "$work/store.img"
    bare_kernel "$work/store.img" >"$work/vmlinux"
    trust_signer
    bed push "$work/store.img" "$work/vmlinux" "$tiny/kernel" "$tiny/initrd" \
        /root/bench/
}

make_signer() { (cd "$work" && "$build/bin/hotdom" keygen bench >/dev/null); }

# Its stores need no password.
trust_signer() {
    bed push "$work/bench.pub" /root/bench/
    dom0 'rm -f /etc/hotdom/trusted.d/*
        hotdom trust add bench /root/bench/bench.pub
        printf "signers:\n  - {name: bench, activation: auto}\n" \
            >/etc/hotdom/hotdom.yaml
        systemctl restart hotdomd'
}

# column N "FIGURE SIDE": PAIR and that column of the samples.
column() { awk -v n="$1" -v k="$2" '$1 " " $2 == k {print $3, $n}' \
    "$work/samples" | sort -k 1,1; }

# of "FIGURE SIDE" COLUMN: the median of a column.
of() {
    local values
    mapfile -t values < <(column "$2" "$1" | cut -d' ' -f2)
    median "${values[@]}"
}
