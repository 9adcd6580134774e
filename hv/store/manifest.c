/* SPDX-License-Identifier: MIT */
/* The manifest's field table; never touches a file: local paths of the source
 * form are text here. */
#include "manifest.h"

#include "../../pv-drivers/base/entry.h"
#include "../../pv-drivers/base/mem.h"
#include "auth.h"

#define AT(tag, m)                                                             \
    .offset = offsetof(struct tag, m), .size = sizeof(((struct tag *)0)->m)
#define COUNT(tag, m, most) .count = offsetof(struct tag, m), .max = (most)
#define TABLE(tag, what, fields)                                               \
    {                                                                          \
        what, sizeof(struct tag), fields, HD_ARRAY_LEN(fields)                 \
    }

#define REQ      HD_F_REQUIRED
#define SOURCE   HD_F_SOURCE
#define SIGNED   HD_F_SIGNED
#define OPTIONAL HD_F_OPTIONAL
#define MIB      (1ull << 20)

static const char *const volume_kinds[] = {
    [HD_VOLUME_DATA] = "data", [HD_VOLUME_IMAGE] = "image", NULL};
static const char *const encryptions[] = {
    [HD_ENCRYPTION_LUKS2] = "luks2", [HD_ENCRYPTION_NONE] = "none", NULL};
static const char *const modes[] = {
    [HD_MODE_RW] = "rw", [HD_MODE_RO] = "ro", NULL};
static const char *const levels[] = {[HD_LEVEL_PREFERRED] = "preferred",
                                     [HD_LEVEL_REQUIRED] = "required",
                                     [HD_LEVEL_OPTIONAL] = "optional",
                                     NULL};
static const char *const on_yank[] = {
    [HD_YANK_DESTROY] = "destroy", [HD_YANK_PAUSE] = "pause", NULL};
static const char *const on_end[] = {
    [HD_END_DESTROY] = "destroy",
    [HD_END_RESTART] = "restart",
    [HD_END_PRESERVE] = "preserve",
    [HD_END_COREDUMP_DESTROY] = "coredump-destroy",
    [HD_END_COREDUMP_RESTART] = "coredump-restart",
    NULL};
/* xl's others. */
static const struct hd_refused not_on_end[] = {
    {"rename-restart", "a domain's name is the store's and the guest's; take "
                       "preserve or coredump-restart"},
    {"soft-reset", "it is for HVM guests, and these are PV; take restart"},
    {0}};

static const char *const shared_types[] = {[HD_VALUE_STRING] = "string",
                                           [HD_VALUE_INTEGER] = "integer",
                                           [HD_VALUE_BOOLEAN] = "boolean",
                                           NULL};

const char *hd_on_end_name(uint32_t which)
{
    return on_end[which];
}

const char *const hd_class_names[] = {
#define HD_X(name, text) [HD_CLASS_##name] = text,
    HD_CLASSES(HD_X)
#undef HD_X
        NULL};

const char *hd_class_name(uint32_t class)
{
    return class < HD_ARRAY_LEN(hd_class_names) - 1 ? hd_class_names[class]
                                                    : "unknown";
}

static const struct hd_field store_fields[] = {
    {"id", HD_T_UUID, REQ | SIGNED, AT(hd_store_id, id),
     .doc = "the store's identity, on every host"},
    {"id", HD_T_UUID, SOURCE, AT(hd_store_id, id),
     .doc = "default: a new one is made"},
    {"name", HD_T_NAME, REQ, AT(hd_store_id, name),
     .doc = "what people call the store"},
    {"generation", HD_T_UINT, REQ | SIGNED, AT(hd_store_id, generation),
     .min = 1, .max = INT64_MAX, .doc = "grows with every change of a store"},
    {"generation", HD_T_UINT, SOURCE, AT(hd_store_id, generation), .min = 1,
     .max = INT64_MAX, .def = 1, .doc = "grows with every change; default 1"},
};

static const struct hd_field file_fields[] = {
    {"name", HD_T_PATH, REQ, AT(hd_file, name),
     .doc = "of the member in the header"},
    {"size", HD_T_SIZE, REQ, AT(hd_file, size), .min = 1,
     .max = HD_HEADER_BYTES, .doc = "bytes in the header"},
    {"unpacked", HD_T_SIZE, 0, AT(hd_file, unpacked), .max = HD_UNPACKED_BYTES,
     .doc = "bytes after zstd; 0 or absent: stored as it is"},
    {"sha256", HD_T_HEX, REQ, AT(hd_file, sha256),
     .doc = "of the bytes in the header"},
};

static const struct hd_field luks_fields[] = {
    {"uuid", HD_T_UUID, REQ, AT(hd_luks, uuid), .doc = "the LUKS2 header's"},
    {"offset", HD_T_SIZE, REQ, AT(hd_luks, offset), .min = MIB, .max = 64 * MIB,
     .doc = "where the data begins in the partition"},
    {"mark", HD_T_HEX, REQ, AT(hd_luks, mark),
     .doc = "ties the volume's key to this manifest"},
};
static const struct hd_table luks_table = TABLE(hd_luks, "luks", luks_fields);

static const struct hd_field verity_fields[] = {
    {"blocks", HD_T_UINT, REQ, AT(hd_verity, blocks), .min = 1,
     .max = 1ull << 38, .doc = "of 4096 bytes of data; the tree follows"},
    {"salt", HD_T_HEX, REQ, AT(hd_verity, salt), .doc = "random"},
    {"root", HD_T_HEX, REQ, AT(hd_verity, root), .doc = "the root hash"},
};
static const struct hd_table verity_table =
    TABLE(hd_verity, "verity", verity_fields);

static const struct hd_field volume_fields[] = {
    {"name", HD_T_NAME, REQ, AT(hd_volume, name),
     .doc = "the partition is named hotdom: and this"},
    {"kind", HD_T_ENUM, 0, AT(hd_volume, kind), .names = volume_kinds,
     .doc = "data: read-write; image: read-only, every block verified; "
            "default data"},
    {"encryption", HD_T_ENUM, 0, AT(hd_volume, encryption),
     .names = encryptions,
     .doc = "of data: luks2 or none; default luks2, for the store's users"},
    {"discard", HD_T_BOOL, OPTIONAL, AT(hd_volume, discard),
     .doc = "of data: what the guest discards is discarded on the medium, "
            "though it is encrypted; default false"},
    {"luks", HD_T_MAP, OPTIONAL | SIGNED, AT(hd_volume, luks),
     .sub = &luks_table, .doc = "of encrypted data"},
    {"verity", HD_T_MAP, OPTIONAL | SIGNED, AT(hd_volume, verity),
     .sub = &verity_table, .doc = "of an image"},
    {"replaces", HD_T_NAME, SIGNED, AT(hd_volume, replaces),
     .doc = "the image that hotdom revert goes back to"},
    {"partuuid", HD_T_UUID, REQ | SIGNED, AT(hd_volume, partuuid),
     .doc = "the partition's own UUID"},
    {"size", HD_T_SIZE, REQ | SIGNED, AT(hd_volume, size), .min = MIB,
     .max = 1ull << 50, .doc = "bytes, whole MiB"},
    {"size", HD_T_SIZE, SOURCE, AT(hd_volume, size), .max = 1ull << 50,
     .doc = "rounded up to whole MiB; default: as large as `from`"},
    {"from", HD_T_TEXT, SOURCE, AT(hd_volume, from),
     .doc = "a file with the content; default: zeros"},
};

static const struct hd_field auth_fields[] = {
    {"n", HD_T_UINT, REQ, AT(hd_auth, n), .min = HD_SCRYPT_N_MIN,
     .max = HD_SCRYPT_N_MAX, .doc = "scrypt's cost, a power of two"},
    {"r", HD_T_UINT, REQ, AT(hd_auth, r), .min = HD_SCRYPT_R,
     .max = HD_SCRYPT_R, .doc = "scrypt's block size"},
    {"p", HD_T_UINT, REQ, AT(hd_auth, p), .min = HD_SCRYPT_P,
     .max = HD_SCRYPT_P, .doc = "scrypt's parallelism"},
    {"salt", HD_T_HEX, REQ, AT(hd_auth, salt), .doc = "random"},
    {"hash", HD_T_HEX, REQ, AT(hd_auth, hash),
     .doc = "what scrypt makes of the password and the salt"},
};
static const struct hd_table auth_table = TABLE(hd_auth, "auth", auth_fields);

static const struct hd_field start_fields[] = {
    {"name", HD_T_NAME, REQ, AT(hd_name, name), .doc = "of a guest"},
};
static const struct hd_table start_table =
    TABLE(hd_name, "guest's name", start_fields);

static const struct hd_field settings_fields[] = {
    {"locale", HD_T_TEXT, 0, AT(hd_settings, locale), .doc = "de_DE.UTF-8"},
    {"keyboard", HD_T_TEXT, 0, AT(hd_settings, keyboard),
     .doc = "a layout of XKB, de"},
    {"time_zone", HD_T_TEXT, 0, AT(hd_settings, time_zone),
     .doc = "Europe/Berlin"},
    {"memory", HD_T_SIZE, OPTIONAL, AT(hd_settings, memory), .min = 16 * MIB,
     .max = 1ull << 44, .doc = "instead of each guest's memory.want"},
    {"vcpus", HD_T_UINT, OPTIONAL, AT(hd_settings, vcpus), .min = 1, .max = 512,
     .doc = "instead of each guest's vcpus.want"},
    {"width", HD_T_UINT, OPTIONAL, AT(hd_settings, width),
     .min = HD_DISPLAY_MIN, .max = HD_DISPLAY_MAX,
     .doc = "of a display, in pixels; with height"},
    {"height", HD_T_UINT, OPTIONAL, AT(hd_settings, height),
     .min = HD_DISPLAY_MIN, .max = HD_DISPLAY_MAX, .doc = "with width"},
    {"guests", HD_T_LIST, HD_F_BARE, AT(hd_settings, guests),
     COUNT(hd_settings, n_guests, HD_MAX_GUESTS), .sub = &start_table,
     .doc = "which are started; default: all"},
};
static const struct hd_table settings_table =
    TABLE(hd_settings, "settings", settings_fields);

static const struct hd_field user_fields[] = {
    {"name", HD_T_NAME, REQ, AT(hd_user, name), .doc = "for hotdom unlock -u"},
    {"auth", HD_T_MAP, OPTIONAL | SIGNED, AT(hd_user, auth), .sub = &auth_table,
     .doc = "the password's verifier, in a store without encrypted volumes; "
            "hotdom pack asks for the password"},
    {"settings", HD_T_MAP, OPTIONAL, AT(hd_user, settings),
     .sub = &settings_table,
     .doc = "what this user wants otherwise than the guests do"},
};

static const struct hd_field memory_fields[] = {
    {"min", HD_T_SIZE, 0, AT(hd_range, min), .min = 16 * MIB, .max = 1ull << 44,
     .def = 256 * MIB,
     .doc = "without this much it is not started; "
            "default 256M"},
    {"want", HD_T_SIZE, 0, AT(hd_range, want), .min = 16 * MIB,
     .max = 1ull << 44, .doc = "what it gets if the host has it; default: min"},
};
static const struct hd_field vcpus_fields[] = {
    {"min", HD_T_UINT, 0, AT(hd_range, min), .min = 1, .max = 512, .def = 1,
     .doc = "without this many it is not started; default 1"},
    {"want", HD_T_UINT, 0, AT(hd_range, want), .min = 1, .max = 512,
     .doc = "what it gets if the host has them; default: min"},
};
static const struct hd_field disk_fields[] = {
    {"name", HD_T_NAME, REQ, AT(hd_disk, name),
     .doc = "of one of the store's volumes; a volume has one guest"},
    {"as", HD_T_NAME, REQ, AT(hd_disk, as), .doc = "xvda to xvdp"},
    {"mode", HD_T_ENUM, 0, AT(hd_disk, mode), .names = modes,
     .doc = "rw or ro; default rw; an image is always ro"},
};
static const struct hd_field nic_fields[] = {
    {"role", HD_T_NAME, REQ, AT(hd_nic, role),
     .doc = "the host's policy joins it to a bridge"},
    {"as", HD_T_NAME, REQ, AT(hd_nic, as), .doc = "the guest's name for it"},
    {"level", HD_T_ENUM, 0, AT(hd_nic, level), .names = levels,
     .doc = "required: the guest is not started without it; preferred or "
            "optional: it is; default preferred"},
};
static const struct hd_field wish_fields[] = {
    {"class", HD_T_ENUM, REQ, AT(hd_wish, class), .names = hd_class_names,
     .doc = "block, console, display, input, sound, usb, pci or time"},
    {"level", HD_T_ENUM, 0, AT(hd_wish, level), .names = levels,
     .doc = "required, preferred or optional; default preferred"},
    {"role", HD_T_NAME, 0, AT(hd_wish, role),
     .doc = "usb, pci: the host's policy joins it to a device"},
    {"as", HD_T_NAME, 0, AT(hd_wish, as),
     .doc = "the guest's name for it; block: xvda to xvdp"},
    {"size", HD_T_SIZE, OPTIONAL, AT(hd_wish, size), .min = MIB,
     .max = 1ull << 40, .doc = "block: of a scratch disk, whole MiB"},
    {"width", HD_T_UINT, OPTIONAL, AT(hd_wish, width), .min = HD_DISPLAY_MIN,
     .max = HD_DISPLAY_MAX, .doc = "display: pixels; with height"},
    {"height", HD_T_UINT, OPTIONAL, AT(hd_wish, height), .min = HD_DISPLAY_MIN,
     .max = HD_DISPLAY_MAX, .doc = "display: pixels; with width"},
};
static const struct hd_field stop_fields[] = {
    {"grace", HD_T_DURATION, 0, AT(hd_stop, grace), .max = HD_GRACE_MAX_MS,
     .def = 30000,
     .doc = "from the request to shut down to force; "
            "default 30s"},
    {"on_yank", HD_T_ENUM, 0, AT(hd_stop, on_yank), .names = on_yank,
     .doc = "when the store is pulled: destroy, or pause: it is kept for a "
            "while, so that its memory can be dumped; default destroy"},
    {"pause", HD_T_DURATION, 0, AT(hd_stop, pause), .min = 1000, .max = 3600000,
     .def = 30000,
     .doc = "how long on_yank: pause keeps it, at most; default 30s"},
    {"on_poweroff", HD_T_ENUM, 0, AT(hd_stop, on_poweroff), .names = on_end,
     .refused = not_on_end,
     .doc = "when it powers itself off: destroy, restart, preserve, "
            "coredump-destroy or coredump-restart; default destroy"},
    {"on_reboot", HD_T_ENUM, 0, AT(hd_stop, on_reboot), .names = on_end,
     .refused = not_on_end, .def = HD_END_RESTART,
     .doc = "when it reboots; default restart"},
    {"on_crash", HD_T_ENUM, 0, AT(hd_stop, on_crash), .names = on_end,
     .refused = not_on_end, .doc = "when it crashes; default destroy"},
};
static const struct hd_field view_path_fields[] = {
    {"path", HD_T_TEXT, REQ, AT(hd_view_path, path),
     .doc = "absolute, below /"},
};
static const struct hd_table view_path_table =
    TABLE(hd_view_path, "path", view_path_fields);
static const struct hd_pool view_pool = {
    "entries of all guests' tables; name the folders above",
    offsetof(struct hd_manifest, views), offsetof(struct hd_manifest, n_views),
    HD_MAX_VIEWS};
static const struct hd_field view_fields[] = {
    {"exception", HD_T_LIST, HD_F_BARE, AT(hd_view, exception),
     COUNT(hd_view, n_exception, HD_MAX_TABLE), .sub = &view_path_table,
     .pool = &view_pool,
     .doc = "what is below one of these is read from the host"},
    {"inclusion", HD_T_LIST, HD_F_BARE, AT(hd_view, inclusion),
     COUNT(hd_view, n_inclusion, HD_MAX_TABLE), .sub = &view_path_table,
     .pool = &view_pool,
     .doc = "and of that, what is below one of these is not"},
};
static const struct hd_table view_table = TABLE(hd_view, "tables", view_fields);
static const struct hd_field bind_fields[] = {
    {"key", HD_T_PATH, REQ, AT(hd_bound, key),
     .doc = "of the guest's registry: guest/..., host/... or store/..."},
    {"file", HD_T_TEXT, REQ, AT(hd_bound, file),
     .doc = "absolute; its content is the key's value"},
};
static const struct hd_table bind_table = TABLE(hd_bound, "bind", bind_fields);
static const struct hd_table memory_table =
    TABLE(hd_range, "memory", memory_fields);
static const struct hd_table vcpus_table =
    TABLE(hd_range, "vcpus", vcpus_fields);
static const struct hd_table disk_table = TABLE(hd_disk, "volume", disk_fields);
static const struct hd_table nic_table = TABLE(hd_nic, "nic", nic_fields);
static const struct hd_table wish_table = TABLE(hd_wish, "wish", wish_fields);
static const struct hd_table stop_table = TABLE(hd_stop, "stop", stop_fields);

static const struct hd_field guest_fields[] = {
    {"name", HD_T_NAME, REQ, AT(hd_guest, name), .doc = "the domain's name"},
    {"id", HD_T_UUID, REQ | SIGNED, AT(hd_guest, id),
     .doc = "the domain's UUID; MAC addresses come from it"},
    {"kernel", HD_T_PATH, REQ | SIGNED, AT(hd_guest, kernel),
     .doc = "one of `files`"},
    {"kernel", HD_T_TEXT, REQ | SOURCE, AT(hd_guest, kernel),
     .doc = "a local file, bzImage or ELF, with a Xen PV entry"},
    {"ramdisk", HD_T_PATH, SIGNED, AT(hd_guest, ramdisk),
     .doc = "one of `files`"},
    {"ramdisk", HD_T_TEXT, SOURCE, AT(hd_guest, ramdisk),
     .doc = "a local file; default: none"},
    {"cmdline", HD_T_TEXT, 0, AT(hd_guest, cmdline),
     .doc = "the kernel's command line"},
    {"memory", HD_T_MAP, 0, AT(hd_guest, memory), .sub = &memory_table,
     .doc = "min and want"},
    {"vcpus", HD_T_MAP, 0, AT(hd_guest, vcpus), .sub = &vcpus_table,
     .doc = "min and want"},
    {"after", HD_T_LIST, HD_F_BARE, AT(hd_guest, after),
     COUNT(hd_guest, n_after, HD_MAX_AFTER), .sub = &start_table,
     .doc = "guests that run before it is started, and stop after it"},
    {"volumes", HD_T_LIST, 0, AT(hd_guest, disks),
     COUNT(hd_guest, n_disks, HD_MAX_DISKS), .sub = &disk_table,
     .doc = "the guest's disks"},
    {"nics", HD_T_LIST, 0, AT(hd_guest, nics),
     COUNT(hd_guest, n_nics, HD_MAX_NICS), .sub = &nic_table,
     .doc = "the guest's network cards"},
    {"wishes", HD_T_LIST, 0, AT(hd_guest, wishes),
     COUNT(hd_guest, n_wishes, HD_MAX_WISHES), .sub = &wish_table,
     .doc = "what else it would have"},
    {"tables", HD_T_MAP, OPTIONAL, AT(hd_guest, tables), .sub = &view_table,
     .doc = "which files of the host it reads"},
    {"bind", HD_T_LIST, 0, AT(hd_guest, binds),
     COUNT(hd_guest, n_binds, HD_MAX_BINDS), .sub = &bind_table,
     .doc = "keys of its registry that are files as well"},
    {"stop", HD_T_MAP, 0, AT(hd_guest, stop), .sub = &stop_table,
     .doc = "how it ends"},
};

static const struct hd_field shared_fields[] = {
    {"key", HD_T_PATH, REQ, AT(hd_shared, key),
     .doc = "the guests read it as store/KEY"},
    {"type", HD_T_ENUM, 0, AT(hd_shared, type), .names = shared_types,
     .doc = "string, integer or boolean; default string"},
    {"value", HD_T_TEXT, 0, AT(hd_shared, value),
     .doc = "of that type; default: an empty string"},
};
static const struct hd_table shared_table =
    TABLE(hd_shared, "registry", shared_fields);

static const struct hd_table store_table =
    TABLE(hd_store_id, "store", store_fields);
static const struct hd_table file_table = TABLE(hd_file, "file", file_fields);
static const struct hd_table volume_table =
    TABLE(hd_volume, "volume", volume_fields);
static const struct hd_table user_table = TABLE(hd_user, "user", user_fields);
static const struct hd_table guest_table =
    TABLE(hd_guest, "guest", guest_fields);

static const struct hd_field manifest_fields[] = {
    {"hotdom", HD_T_UINT, REQ, AT(hd_manifest, version), .min = 1, .max = 1,
     .doc = "the version of this format: 1"},
    {"store", HD_T_MAP, REQ, AT(hd_manifest, store), .sub = &store_table,
     .doc = "who the store is"},
    {"files", HD_T_LIST, REQ | SIGNED, AT(hd_manifest, files),
     COUNT(hd_manifest, n_files, HD_MAX_FILES), .min = 1, .sub = &file_table,
     .doc = "the header's members behind the first three, in order"},
    {"volumes", HD_T_LIST, 0, AT(hd_manifest, volumes),
     COUNT(hd_manifest, n_volumes, HD_MAX_VOLUMES), .sub = &volume_table,
     .doc = "the store's partitions"},
    {"users", HD_T_LIST, 0, AT(hd_manifest, users),
     COUNT(hd_manifest, n_users, HD_MAX_USERS), .sub = &user_table,
     .doc = "who may unlock the store"},
    {"guests", HD_T_LIST, REQ, AT(hd_manifest, guests),
     COUNT(hd_manifest, n_guests, HD_MAX_GUESTS), .min = 1, .sub = &guest_table,
     .doc = "what the store starts"},
    {"registry", HD_T_LIST, 0, AT(hd_manifest, shared),
     COUNT(hd_manifest, n_shared, HD_MAX_SHARED), .sub = &shared_table,
     .doc = "what all of its guests read in their registries"},
};

const struct hd_table hd_manifest_table =
    TABLE(hd_manifest, "manifest", manifest_fields);

uint64_t hd_file_bytes(const struct hd_file *file)
{
    return file->unpacked ? file->unpacked : file->size;
}
