# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The bed's hardware sets: what a host is made of, as QEMU's arguments and as
# words for dom0. Sourced by scripts/bed; it starts nothing.
# shellcheck disable=SC2034,SC2154  # read through names; $dir is the caller's

# NAME:CPUS:MEMORY (MiB; dom0 has 1536 of it):PARTS:what the host is
sets=(
    "usual:2:4096:nic bridge:a card that leads outside, a bridge that does not"
    "iommu:2:2560:iommu nic bridge:as usual, with VT-d and a PCI device for guests"
    "bare:2:1920::no network card, no bridge, little memory for guests"
    "lan:1:2560:nic bridge uplink:a second card, in a second bridge"
    "media:2:2816:nic bridge sound usb vga:sound, display, keyboard, tablet, serial"
)

# PART and its devices. dom0's kernel line has the word bed.PART, too: what the
# image makes by itself, such as bridges, it makes for these words alone.
part_bridge=()
# No driver of dom0's wants the second one.
part_iommu=(-device intel-iommu,intremap=on -device edu,addr=0x10)
part_nic=(-netdev user,id=net0 -device virtio-net-pci,netdev=net0)
part_uplink=(-netdev user,id=net1,net=10.0.3.0/24,restrict=on
    -device virtio-net-pci,netdev=net1)
part_sound=(-audiodev none,id=snd0
    -device intel-hda -device hda-duplex,audiodev=snd0)
part_usb=(-device usb-kbd,bus=xhci.0 -device usb-tablet,bus=xhci.0
    -chardev null,id=usbserial
    -device usb-serial,bus=xhci.0,chardev=usbserial,always-plugged=on)
part_vga=(-device VGA)

usage_hardware() {
    local s name cpus memory parts text
    for s in "${sets[@]}"; do
        IFS=: read -r name cpus memory parts text <<<"$s"
        printf '  %-6s %s CPU, %s MiB, %s\n' "$name" "$cpus" "$memory" "$text"
    done
}

# use_hardware SET: sets $cpus, $memory, $words and the array $devices.
use_hardware() {
    local s name parts text part these
    for s in "${sets[@]}"; do
        IFS=: read -r name cpus memory parts text <<<"$s"
        [[ $name == "$1" ]] || continue
        words='' devices=()
        for part in $parts; do
            these="part_$part[@]"
            words+=" bed.$part"
            devices+=("${!these}")
        done
        return
    done
    die "no hardware set '$1'; 'bed up --help' lists them"
}
