/* SPDX-License-Identifier: MIT */
/* The doctor's checks against a host made of files; what Xen, xenstore and the
 * daemon themselves say is the bed's. */
#include "../../hv/host/doctor.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../hv/store/sign.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/version.h"
#include "sysfs_kit.h"
#include "unit.h"

#define RELEASE "6.1.0-48-amd64"
#define MODULES "lib/modules/" RELEASE "/"
#define RULE    "usr/lib/udev/rules.d/54-hotdom.rules"
#define WANTS   "etc/systemd/system/multi-user.target.wants/"

static const struct hd_link bridge = {.name = "xenbr0", .kind = "bridge"};

static const char dep[] =
    "kernel/drivers/block/xen-blkback/xen-blkback.ko:\n"
    "kernel/drivers/net/xen-netback/xen-netback.ko: kernel/net/x.ko\n"
    "kernel/drivers/xen/xen-gntdev.ko:\n"
    "kernel/drivers/xen/xen-evtchn.ko:\n"
    "kernel/drivers/xen/xenfs/xenfs.ko: kernel/drivers/xen/xen-privcmd.ko\n"
    "kernel/drivers/md/dm-crypt.ko: kernel/crypto/x.ko\n"
    "kernel/drivers/md/dm-multipath.ko:\n"
    "kernel/drivers/md/dm-round-robin.ko: kernel/drivers/md/dm-multipath.ko\n"
    "kernel/drivers/block/loop.ko:\n"
    "kernel/net/bridge/bridge.ko:\n";

static void add_signer(const struct hd_kit_tree *t)
{
    char pem[HD_SIGNER_PEM + 1];
    struct hd_signer signer = {.key = {9}};

    hd_signer_format_pem(&signer, pem);
    hd_kit_put(t, "etc/hotdom/trusted.d/lab.pub", pem);
}

/* The tree's own, and `more` behind it. */
static void put_rule(const struct hd_kit_tree *t, const char *path,
                     const char *more)
{
    hd_autofree char *rule = NULL;
    char text[8192];

    CU_ASSERT_EQUAL_FATAL(
        hd_io_read_file("config/54-hotdom.rules", 8000, &rule, NULL, NULL), 0);
    snprintf(text, sizeof(text), "%s%s", rule, more);
    hd_kit_put(t, path, text);
}

/* Every check is content with it. */
static void make_healthy(struct hd_kit_tree *t, struct hd_doctor_host *h)
{
    hd_kit_tree_init(t);
    hd_kit_put(t, "proc/sys/kernel/osrelease", RELEASE "\n");
    hd_kit_put(t, MODULES "modules.dep", dep);
    hd_kit_put(t, MODULES "modules.builtin", "kernel/drivers/md/dm-mod.ko\n");
    hd_kit_put(t, "sys/module/dm_verity/refcnt", "0\n");
    put_rule(t, RULE, "");
    hd_kit_put(t, "etc/group", "root:x:0:\nhotdom:x:999:\n");
    hd_kit_put(t, "etc/passwd",
               "hotdom-reader:x:9:\nhotdom-serial:x:8:\nhotdom-9p:x:7:\n");
    hd_kit_point(t, WANTS "hotdomd.service", "/usr/lib/x");
    hd_kit_point(t, WANTS "hotdom-guests.service", "/usr/lib/x");
    hd_kit_put(t, "run/hotdom/ledger/x", "");
    CU_ASSERT(!fchmodat(t->root, "run/hotdom/ledger", 0700, 0));
    hd_kit_put(t, "usr/libexec/xen-qemu-system-i386", "");
    CU_ASSERT(!fchmodat(t->root, "usr/libexec/xen-qemu-system-i386", 0755, 0));
    add_signer(t);
    *h = (struct hd_doctor_host){
        .root = t->root,
        .facts = {.version = "4.17.5",
                  .options = "console=com1 dom0_mem=1G,max:1G"},
        .memory_free = 1ull << 30,
        .links = &bridge,
        .n_links = 1,
        .daemon_version = HD_VERSION,
    };
}

/* The finding of that name. */
static struct hd_finding find(const struct hd_doctor_host *h, const char *check)
{
    struct hd_finding list[HD_DOCTOR_CHECKS], none = {.text = "no such check"};
    size_t n = hd_doctor_run(h, list);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].check, check))
            return list[i];
    CU_FAIL("no such check");
    return none;
}

static void expect(const struct hd_doctor_host *h, const char *check,
                   enum hd_verdict verdict, const char *text, const char *fix)
{
    struct hd_finding f = find(h, check);

    if (f.verdict != verdict || !strstr(f.text, text) || !strstr(f.fix, fix)) {
        printf("\n    %s: got %s \"%s\", \"%s\"\n", check,
               hd_verdict_name(f.verdict), f.text, f.fix);
        CU_FAIL("another finding");
    }
}

static void a_host_in_order_has_nothing_to_mend(void)
{
    struct hd_finding list[HD_DOCTOR_CHECKS];
    struct hd_doctor_host h;
    struct hd_kit_tree t;
    size_t n;

    make_healthy(&t, &h);
    n = hd_doctor_run(&h, list);
    CU_ASSERT(n > 10);
    for (size_t i = 0; i < n; i++) {
        if (list[i].verdict != HD_DOCTOR_OK)
            printf("\n    %s: %s\n", list[i].check, list[i].text);
        CU_ASSERT_EQUAL(list[i].verdict, HD_DOCTOR_OK);
        CU_ASSERT_STRING_EQUAL(list[i].fix, "");
        CU_ASSERT_STRING_NOT_EQUAL(list[i].text, "");
    }
    hd_kit_tree_fini(&t);
}

static void whatever_is_not_in_order_has_a_fix(void)
{
    struct hd_finding list[HD_DOCTOR_CHECKS];
    struct hd_doctor_host h = {0};
    struct hd_kit_tree t;
    size_t n;

    hd_kit_tree_init(&t);
    h.root = t.root;
    hd_fail(&h.xenstore, HD_E_NO_XEN, "xenstored does not answer");
    n = hd_doctor_run(&h, list);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(list[i].verdict == HD_DOCTOR_OK, !*list[i].fix);
    expect(&h, "xenstore", HD_DOCTOR_PROBLEM, "xenstored does not",
           "systemctl restart xen");
    expect(&h, "users", HD_DOCTOR_PROBLEM, "group hotdom, user hotdom-reader",
           "systemd-sysusers");
    expect(&h, "boot", HD_DOCTOR_WARNING, "hotdomd, hotdom-guests",
           "systemctl enable");
    expect(&h, "trust", HD_DOCTOR_PROBLEM, "no signer", "hotdom trust add");
    expect(&h, "display", HD_DOCTOR_WARNING, "no QEMU", "qemu-system-xen");
    hd_kit_tree_fini(&t);
}

static void without_xen_the_rest_says_so_and_the_message_is_the_fix(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    hd_fail(&h.xen, HD_E_NO_XEN, "this is a guest; run hotdom in dom0");
    expect(&h, "xen", HD_DOCTOR_PROBLEM, "this is a guest", "run hotdom in");
    CU_ASSERT_STRING_EQUAL(find(&h, "xen").text, "this is a guest");
    expect(&h, "memory", HD_DOCTOR_WARNING, "not known", "\"xen\" first");
    expect(&h, "daemon", HD_DOCTOR_WARNING, "not known", "\"xen\" first");
    hd_kit_tree_fini(&t);
}

static void dom0_needs_a_cap_and_guests_need_room(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    h.memory_free = 40 << 20;
    expect(&h, "memory", HD_DOCTOR_WARNING, "40 MiB", "stop a guest");
    strcpy(h.facts.options, "xdom0_mem=1G console=com1");
    expect(&h, "memory", HD_DOCTOR_PROBLEM, "no cap", "dom0_mem=2G,max:2G");
    hd_kit_tree_fini(&t);
}

static void modules_may_be_loaded_loadable_or_built_in(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    hd_kit_put(&t, MODULES "modules.builtin", "");
    expect(&h, "modules", HD_DOCTOR_PROBLEM, "no module dm-mod",
           "linux-image-amd64");
    hd_kit_put(&t, "proc/sys/kernel/osrelease", "6.0.0-old\n");
    expect(&h, "modules", HD_DOCTOR_PROBLEM, "xen-blkback, ", "reboot");
    hd_kit_tree_fini(&t);
}

static void each_role_of_the_policy_needs_its_bridge(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    hd_kit_put(&t, "etc/hotdom/hotdom.yaml",
               "networks:\n  - {role: internet, bridge: xenbr0}\n"
               "  - {role: lab, bridge: labbr0}\n");
    expect(&h, "bridges", HD_DOCTOR_PROBLEM, "no bridge labbr0 (role lab)",
           "ip link add labbr0 type bridge");
    expect(&h, "policy", HD_DOCTOR_OK, "is valid", "");
    hd_kit_put(&t, "etc/hotdom/hotdom.yaml", "activation: auto\n");
    expect(&h, "bridges", HD_DOCTOR_OK, "first bridge", "");
    h.n_links = 0;
    expect(&h, "bridges", HD_DOCTOR_WARNING, "no bridge", "ip link add");
    hd_kit_tree_fini(&t);
}

static void a_bad_policy_is_named_with_its_line(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    hd_kit_put(&t, "etc/hotdom/hotdom.yaml", "activation: maybe\n");
    expect(&h, "policy", HD_DOCTOR_PROBLEM,
           "/etc/hotdom/hotdom.yaml: line 1, column 13", "hotdom policy check");
    CU_ASSERT_PTR_NULL(strstr(find(&h, "policy").text, "/proc/"));
    hd_kit_tree_fini(&t);
}

static void a_rule_that_is_masked_is_no_rule(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    hd_kit_point(&t, "etc/udev/rules.d/54-hotdom.rules", "/dev/null");
    expect(&h, "udev", HD_DOCTOR_PROBLEM, "masks the rule",
           "rm /etc/udev/rules.d/54-hotdom.rules");
    unlinkat(t.root, "etc/udev/rules.d/54-hotdom.rules", 0);
    expect(&h, "udev", HD_DOCTOR_OK, "/" RULE, "");
    unlinkat(t.root, RULE, 0);
    expect(&h, "udev", HD_DOCTOR_PROBLEM, "not installed",
           "udevadm control --reload");
    hd_kit_tree_fini(&t);
}

static void a_rule_of_another_version_is_told(void)
{
    static const char own[] = "etc/udev/rules.d/54-hotdom.rules";
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    put_rule(&t, RULE, "# and more\n");
    expect(&h, "udev", HD_DOCTOR_WARNING, "/" RULE " is not this version's",
           "--reinstall");
    hd_kit_put(&t, RULE, "ACTION==\"remove\"\n");
    expect(&h, "udev", HD_DOCTOR_WARNING, "/" RULE " is not", "--reinstall");
    /* Somebody's own goes before it. */
    put_rule(&t, RULE, "");
    put_rule(&t, own, "# mine\n");
    expect(&h, "udev", HD_DOCTOR_WARNING, "/etc/udev/rules.d/54-hotdom.rules",
           "compare it with /usr/lib/udev/rules.d/54-hotdom.rules");
    put_rule(&t, own, "");
    expect(&h, "udev", HD_DOCTOR_OK, "/etc/udev/rules.d/54-hotdom.rules", "");
    hd_kit_tree_fini(&t);
}

static void another_version_of_the_daemon_is_restarted(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    strcpy(h.daemon_version, "0.0.9");
    expect(&h, "daemon", HD_DOCTOR_PROBLEM, "\"0.0.9\"",
           "systemctl restart hotdomd");
    hd_fail(&h.daemon, HD_E_NO_DAEMON, "hotdomd does not answer");
    expect(&h, "daemon", HD_DOCTOR_PROBLEM, "does not answer",
           "systemctl enable --now hotdomd");
    hd_kit_tree_fini(&t);
}

static void a_key_that_others_can_write_is_named(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    CU_ASSERT(!fchmodat(t.root, "etc/hotdom/trusted.d/lab.pub", 0666, 0));
    expect(&h, "trust", HD_DOCTOR_PROBLEM,
           "left out: /etc/hotdom/trusted.d/lab.pub is not", "chmod 644");
    hd_kit_tree_fini(&t);
}

static void what_others_may_write_in_run_is_told(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    CU_ASSERT(!fchmodat(t.root, "run/hotdom/ledger", 0750, 0));
    expect(&h, "run", HD_DOCTOR_PROBLEM, "/run/hotdom/ledger",
           "chmod 700 /run/hotdom/ledger");
    hd_kit_tree_fini(&t);
}

/* The users and groups of config/hotdom.sysusers as those of a host, but the
 * one in line `without`, whose name it gives, or "" behind the last. */
static char *put_users(const struct hd_kit_tree *t, int without)
{
    hd_autofree char *file = NULL;
    char groups[512] = "", users[512] = "", type, name[64];
    char *line, *at, *left_out = strdup("");

    CU_ASSERT_EQUAL_FATAL(
        hd_io_read_file("config/hotdom.sysusers", 4096, &file, NULL, NULL), 0);
    for (at = file; (line = strsep(&at, "\n"));) {
        char *to = *line == 'g' ? groups : users;

        if (*line == '#' || sscanf(line, "%c %63s", &type, name) != 2)
            continue;
        if (without-- == 0) {
            free(left_out);
            left_out = strdup(name);
        } else
            sprintf(to + strlen(to), "%s:x:9:\n", name);
    }
    hd_kit_put(t, "etc/group", groups);
    hd_kit_put(t, "etc/passwd", users);
    return left_out;
}

static void each_user_that_the_package_makes_is_needed_and_no_other(void)
{
    struct hd_doctor_host h;
    struct hd_kit_tree t;
    char what[80];
    int i;

    make_healthy(&t, &h);
    for (i = 0;; i++) {
        hd_autofree char *name = put_users(&t, i);

        if (!*name)
            break;
        snprintf(what, sizeof(what), "there is no %s %s",
                 strchr(name, '-') ? "user" : "group", name);
        expect(&h, "users", HD_DOCTOR_PROBLEM, what, "systemd-sysusers");
        CU_ASSERT_STRING_EQUAL(find(&h, "users").text, what);
    }
    CU_ASSERT_EQUAL(i, 4);
    expect(&h, "users", HD_DOCTOR_OK, "exist", "");
    hd_kit_tree_fini(&t);
}

static void a_xen_older_than_it_was_made_for_is_a_warning(void)
{
    static const struct {
        const char *version;
        enum hd_verdict verdict;
    } cases[] = {
        {"4.17.0", HD_DOCTOR_OK},      {"4.17.5-pre", HD_DOCTOR_OK},
        {"4.20.1", HD_DOCTOR_OK},      {"5.0.0", HD_DOCTOR_OK},
        {"4.16.6", HD_DOCTOR_WARNING}, {"4.4.1", HD_DOCTOR_WARNING},
        {"3.18.0", HD_DOCTOR_WARNING}, {"unknown", HD_DOCTOR_WARNING},
    };
    struct hd_doctor_host h;
    struct hd_kit_tree t;

    make_healthy(&t, &h);
    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        strcpy(h.facts.version, cases[i].version);
        expect(&h, "xen", cases[i].verdict, cases[i].version,
               cases[i].verdict == HD_DOCTOR_OK ? "" : "xen-system-amd64");
    }
    hd_kit_tree_fini(&t);
}

static const struct hd_test tests[] = {
    HD_TEST(a_host_in_order_has_nothing_to_mend),
    HD_TEST(whatever_is_not_in_order_has_a_fix),
    HD_TEST(without_xen_the_rest_says_so_and_the_message_is_the_fix),
    HD_TEST(dom0_needs_a_cap_and_guests_need_room),
    HD_TEST(modules_may_be_loaded_loadable_or_built_in),
    HD_TEST(each_role_of_the_policy_needs_its_bridge),
    HD_TEST(a_bad_policy_is_named_with_its_line),
    HD_TEST(a_rule_that_is_masked_is_no_rule),
    HD_TEST(a_rule_of_another_version_is_told),
    HD_TEST(another_version_of_the_daemon_is_restarted),
    HD_TEST(a_key_that_others_can_write_is_named),
    HD_TEST(what_others_may_write_in_run_is_told),
    HD_TEST(each_user_that_the_package_makes_is_needed_and_no_other),
    HD_TEST(a_xen_older_than_it_was_made_for_is_a_warning),
};

HD_SUITE("host/doctor", tests);
