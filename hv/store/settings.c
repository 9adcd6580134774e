/* SPDX-License-Identifier: MIT */
/* Checks a user's settings; never knows which locales or zones there are. */
#include "settings.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define BAD(err, ...) hd_fail(err, HD_E_BAD_MANIFEST, __VA_ARGS__)

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* No option, no hidden file. */
static bool begins_well(const char *text)
{
    return isalnum((unsigned char)*text);
}

static bool is_word(const char *text)
{
    return begins_well(text) && !text[strspn(text, WORD "@")];
}

/* Below /usr/share/zoneinfo and nowhere else. */
static bool is_zone(const char *text)
{
    if (text[strspn(text, WORD "+/")] || strstr(text, ".."))
        return false;
    for (; begins_well(text); text++) {
        text = strchrnul(text, '/');
        if (!*text)
            return true;
    }
    return false;
}

static int check_texts(const struct hd_user *user, struct hd_err *err)
{
    const struct hd_settings *s = &user->settings;

    if (s->locale[0] && !is_word(s->locale))
        return BAD(err,
                   "user \"%s\": locale \"%s\" is not one like de_DE.UTF-8",
                   user->name, s->locale);
    if (s->keyboard[0] && !is_word(s->keyboard))
        return BAD(err, "user \"%s\": keyboard \"%s\" is not one like de",
                   user->name, s->keyboard);
    if (s->time_zone[0] && !is_zone(s->time_zone))
        return BAD(err,
                   "user \"%s\": time_zone \"%s\" is not one like "
                   "Europe/Berlin",
                   user->name, s->time_zone);
    return 0;
}

static bool wants(const struct hd_settings *s, const char *guest)
{
    for (uint32_t i = 0; i < s->n_guests; i++)
        if (!strcmp(s->guests[i].name, guest))
            return true;
    return false;
}

/* A guest is not started without those that it is after. */
static int check_after(const struct hd_user *user, const struct hd_guest *g,
                       struct hd_err *err)
{
    for (uint32_t i = 0; i < g->n_after; i++)
        if (!wants(&user->settings, g->after[i].name))
            return BAD(err,
                       "user \"%s\": guest \"%s\" is after \"%s\", which is "
                       "not among the user's guests",
                       user->name, g->name, g->after[i].name);
    return 0;
}

int hd_settings_check(const struct hd_manifest *m, const struct hd_user *user,
                      struct hd_err *err)
{
    const struct hd_settings *s = &user->settings;

    if (check_texts(user, err))
        return -1;
    if (!s->width != !s->height)
        return BAD(err,
                   "user \"%s\": settings have both width and height or "
                   "neither",
                   user->name);
    for (uint32_t i = 0; i < s->n_guests; i++) {
        const char *name = s->guests[i].name;
        int guest = hd_manifest_guest(m, name);

        if (guest < 0)
            return BAD(err, "user \"%s\": no guest is named \"%s\"", user->name,
                       name);
        for (uint32_t j = 0; j < i; j++)
            if (!strcmp(name, s->guests[j].name))
                return BAD(err, "user \"%s\": guest \"%s\" stands twice",
                           user->name, name);
        if (check_after(user, &m->guests[guest], err))
            return -1;
    }
    return 0;
}
