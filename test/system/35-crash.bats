#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SIGKILL for a job, and for hotdomd, at every record in the ledger.

load lib

job=/usr/libexec/hotdom/hotdom-job
daemon=/usr/sbin/hotdomd

# Its guest leaves its memory when it crashes, which `xl sysrq` may make it do.
setup_file() {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    manifest crash sysrq_always_enabled 96M crash |
        sed 's/grace: 20s/&, on_crash: coredump-restart/' >"$stores/crash.yaml"
    hotdom pack --manifest "$stores/crash.yaml" --key "$stores/lab.key" -q \
        -o "$stores/crash.img" --force --kdf-memory 64M --password-fd 3 \
        3<<<"$password"
}

teardown_file() { rm -f "$stores/crash.img"; }

# Their places are where systemd starts the one from, and that the other, also the
# job that waits.
put() { # JOB DAEMON: files in dom0
    dom0 "mv -f $1 $job && mv -f $2 $daemon && systemctl restart hotdomd"
}

teardown() {
    dom0 'rm -rf /run/crash-point* /var/lib/hotdom/dump
        for d in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/; do
            [[ ! -e $d/delete ]] || echo 1 >"$d/delete"
        done
        cd / && modprobe -r scsi_debug' || :
    put $job.kept $daemon.kept
    policy "$usual_policy"
    end_test
}

# HOTDOM_CRASH_EVERY=1: each record twice, once for the job and once for hotdomd;
# here one of four is the end of one of them.
@test "whoever is killed at any record, no guest is there twice and nothing stays" {
    dom0 "cp $job $job.kept && cp $daemon $daemon.kept && mkdir -p /root/crash"
    policy "${usual_policy}limits: {dumps: 1G}\n"
    bed push "$build/bin/job-crash" "$build/bin/hotdomd-crash" \
        "$stores/crash.img" "$repo/test/dom0.bash" \
        "$repo/test/system/dom0-crash.bash" /root/crash/
    dom0 'mv -f /root/crash/crash.img /root/crash/store.img'
    put /root/crash/job-crash /root/crash/hotdomd-crash
    run dom0 /root/crash/dom0-crash.bash crash "${HOTDOM_CRASH_EVERY:-8}" dump
    echo "$output"
    [ "$status" -eq 0 ]
    grep -q '^dump job 1 before domain_dump: running after' <<<"$output"
    # As many as were there when this was written, or more.
    [ "$(grep -c ' after [0-9]* ms$' <<<"$output")" -ge 12 ]
}
