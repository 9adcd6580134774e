#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The main job: plug, unlock, use, eject.

load lib

# What a test has stopped, or told hotdomd, is not the next one's.
teardown() {
    [[ -z ${was_stopped-} ]] || dom0 pkill -CONT -x xenconsoled || :
    [[ -z ${was_other-} ]] || policy "$usual_policy" || :
    end_test
}

@test "a store is plugged in, unlocked, used and ejected" {
    plug_locked one
    run unlock one
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(guest_state one)" = running ]
    dom0 'xl list one.one'
    dom0 'hotdom list' | grep -E '^one +one +[0-9]+ +running'
    await 90 yes answers one
    in_guest one 'cat /proc/partitions' | grep -w xvda
    in_guest one 'ip -4 -o addr show eth0' | grep -w 10.77.0
    run dom0 hotdom eject one
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"safe to remove"* ]]
    [ "$(gone one)" = gone ]
    clean
}

@test "what a guest wrote is on the stick after an eject" {
    start one
    await 90 yes answers one
    in_guest one 'echo written-by-the-guest | dd of=/dev/xvda conv=fsync'
    dom0 hotdom eject one
    grep -qa written-by-the-guest "$plugged/one.img"
}

@test "the password is asked for on the terminal and not shown" {
    plug_locked one
    run dom0 "$terminal"'
        open_terminal "hotdom unlock one"
        until_seen "one: "
        echo "correct horse" >&4
        cat <&3
        wait "$pid"'
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output != *horse* ]]
    [ "$(state one)" = running ]
}

# Its store runs when the job is over: nobody is left who waits for the tty, and
# who would destroy the guest without it, as libxl does after 10 s.
@test "a guest starts while xenconsoled hangs, and then its console reaches its login" {
    local domid
    was_stopped=1
    dom0 pkill -STOP -x xenconsoled
    start two
    domid=$(guest_domid two)
    [ -z "$(dom0 xenstore-read "/local/domain/$domid/console/tty")" ]
    dom0 pkill -CONT -x xenconsoled
    await 90 yes answers two
    [ "$(guest_domid two)" = "$domid" ]
    # A line ends the login that was there, `exit` brings the next.
    run dom0 "$terminal"'
        open_terminal "hotdom console two"
        printf "\nexit\n" >&4
        until_seen "tiny login: "
        kill "$pid"'
    [ "$status" -eq 0 ]
}

@test "a guest that powers itself off ejects its store" {
    start off
    await 60 gone gone off
    dom0 'hotdom events --json' | jq -e -s \
        '[.[] | select(.store == "off" and .to == "gone")] | length > 0'
    clean
}

# What became of the guests of `pair`, in the order of their last start.
starts_of_pair() {
    dom0 hotdom events --json | jq -rs '[.[] | select(.store == "pair" and
        .guest and (.to == "building" or .to == "running")).to][-4:] | join(" ")'
}

weights() { dom0 'xl sched-credit2' | awk '/^pair\./ {print $3}' | xargs; }

@test "guests start side by side, as many as the policy lets, and weigh what it says" {
    was_other=1
    policy "${usual_policy}limits: {parallel: 2}\n"
    start pair
    [ "$(starts_of_pair)" = 'building building running running' ]
    await 20 '64 64' weights
    yank pair
    await 60 '[]' compact_list
    policy "${usual_policy}limits: {parallel: 1, weight: 100}\n"
    start pair
    [ "$(starts_of_pair)" = 'building running building running' ]
    await 20 '100 100' weights
}

@test "one guest of two powers off and the other goes on" {
    start pair
    await 90 yes answers left
    dom0 'xl shutdown pair.left'
    await 40 '' guest_state left
    [ "$(guest_state right)" = running ]
    [ "$(state pair)" = running ]
    dom0 hotdom eject pair
    clean
}

spares() { dom0 'pgrep -c -x hotdom-spare || :'; }

@test "a signer with policy auto needs no one" {
    local waiting
    await 30 2 spares
    waiting=$(dom0 pgrep -d, -x hotdom-spare)
    plug auto
    await 60 running state auto
    # Its job was one of the two that waited, and is over.
    await 10 1 dom0 "ps -o pid= -p $waiting | wc -l"
    await 30 2 spares
    # Its start is told by what it went to.
    dom0 'hotdom events --json' | jq -es 'map(select(.guest == "auto" and
        .to == "running"))[-1] | .seconds / 2 < ([.phases[].seconds] | add)'
    [ "$(guest_state auto)" = running ]
}

@test "a store that is there before the daemon is treated the same" {
    dom0 systemctl stop hotdomd
    plug one
    await 60 yes partitions
    dom0 systemctl start hotdomd
    await 60 locked state one
}

@test "two stores run at once and one is ejected alone" {
    start one
    start two
    [ "$(dom0 'xl list | tail -n +3 | wc -l')" = 2 ]
    dom0 hotdom eject one
    [ "$(gone one)" = gone ]
    [ "$(guest_state two)" = running ]
}

@test "a guest that ignores the shutdown is ejected after its grace" {
    start stubborn
    run dom0 hotdom eject stubborn
    echo "$output"
    [ "$status" -eq 0 ]
    clean
}

@test "a guest starts behind those that it is after, and ends before them" {
    start ordered
    dom0 hotdom eject ordered
    # Two that are asked at a time are so within milliseconds.
    dom0 'hotdom events --json' | jq -es '
        def at: (.time[0:19] + "Z" | fromdate) + ("0" + .time[19:23] | tonumber);
        [.[] | select(.store == "ordered" and .guest) |
            {(.guest + "-" + .to): at}] | add |
        ."web-building" >= ."db-running" and
        ."db-ejecting" - ."web-ejecting" > 0.2'
    clean
}

@test "an ejected store comes back with attach" {
    start one
    dom0 hotdom eject one
    # Also when hotdomd starts anew beside it; with attach alone.
    dom0 'systemctl restart hotdomd'
    await 60 '[]' compact_list
    dom0 'hotdom attach /dev/sda'
    await 60 locked state one
}

@test "nothing else opens a store's partitions" {
    plug_locked one
    run dom0 'udevadm settle; udevadm info --query=property /dev/sda2'
    echo "$output"
    [[ $output == *UDISKS_IGNORE=1* ]]
    [[ $output == *SYSTEMD_READY=0* ]]
    [[ $output != *ID_FS_TYPE* ]]
}

@test "the Debian guest gets its disk, its address and its console" {
    cat >"$stores/debian.yaml" <<END
hotdom: 1
store: {name: debian}
volumes: [{name: root, kind: data, encryption: none, from: $build/guest/debian/root.img}]
users: [{name: owner}]
guests:
  - name: desk
    kernel: $build/guest/debian/kernel
    ramdisk: $build/guest/debian/initrd
    cmdline: "root=/dev/xvda rw console=hvc0 quiet"
    memory: {min: 256M, want: 512M}
    volumes: [{name: root, as: xvda}]
    nics: [{role: internet, as: lan0}]
END
    "$build/bin/hotdom" pack --manifest "$stores/debian.yaml" -q --force \
        --key "$stores/signer.key" -o "$stores/debian.img" \
        --password-fd 3 3<<<"$password"
    start debian
    await 180 yes answers desk 22
    address=$(address_of desk)
    [ "$(dom0 "ssh -q -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null root@$address hostname")" = desk ]
    dom0 "ssh -q -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        root@$address 'findmnt -no SOURCE /'" | grep -x /dev/xvda
    dom0 hotdom eject debian
    clean
}

@test "following events ends when nobody reads them any more" {
    plug_locked one
    # The guest's event is the last: nothing is written after it.
    dom0 'timeout 60 hotdom events --follow |
        grep -q -m 1 "one.one: seen -> locked"
        [ "${PIPESTATUS[0]}" -ne 124 ]'
}
