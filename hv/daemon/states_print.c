/* SPDX-License-Identifier: MIT */
/* Prints the table of states: text, and a graph for dot(1); decides nothing. */
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "states.h"

static const struct {
    const char *name;
    enum hd_subject of;
} subjects[] = {{"store", HD_OF_STORE}, {"guest", HD_OF_GUEST}};

static const char *to_name(const struct hd_change *c)
{
    return c->to == HD_STAYS ? "(as it is)" : hd_state_name(c->to);
}

/* "eject: 60 s, 20 s a guest and its grace time; else break" */
static void print_work(const struct hd_work_kind *w, FILE *out)
{
    fprintf(out, "%s: %u s", w->name, (unsigned)(w->within_ms / 1000));
    if (w->at_work_ms)
        fprintf(out, ", at work %u s", (unsigned)(w->at_work_ms / 1000));
    if (w->per_guest_ms)
        fprintf(out, "%s%u s a guest", w->grace ? ", " : " and ",
                (unsigned)(w->per_guest_ms / 1000));
    if (w->grace)
        fputs(" and its grace time", out);
    if (w->per_gib_ms)
        fprintf(out, " and %u s a GiB", (unsigned)(w->per_gib_ms / 1000));
    if (w->most_ms)
        fprintf(out, ", at most %u s", (unsigned)(w->most_ms / 1000));
    if (w->tries > 1)
        fprintf(out, "; %u tries", w->tries);
    if (w->failed != HD_CAUSE_COUNT)
        fprintf(out, "; else %s", hd_cause_name(w->failed));
}

static void print_change(const struct hd_change *c, FILE *out)
{
    fprintf(out, "    --%s", hd_cause_name(c->on));
    for (size_t n = strlen(hd_cause_name(c->on)); n < 11; n++)
        fputc('-', out);
    fprintf(out, "> %s", to_name(c));
    if (c->work != HD_WORK_NONE)
        fprintf(out, "%*s[%s]", 11 - (int)strlen(to_name(c)), "",
                hd_work(c->work)->name);
    fputc('\n', out);
}

/* That it is told again changes nothing; `state` -1: the beginning. */
static bool leads_on(const struct hd_change *c, int state)
{
    if (state < 0)
        return c->from & 1u << HD_NOTHING;
    if (c->work == HD_WORK_NONE && c->to == HD_STAYS)
        return false;
    return c->from & 1u << state &&
           (c->to != (enum hd_state)state || c->work != HD_WORK_NONE);
}

static void print_from(enum hd_subject of, int state, FILE *out)
{
    const char *title =
        state < 0 ? "(nothing)" : hd_state_name((enum hd_state)state);
    size_t n;
    const struct hd_change *c = hd_states_table(&n);
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        if (c[i].of != of || !leads_on(&c[i], state))
            continue;
        if (!any)
            fprintf(out, "  %s\n", title);
        any = true;
        print_change(&c[i], out);
    }
}

static void print_causes(FILE *out)
{
    static const char *const docs[] = {
#define HD_X(name, text, doc) doc,
        HD_CAUSES(HD_X)
#undef HD_X
    };

    fputs("events\n", out);
    for (int i = 0; i < HD_CAUSE_COUNT; i++)
        fprintf(out, "  %-10s %s\n", hd_cause_name((enum hd_cause)i), docs[i]);
}

static void print_limits(FILE *out)
{
    static const struct {
        const char *unit, *doc;
        unsigned n;
    } limits[] = {
#define HD_X(name, value, what, text) {.n = value, .unit = what, .doc = text},
        HD_LIMITS(HD_X)
#undef HD_X
    };

    fputs("limits\n", out);
    for (size_t i = 0; i < HD_ARRAY_LEN(limits); i++)
        fprintf(out, "  %2u %-5s %s\n",
                limits[i].n / (*limits[i].unit == 's' ? 1000 : 1),
                limits[i].unit, limits[i].doc);
}

void hd_states_print(FILE *out)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(subjects); i++) {
        fprintf(out, "%s\n", subjects[i].name);
        for (int s = -1; s < HD_STATE_COUNT; s++)
            print_from(subjects[i].of, s, out);
    }
    print_causes(out);
    fputs("steps\n", out);
    for (int w = HD_WORK_NONE + 1; w < HD_WORK_COUNT; w++) {
        fputs("  ", out);
        print_work(hd_work((enum hd_work)w), out);
        fputc('\n', out);
    }
    print_limits(out);
}

static void print_edges(const char *subject, const struct hd_change *c,
                        FILE *out)
{
    for (int s = -1; s < HD_STATE_COUNT; s++) {
        const char *from = s < 0 ? "nothing" : hd_state_name((enum hd_state)s);

        if (!leads_on(c, s))
            continue;
        fprintf(out, "  %s_%s -> %s_%s [label=\"%s", subject, from, subject,
                c->to == HD_STAYS ? from : hd_state_name(c->to),
                hd_cause_name(c->on));
        if (c->work != HD_WORK_NONE) {
            fputs("\\n", out);
            print_work(hd_work(c->work), out);
        }
        fputs("\"];\n", out);
    }
}

/* The states that something leads from or to. */
static void print_nodes(enum hd_subject of, const char *subject, FILE *out)
{
    size_t n;
    const struct hd_change *c = hd_states_table(&n);

    fprintf(out, "  %s_nothing [shape=point];\n", subject);
    for (int s = 0; s < HD_STATE_COUNT; s++) {
        size_t i = 0;

        while (i < n && (c[i].of != of ||
                         (c[i].to != (enum hd_state)s && c[i].from != 1u << s)))
            i++;
        if (i < n)
            fprintf(out, "  %s_%s [label=\"%s\"];\n", subject,
                    hd_state_name((enum hd_state)s),
                    hd_state_name((enum hd_state)s));
    }
}

void hd_states_print_dot(FILE *out)
{
    size_t n;
    const struct hd_change *c = hd_states_table(&n);

    fputs("digraph hotdom {\n  rankdir=LR;\n", out);
    for (size_t i = 0; i < HD_ARRAY_LEN(subjects); i++) {
        fprintf(out, " subgraph cluster_%s {\n  label=\"%s\";\n",
                subjects[i].name, subjects[i].name);
        print_nodes(subjects[i].of, subjects[i].name, out);
        for (size_t k = 0; k < n; k++)
            if (c[k].of == subjects[i].of)
                print_edges(subjects[i].name, &c[k], out);
        fputs(" }\n", out);
    }
    fputs("}\n", out);
}
