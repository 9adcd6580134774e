/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/openmetrics and hv/cli/sample: the text that Prometheus reads.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/cli/openmetrics.h"
#include "../../hv/cli/sample.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static const char reply[] =
    "{\"stores\":[{\"store\":\"travel\",\"state\":\"running\",\"ledger\":7,"
    "\"bad_blocks\":0,\"guests\":["
    "{\"guest\":\"desk\",\"state\":\"running\",\"domid\":7,"
    "\"cpu_ns\":12000000034,\"memory\":100663296,\"vcpus\":2},"
    "{\"guest\":\"q\\\"\\\\\\nx\",\"state\":\"paused\",\"domid\":8,"
    "\"cpu_ns\":1,\"memory\":4096,\"vcpus\":1,\"slowed\":1},"
    "{\"guest\":\"small\",\"state\":\"refused\"}]},"
    "{\"store\":\"sdb\",\"state\":\"refused\",\"ledger\":0,\"bad_blocks\":3,"
    "\"guests\":[]}],"
    "\"counts\":[{\"what\":\"starts\",\"of\":\"guest\",\"label\":\"\","
    "\"n\":2},"
    "{\"what\":\"failures\",\"of\":\"store\",\"label\":\"bad-signature\","
    "\"n\":1},"
    "{\"what\":\"failures\",\"of\":\"guest\",\"label\":\"of-tomorrow\","
    "\"n\":4},"
    "{\"what\":\"yanks\",\"of\":\"store\",\"label\":\"running\",\"n\":5}],"
    "\"daemon\":{\"cpu_ns\":1500000000,\"memory\":8192,\"fds\":20},"
    "\"host\":{\"cpus\":2,\"memory\":4294967296,\"memory_free\":1073741824,"
    "\"memory_left\":536870912}}";

static char *text_of(const char *json)
{
    static const struct hd_usage usage[] = {
        {.domid = 7,
         .disk_read_bytes = 1024,
         .disk_writes = 3,
         .net_sent_bytes = 99},
        {.domid = 9, .disk_read_bytes = 1},
    };
    struct json_object *sample = json_tokener_parse(json);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(sample);
    hd_sample_join(sample, usage, HD_ARRAY_LEN(usage));
    hd_openmetrics_write(sample, out);
    fclose(out);
    json_object_put(sample);
    return text;
}

static void each_number_is_a_line_with_its_labels(void)
{
    static const char *const lines[] = {
        "hotdom_stores{state=\"running\"} 1\n",
        "hotdom_stores{state=\"locked\"} 0\n",
        "hotdom_guests{state=\"paused\"} 1\n",
        "hotdom_store_ledger_entries{store=\"travel\"} 7\n",
        "hotdom_store_bad_blocks{store=\"sdb\"} 3\n",
        "hotdom_guest_cpu_seconds_total{store=\"travel\",guest=\"desk\"} "
        "12.000000034\n",
        "hotdom_guest_memory_bytes{store=\"travel\",guest=\"desk\"} "
        "100663296\n",
        "hotdom_guest_disk_read_bytes_total{store=\"travel\",guest=\"desk\"} "
        "1024\n",
        "hotdom_guest_disk_writes_total{store=\"travel\",guest=\"desk\"} 3\n",
        "hotdom_guest_network_sent_bytes_total{store=\"travel\","
        "guest=\"desk\"} 99\n",
        "hotdom_guest_starts_total 2\n",
        "hotdom_failures_total{of=\"store\",reason=\"bad-signature\"} 1\n",
        "hotdom_yanks_total{of=\"store\",state=\"running\"} 5\n",
        "hotdom_failures_total{of=\"guest\",reason=\"of-tomorrow\"} 4\n",
        "hotdom_host_memory_left_bytes 536870912\n",
        "hotdomd_cpu_seconds_total 1.500000000\n",
        "hotdomd_open_fds 20\n",
    };
    hd_autofree char *text = text_of(reply);

    for (size_t i = 0; i < HD_ARRAY_LEN(lines); i++)
        if (!strstr(text, lines[i])) {
            fprintf(stderr, "missing: %s", lines[i]);
            CU_FAIL("a line is missing");
        }
    /* Who has no domain has no numbers. */
    CU_ASSERT_PTR_NULL(strstr(text, "guest=\"small\""));
}

static void a_label_is_escaped(void)
{
    hd_autofree char *text = text_of(reply);

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "hotdom_guest_vcpus{store=\"travel\","
                                        "guest=\"q\\\"\\\\\\nx\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "hotdom_guest_slowed{store=\"travel\","
                                        "guest=\"q\\\"\\\\\\nx\"} 1\n"));
}

/* A family: its lines stand together, behind TYPE and HELP; a counter's end in
 * _total, and a unit ends the name. */
struct family {
    char name[80], type[16];
};

static void check_comment(char *at, struct family *f)
{
    char name[80], text[80];

    if (sscanf(at, "# TYPE %79s %15s", name, text) == 2) {
        strcpy(f->name, name);
        snprintf(f->type, sizeof(f->type), "%s", text);
        return;
    }
    if (sscanf(at, "# UNIT %79s %79s", name, text) == 2) {
        CU_ASSERT_STRING_EQUAL(name, f->name);
        CU_ASSERT_TRUE(strlen(name) > strlen(text) &&
                       !strcmp(name + strlen(name) - strlen(text), text));
        return;
    }
    CU_ASSERT_EQUAL(sscanf(at, "# HELP %79s %79s", name, text), 2);
    CU_ASSERT_STRING_EQUAL(name, f->name);
}

static void check_line(const char *at, const struct family *f)
{
    size_t n = strcspn(at, "{ ");
    bool counter = !strcmp(f->type, "counter");

    CU_ASSERT_EQUAL(n, strlen(f->name) + (counter ? strlen("_total") : 0));
    CU_ASSERT_FALSE(strncmp(at, f->name, strlen(f->name)));
    if (counter)
        CU_ASSERT_FALSE(strncmp(at + n - 6, "_total", 6));
    CU_ASSERT_TRUE(isdigit((unsigned char)strrchr(at, ' ')[1]));
}

static void the_text_has_the_form_that_openmetrics_wants(void)
{
    hd_autofree char *text = text_of(reply);
    struct family f = {0};
    char *save = NULL, seen[4096] = "";
    bool ended = false;

    for (char *at = strtok_r(text, "\n", &save); at;
         at = strtok_r(NULL, "\n", &save)) {
        CU_ASSERT_FALSE(ended);
        if (!strcmp(at, "# EOF")) {
            ended = true;
        } else if (*at == '#') {
            check_comment(at, &f);
            if (!strncmp(at, "# TYPE", 6)) {
                CU_ASSERT_PTR_NULL(strstr(seen, at)); /* a family twice */
                strcat(strcat(seen, at), "\n");
            }
        } else {
            check_line(at, &f);
        }
    }
    CU_ASSERT_TRUE(ended);
}

static void a_host_without_stores_has_its_families_all_the_same(void)
{
    hd_autofree char *text =
        text_of("{\"stores\":[],\"counts\":[],\"daemon\":{},\"host\":null}");

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "hotdom_stores{state=\"running\"} 0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "hotdom_guest_starts_total 0\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "hotdom_host_cpus"));
    CU_ASSERT_STRING_EQUAL(text + strlen(text) - 6, "# EOF\n");
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* Prometheus sees an increase only of what was there before. */
static void what_has_not_happened_yet_is_a_0(void)
{
    hd_autofree char *none =
        text_of("{\"stores\":[],\"counts\":[],\"daemon\":{},\"host\":null}");
    hd_autofree char *text = text_of(reply);
    static const char *const lines[] = {
        "hotdom_failures_total{of=\"store\",reason=\"rollback\"} 0\n",
        "hotdom_failures_total{of=\"guest\",reason=\"no-memory\"} 0\n",
        "hotdom_yanks_total{of=\"store\",state=\"running\"} 0\n",
        "hotdom_yanks_total{of=\"store\",state=\"ejecting\"} 0\n",
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(lines); i++)
        if (!strstr(none, lines[i])) {
            fprintf(stderr, "missing: %s", lines[i]);
            CU_FAIL("a line is missing");
        }
    CU_ASSERT_PTR_NULL(strstr(none, "reason=\"ok\""));
    CU_ASSERT_PTR_NULL(strstr(none, "hotdom_yanks_total{of=\"guest\""));
    /* And each is there once. */
    CU_ASSERT_EQUAL(times(text, "of=\"store\",reason=\"bad-signature\""), 1);
    CU_ASSERT_EQUAL(times(text, "of=\"store\",state=\"running\""), 1);
}

static bool is_of_a_name(char c)
{
    return islower((unsigned char)c) || c == '_';
}

/* With labels or without. */
static bool has_metric(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = text; (at = strstr(at, name)); at += len)
        if (at > text && at[-1] == '\n' && (at[len] == '{' || at[len] == ' '))
            return true;
    return false;
}

/* Each name in the file of a metric of ours is in `text`; gives how many. */
static size_t check_names(const char *path, const char *text)
{
    hd_autofree char *file = NULL;
    size_t n = 0;

    CU_ASSERT_EQUAL_FATAL(hd_io_read_file(path, 1 << 20, &file, NULL, NULL), 0);
    for (const char *at = file; (at = strstr(at, "hotdom"));) {
        char name[80];
        size_t len = 0;

        while (is_of_a_name(at[len]))
            len++;
        snprintf(name, sizeof(name), "%.*s", (int)len, at);
        at += len;
        if (!strchr(name, '_'))
            continue;
        n++;
        if (!has_metric(text, name)) {
            fprintf(stderr, "%s: there is no %s\n", path, name);
            CU_FAIL("a metric is missing");
        }
    }
    return n;
}

static void dashboard_and_alerts_ask_for_what_there_is(void)
{
    hd_autofree char *text = text_of(reply);

    CU_ASSERT_TRUE(check_names("config/hotdom-grafana.json", text) >= 15);
    CU_ASSERT_TRUE(check_names("config/hotdom-alerts.yaml", text) >= 8);
}

static const struct hd_test tests[] = {
    HD_TEST(each_number_is_a_line_with_its_labels),
    HD_TEST(a_label_is_escaped),
    HD_TEST(the_text_has_the_form_that_openmetrics_wants),
    HD_TEST(a_host_without_stores_has_its_families_all_the_same),
    HD_TEST(what_has_not_happened_yet_is_a_0),
    HD_TEST(dashboard_and_alerts_ask_for_what_there_is),
};

HD_SUITE("cli/openmetrics", tests);
