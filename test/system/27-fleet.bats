#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Guests that are told what to do, and what is seen of them.

load lib

domain_state() { # DOMAIN: as xl shows it, "--p---" when it stands still
    dom0 "xl list $1 | awk 'NR > 1 { print \$5 }'"
}

@test "a guest is paused, goes on and ends, and its neighbour is left alone" {
    start pair
    run dom0 'hotdom pause --wait left && hotdom list --state paused
        hotdom list right --json | jq -r ".[].guests[].state"
        hotdom pause nobody left 2>&1; echo "status $?"'
    echo "$output"
    [[ $output == *"pair.left: paused"*"left "*" paused "*running* ]]
    [[ $output == *"a guest nobody"*"status 5"* ]]
    [[ $(domain_state pair.left) == *p* && $(domain_state pair.right) != *p* ]]

    # What xl does is seen, a domid is a name, a plain user may only look.
    dom0 "xl unpause $(guest_domid left)"
    [ "$(guest_state left)" = running ]
    dom0 "hotdom pause $(guest_domid left)"
    run dom0 'setpriv --reuid nobody --clear-groups hotdom unpause left'
    [[ $status -eq 3 && $output == *"needs root"* ]]
    [ "$(guest_state left)" = paused ]

    # Also one that stands still is asked, and nothing of it is left.
    run dom0 'hotdom shutdown --wait=50 pair.left && hotdom list &&
        ls /dev/mapper; hotdom metrics | grep ledger_entries{
        journalctl -o json STORE=pair GUEST=left TO=ejecting | jq -r .REASON'
    echo "$output"
    [[ $output == *"pair.left: gone"*"right "*" running "*shutdown* ]]
    [[ $output != *"pair-left-disk"* && $output == *"pair-right-disk"* ]]
    dom0 'hotdom destroy --all --wait=200'
    await 60 gone gone pair
}

@test "a guest that never ran has nothing to dump, and hotdom says so" {
    # Xen counts who holds it: it is built, begun, and still stands.
    dom0 'until xl pause auto.auto 2>/dev/null; do sleep 0.1; done' &
    start auto
    wait $!
    run dom0 'hotdom dump auto auto.core; echo "status $?"; ls'
    echo "$output"
    [[ $output == *"stopped before its kernel ran: there is nothing to save"* ]]
    [[ $output == *"status 1"* && $output != *"auto.core"*"auto.core"* ]]
    dom0 'xl unpause auto.auto'
    await 120 yes answers auto
}

@test "a guest is asked to reboot, and runs again in another domain" {
    local domid
    start auto
    await 120 yes answers auto
    domid=$(guest_domid auto)
    run dom0 'hotdom pause auto; hotdom reboot --wait=200 auto'
    echo "$output"
    [[ $status -eq 0 && $output == *"auto.auto: running" ]]
    [[ $(guest_domid auto) -gt $domid ]]
}

@test "who does not shut down is destroyed before its grace time is over" {
    start stubborn
    run dom0 'hotdom shutdown stubborn; hotdom destroy stubborn --wait=200
        hotdom events --json --since 300 | jq -r "
            select(.guest == \"stubborn\" and .to == \"gone\") | .seconds"'
    echo "$output"
    [[ $output == *"stubborn: ejecting"*"stubborn.stubborn: gone"* ]]
    [[ ${lines[-1]%.*} -lt 20 ]]
    await 60 gone gone stubborn
}

writes() { # once the guest is up
    dom0 hotdom metrics | grep -q '^hotdom_guest_disk_written_bytes_total.* [1-9]' &&
        echo yes
}

@test "what guests take is told to Prometheus and shown on a terminal" {
    local before after
    start writer
    await 90 yes writes
    dom0 'systemctl start hotdom-metrics.socket'
    before=$(dom0 'hotdom metrics')
    run dom0 'printf "GET /metrics HTTP/1.1\r\n\r\n" | nc -N -U /run/hotdom/metrics
        printf "GET / HTTP/1.1\r\n\r\n" | nc -N 127.0.0.1 9752 | grep -a ^HTTP'
    echo "$output"
    [[ $output == "HTTP/1.1 200 OK"*"# EOF"*"HTTP/1.1 404 Not Found"* ]]
    after=$output
    count() { # COUNTER TEXT
        sed -n "s/^hotdom_guest_$1_total{store=\"writer\",guest=\"writer\"} //p" <<<"$2"
    }
    (($(count disk_written_bytes "$after") > $(count disk_written_bytes "$before")))
    awk "BEGIN { exit !($(count cpu_seconds "$after") > $(count cpu_seconds "$before")) }"
    [[ $after == *'hotdom_guests{state="running"} 1'* ]]

    # A terminal of 80x24 is as it was, also when a signal ends the program.
    run dom0 'hotdom top --batch --json -n 1 -i 5 |
            jq -r ".stores[].guests[] | select(.disk_written_bytes > 0) | .guest"
        script -qec "stty rows 24 cols 80; stty -g >/tmp/a
            TERM=xterm timeout --foreground -s TERM 15 hotdom top; stty -g >/tmp/b" /dev/null
        cmp /tmp/a /tmp/b && echo "as it was"'
    [[ $output == writer*"1 stores, 1 guests"*"as it was"* ]]
    dom0 'systemctl stop hotdom-metrics.socket'
}

# What README says under "On a server", from the listener to the graph; the bed
# has the package already.
readme_steps() {
    sed -n '/^    sudo systemctl enable --now hotdom-metrics/,/restart prometheus$/s/^    //p' \
        "$repo/README.md" | grep -v 'apt install'
}

readme_graph() { sed -n 's/^`http:.*g0.expr=\(.*\)`$/\1/p' "$repo/README.md"; }

graph() { # the guests that have a line in it
    dom0 "promtool query range -o json --step 15s http://127.0.0.1:9090 \
            '$(readme_graph)'" |
        jq -r '[.[] | select(.values | length > 1) |
            .metric | .store + "." + .guest] | sort | join(" ")'
}

@test "README's way leads from two sticks to a graph in Prometheus" {
    local steps
    start pair
    start auto
    steps=$(readme_steps)
    [[ $steps == *9752*prometheus.yml*job_name* && -n $(readme_graph) ]]
    dom0 'cp -a /etc/prometheus/prometheus.yml /root/'
    dom0 "sudo() { \"\$@\"; }
        $steps"
    dom0 'promtool check config /etc/prometheus/prometheus.yml
        promtool check rules /usr/share/doc/hotdom/hotdom-alerts.yaml'
    await 150 'auto.auto pair.left pair.right' graph
    # Its listener is loopback's alone, as README has it.
    [ "$(dom0 'ss -Hltn "( sport = :9090 or sport = :9752 )" | awk "{ print \$4 }" |
        sort | xargs')" = '127.0.0.1:9090 127.0.0.1:9752' ]
    dom0 'systemctl stop prometheus
        systemctl disable --now hotdom-metrics.socket
        mv /root/prometheus.yml /etc/prometheus/
        rm -rf /var/lib/prometheus/metrics2'
}
