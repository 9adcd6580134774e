#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The bed itself: is it a host that computes right?

load lib

@test "sums stay right while eight guests start and stop" {
    # The bare kernel: xl takes half a minute to unpack the other in here.
    tar --extract --to-stdout --occurrence auto/vmlinux.zst 2>/dev/null \
        < <(tail -c +$(((1 << 20) + 1)) "$stores/auto.img") |
        zstd -dq >"$plugged/kernel"
    bed push "$plugged/kernel" "$tiny/initrd" /root/selfcheck/
    run dom0 bash -s <<'END'
cd /root/selfcheck
dd if=/dev/zero bs=1M count=8 2>/dev/null | openssl enc -aes-128-ctr \
    -K 00 -iv 00 -nosalt 2>/dev/null >data
want=$(sha256sum <data)
( while [ ! -e stop ]; do
    [ "$(nice sha256sum <data)" = "$want" ] || echo sha256sum >>bad
done ) &
( while [ ! -e stop ]; do
    [ "$(nice openssl dgst -sha256 -r <data)" = "${want%% *} *stdin" ] ||
        echo openssl >>bad
done ) &
for i in 1 2 3 4 5 6 7 8; do
    printf '%s\n' "name='self$i'" "kernel='$PWD/kernel'" \
        "ramdisk='$PWD/initrd'" "cmdline='console=hvc0 quiet'" \
        'memory=96' >self$i.cfg
    xl create -q self$i.cfg || echo "create $i" >>bad
    [ $((i % 2)) = 0 ] && { xl destroy self$i; xl destroy self$((i - 1)); }
done
touch stop
wait
xl list | grep -c self >>bad
[ "$(cat bad)" = 0 ] || { cat bad; exit 1; }
systemctl is-system-running
rm -rf /root/selfcheck
END
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = running ]
}
