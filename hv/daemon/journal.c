/* SPDX-License-Identifier: MIT */
/* Events in journald, each with its fields.  Not by sd_journal_send(3), which
 * blocks when journald does not read; never blocks. */
#include "journal.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../../pv-drivers/base/mem.h"

struct journal {
    int fd;
    struct sockaddr_un to;
};

/* The form with a length, in which any byte is just a byte. */
static size_t field(char *ret, size_t used, const char *key, const char *value)
{
    size_t key_len = strlen(key), len = strlen(value);
    uint64_t le = htole64(len);

    if (!len || used + key_len + 1 + sizeof(le) + len + 1 > HD_JOURNAL_MAX)
        return used;
    memcpy(ret + used, key, key_len);
    used += key_len;
    ret[used++] = '\n';
    memcpy(ret + used, &le, sizeof(le));
    used += sizeof(le);
    memcpy(ret + used, value, len);
    used += len;
    ret[used++] = '\n';
    return used;
}

/* "travel.desk: building -> running (reason): message", and of the host
 * "host: message". */
static void line_of(const struct hd_event *e, char *text, size_t size)
{
    bool change = e->from != e->to;
    const char *arrow = !change ? "" : *hd_event_from(e) ? " -> " : "-> ";

    if (!*e->store)
        snprintf(text, size, "host: %s", e->message);
    else
        snprintf(text, size, "%s%s%s: %s%s%s%s%s%s%s%s", e->store,
                 *e->guest ? "." : "", e->guest, change ? hd_event_from(e) : "",
                 arrow, hd_state_name(e->to), *e->reason ? " (" : "", e->reason,
                 *e->reason ? ")" : "", *e->message ? ": " : "", e->message);
}

/* As syslog(3) has it; with a fence goes what guests had not flushed. */
static const char *priority_of(const struct hd_event *e)
{
    if (!*e->store || e->from == e->to)
        return "6"; /* info */
    if (e->to == HD_STATE_FAILED || e->to == HD_STATE_QUARANTINED)
        return "3"; /* err */
    if (e->to == HD_STATE_REFUSED || e->to == HD_STATE_FENCED)
        return "4"; /* warning */
    return "6";
}

size_t hd_journal_entry(const struct hd_event *event, char ret[HD_JOURNAL_MAX])
{
    bool host = !*event->store;
    char line[1024], seconds[32];
    size_t n = 0;

    line_of(event, line, sizeof(line));
    snprintf(seconds, sizeof(seconds), "%llu.%03u",
             (unsigned long long)event->lasted_ms / 1000,
             (unsigned)(event->lasted_ms % 1000));
    n = field(ret, n, "MESSAGE", line);
    n = field(ret, n, "MESSAGE_ID",
              host ? HD_JOURNAL_HOST_ID : HD_JOURNAL_STORE_ID);
    n = field(ret, n, "PRIORITY", priority_of(event));
    n = field(ret, n, "SYSLOG_IDENTIFIER", "hotdomd");
    n = field(ret, n, "STORE", event->store);
    n = field(ret, n, "GUEST", event->guest);
    n = field(ret, n, "FROM", hd_event_from(event));
    n = field(ret, n, "TO", host ? "" : hd_state_name(event->to));
    n = field(ret, n, "REASON", event->reason);
    return field(ret, n, "SECONDS", host ? "" : seconds);
}

static void on_event(void *ctx, const struct hd_event *event)
{
    const struct journal *journal = ctx;
    char entry[HD_JOURNAL_MAX];
    size_t n = hd_journal_entry(event, entry);

    (void)sendto(journal->fd, entry, n, MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&journal->to, sizeof(journal->to));
}

int hd_journal_start(struct hd_events *events, const char *path,
                     struct hd_err *err)
{
    hd_autofree struct journal *journal = calloc(1, sizeof(*journal));

    if (!journal)
        return hd_fail_errno(err, HD_E_FAILED, "write to the journal");
    journal->to.sun_family = AF_UNIX;
    snprintf(journal->to.sun_path, sizeof(journal->to.sun_path), "%s", path);
    journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (journal->fd < 0)
        return hd_fail_errno(err, HD_E_FAILED, "write to the journal");
    hd_events_listen(events, on_event, hd_steal(&journal));
    return 0;
}
