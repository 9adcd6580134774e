/* SPDX-License-Identifier: MIT */
/* Tests hv/run/keyring against the running kernel. */
#include <linux/keyctl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

#include "../../hv/run/keyring.h"
#include "unit.h"

#define DESCRIPTION "hotdom:unit-test"

static struct hd_secret *key(void)
{
    struct hd_secret *secret = hd_secret_new(64);

    CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
    memset(secret->data, 0x5a, 64);
    secret->len = 64;
    return secret;
}

/* Containers are often not allowed to use keyrings. */
static bool add(const struct hd_secret *secret, int32_t *id)
{
    struct hd_err err = {0};
    int rc = hd_keyring_add(DESCRIPTION, secret, id, &err);

    if (rc && (err.sys == EPERM || err.sys == ENOSYS)) {
        printf("\n    skipped: this machine allows no keyrings\n");
        return false;
    }
    CHECK_OK(rc, &err);
    return !rc;
}

/* As dm-crypt looks for it; -1 when it is not found. */
static long find(void)
{
    return syscall(SYS_request_key, "logon", DESCRIPTION, NULL, 0);
}

static void *find_elsewhere(void *ret)
{
    *(long *)ret = find();
    return NULL;
}

static void a_key_is_found_until_it_is_dropped_and_never_read(void)
{
    hd_auto(hd_secret) secret = key();
    char bytes[64];
    int32_t id = 0;

    if (!add(secret, &id))
        return;
    CU_ASSERT_EQUAL(find(), id);
    CU_ASSERT_EQUAL(syscall(SYS_keyctl, KEYCTL_READ, id, bytes, sizeof(bytes)),
                    -1);
    hd_keyring_drop(id);
    CU_ASSERT_EQUAL(find(), -1);
}

static void another_thread_does_not_find_the_key(void)
{
    hd_auto(hd_secret) secret = key();
    pthread_t thread;
    int32_t id = 0;
    long found = 0;

    if (!add(secret, &id))
        return;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, find_elsewhere, &found),
                          0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(found, -1);
    hd_keyring_drop(id);
}

static const struct hd_test tests[] = {
    HD_TEST(a_key_is_found_until_it_is_dropped_and_never_read),
    HD_TEST(another_thread_does_not_find_the_key),
};

HD_SUITE("run/keyring", tests);
