# SPDX-License-Identifier: MIT
# What was packed is what guests read, whatever it went through.

load lib

# first_bytes GUEST DISK MIB: their SHA-256, as the guest reads them.
first_bytes() {
    in_guest "$1" "dd if=/dev/$2 bs=1048576 count=$3 2>/dev/null | sha256sum" |
        grep -oE '[0-9a-f]{64}' | head -n 1
}

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }

@test "a guest reads what was packed encrypted" {
    plug_locked locked2
    unlock locked2
    await 60 running state locked2
    await 60 yes answers locked2
    [[ $(first_bytes locked2 xvdb 2) == "$(sum_of "$stores/more.raw")" ]]
}

@test "a guest reads what was packed as an image" {
    start image
    await 60 yes answers image
    [[ $(first_bytes image xvdb 4) == "$(sum_of "$stores/image.raw")" ]]
}

@test "a device that held something else is packed as a whole" {
    bed push "$tiny/kernel" "$stores/signer.key" /root/
    dom0 'printf "hotdom: 1\nstore: {name: onto}\nusers: [{name: owner}]\nvolumes:\n- {name: a, size: 2M}\n- {name: b, encryption: none, size: 3M}\n- {name: c, kind: image, from: kernel}\nguests: [{name: onto, kernel: kernel}]\n" >onto.yaml
        tr "\0" "\377" </dev/zero | head -c 64M >disk
        d=$(losetup -f --show disk)
        trap "losetup -d $d; rm -f disk onto.yaml kernel signer.key" EXIT
        hotdom pack --manifest onto.yaml --key signer.key -o $d -q \
            --kdf-memory 8M --password-fd 3 3<<<"a password" &&
        hotdom verify $d -q &&
        hotdom inspect $d >/dev/null &&
        start=$(partx -sgo START,NAME $d | awk "/hotdom:b/ {print \$1}") &&
        cmp <(dd if=$d bs=512 skip=$start count=6144 status=none) \
            <(head -c 3M /dev/zero)'
}
