/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/keep: who keeps its memory behind a pull, and how long. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/daemon/keep.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define LIMIT 60000

/* "long" wants to be kept for 40 s, "short" for 10, "plain" not. */
static struct hd_store *make(void)
{
    static const char *const names[] = {"long", "short", "plain"};
    struct hd_store *s = calloc(1, sizeof(*s));
    struct hd_manifest *m;

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->answer = calloc(1, sizeof(*s->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->answer);
    m = &s->answer->manifest;
    m->n_guests = HD_ARRAY_LEN(names);
    for (uint32_t i = 0; i < m->n_guests; i++) {
        strcpy(m->guests[i].name, names[i]);
        m->guests[i].stop.on_yank = i < 2 ? HD_YANK_PAUSE : HD_YANK_DESTROY;
        m->guests[i].stop.pause = i ? 10000 : 40000;
    }
    hd_store_fill(s);
    for (uint32_t i = 0; i < m->n_guests; i++) {
        s->guests[i].state = HD_STATE_RUNNING;
        s->guests[i].domid = (int64_t)i + 1;
    }
    return s;
}

static void end(struct hd_store *s)
{
    free(s->answer);
    free(s);
}

/* Their names in one word. */
static const char *kept(const struct hd_store *s, uint64_t now)
{
    static struct hd_job_request req;
    static char text[3 * HD_NAME_SIZE];

    hd_keep_name(s, now, &req);
    *text = '\0';
    for (uint32_t i = 0; i < req.n_kept; i++)
        strcat(strcat(text, req.kept[i].name), " ");
    return text;
}

static void each_is_kept_as_long_as_it_wants(void)
{
    struct hd_store *s = make();

    hd_keep_choose(s, LIMIT, 1000);
    CU_ASSERT_STRING_EQUAL(kept(s, 1000), "long short ");
    CU_ASSERT_EQUAL(hd_keep_until(s, 1000), 11000);
    CU_ASSERT_STRING_EQUAL(kept(s, 11000), "long ");
    CU_ASSERT_EQUAL(hd_keep_until(s, 11000), 41000);
    CU_ASSERT_STRING_EQUAL(kept(s, 41000), "");
    CU_ASSERT_EQUAL(hd_keep_until(s, 41000), 0);
    end(s);
}

static void the_hosts_limit_beats_the_guest(void)
{
    struct hd_store *s = make();

    hd_keep_choose(s, 5000, 1000);
    CU_ASSERT_EQUAL(hd_keep_until(s, 1000), 6000);
    CU_ASSERT_STRING_EQUAL(kept(s, 6000), "");
    end(s);
    s = make();
    hd_keep_choose(s, 0, 1000);
    CU_ASSERT_STRING_EQUAL(kept(s, 1000), "");
    CU_ASSERT_EQUAL(hd_keep_until(s, 1000), 0);
    CU_ASSERT_FALSE(hd_keep_any(s));
    end(s);
}

/* Clean-up is tried again, and nobody is kept longer for that. */
static void who_was_asked_once_is_not_again(void)
{
    struct hd_store *s = make();

    hd_keep_choose(s, LIMIT, 1000);
    s->guests[0].state = HD_STATE_FENCED;
    hd_keep_choose(s, LIMIT, 30000);
    CU_ASSERT_EQUAL(hd_keep_until(s, 30000), 41000);
    end(s);
}

static void who_does_not_live_is_not_kept(void)
{
    struct hd_store *s = make();

    s->guests[0].state = HD_STATE_EJECTING;
    s->guests[1].state = HD_STATE_PAUSED;
    hd_keep_choose(s, LIMIT, 1000);
    CU_ASSERT_STRING_EQUAL(kept(s, 1000), "short ");
    /* It went meanwhile. */
    s->guests[1].domid = -1;
    CU_ASSERT_STRING_EQUAL(kept(s, 1000), "");
    end(s);
}

static void an_eject_ends_it(void)
{
    struct hd_store *s = make();

    CU_ASSERT_FALSE(hd_keep_any(s));
    hd_keep_choose(s, LIMIT, 1000);
    hd_keep_nobody(s);
    CU_ASSERT_STRING_EQUAL(kept(s, 1000), "");
    CU_ASSERT_TRUE(hd_keep_any(s));
    hd_keep_choose(s, LIMIT, 1000);
    CU_ASSERT_STRING_EQUAL(kept(s, 1000), "");
    end(s);
}

static const struct hd_test tests[] = {
    HD_TEST(each_is_kept_as_long_as_it_wants),
    HD_TEST(the_hosts_limit_beats_the_guest),
    HD_TEST(who_was_asked_once_is_not_again),
    HD_TEST(who_does_not_live_is_not_kept),
    HD_TEST(an_eject_ends_it),
};

HD_SUITE("daemon/keep", tests);
