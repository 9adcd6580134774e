/* SPDX-License-Identifier: MIT */
/* Maps files ahead of their use; never looks into one. */
#include "image.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct image {
    int fd;
    void *data;
    size_t size;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static struct image images[HD_IMAGES]; /* what is there does not change */
static size_t n_images;

static struct image *find(int fd)
{
    for (size_t i = 0; i < n_images; i++)
        if (images[i].fd == fd)
            return &images[i];
    return NULL;
}

/* A kernel without it maps each page as it is read. */
static void *populate(void *arg)
{
    struct image *image = arg;

    (void)madvise(image->data, image->size, MADV_POPULATE_READ);
    return NULL;
}

static void populate_beside(struct image *image)
{
    pthread_t thread;

    if (!pthread_create(&thread, NULL, populate, image))
        pthread_detach(thread);
}

static struct image *map(int fd)
{
    struct image *image = &images[n_images];
    struct stat st;
    void *data;

    if (n_images == HD_IMAGES || fstat(fd, &st) || st.st_size <= 0)
        return NULL;
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        return NULL;
    *image = (struct image){fd, data, (size_t)st.st_size};
    n_images++;
    return image;
}

void hd_image_prepare(int fd)
{
    struct image *image;

    pthread_mutex_lock(&turn);
    image = find(fd) ? NULL : map(fd);
    pthread_mutex_unlock(&turn);
    if (image)
        populate_beside(image);
}

bool hd_image_find(const char *path, const void **ret, size_t *ret_size)
{
    const struct image *image;
    int fd, len = 0;

    if (sscanf(path, "/proc/self/fd/%d%n", &fd, &len) != 1 || path[len])
        return false;
    pthread_mutex_lock(&turn);
    image = find(fd);
    pthread_mutex_unlock(&turn);
    if (!image)
        return false;
    *ret = image->data;
    *ret_size = image->size;
    return true;
}
