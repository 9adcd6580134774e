/* SPDX-License-Identifier: MIT */
/* Tests hv/run/image: what was prepared is found by the path that libxl has. */
#include "../../hv/run/image.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define TEXT "a kernel"

static int make_file(const char *text)
{
    int fd = hd_io_memfd("hotdom-test", strlen(text), NULL);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(hd_io_pwrite(fd, text, strlen(text), 0, NULL), 0);
    return fd;
}

static const char *path_of(int fd)
{
    static char path[40];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

static void a_file_is_mapped_once(void)
{
    int fd = make_file(TEXT);
    const void *first = NULL, *again = NULL;
    size_t size = 0;

    CU_ASSERT_FALSE(hd_image_find(path_of(fd), &first, &size));
    hd_image_prepare(fd);
    CU_ASSERT_TRUE_FATAL(hd_image_find(path_of(fd), &first, &size));
    CU_ASSERT_EQUAL(size, strlen(TEXT));
    CU_ASSERT_EQUAL(memcmp(first, TEXT, size), 0);
    hd_image_prepare(fd);
    CU_ASSERT_TRUE(hd_image_find(path_of(fd), &again, &size));
    CU_ASSERT_PTR_EQUAL(first, again);
    /* It stays open, as a job's files do. */
}

static void another_path_is_no_image(void)
{
    static const char *const bad[] = {"/proc/self/fd/",
                                      "/proc/self/fd/x",
                                      "/proc/self/fd",
                                      "/boot/vmlinuz",
                                      "",
                                      "/proc/1/fd/3"};
    char path[48];
    int fd = make_file(TEXT);
    const void *data;
    size_t size;

    hd_image_prepare(fd);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(hd_image_find(bad[i], &data, &size));
    snprintf(path, sizeof(path), "%s/", path_of(fd));
    CU_ASSERT_FALSE(hd_image_find(path, &data, &size));
}

static void what_cannot_be_mapped_is_left_to_libxl(void)
{
    int empty = make_file("");
    int ends[2];
    const void *data;
    size_t size;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    hd_image_prepare(empty);
    hd_image_prepare(ends[0]);
    hd_image_prepare(-1);
    CU_ASSERT_FALSE(hd_image_find(path_of(empty), &data, &size));
    CU_ASSERT_FALSE(hd_image_find(path_of(ends[0]), &data, &size));
    CU_ASSERT_FALSE(hd_image_find(path_of(-1), &data, &size));
    close(empty);
    close(ends[0]);
    close(ends[1]);
}

/* The last test: there is no room behind it. */
static void there_is_room_for_so_many(void)
{
    int fds[HD_IMAGES + 1];
    const void *data;
    size_t size;

    for (size_t i = 0; i <= HD_IMAGES; i++) {
        fds[i] = make_file(TEXT);
        hd_image_prepare(fds[i]);
    }
    CU_ASSERT_FALSE(hd_image_find(path_of(fds[HD_IMAGES]), &data, &size));
    for (size_t i = 0; i <= HD_IMAGES; i++)
        close(fds[i]);
}

static const struct hd_test tests[] = {
    HD_TEST(a_file_is_mapped_once),
    HD_TEST(another_path_is_no_image),
    HD_TEST(what_cannot_be_mapped_is_left_to_libxl),
    HD_TEST(there_is_room_for_so_many),
};

HD_SUITE("run/image", tests);
