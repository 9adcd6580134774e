# SPDX-License-Identifier: MIT
# Packing onto a device that held something before.

load lib

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
