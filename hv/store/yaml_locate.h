/* SPDX-License-Identifier: MIT */
/* Where an entry of a list stands, for checks that go across a document. */
#ifndef HD_STORE_YAML_LOCATE_H
#define HD_STORE_YAML_LOCATE_H

#include <stddef.h>

/* Line and column, from 1, of entry `index`, a map or a bare value, of the list
 * under the top level's `key`, in a document that hd_yaml_read took.  -1 when
 * there is none. */
int hd_yaml_locate(const char *text, size_t len, const char *key, size_t index,
                   size_t *ret_line, size_t *ret_column);

#endif
