/* SPDX-License-Identifier: MIT */
/* Draws progress; never writes control sequences to what is no terminal. */
#include "progress.h"

#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define BAR       24 /* characters */
#define REDRAW_MS 100
/* Phases of less than this are counted in steps, not in bytes. */
#define BYTES 4096

const char *hd_progress_size(uint64_t bytes, char text[HD_PROGRESS_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double n = (double)bytes / 1024;
    size_t i = 0;

    if (bytes < 1024) {
        snprintf(text, HD_PROGRESS_SIZE, "%u B", (unsigned)bytes);
        return text;
    }
    while (n >= 1024 && i + 1 < HD_ARRAY_LEN(units)) {
        n /= 1024;
        i++;
    }
    snprintf(text, HD_PROGRESS_SIZE, "%.1f %s", n, units[i]);
    return text;
}

void hd_progress_init(struct hd_progress *p, FILE *out, bool quiet)
{
    *p = (struct hd_progress){
        .out = out, .quiet = quiet, .bar = isatty(fileno(out))};
}

static void draw_bar(const struct hd_progress *p, uint64_t done, uint64_t total,
                     uint64_t ms)
{
    char bar[BAR + 1], rate[HD_PROGRESS_SIZE];
    uint64_t left = done ? (total - done) * ms / done / 1000 : 0;
    size_t filled = (size_t)(done * BAR / total);

    memset(bar, ' ', BAR);
    memset(bar, '#', filled);
    bar[BAR] = '\0';
    fprintf(p->out, "\r\033[K%-24s [%s] %3u%%", p->phase, bar,
            (unsigned)(done * 100 / total));
    if (total >= BYTES && ms)
        fprintf(p->out, "  %s/s  %u:%02u left",
                hd_progress_size(done * 1000 / ms, rate), (unsigned)(left / 60),
                (unsigned)(left % 60));
}

static void write_line(const struct hd_progress *p, uint64_t total, uint64_t ms)
{
    char size[HD_PROGRESS_SIZE];

    fprintf(p->out, "%s: ", p->phase);
    if (total >= BYTES)
        fprintf(p->out, "%s in ", hd_progress_size(total, size));
    fprintf(p->out, "%.1f s\n", (double)ms / 1000);
}

void hd_progress_show(struct hd_progress *p, const char *phase, uint64_t done,
                      uint64_t total)
{
    uint64_t now = hd_io_now_ms();

    if (p->quiet || !total)
        return;
    if (strcmp(p->phase, phase)) {
        snprintf(p->phase, sizeof(p->phase), "%s", phase);
        p->begun_ms = now;
        p->drawn_ms = 0;
    }
    if (p->bar && (done == total || now - p->drawn_ms >= REDRAW_MS)) {
        draw_bar(p, done, total, now - p->begun_ms);
        p->drawn_ms = now;
    }
    if (done == total) {
        if (p->bar)
            fputs("\r\033[K", p->out);
        write_line(p, total, now - p->begun_ms);
        p->phase[0] = '\0';
    }
    fflush(p->out);
}

void hd_progress_fini(struct hd_progress *p)
{
    if (p->bar && !p->quiet && p->phase[0])
        fputs("\r\033[K", p->out);
}
