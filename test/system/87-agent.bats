#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Guests with the agent that `hotdom pack --ramdisk auto` gives them, that their
# package does, and one without.

load lib

setup_file() {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack_agent
    pack_twins
    export usual=$BED_HOST
    share from-the-host
}

# What guests may read of this host.
share() { # TEXT
    policy "${usual_policy}host_paths: [/srv/agent, /srv/many, /etc/agent.conf]\n"
    dom0 "mkdir -p /srv/agent/deep /srv/agent/own
        echo $1 | tee /srv/agent/{file,deep/file,gone} /etc/agent.conf >/srv/agent/own/file"
}

teardown_file() {
    BED_HOST=$usual-other bed down 2>/dev/null || :
    policy "$usual_policy"
    dom0 rm -rf /srv/agent /srv/many /etc/agent.conf
    rm -f "$stores"/{agent,twins,sysv,plain}.img
}

teardown() { end_test; }

agent() { # GUEST: what hotdomd knows of its agent
    list | jq -r --arg g "$1" '.[].guests[] | select(.guest == $g) | .agent.state'
}

# The guest has ended by itself, long before it would have been ended.
ended_alone() { # STORE GUEST
    dom0 'hotdom events --json' | jq -es --arg s "$1" --arg g "$2" '[.[] |
        select(.store == $s and .guest == $g and .from == "ejecting")] |
        length > 0 and last.seconds < 90'
}

beat() { # of desk's agent: the number of its last report
    dom0 "xenstore-read /local/domain/$(guest_domid desk)/data/hotdom/agent/report" |
        sed 's/^beat=\([0-9]*\);.*/\1/'
}

beats_on() { # NUMBER: it has told something since
    (($(beat) > $1)) && echo yes
}

# desk is up and can be spoken to.
await_desk() {
    await 60 running state agent
    await 120 ready agent desk
    await 180 yes answers desk 22
}

# A package with one program, below what the host shows.
install_tool() {
    dom0 'rm -rf /root/tool && mkdir -p /root/tool/DEBIAN /root/tool/srv/agent/deep
        printf "%s\n" "Package: tool" "Version: 1" "Architecture: all" \
            "Maintainer: nobody <nobody@localhost>" "Description: a program" \
            >/root/tool/DEBIAN/control
        printf "#!/bin/sh\necho the tool runs\n" >/root/tool/srv/agent/deep/tool
        chmod 755 /root/tool/srv/agent/deep/tool
        dpkg-deb -b /root/tool /root/tool.deb >/dev/null'
    dom0 "ssh root@$(address_of desk) 'cat >/root/tool.deb
        dpkg -i /root/tool.deb' </root/tool.deb; rm -rf /root/tool /root/tool.deb"
}

# What the guest wrote is there, beside what the host has now.
check_written() { # TEXT: of the host's files
    seen=$(in_desk 'cd /srv/agent; cat file deep/file new /etc/agent.conf
        ls gone 2>&1 | wc -l; deep/tool; dpkg -s tool | grep ^Status')
    echo "$seen"
    [ "$seen" = "$1"$'\nmine\nmore\nmine\n1\nthe tool runs\nStatus: install ok installed' ]
    # And nothing of it on the host.
    [ "$(dom0 'cat /srv/agent/deep/file /etc/agent.conf; ls -m /srv/agent /srv/agent/deep')" = \
        "$1"$'\n'"$1"$'\n/srv/agent:\ndeep, file, gone, own\n\n/srv/agent/deep:\nfile' ]
    dom0 hotdom verify-host
}

# Each is looked at, so that the guest has a fid of it; test/bench/view looks at
# ten times as many.
find_many() {
    local many='find /srv/many -type f -size 0 | wc -l'
    dom0 'for ((i = 0; i < 10; i++)); do
            mkdir -p /srv/many/$i && touch /srv/many/$i/{0..99}
        done
        hotdom table desk add /srv/many'
    await 120 1000 in_desk "$many"
    [ "$(in_desk "$many; grep -c \"^[^ ]* /srv/many overlay\" /proc/mounts")" = $'1000\n1' ]
    for kib in $(dom0 'for p in $(pgrep -x hotdom-9p); do
            awk "/^RssAnon/ {print \$2}" /proc/$p/status
        done'); do
        echo "hotdom-9p: $kib KiB"
        [ "$kib" -le 4096 ]
    done
    dom0 hotdom table desk rm /srv/many
}

in_desk() { dom0 "ssh root@$(address_of desk) '$1'"; }

@test "a Debian guest says that it is ready, and keeps what it writes over the host's files" {
    plug agent
    await_desk
    await 60 ready agent lone
    seen=$(in_desk 'cd /srv/agent; cat file deep/file own/file; ls -d /dev/hotdom/xvda
        readlink -f /dev/hotdom/xvda; ip -o link show lan0 | wc -l
        echo mine >deep/file; echo more >new; rm gone; ls
        dmesg | grep -a "hotdom-guest: ready"')
    echo "$seen"
    # The guest has no file of its own there, so it sees none: an inclusion.
    [[ $seen == $'from-the-host\nfrom-the-host\n/dev/hotdom/xvda\n/dev/xvda\n1\n'* ]]
    [[ $seen == *$'deep\nfile\nnew'* && $seen != *gone* ]]
    [ "$(dom0 'cat /srv/agent/deep/file; ls -m /srv/agent')" = \
        $'from-the-host\ndeep, file, gone, own' ]
    # A file alone is the host's as well, until it is written to.
    [ "$(in_desk 'cat /etc/agent.conf; echo mine >/etc/agent.conf; cat /etc/agent.conf')" = \
        $'from-the-host\nmine' ]
    [ "$(dom0 cat /etc/agent.conf)" = from-the-host ]
    # A guest that stood still for a moment goes on, and so does its agent.
    number=$(beat)
    dom0 'xl pause agent.desk && xl unpause agent.desk'
    await 60 yes beats_on "$number"
    # What changes while it runs changes there.
    dom0 hotdom table desk rm /srv/agent/own
    await 30 from-the-host in_desk 'cat /srv/agent/own/file'
    # Its address comes after it was ready, and the list has it all.
    address=$(address_of desk)
    await 90 "$address" agent_address
    list | jq -e '.[].guests[] | select(.guest == "desk") |
        .agent.os | startswith("Debian GNU/Linux 12")'
    [[ $(dom0 hotdom explain desk) == *'agent ready'*'Debian GNU/Linux 12'*"$address"* ]]
    dom0 'hotdom events' | grep -q 'agent.desk.*ready.*Debian'

    find_many

    # A mount above the host's files does not hide them for long.
    in_desk 'mount -t tmpfs disk /srv && touch /srv/disk'
    await 30 from-the-host in_desk 'cat /srv/agent/file'
    [ "$(in_desk 'ls /srv; umount /srv/agent /srv; cat /srv/agent/file')" = \
        $'agent\ndisk\nfrom-the-host' ]

    install_tool

    # Both follow the order to end, and what was written is there again, also on
    # a host that has never seen it.
    dom0 hotdom eject agent
    ended_alone agent desk
    ended_alone agent lone
    yank agent
    bed plug "$plugged/agent.img" agent >/dev/null
    await_desk
    check_written from-the-host
    dom0 hotdom eject agent
    yank agent
    clean
    elsewhere
}

elsewhere() {
    local stick=$plugged/agent.img
    BED_HOST=$usual-other
    BED_MEMORY=2560 bed up --tied $$
    bed install
    introduce
    share from-elsewhere
    bed plug "$stick" agent >/dev/null
    await_desk
    check_written from-elsewhere
    dom0 hotdom eject agent
    clean
    bed down
    BED_HOST=$usual
}

@test "two guests of one store see and keep each what it wrote and set itself" {
    plug twins
    await 60 running state twins
    # Whose root is no ext4.
    await 120 ready agent picture
    for side in left right; do
        await 120 ready agent "$side"
        await 90 yes answers "$side"
        in_guest "$side" "cd /srv/agent && echo $side >file && echo $side >$side && rm gone"
        dom0 hotdom registry "$side" set guest/side "$side"
    done
    for side in left right; do
        [ "$(dom0 hotdom registry "$side" get guest/side)" = "$side" ]
        seen=$(in_guest "$side" 'cd /srv/agent && echo $(cat file deep/file) $(ls)')
        [[ $seen == *"$side from-the-host $(printf '%s\n' deep file own "$side" | sort | xargs)"* ]]
    done
    [ "$(dom0 'cat /srv/agent/file; ls -m /srv/agent')" = \
        $'from-the-host\ndeep, file, gone, own' ]
    dom0 hotdom eject twins
    yank twins
    bed plug "$plugged/twins.img" twins >/dev/null
    for side in left right; do
        await 120 ready agent "$side"
        await 90 yes answers "$side"
        [[ $(in_guest "$side" 'cat /srv/agent/file') == *"$side"* ]]
        [ "$(dom0 hotdom registry "$side" get guest/side)" = "$side" ]
    done
}

agent_address() {
    list | jq -r '.[].guests[] | select(.guest == "desk") | .agent.addresses[0]'
}

# Needs no room but for its own files, which are in /etc and /usr.
push_package() { # into desk
    local deb
    deb=$(make -s --no-print-directory -C "$repo" deb-guest | tail -n 1)
    [ "$(dpkg-deb -f "$deb" Package)" = hotdom-guest ]
    dpkg-deb -c "$deb" | awk '$1 !~ /^d/ {print $6}' | grep -qx ./usr/sbin/hotdom-guest
    bed push "$deb" /root/guest.deb
    rm "$deb"
    dom0 "ssh root@$(address_of desk) 'cat >/root/guest.deb' </root/guest.deb
        rm /root/guest.deb"
}

# What the package leaves, but what a running agent has and the guest has written.
package_traces() {
    in_desk 'find / -xdev -iname "*hotdom-guest*" ! -path "/proc/*" ! -path "/run/*" \
        ! -path "/var/lib/dpkg/*" ! -path /var/lib/hotdom-guest'
}

fill_volume() {
    seen=$(in_desk 'exec 2>&1; cd /srv/agent; registry=hotdom-guest\ registry
        $registry set guest/a old
        fallocate -l $(($(df --output=avail -k / | tail -n 1) * 1024)) big
        cat /dev/zero >more; echo mine >>file; cat file
        value=$(head -c 40000 /dev/zero | tr "\0" x); n=0
        while $registry set guest/n$n "$value" && [ $n -lt 99 ]; do n=$((n + 1)); done
        $registry get guest/a; $registry rm guest/a && $registry ls guest | grep -c guest/a
        rm big more; echo mine >>file; cat file; $registry set guest/a new; $registry get guest/a')
    echo "$seen"
    [[ $seen == *'No space left'*from-the-host*'data volume is full'*$'\nold\n0\nfrom-the-host\nmine\nnew' ]]
}

@test "a Debian guest without systemd is ready, outlives a full volume and ends when it is told" {
    "$repo/scripts/guest-image" sysv
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack_sysv
    plug_locked sysv
    unlock sysv
    await 60 running state sysv
    await 120 ready agent desk
    await 300 yes answers desk 22
    seen=$(in_desk 'cat /proc/1/comm /srv/agent/file; readlink -f /dev/hotdom/xvda
        ip -o link show lan0 | wc -l; cat /etc/default/locale /etc/default/keyboard
        readlink /etc/localtime')
    echo "$seen"
    [ "$seen" = $'init\nfrom-the-host\n/dev/xvda\n1\nLANG=de_DE.UTF-8\nXKBLAYOUT=de\n/usr/share/zoneinfo/Europe/Berlin' ]
    # A line that the user does not set stays as the guest has it.
    in_desk 'echo LC_TIME=C >>/etc/default/locale; kill -HUP $(cat /run/hotdom-guest/lock)'
    await 60 ready agent desk
    [ "$(in_desk 'cat /etc/default/locale')" = $'LANG=de_DE.UTF-8\nLC_TIME=C' ]
    # The package as well, for a guest whose ramdisk is another one; and here /run
    # is mounted so that no program there can be run.
    push_package
    in_desk 'dpkg -i /root/guest.deb; echo /etc/rcS.d/S*hotdom-guest' |
        grep -q '^/etc/rcS.d/S[0-9]*hotdom-guest$'
    fill_volume
    [ "$(agent desk)" = ready ]
    in_desk 'dpkg -P hotdom-guest'
    [ -z "$(package_traces)" ]
    in_desk 'rm /etc/default/keyboard'
    dom0 hotdom eject sysv
    ended_alone sysv desk
    yank sysv
    silent_host
    dom0 hotdom eject sysv
}

# It does not answer while the guest starts, which does all that needs no host.
silent_host() {
    plug_locked sysv
    unlock sysv
    await 60 running state sysv
    dom0 pkill -STOP -x hotdom-9p
    await 120 trouble agent desk
    await 300 yes answers desk 22
    [ "$(in_desk 'cat /etc/default/keyboard; readlink -f /dev/hotdom/xvda')" = \
        $'XKBLAYOUT=de\n/dev/xvda' ]
    dom0 pkill -CONT -x hotdom-9p
    await 180 ready agent desk
    [ "$(in_desk 'cat /srv/agent/deep/file')" = from-the-host ]
}

@test "a Debian guest with a ramdisk of its own gets its agent as a package, and loses it again" {
    # shellcheck source=test/system/stores.bash
    . "$BATS_TEST_DIRNAME/stores.bash"
    pack_plain
    plug_locked plain
    unlock plain
    await 60 running state plain
    await 180 yes answers desk 22
    [ "$(agent desk)" = no-agent ]
    push_package
    in_desk 'dpkg -i /root/guest.deb && systemctl is-enabled hotdom-guest'
    in_desk reboot || :
    await 180 ready agent desk
    await 180 from-the-host in_desk 'cat /srv/agent/file'
    [ "$(in_desk 'systemctl is-active hotdom-guest')" = active ]
    [ "$(in_desk 'cat /etc/default/locale /etc/default/keyboard /etc/timezone
        readlink /etc/localtime')" = \
        $'LANG=de_DE.UTF-8\nXKBLAYOUT=de\nEurope/Berlin\n/usr/share/zoneinfo/Europe/Berlin' ]
    # One that stands still is missed, and found again when it goes on.
    in_desk 'kill -STOP $(cat /run/hotdom-guest/lock)'
    await 300 silent agent desk
    in_desk 'kill -CONT $(cat /run/hotdom-guest/lock)'
    await 120 ready agent desk
    # The one that runs goes on until the guest ends.
    in_desk 'dpkg -P hotdom-guest'
    [ -z "$(package_traces)" ]
    [ "$(in_desk 'cat /srv/agent/file')" = from-the-host ]
    dom0 hotdom eject plain
}

@test "a guest without an agent runs as well, and one that tells garbage is shown as that" {
    plug auto
    await 60 running state auto
    await 90 yes answers auto
    [ "$(agent auto)" = no-agent ]
    [[ $(dom0 hotdom list) == *running*no-agent* ]]
    # As the guest may, for the folder is its own.
    dom0 "xenstore-write /local/domain/$(guest_domid auto)/data/hotdom/agent/report \
        \"\$(printf 'beat=1;state=ready;os=\\033[2Jhacked')\""
    await 90 bad-report agent auto
    [ "$(dom0 'hotdom list; hotdom events; hotdom explain auto; hotdom list --json' |
        grep -c -e hacked -e $'\033')" = 0 ]
}
