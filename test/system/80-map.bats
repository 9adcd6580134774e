#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store on a host that lacks something: stand-ins, refusals, and what the
# guests are told.

load lib

setup() { policy "${usual_policy}networks:\n  - {role: lab, bridge: nobridge}\n"; }

teardown_file() { policy "$usual_policy"; }

told() { # PATH below data/hotdom
    dom0 "xenstore-read /local/domain/$(guest_domid maker)/data/hotdom/$1"
}

connected() { # BACKEND/NUMBER: does the guest use it?
    dom0 "xenstore-read /local/domain/$(guest_domid maker)/device/$1/state"
}

bridges() { dom0 'ls /sys/class/net | grep -E "^hd[0-9a-f]{9,}$" | cat'; }

stands() {
    await 60 running state mapped
    [ "$(guest_state maker)" = running ]
    [ "$(bridges | wc -l)" = 1 ]
    [ "$(dom0 'losetup -ln | wc -l')" = 1 ]
    dom0 hotdom verify-host
}

@test "what a host lacks has a stand-in, and who cannot do without is refused" {
    plug mapped
    stands
    [ "$(guest_state needy)" = refused ]
    [[ $(list | jq -r '.[].guests[] | select(.guest == "needy").message') == \
        *"role lab"*nobridge* ]]
    [[ $(told map/net/lan0) == "emulated $(bridges) 00:16:3e:"* ]]
    [ "$(told map/block/xvdc)" = emulated ]
    [ "$(told map/sound/speaker)" = absent ]
    # 51744 is xvdc.
    await 90 4 connected vbd/51744
    await 90 4 connected vif/0
    [ "$(dom0 "xenstore-read /local/domain/0/backend/vbd/$(guest_domid \
        maker)/51744/sectors")" = 32768 ]
    dom0 hotdom eject mapped
    [ "$(bridges)" = '' ]
    [ "$(dom0 'losetup -ln')" = '' ]
}

@test "a pulled store takes its stand-ins along" {
    plug mapped
    stands
    yank mapped
    await 60 '[]' compact_list
    [ "$(bridges)" = '' ]
    [ "$(dom0 'losetup -ln')" = '' ]
}
