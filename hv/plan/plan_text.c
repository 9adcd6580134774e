/* SPDX-License-Identifier: MIT */
/* Texts of a plan behind its steps, each ended by its NUL; never believes a
 * place without a look at where the text ends. */
#include "plan_text.h"

#include <stdlib.h>
#include <string.h>

size_t hd_plan_size(uint32_t n_steps)
{
    return sizeof(struct hd_plan) + n_steps * sizeof(struct hd_step);
}

size_t hd_plan_bytes(const struct hd_plan *plan)
{
    return hd_plan_size(plan->n_steps) + plan->n_text;
}

static const char *text_of(const struct hd_plan *plan)
{
    return (const char *)&plan->steps[plan->n_steps];
}

bool hd_plan_is_whole(const struct hd_plan *plan, size_t bytes)
{
    return plan->n_steps <= HD_PLAN_MAX_STEPS &&
           plan->n_text <= HD_PLAN_MAX_TEXT && hd_plan_bytes(plan) == bytes &&
           (!plan->n_text || !text_of(plan)[plan->n_text - 1]);
}

/* Empty for a place that is none. */
static const char *at(const struct hd_plan *plan, uint32_t place)
{
    return place < plan->n_text ? text_of(plan) + place : "";
}

struct hd_plan_view hd_plan_view(const struct hd_plan *plan,
                                 const struct hd_step *step)
{
    const struct hd_step_files *f = &step->u.files;

    return (struct hd_plan_view){f->name, at(plan, f->tables),
                                 at(plan, f->shown)};
}

const char *hd_plan_cmdline(const struct hd_plan *plan,
                            const struct hd_step *step)
{
    return at(plan, step->u.domain.cmdline);
}

bool hd_plan_has_cmdline(const struct hd_plan *plan, const struct hd_step *step)
{
    return step->u.domain.cmdline < plan->n_text;
}

bool hd_plan_find_view(const struct hd_plan *plan, const char *guest,
                       struct hd_plan_view *ret)
{
    for (uint32_t i = 0; plan && i < plan->n_steps; i++) {
        const struct hd_step *s = &plan->steps[i];

        if (s->kind != HD_STEP_SERVE_FILES || strcmp(s->guest, guest))
            continue;
        *ret = hd_plan_view(plan, s);
        return true;
    }
    return false;
}

bool hd_step_is_view(const struct hd_step *step)
{
    return step->kind == HD_STEP_SERVE_FILES ||
           step->kind == HD_STEP_ATTACH_FILES;
}

/* Where it is: two steps of a guest have the same, all guests what the policy
 * shows, and many a command line.  Without room a place that is none, and never
 * becomes one. */
static uint32_t put(struct hd_plan *plan, const char *text)
{
    uint32_t place = 0;
    size_t size = strlen(text) + 1;

    while (place < plan->n_text && strcmp(at(plan, place), text))
        place += (uint32_t)strlen(at(plan, place)) + 1;
    if (place < plan->n_text)
        return place;
    if (size > HD_PLAN_MAX_TEXT - place)
        return UINT32_MAX;
    memcpy((char *)&plan->steps[plan->n_steps] + place, text, size);
    plan->n_text += (uint32_t)size;
    return place;
}

void hd_plan_put_view(struct hd_plan *plan, struct hd_step *step,
                      const char *tables, const char *shown)
{
    step->u.files.tables = put(plan, tables);
    step->u.files.shown = put(plan, shown);
}

void hd_plan_put_cmdline(struct hd_plan *plan, struct hd_step *step,
                         const char *cmdline)
{
    step->u.domain.cmdline = put(plan, cmdline);
}

void hd_plan_copy_text(const struct hd_plan *from, struct hd_plan *to)
{
    memcpy((char *)&to->steps[to->n_steps], text_of(from), from->n_text);
    to->n_text = from->n_text;
}

struct hd_plan *hd_plan_with_view(const struct hd_plan *plan, const char *guest,
                                  const char *tables, const char *shown)
{
    struct hd_plan *other =
        calloc(1, hd_plan_bytes(plan) + strlen(tables) + strlen(shown) + 2);

    if (!other)
        return NULL;
    memcpy(other, plan, hd_plan_size(plan->n_steps));
    other->n_text = 0;
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        struct hd_step *s = &other->steps[i];
        struct hd_plan_view v;

        if (s->kind == HD_STEP_BUILD_DOMAIN)
            hd_plan_put_cmdline(other, s,
                                hd_plan_cmdline(plan, &plan->steps[i]));
        if (!hd_step_is_view(s))
            continue;
        v = hd_plan_view(plan, &plan->steps[i]);
        if (strcmp(s->guest, guest))
            hd_plan_put_view(other, s, v.tables, v.shown);
        else
            hd_plan_put_view(other, s, tables, shown);
    }
    return other;
}
