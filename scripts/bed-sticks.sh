# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The bed's USB sticks and other USB devices, through QEMU's monitor (QMP). Sourced by scripts/bed;
# it never looks at what an image holds.
# shellcheck disable=SC2154  # $dir and $host are the caller's

json() { # a JSON string
    local s=${1//\\/\\\\}
    printf '"%s"' "${s//\"/\\\"}"
}

# qmp EVENT COMMAND...: sends the commands in turn, prints each answer, then
# waits for a line that contains EVENT ('' for none).
qmp() {
    local event=$1 seen='' line lock c
    shift
    exec {lock}>"$dir/qmp.lock"
    flock "$lock"
    coproc QMP { in_dir socat -t 60 - UNIX-CONNECT:qmp.sock 2>/dev/null; }
    local in=${QMP[0]} out=${QMP[1]} pid=$QMP_PID
    for c in '{"execute":"qmp_capabilities"}' "$@"; do
        echo "$c" >&"$out"
        while :; do
            read -r -t 60 -u "$in" line || die "QEMU's monitor is silent"
            seen+=$line$'\n'
            case $line in
            '{"error"'*) die "QEMU says: $(qmp_reason "$line")" ;;
            '{"return"'*) break ;;
            esac
        done
        [[ $c == *qmp_capabilities* ]] || printf '%s\n' "$line"
    done
    while [[ -n $event && $seen != *"$event"* ]]; do
        read -r -t 60 -u "$in" line || die "no $event from QEMU within 60 s"
        seen+=$line$'\n'
    done
    eval "exec $out>&-"
    kill "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    exec {lock}>&-
}

# shellcheck disable=SC2001  # a group, not a replacement
qmp_reason() { sed 's/.*"desc": "\(.*\)"}.*/\1/' <<<"$1"; }

free_id() {
    local n=0
    while [[ -e $dir/sticks/stick$n ]]; do n=$((n + 1)); done
    echo "stick$n"
}

# The stick's disk in dom0, found by the USB serial.
wait_disk() {
    dom0 "id=$1"'
        n=0
        while [ $n -lt 600 ]; do
            for b in /sys/block/sd*; do
                [ -e "$b/size" ] || continue
                d=$(readlink -f "$b/device")
                while [ ${#d} -gt 1 ] && [ ! -e "$d/serial" ]; do
                    d=$(dirname "$d")
                done
                [ "$(cat "$d/serial" 2>/dev/null)" = "$id" ] &&
                    [ "$(cat "$b/size")" != 0 ] &&
                    echo "/dev/${b##*/}" && exit
            done
            sleep 0.1; n=$((n + 1))
        done
        exit 1' || die "dom0 sees no disk of '$1' after 60 s"
}

# What IMAGE names, with its whole path: a file, or nbd: and a socket.
medium() { # IMAGE
    local path
    path=$(realpath -e -- "${1#nbd:}") || die "no image '$1'"
    if [[ $1 == nbd:* ]]; then
        [[ -S $path ]] || die "'$1' names no socket"
        echo "nbd:$path"
    else
        [[ -s $path ]] || die "image '$1' is empty"
        echo "$path"
    fi
}

# The blockdev of a medium. One on the network stays away when it has gone.
behind() { # MEDIUM
    case $1 in
    nbd:*)
        echo '{"driver":"nbd","server":{"type":"unix",
            "path":'"$(json "${1#nbd:}")"'}}' | tr -d '\n'
        ;;
    *) echo '{"driver":"file","filename":'"$(json "$1")"'}' ;;
    esac
}

# A stick may be sick: QEMU's own filter plays the disease. Prints the blockdev
# of a medium with the FAULT ('' for none).
faulty() { # MEDIUM FAULT
    local file arg=${2#*:}
    file=$(behind "$1")
    [[ -z $2 || $arg =~ ^[0-9]{1,12}$ ]] || die "no number in fault '$2'"
    case $2 in
    '') echo "$file" ;;
    eio:*)
        printf '{"driver":"blkdebug","image":%s,"inject-error":[{
            "event":"none","iotype":"read","errno":5,"sector":%s,
            "once":false,"immediately":false}]}' "$file" "$arg" | tr -d '\n'
        ;;
    *) die "unknown fault '$2' (eio:SECTOR)" ;;
    esac
}

cmd_plug() {
    local image id wait='' add fault='' file
    while [[ ${1-} == --* ]]; do
        case $1 in
        --wait) wait=1 && shift ;;
        --fault) fault=${2-} && shift 2 ;;
        *) usage_of plug >&2 && return 2 ;;
        esac
    done
    [[ $# -eq 1 || $# -eq 2 ]] || {
        usage_of plug >&2
        return 2
    }
    need_up
    image=$(medium "$1") || exit
    id=${2:-$(free_id)}
    [[ $id =~ ^[A-Za-z][A-Za-z0-9_-]{0,30}$ ]] || die "bad stick name '$id'"
    [[ ! -e $dir/sticks/$id ]] || die "stick '$id' is plugged in; yank it first"
    add='{"execute":"blockdev-add","arguments":{"driver":"raw",'
    file=$(faulty "$image" "$fault")
    add+='"node-name":"'$id'-node","discard":"unmap","file":'"$file}}"
    qmp '' "$add" >/dev/null
    qmp '' '{"execute":"device_add","arguments":{"driver":"usb-storage",
        "bus":"xhci.0","drive":"'"$id"'-node","id":"'"$id"'",
        "serial":"'"$id"'","removable":true}}' >/dev/null
    echo "$image" >"$dir/sticks/$id"
    if [[ -n $wait ]]; then echo "$id $(wait_disk "$id")"; else echo "$id"; fi
}

# What a gadget needs in QEMU, made first and taken back last: its driver with
# options, and the commands that make and remove what is behind it.
gadget() { # KIND ID
    case $1 in
    net)
        driver='"usb-net","netdev":"'$2'-behind"'
        make='{"execute":"netdev_add","arguments":{"type":"user",
            "id":"'$2'-behind","restrict":true,"net":"10.78.0.0/24"}}'
        unmake='{"execute":"netdev_del","arguments":{"id":"'$2'-behind"}}'
        ;;
    serial)
        driver='"usb-serial","always-plugged":true,"chardev":"'$2'-behind"'
        make='{"execute":"chardev-add","arguments":{"id":"'$2'-behind",
            "backend":{"type":"socket","data":{"addr":{"type":"unix",
            "data":{"path":"'$2'.sock"}},"server":true,"wait":false}}}}'
        unmake='{"execute":"chardev-remove","arguments":{"id":"'$2'-behind"}}'
        ;;
    audio)
        driver='"usb-audio"' make='' unmake=''
        ;;
    *) die "no gadget '$1' (net, serial, audio)" ;;
    esac
}

cmd_gadget() {
    local driver make unmake
    [[ $# -eq 2 ]] || {
        usage_of gadget >&2
        return 2
    }
    need_up
    [[ $2 =~ ^[A-Za-z][A-Za-z0-9_-]{0,30}$ ]] || die "bad gadget name '$2'"
    [[ ! -e $dir/sticks/$2 ]] || die "'$2' is plugged in; yank it first"
    gadget "$1" "$2"
    [[ -z $make ]] || qmp '' "$make" >/dev/null
    qmp '' '{"execute":"device_add","arguments":{"bus":"xhci.0",
        "id":"'"$2"'","driver":'"$driver}}" >/dev/null
    echo "gadget $1" >"$dir/sticks/$2"
}

# What was behind a device that QEMU has let go of.
let_go() { # ID
    local what driver make unmake
    what=$(<"$dir/sticks/$1")
    if [[ $what == gadget* ]]; then
        gadget "${what#gadget }" "$1"
    else
        unmake='{"execute":"blockdev-del","arguments":{"node-name":"'$1'-node"}}'
    fi
    [[ -z $unmake ]] || qmp '' "$unmake" >/dev/null
    rm -f "$dir/sticks/$1"
}

cmd_yank() {
    local id
    [[ $# -gt 0 ]] || {
        usage_of yank >&2
        return 2
    }
    need_up
    for id in "$@"; do
        [[ -e $dir/sticks/$id ]] || die "no stick '$id' in host '$host'"
        qmp '"DEVICE_DELETED", "data": {"device": "'"$id"'"' \
            '{"execute":"device_del","arguments":{"id":"'"$id"'"}}' >/dev/null
        let_go "$id"
    done
}

# Other capacity, as a stick with a lying controller has it, or a disk that was
# grown. dom0 sees it when it asks again.
cmd_resize() {
    [[ $# -eq 2 && $2 =~ ^[0-9]+$ ]] || {
        usage_of resize >&2
        return 2
    }
    need_up
    [[ -e $dir/sticks/$1 ]] || die "no stick '$1' in host '$host'"
    qmp '' '{"execute":"block_resize","arguments":{"node-name":"'"$1"'-node",
        "size":'"$2"'}}' >/dev/null
}
