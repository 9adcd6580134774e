/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/states: the table is whole, it is what the daemon does, and
 * the manual shows it. */
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "daemon_kit.h"
#include "unit.h"

#define MANUAL "hv/daemon/hotdomd.8"
#define BEGIN  ".\\\" begin states\n"
#define END    ".\\\" end states\n"

static void begin(struct kit_daemon *b)
{
    static const char *const guests[] = {"desk", NULL};

    kit_daemon_init(b, "travel", guests);
}

/* What `on` makes of a subject in state `from`, or of one that is new. */
static enum hd_state happen(struct kit_daemon *b, enum hd_subject of,
                            enum hd_state from, enum hd_cause on)
{
    struct hd_guest_life *guest = &b->guests[0];

    b->told = 0;
    if (of == HD_OF_STORE) {
        b->store->state = from;
        b->store->known = from != HD_NOTHING;
        hd_life_set(b->store, on, NULL, NULL);
        /* A plug is told when it is known what it is. */
        if (b->store->state != from)
            hd_life_know(b->store);
        return b->store->state;
    }
    guest->state = from;
    hd_life_set_guest(b->store, guest, on, NULL, NULL);
    return guest->state;
}

static void every_change_of_the_table_is_made_and_told(void)
{
    size_t n, changes = 0;
    const struct hd_change *c = hd_states_table(&n);
    struct kit_daemon b;

    begin(&b);
    for (size_t i = 0; i < n; i++)
        for (enum hd_state from = 0; from <= HD_NOTHING; from++) {
            enum hd_state to = c[i].to == HD_STAYS ? from : c[i].to;

            if (!(c[i].from & 1u << from))
                continue;
            CU_ASSERT_EQUAL(happen(&b, c[i].of, from, c[i].on), to);
            CU_ASSERT_EQUAL(b.told, from != to);
            if (from == to)
                continue;
            changes++;
            CU_ASSERT_EQUAL(b.last.from, from);
            CU_ASSERT_EQUAL(b.last.to, to);
            CU_ASSERT_EQUAL(*b.last.guest != '\0', c[i].of == HD_OF_GUEST);
        }
    CU_ASSERT(changes > 50);
    kit_daemon_fini(&b);
}

static void what_the_table_lacks_changes_nothing(void)
{
    struct kit_daemon b;

    begin(&b);
    for (enum hd_subject of = HD_OF_STORE; of <= HD_OF_GUEST; of++)
        for (enum hd_state from = 0; from <= HD_NOTHING; from++)
            for (enum hd_cause on = 0; on < HD_CAUSE_COUNT; on++) {
                if (hd_states_find(of, from, on))
                    continue;
                CU_ASSERT_EQUAL(happen(&b, of, from, on), from);
                CU_ASSERT_EQUAL(b.told, 0);
            }
    kit_daemon_fini(&b);
}

static void no_state_has_two_answers_to_one_event(void)
{
    size_t n;
    const struct hd_change *c = hd_states_table(&n);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            CU_ASSERT(c[i].of != c[k].of || c[i].on != c[k].on ||
                      !(c[i].from & c[k].from));
}

/* From `reached` on, as far as the table leads. */
static uint32_t spread(enum hd_subject of, uint32_t reached)
{
    size_t n;
    const struct hd_change *c = hd_states_table(&n);

    for (size_t again = 0; again < HD_STATE_COUNT; again++)
        for (size_t i = 0; i < n; i++)
            if (c[i].of == of && c[i].to != HD_STAYS && c[i].from & reached)
                reached |= 1u << c[i].to;
    return reached;
}

static void every_state_is_reached_and_leads_to_gone(void)
{
    const uint32_t all = (1u << HD_STATE_COUNT) - 1;
    const uint32_t nothing = 1u << HD_NOTHING;
    const uint32_t guests =
        1u << HD_STATE_PAUSED | 1u << HD_STATE_PRESERVED; /* alone */

    CU_ASSERT_EQUAL(spread(HD_OF_STORE, nothing), (all | nothing) & ~guests);
    CU_ASSERT_EQUAL(spread(HD_OF_GUEST, nothing), all | nothing);
    for (enum hd_state s = 0; s < HD_STATE_COUNT; s++) {
        if (!(guests & 1u << s))
            CU_ASSERT(spread(HD_OF_STORE, 1u << s) & 1u << HD_STATE_GONE);
        CU_ASSERT(spread(HD_OF_GUEST, 1u << s) & 1u << HD_STATE_GONE);
    }
}

static void every_step_has_a_deadline_and_its_failure_is_known(void)
{
    size_t n;
    const struct hd_change *c = hd_states_table(&n);

    for (size_t i = 0; i < n; i++) {
        const struct hd_work_kind *w = hd_work(c[i].work);
        enum hd_state during = c[i].to == HD_STAYS ? HD_STATE_FAILED : c[i].to;

        if (c[i].work == HD_WORK_NONE)
            continue;
        CU_ASSERT(w->within_ms >= 1000);
        CU_ASSERT(w->tries >= 1);
        if (c[i].of == HD_OF_STORE)
            CU_ASSERT_PTR_NOT_NULL(
                hd_states_find(HD_OF_STORE, during, w->failed));
    }
}

static void a_dump_has_time_for_the_memory_that_it_writes(void)
{
    const struct hd_work_kind *dump = hd_work(HD_WORK_DUMP);
    const struct hd_work_kind *eject = hd_work(HD_WORK_EJECT);

    CU_ASSERT_EQUAL(hd_work_ms(dump, 64, 0), 60000);
    CU_ASSERT_EQUAL(hd_work_ms(dump, 1, 96 << 20), 80000);
    CU_ASSERT_EQUAL(hd_work_ms(dump, 1, 8ull << 30), 220000);
    CU_ASSERT_EQUAL(hd_work_ms(dump, 1, (8ull << 30) + 1), 240000);
    /* Less than systemd waits for hotdomd's end. */
    CU_ASSERT_EQUAL(hd_work_ms(dump, 1, 1ull << 50), 540000);
    CU_ASSERT_EQUAL(hd_work_ms(eject, 3, 1ull << 50), 120000);
}

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    print(out);
    fclose(out);
    return text;
}

/* HOTDOM_GOLDEN writes it there. */
static void write_manual(const char *page, const char *from, const char *to,
                         const char *table)
{
    FILE *out = fopen(MANUAL, "w");

    CU_ASSERT_FATAL(out && fwrite(page, (size_t)(from - page), 1, out) == 1 &&
                    fputs(table, out) >= 0 && fputs(to, out) >= 0 &&
                    !fclose(out));
}

static void the_manual_shows_the_table(void)
{
    hd_autofree char *table = printed(hd_states_print);
    hd_autofree char *page = NULL;
    struct hd_err err = {0};
    char *from, *to;
    size_t len;

    CHECK_OK(hd_io_read_file(MANUAL, 1 << 20, &page, &len, &err), &err);
    from = strstr(page, BEGIN);
    to = strstr(page, END);
    CU_ASSERT_FATAL(from && to && from < to);
    from += strlen(BEGIN);
    if (getenv("HOTDOM_GOLDEN"))
        write_manual(page, from, to, table);
    else
        CU_ASSERT_FALSE(strlen(table) != (size_t)(to - from) ||
                        memcmp(table, from, strlen(table)));
}

static void the_graph_has_every_change_as_an_edge(void)
{
    hd_autofree char *dot = printed(hd_states_print_dot);

    CU_ASSERT_PTR_NOT_NULL(strstr(dot, "digraph hotdom {"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(dot, "store_running -> store_ejecting [label=\"end\\neject"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(dot, "guest_paused -> guest_running [label=\"unpause\"]"));
    CU_ASSERT_PTR_NULL(strstr(dot, "store_paused"));
    CU_ASSERT_PTR_NULL(strstr(dot, "guest_gone -> guest_gone"));
}

static const struct hd_test tests[] = {
    HD_TEST(every_change_of_the_table_is_made_and_told),
    HD_TEST(what_the_table_lacks_changes_nothing),
    HD_TEST(no_state_has_two_answers_to_one_event),
    HD_TEST(every_state_is_reached_and_leads_to_gone),
    HD_TEST(every_step_has_a_deadline_and_its_failure_is_known),
    HD_TEST(a_dump_has_time_for_the_memory_that_it_writes),
    HD_TEST(the_manual_shows_the_table),
    HD_TEST(the_graph_has_every_change_as_an_edge),
};

HD_SUITE("daemon/states", tests);
