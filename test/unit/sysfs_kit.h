/* SPDX-License-Identifier: MIT */
/* Folders that look like sysfs, for the host scan. */
#ifndef HD_TEST_SYSFS_KIT_H
#define HD_TEST_SYSFS_KIT_H

struct hd_kit_tree {
    char path[64];
    int root; /* an O_PATH descriptor of it */
};

void hd_kit_tree_init(struct hd_kit_tree *t);
void hd_kit_tree_fini(struct hd_kit_tree *t); /* removes it */
/* A file with its folders; paths are relative to the tree. */
void hd_kit_put(const struct hd_kit_tree *t, const char *path,
                const char *text);
/* A symbolic link. */
void hd_kit_point(const struct hd_kit_tree *t, const char *path,
                  const char *to);

/* A path of this machine's that goes away as soon as any folder has been
 * listed, as when a device is pulled out; NULL: nothing does. */
extern const char *hd_kit_victim;

#endif
