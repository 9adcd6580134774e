/* SPDX-License-Identifier: MIT */
/* The store on the medium: type GUIDs, names and limits; no code. */
#ifndef HD_STORE_FORMAT_H
#define HD_STORE_FORMAT_H

/*
 * A store is a GPT disk (UEFI specification 2.10, chapter 5) with one *header*
 * partition and the *volume* partitions.  The header is a plain POSIX ustar
 * stream (IEEE 1003.1-2017, pax, "ustar Interchange Format"), members in this
 * order: manifest.yaml, manifest.sig (raw Ed25519 over the manifest's bytes,
 * RFC 8032), signer.pub (PEM, RFC 8410), then the manifest's `files`.
 *
 * The primary table's entries stand at LBA 2, as everywhere, until the store is
 * changed in place: from then on at byte 4096 and 20480 in turn (of a medium
 * with sectors of 4 KiB: 8192 and 24576), so that one sector, the header's,
 * switches over.  Only the primary table counts.
 */
#define HD_GUID_HEADER "7c0f4e4a-6864-4d01-8a57-686f74646f6d"
#define HD_GUID_VOLUME "7c0f4e4a-6864-4d02-8a57-686f74646f6d"

/* Partition names: the kernel reports them as PARTNAME in the uevent, so the
 * udev rule knows ours without anyone having parsed the medium. */
#define HD_PARTNAME_HEADER "hotdom:"
#define HD_PARTNAME_VOLUME "hotdom:" /* followed by the volume's name */

#define HD_MEMBER_MANIFEST "manifest.yaml"
#define HD_MEMBER_SIG      "manifest.sig"
#define HD_MEMBER_SIGNER   "signer.pub"

#define HD_MANIFEST_BYTES (1 << 20)  /* manifest.yaml, at most */
#define HD_HEADER_BYTES   (1u << 29) /* the header partition, at most */
#define HD_UNPACKED_BYTES (1u << 28) /* one unpacked file, at most */

/* Counts, at most; a GPT has room for 128 partitions. */
#define HD_MAX_FILES    64
#define HD_MAX_VOLUMES  127
#define HD_MAX_LUKS     32 /* encrypted volumes */
#define HD_MAX_FDS      (HD_MAX_FILES + HD_MAX_LUKS)
#define HD_MAX_USERS    32
#define HD_MAX_GUESTS   64
#define HD_MAX_DISKS    16   /* volumes of one guest */
#define HD_MAX_NICS     8    /* nics of one guest */
#define HD_MAX_AFTER    8    /* guests that one is after */
#define HD_MAX_TABLE    2048 /* entries of a table of one guest, each a mount */
#define HD_VIEW_ENTRIES (2 * HD_MAX_TABLE) /* of both, and of an operator */
#define HD_MAX_VIEWS    4096 /* entries of the tables of all guests */
#define HD_VIEW_PATH    128  /* bytes of one, with the NUL */
/* Bytes of all of a guest, with the NUL: an argument of execve(2). */
#define HD_VIEW_TEXT   (128 << 10)
#define HD_SHOWN_TEXT  2048 /* and of what the policy shows */
#define HD_MAX_WISHES  16   /* wishes of one guest, beside those */
#define HD_MAX_SHARED  32   /* entries of `registry` */
#define HD_MAX_BINDS   16   /* files of one guest that keys are bound to */
#define HD_SHARED_KEY  48   /* bytes of a key of `registry`, with the NUL */
#define HD_SHARED_TEXT 120  /* and of its value */
#define HD_BIND_SIZE   64   /* bytes of a key or file of `bind`, with the NUL */

/* Pixels of a display, each way. */
#define HD_DISPLAY_MIN 320
#define HD_DISPLAY_MAX 8192

/* Bytes with the NUL.  A GPT name has 36 UTF-16 units, 7 of them our prefix. */
#define HD_NAME_SIZE    30
#define HD_FILE_SIZE    100 /* ustar's name field */
#define HD_PATH_SIZE    400 /* a local path, for hotdom pack */
#define HD_CMDLINE_SIZE 1024

#endif
