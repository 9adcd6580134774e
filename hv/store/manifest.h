/* SPDX-License-Identifier: MIT */
/* The manifest: what a store holds and what its guests want, as plain data. */
#ifndef HD_STORE_MANIFEST_H
#define HD_STORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../volume/luks_header.h"
#include "../volume/verity.h"
#include "format.h"
#include "../../pv-drivers/base/uuid.h"
#include "yaml.h"

/*
 * All structs are plain data without pointers, so that one crosses a process
 * boundary as bytes; the receiver runs hd_manifest_check() before it looks.
 */

struct hd_file { /* a member of the header behind the first three */
    char name[HD_FILE_SIZE];
    uint64_t size;      /* bytes in the header */
    uint64_t unpacked;  /* bytes after zstd; 0: stored as it is */
    uint8_t sha256[32]; /* of the bytes in the header */
};

/* Bytes of it in memory: unpacked, when it is packed. */
uint64_t hd_file_bytes(const struct hd_file *file);

enum hd_volume_kind {
    HD_VOLUME_DATA,  /* read-write */
    HD_VOLUME_IMAGE, /* read-only, dm-verity */
};

enum hd_encryption { HD_ENCRYPTION_LUKS2, HD_ENCRYPTION_NONE }; /* of data */

struct hd_volume {
    char name[HD_NAME_SIZE];
    uint32_t kind; /* enum hd_volume_kind */
    struct hd_uuid partuuid;
    uint64_t size;               /* bytes of the partition: whole MiB */
    uint32_t encryption;         /* data: enum hd_encryption */
    uint8_t discard;             /* data: also when it is encrypted */
    struct hd_luks luks;         /* encrypted data */
    struct hd_verity verity;     /* image */
    char replaces[HD_NAME_SIZE]; /* image: what it was an update of, or empty */
    char from[HD_PATH_SIZE];     /* source only: a file, or empty for zeros */
};

/* EVP_KDF-SCRYPT(7ssl); the password is never stored. */
struct hd_auth {
    uint64_t n, r, p;
    uint8_t salt[32];
    uint8_t hash[32];
};

struct hd_name { /* an element of a list of names */
    char name[HD_NAME_SIZE];
};

/* What a user wants otherwise than the guests do: laid over their wishes, under
 * the host's limits.  What is empty or 0 was not said. */
struct hd_settings {
    char locale[32];    /* "de_DE.UTF-8" */
    char keyboard[32];  /* "de", as in XKB */
    char time_zone[48]; /* "Europe/Berlin" */
    uint64_t memory;    /* bytes: each guest's `want` */
    uint64_t vcpus;
    uint64_t width, height; /* pixels of a display */
    uint32_t n_guests;      /* 0: all are started */
    struct hd_name guests[HD_MAX_GUESTS];
};

struct hd_user {
    char name[HD_NAME_SIZE];
    struct hd_auth auth; /* zero when the store has an encrypted volume */
    struct hd_settings settings;
};

struct hd_range {
    uint64_t min, want;
};

enum hd_mode { HD_MODE_RW, HD_MODE_RO };

struct hd_disk {
    char name[HD_NAME_SIZE]; /* of a volume; a volume belongs to one guest */
    char as[8];              /* xvda .. xvdp */
    uint32_t mode;           /* enum hd_mode */
};

enum hd_level { HD_LEVEL_PREFERRED, HD_LEVEL_REQUIRED, HD_LEVEL_OPTIONAL };

struct hd_nic {
    char role[HD_NAME_SIZE]; /* the policy joins it to a bridge */
    char as[HD_NAME_SIZE];
    uint32_t level; /* enum hd_level */
};

/* What a guest can wish for.  Some have fields of their own in the manifest,
 * all have rows in the resource map. */
#define HD_CLASSES(X)                                                          \
    X(CPU, "cpu")                                                              \
    X(MEMORY, "memory")                                                        \
    X(BLOCK, "block")                                                          \
    X(NET, "net")                                                              \
    X(CONSOLE, "console")                                                      \
    X(DISPLAY, "display")                                                      \
    X(INPUT, "input")                                                          \
    X(SOUND, "sound")                                                          \
    X(USB, "usb")                                                              \
    X(PCI, "pci")                                                              \
    X(TIME, "time")                                                            \
    X(FILES, "files")

enum hd_class {
#define HD_X(name, text) HD_CLASS_##name,
    HD_CLASSES(HD_X)
#undef HD_X
};

extern const char *const hd_class_names[]; /* by enum hd_class, then NULL */
const char *hd_class_name(uint32_t class);

struct hd_wish {
    uint32_t class;          /* enum hd_class: not CPU, MEMORY or NET */
    uint32_t level;          /* enum hd_level */
    char role[HD_NAME_SIZE]; /* USB, PCI: the policy joins it to a device */
    char as[HD_NAME_SIZE];   /* the guest's name; BLOCK: xvda to xvdp */
    uint64_t size;           /* BLOCK: bytes of a scratch disk, whole MiB */
    uint64_t width, height;  /* DISPLAY: pixels */
};

struct hd_view_path {
    char path[HD_VIEW_PATH]; /* as pv-drivers/base/tables.h takes it */
};

/* What the guest reads of the host, and what of that it has itself: so many of
 * the manifest's `views`, from there on. */
struct hd_view {
    uint32_t n_exception, n_inclusion;
    uint32_t exception, inclusion;
};

/* What all guests of the store read in their registries as store/KEY. */
struct hd_shared {
    char key[HD_SHARED_KEY];
    uint32_t type; /* enum hd_value_type: STRING, INTEGER or BOOLEAN */
    char value[HD_SHARED_TEXT];
};

/* A key of the guest's registry that is a file as well. */
struct hd_bound {
    char key[HD_BIND_SIZE];
    char file[HD_BIND_SIZE];
};

enum hd_on_yank { HD_YANK_DESTROY, HD_YANK_PAUSE };
enum hd_on_end {
    HD_END_DESTROY,
    HD_END_RESTART,
    HD_END_PRESERVE,
    HD_END_COREDUMP_DESTROY,
    HD_END_COREDUMP_RESTART,
    HD_END_COUNT
};

const char *hd_on_end_name(uint32_t on_end);

#define HD_GRACE_MAX_MS 3600000

struct hd_stop {
    uint64_t grace;   /* milliseconds from the request to force */
    uint32_t on_yank; /* enum hd_on_yank */
    uint64_t pause;   /* YANK_PAUSE: milliseconds that it is kept */
    /* enum hd_on_end, when it ends by itself; as xl.cfg names them */
    uint32_t on_poweroff, on_reboot, on_crash;
};

struct hd_guest {
    char name[HD_NAME_SIZE];
    struct hd_uuid id;          /* the domain's UUID; MACs come from it */
    char kernel[HD_PATH_SIZE];  /* of a file; in the source a local path */
    char ramdisk[HD_PATH_SIZE]; /* the same, or empty */
    char cmdline[HD_CMDLINE_SIZE];
    struct hd_range memory; /* bytes */
    struct hd_range vcpus;
    uint32_t n_after, n_disks, n_nics, n_wishes, n_binds;
    struct hd_name after[HD_MAX_AFTER]; /* guests that run before it: after.h */
    struct hd_disk disks[HD_MAX_DISKS]; /* `volumes` in YAML */
    struct hd_nic nics[HD_MAX_NICS];
    struct hd_wish wishes[HD_MAX_WISHES];
    struct hd_view tables;
    struct hd_bound binds[HD_MAX_BINDS]; /* `bind` in YAML */
    struct hd_stop stop;
};

struct hd_store_id {
    struct hd_uuid id;
    char name[HD_NAME_SIZE];
    uint64_t generation;
};

struct hd_manifest {
    uint64_t version; /* `hotdom: 1` */
    struct hd_store_id store;
    uint32_t n_files, n_volumes, n_users, n_guests, n_shared, n_views;
    struct hd_file files[HD_MAX_FILES];
    struct hd_volume volumes[HD_MAX_VOLUMES];
    struct hd_user users[HD_MAX_USERS];
    struct hd_guest guests[HD_MAX_GUESTS];
    struct hd_shared shared[HD_MAX_SHARED];  /* `registry` in YAML */
    struct hd_view_path views[HD_MAX_VIEWS]; /* of all guests' `tables` */
};

/* The field table (STYLE T2): parser, checks, messages and the manual. */
extern const struct hd_table hd_manifest_table;

/* Parses and checks; `which` is HD_F_SOURCE or HD_F_SIGNED.  The caller frees
 * `*ret_m`.  Errors: HD_E_BAD_MANIFEST with line and column. */
int hd_manifest_parse(const char *text, size_t len, unsigned which,
                      struct hd_manifest **ret_m, struct hd_err *err);

/* Everything that a table cannot say: names are unique, disks name volumes,
 * kernels name files, min <= want, a volume has one guest, sizes add up.  Runs
 * hd_yaml_check first, so that it is safe on bytes from another process. */
int hd_manifest_check(const struct hd_manifest *m, unsigned which,
                      struct hd_err *err);

/* Index or -1. */
int hd_manifest_file(const struct hd_manifest *m, const char *name);
int hd_manifest_volume(const struct hd_manifest *m, const char *name);
int hd_manifest_guest(const struct hd_manifest *m, const char *name);
int hd_manifest_user(const struct hd_manifest *m, const char *name);
/* Some guest's kernel is this file, or its ramdisk. */
bool hd_manifest_is_kernel(const struct hd_manifest *m,
                           const struct hd_file *file);
bool hd_manifest_is_ramdisk(const struct hd_manifest *m,
                            const struct hd_file *file);
/* The next encrypted volume behind `after` (-1: the first, the key volume), or
 * -1. */
int hd_manifest_luks(const struct hd_manifest *m, int after);
uint32_t hd_manifest_count_luks(const struct hd_manifest *m);

#endif
