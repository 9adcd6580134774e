# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the image scripts and the bed share: messages, stamps, the package
# cache, ramdisks. Sourced, never run; it changes nothing outside build/.
# shellcheck disable=SC2034  # the variables are for those who source this

me=${0##*/}
# Without a program: tests call the bed by the thousand.
scripts=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd)
repo=${scripts%/*}
build=${BUILD:-$repo/build}
bed=$build/bed
apt_cache=$build/apt-cache

say() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

need() {
    local c
    for c in "$@"; do
        PATH=$PATH:/sbin:/usr/sbin command -v "$c" >/dev/null ||
            die "no program '$c' here; run scripts/deps"
    done
}

need_root() {
    [[ $(id -u) -eq 0 ]] ||
        die "making an image needs root (mmdebstrap and its chroot)"
}

# input_hash FILE|WORD...: one hash over files' contents and plain words.
input_hash() {
    local x
    for x in "$@"; do
        if [[ -f $x ]]; then cat -- "$x"; else printf '%s\n' "$x"; fi
    done | sha256sum | cut -d' ' -f1
}

is_fresh() { # STAMP HASH
    [[ -f $1 && $(<"$1") == "$2" ]]
}

# The bed's key pairs: one for us and dom0 to log in with, one as dom0's host
# key, so that the first ssh already knows whom it talks to. Per checkout.
make_keys() {
    local k
    mkdir -p "$bed"
    for k in id_ed25519 host_ed25519; do
        [[ -f $bed/$k.pub ]] || {
            rm -f "$bed/$k"
            ssh-keygen -q -t ed25519 -N '' -C "hotdom-bed-$k" -f "$bed/$k"
        }
    done
    printf 'hotdom-bed %s\n' "$(cut -d' ' -f1,2 "$bed/host_ed25519.pub")" \
        >"$bed/known_hosts"
}

# Debian's own archives as this machine has them configured, one line each.
debian_sources() {
    # shellcheck disable=SC2016  # apt-get fills in $(...) itself
    local fmt='$(CREATED_BY)|$(ORIGIN)|deb $(SITE) $(CODENAME) $(COMPONENT)'
    local lines
    lines=$(apt-get indextargets --format "$fmt" |
        sed -n 's/^Packages|Debian|//p' | grep ' main$' | sort -u)
    [[ -n $lines ]] ||
        die "apt knows no Debian archive yet; run 'apt-get update'"
    printf '%s\n' "$lines"
}

# The machine's apt settings about proxies and dates, for apt in a new root.
apt_settings() {
    apt-config dump --no-empty --format '%F "%v";%n' Acquire |
        grep -E '^Acquire::(https?::|Check-)' || true
}

# make_root DIR VARIANT PACKAGE,PACKAGE...: a Debian tree, packages from the
# cache when they are there.
make_root() {
    local root=$1 variant=$2 include=$3 log=$1.log opts=() line
    local drop keep
    mkdir -p "$apt_cache"
    rm -rf "$root"
    while read -r line; do opts+=("--aptopt=$line"); done < <(apt_settings)
    # Nobody reads manuals in there, and no hardware is behind these drivers.
    for drop in /usr/share/{doc,man,info,locale,lintian,bug}/'*' \
        /lib/modules/'*'/kernel/{sound,drivers/{gpu,media,infiniband,iio}}/'*' \
        /lib/modules/'*'/kernel/drivers/net/{wireless,ethernet}/'*' \
        /usr/share/{qemu,seabios}/'*' /usr/lib/ipxe/'*'; do
        opts+=("--dpkgopt=path-exclude=$drop")
    done
    # But for the bed's sound and graphics cards, and QEMU's VNC.
    for keep in {soundcore.ko,core/'*',hda/'*',pci/hda/'*'}; do
        opts+=("--dpkgopt=path-include=/lib/modules/*/kernel/sound/$keep")
    done
    for keep in {drm,drm_kms_helper,drm_ttm_helper,drm_vram_helper} \
        ttm/ttm tiny/bochs; do
        keep=/lib/modules/'*'/kernel/drivers/gpu/drm/$keep.ko
        opts+=("--dpkgopt=path-include=$keep")
    done
    opts+=("--dpkgopt=path-include=/usr/share/qemu/keymaps/*")
    # INITRD=No: our own ramdisk is smaller than Debian's and made in a second.
    INITRD=No mmdebstrap --quiet --mode=root --variant="$variant" \
        --include="$include" --dpkgopt=force-unsafe-io "${opts[@]}" \
        --aptopt='APT::Install-Recommends "false"' \
        --skip=essential/unlink,cleanup/apt/cache \
        --setup-hook='mkdir -p "$1/var/cache/apt/archives/partial"' \
        --setup-hook="cp -an '$apt_cache/.' \"\$1/var/cache/apt/archives/\"" \
        --customize-hook="find \"\$1/var/cache/apt/archives\" -name '*.deb' \
            -exec cp -n -t '$apt_cache' {} +" \
        --customize-hook='rm -rf "$1"/var/cache/apt/archives/*.deb \
            "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin' \
        "$(debian_codename)" "$root" - < <(debian_sources) >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "mmdebstrap failed; all it said is in ${log#"$repo/"}"
    }
}

debian_codename() {
    # shellcheck disable=SC1091
    (. /etc/os-release && echo "$VERSION_CODENAME")
}

# put FILE [MODE]: stdin becomes $root/FILE.
put() {
    mkdir -p "$root/$(dirname "$1")"
    cat >"$root/$1"
    chmod "${2:-644}" "$root/$1"
}

# mask UNIT...: never start these in the tree $root.
mask() {
    local u
    for u in "$@"; do
        ln -sf /dev/null "$root/etc/systemd/system/$u"
    done
}

# Generators find units that we have enabled or do not want; running 11 of
# them at each boot is slow under TCG. The console's login needs no udev.
no_generators() {
    local g
    mkdir -p "$root/etc/systemd/system-generators"
    for g in "$root"/lib/systemd/system-generators/*; do
        ln -sf /dev/null "$root/etc/systemd/system-generators/${g##*/}"
    done
    chroot "$root" systemctl -q enable console-getty.service
}

# Coldplug without the hundred devices that no rule of ours looks at.
short_coldplug() {
    put etc/systemd/system/systemd-udev-trigger.service.d/short.conf <<'END'
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add --prioritized-subsystem=module,block,net --subsystem-nomatch=tty --subsystem-nomatch=vc --subsystem-nomatch=mem --subsystem-nomatch=workqueue --subsystem-nomatch=memory --subsystem-nomatch=cpu --subsystem-nomatch=bdi --subsystem-nomatch=acpi --subsystem-nomatch=vtconsole --subsystem-nomatch=clockevents --subsystem-nomatch=event_source
END
}

# add_modules TREE NAME...: copies modules with all they need from the kernel
# that dom0-image kept, and writes their load order to TREE/modules.order.
add_modules() {
    local tree=$1 kver dest
    shift
    kver=$(<"$bed/kernel/version")
    dest=$tree/lib/modules/$kver
    mkdir -p "$dest"
    modprobe -d "$bed/kernel" -S "$kver" -a --show-depends "$@" |
        awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
        while read -r ko; do
            cp "$ko" "$dest/"
            echo "/lib/modules/$kver/${ko##*/}"
        done >"$tree/modules.order"
    [[ -s $tree/modules.order ]] || die "no module of: $*"
}

# make_initrd OUT MODULE...: a busybox ramdisk; its /init comes from stdin.
make_initrd() {
    local out=$1 t
    shift
    t=$(mktemp -d "$build/initrd.XXXXXX")
    mkdir -p "$t"/{bin,sbin,dev,proc,sys,run,tmp,root,etc,mnt,new}
    cat >"$t/init"
    chmod 755 "$t/init"
    cp "$(PATH=/bin:/usr/bin command -v busybox)" "$t/bin/busybox"
    busybox --list | while read -r a; do
        [[ -e $t/bin/$a ]] || ln -s busybox "$t/bin/$a"
    done
    add_modules "$t" "$@"
    (cd "$t" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) |
        zstd -q -15 >"$out.new"
    rm -rf "$t"
    mv "$out.new" "$out"
}

# make_ext4 TREE IMAGE SIZE LABEL: a sparse image, no mount needed.
make_ext4() {
    rm -f "$2.new"
    PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -L "$4" -m 0 \
        -O '^has_journal' -E lazy_itable_init=1 -d "$1" "$2.new" "$3" >/dev/null
    mv "$2.new" "$2"
}
