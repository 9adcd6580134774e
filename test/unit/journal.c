/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/journal: entries, and a journal that is there, full or not.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../hv/daemon/journal.h"
#include "unit.h"

static const struct hd_event event = {
    .store = "travel",
    .guest = "desk",
    .from = HD_STATE_BUILDING,
    .to = HD_STATE_FAILED,
    .reason = "no-memory",
    .message = "line\nSTORE=forged",
    .lasted_ms = 1062,
};

/* The value of a field in an entry, or NULL; reads what journald would. */
static const char *value_of(const char *entry, size_t len, const char *key)
{
    static char value[HD_JOURNAL_MAX];
    const char *found = NULL;

    for (size_t at = 0; at < len;) {
        const char *end = memchr(entry + at, '\n', len - at);
        uint64_t le, n;

        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        memcpy(&le, end + 1, sizeof(le));
        n = le64toh(le);
        CU_ASSERT_TRUE_FATAL((size_t)(end - entry) + 10 + n <= len);
        CU_ASSERT_EQUAL(end[9 + n], '\n');
        if ((size_t)(end - entry) - at == strlen(key) &&
            !strncmp(entry + at, key, strlen(key))) {
            CU_ASSERT_PTR_NULL(found);
            memcpy(value, end + 9, n);
            value[n] = '\0';
            found = value;
        }
        at = (size_t)(end - entry) + 10 + n;
    }
    return found;
}

#define CHECK_FIELD(key, want)                                                 \
    CU_ASSERT_STRING_EQUAL(value_of(entry, n, key), want)

static void each_part_of_an_event_is_a_field(void)
{
    char entry[HD_JOURNAL_MAX];
    size_t n = hd_journal_entry(&event, entry);

    CHECK_FIELD("STORE", "travel");
    CHECK_FIELD("GUEST", "desk");
    CHECK_FIELD("FROM", "building");
    CHECK_FIELD("TO", "failed");
    CHECK_FIELD("REASON", "no-memory");
    CHECK_FIELD("SECONDS", "1.062");
    CHECK_FIELD("MESSAGE_ID", HD_JOURNAL_STORE_ID);
    CHECK_FIELD("MESSAGE", "travel.desk: building -> failed (no-memory): line\n"
                           "STORE=forged");
}

static void what_an_event_has_not_is_no_field(void)
{
    struct hd_event host = {.reason = "host-changed", .message = "eth0 is up"};
    char entry[HD_JOURNAL_MAX];
    size_t n = hd_journal_entry(&host, entry);

    CU_ASSERT_PTR_NULL(value_of(entry, n, "STORE"));
    CU_ASSERT_PTR_NULL(value_of(entry, n, "GUEST"));
    CU_ASSERT_PTR_NULL(value_of(entry, n, "TO"));
    CHECK_FIELD("MESSAGE", "host: eth0 is up");
    CHECK_FIELD("PRIORITY", "6");
    CHECK_FIELD("MESSAGE_ID", HD_JOURNAL_HOST_ID);
}

static void the_longest_event_fits(void)
{
    struct hd_event long_ = event;
    char entry[HD_JOURNAL_MAX];
    size_t n;

    memset(long_.message, 'x', sizeof(long_.message) - 1);
    memset(long_.store, 's', sizeof(long_.store) - 1);
    memset(long_.guest, 'g', sizeof(long_.guest) - 1);
    memset(long_.reason, 'r', sizeof(long_.reason) - 1);
    n = hd_journal_entry(&long_, entry);
    CHECK_FIELD("SECONDS", "1.062");
    CU_ASSERT_EQUAL(strlen(value_of(entry, n, "REASON")),
                    sizeof(long_.reason) - 1);
}

/* As `journalctl -p err` and `-p warning` choose them. */
static void what_went_wrong_has_a_higher_priority(void)
{
    static const struct {
        enum hd_state from, to;
        const char *priority;
    } cases[] = {
        {HD_STATE_BUILDING, HD_STATE_RUNNING, "6"},
        {HD_STATE_BUILDING, HD_STATE_FAILED, "3"},
        {HD_STATE_FENCED, HD_STATE_QUARANTINED, "3"},
        {HD_STATE_SEEN, HD_STATE_REFUSED, "4"},
        {HD_STATE_RUNNING, HD_STATE_FENCED, "4"},
        {HD_STATE_FENCED, HD_STATE_GONE, "6"},
        /* Of something else, while it is so. */
        {HD_STATE_FAILED, HD_STATE_FAILED, "6"},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        struct hd_event e = {
            .store = "travel", .from = cases[i].from, .to = cases[i].to};
        char entry[HD_JOURNAL_MAX];
        size_t n = hd_journal_entry(&e, entry);

        CHECK_FIELD("PRIORITY", cases[i].priority);
    }
}

static struct hd_events *events; /* as long as the process, as in hotdomd */

static void a_journal_that_does_not_read_blocks_nobody(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char entry[HD_JOURNAL_MAX];
    struct hd_err err = {0};
    ssize_t n;

    events = hd_events_new();
    snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/hotdom-journal.%d",
             getpid());
    CHECK_OK(hd_journal_start(events, at.sun_path, &err), &err);
    hd_events_add(events, &event); /* nobody is there */
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    hd_events_add(events, &event);
    n = recv(fd, entry, sizeof(entry), MSG_DONTWAIT);
    CU_ASSERT_TRUE_FATAL(n > 0);
    CU_ASSERT_STRING_EQUAL(value_of(entry, (size_t)n, "STORE"), "travel");
    for (size_t i = 0; i < 5000; i++) /* more than a socket holds */
        hd_events_add(events, &event);
    close(fd);
    unlink(at.sun_path);
}

static void what_was_not_there_before_has_no_state_before(void)
{
    const struct hd_event plug = {
        .store = "travel", .from = HD_NOTHING, .to = HD_STATE_SEEN};
    char entry[HD_JOURNAL_MAX];
    size_t n = hd_journal_entry(&plug, entry);

    CU_ASSERT_STRING_EQUAL(value_of(entry, n, "MESSAGE"), "travel: -> seen");
    CU_ASSERT_PTR_NULL(value_of(entry, n, "FROM"));
    CU_ASSERT_STRING_EQUAL(value_of(entry, n, "TO"), "seen");
}

static const struct hd_test tests[] = {
    HD_TEST(what_was_not_there_before_has_no_state_before),
    HD_TEST(each_part_of_an_event_is_a_field),
    HD_TEST(what_an_event_has_not_is_no_field),
    HD_TEST(the_longest_event_fits),
    HD_TEST(what_went_wrong_has_a_higher_priority),
    HD_TEST(a_journal_that_does_not_read_blocks_nobody),
};

HD_SUITE("daemon/journal", tests);
