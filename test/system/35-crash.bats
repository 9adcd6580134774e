#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SIGKILL for a job, and for hotdomd, at every record in the ledger.

load lib

job=/usr/libexec/hotdom/hotdom-job

# Its place is where hotdomd starts jobs from, also the one that waits.
put_job() { # FILE in dom0
    dom0 "mv -f $1 $job && systemctl restart hotdomd"
}

teardown() {
    dom0 'rm -f /run/crash-point*
        for d in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/; do
            [[ ! -e $d/delete ]] || echo 1 >"$d/delete"
        done
        cd / && modprobe -r scsi_debug' || :
    put_job $job.kept
    end_test
}

# HOTDOM_CRASH_EVERY=1: each record twice, once for the job and once for hotdomd;
# here one of four is the end of one of them.
@test "whoever is killed at any record, no guest is there twice and nothing stays" {
    dom0 "cp $job $job.kept && mkdir -p /root/crash"
    bed push "$build/bin/job-crash" "$stores/auto.img" \
        "$repo/test/dom0.bash" "$repo/test/system/dom0-crash.bash" \
        /root/crash/
    dom0 'mv -f /root/crash/auto.img /root/crash/store.img'
    put_job /root/crash/job-crash
    run dom0 /root/crash/dom0-crash.bash auto "${HOTDOM_CRASH_EVERY:-8}"
    echo "$output"
    [ "$status" -eq 0 ]
    # As many as were there when this was written, or more.
    [ "$(grep -c ' after [0-9]* ms$' <<<"$output")" -ge 9 ]
}
