/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/ask in a /run of its own: who is asked for a locked store by
 * password agents, and whom an answer is taken for. */
#include "../../hv/daemon/ask.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "apart_kit.h"
#include "unit.h"
#include "xen_kit.h"

#define ID "00000000-0000-0000-0000-000000000000"

static struct kit_daemon k;

static const char *stand(void)
{
    if (geteuid() || unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", "/run", "tmpfs", 0, NULL) ||
        mount("none", "/var/lib", "tmpfs", 0, NULL))
        return "skipped: this machine allows no mounts of one's own";
    EXPECT(!mkdir("/run/systemd", 0755));
    return NULL;
}

/* A locked store of so many users, "user0" and so on, and a recovery key. */
static void lock(uint32_t users)
{
    static const char *const guests[] = {"desk", NULL};
    struct hd_luks_facts *facts;

    kit_daemon_init(&k, "travel", guests);
    xen_kit_begin(&k);
    k.daemon.rules.policy.ask_password = 60000;
    k.store->state = HD_STATE_LOCKED;
    k.store->answer->manifest.n_volumes = 1;
    k.store->answer->manifest.volumes[0].encryption = HD_ENCRYPTION_LUKS2;
    facts = &k.store->answer->luks;
    strcpy(facts->users[facts->n_users++].name, "recovery");
    for (uint32_t i = 0; i < users; i++)
        snprintf(facts->users[facts->n_users++].name, HD_NAME_SIZE, "user%u",
                 i);
    hd_ask_look(k.store, NULL);
}

/* What the question of this number says, or "". */
static const char *message(unsigned number)
{
    static char line[256];
    char path[128];
    FILE *in;
    bool found = false;

    snprintf(path, sizeof(path), HD_ASK_DIR "/ask." HD_ASK_NAME ID "-%u",
             number);
    in = fopen(path, "re");
    while (in && !found && fgets(line, sizeof(line), in))
        found = !strncmp(line, "Message=", 8);
    if (in)
        fclose(in);
    line[strcspn(line, "\n")] = '\0';
    return found ? line + 8 : "";
}

static bool asks(unsigned number, const char *wrong, const char *user)
{
    char want[256];

    snprintf(want, sizeof(want),
             "%sPlease enter the password of %s for store travel:", wrong,
             user);
    return !strcmp(message(number), want);
}

/* All that is there for agents. */
static int files(void)
{
    DIR *d = opendir(HD_ASK_DIR);
    struct dirent *e;
    int n = 0;

    while (d && (e = readdir(d)))
        n += strstr(e->d_name, HD_ASK_NAME) != NULL;
    if (d)
        closedir(d);
    return n;
}

static bool answer(unsigned number, const char *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    hd_autofd int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    size_t len = strlen(text);

    snprintf(to.sun_path, sizeof(to.sun_path),
             HD_ASK_DIR "/sck." HD_ASK_NAME ID "-%u", number);
    if (sendto(fd, text, len, 0, (struct sockaddr *)&to, sizeof(to)) !=
        (ssize_t)len)
        return false;
    for (int i = 0; i < 3; i++)
        uv_run(&k.loop, UV_RUN_NOWAIT);
    return true;
}

static const char *ask_all(void)
{
    lock(3);
    EXPECT(files() == 6);
    EXPECT(asks(0, "", "user0"));
    EXPECT(asks(1, "", "user1"));
    EXPECT(asks(2, "", "user2"));
    hd_ask_end(k.store);
    EXPECT(files() == 0);
    return NULL;
}

static const char *open_for_one(void)
{
    lock(3);
    EXPECT(answer(1, "+secret"));
    EXPECT(xen_kit.unlocks == 1 && !strcmp(xen_kit.user, "user1"));
    EXPECT(files() == 0);
    /* It was wrong. */
    hd_ask_look(k.store, "wrong-password");
    EXPECT(asks(0, "", "user0"));
    EXPECT(asks(1, "Wrong password. ", "user1"));
    EXPECT(asks(2, "", "user2"));
    EXPECT(answer(2, "+secret"));
    EXPECT(xen_kit.unlocks == 2 && !strcmp(xen_kit.user, "user2"));
    return NULL;
}

static const char *refuse(void)
{
    lock(2);
    EXPECT(answer(0, "-"));
    EXPECT(files() == 2 && asks(1, "", "user1"));
    EXPECT(k.store->question);
    EXPECT(answer(1, "+"));
    EXPECT(files() == 2);
    EXPECT(answer(1, "-"));
    EXPECT(files() == 0);
    EXPECT(!k.store->question && !xen_kit.unlocks);
    return NULL;
}

static const char *ask_many(void)
{
    lock(HD_ASK_USERS);
    EXPECT(files() == 2 * HD_ASK_USERS);
    hd_ask_end(k.store);
    lock(HD_ASK_USERS + 1);
    EXPECT(files() == 0 && !k.store->question);
    lock(0);
    EXPECT(files() == 0 && !k.store->question);
    return NULL;
}

static const char *fail_to_ask(void)
{
    /* The last one's question cannot be made. */
    EXPECT(!mkdir(HD_ASK_DIR, 0755));
    EXPECT(!mkdir(HD_ASK_DIR "/ask." HD_ASK_NAME ID "-1", 0755));
    lock(2);
    EXPECT(!k.store->question);
    EXPECT(!rmdir(HD_ASK_DIR "/ask." HD_ASK_NAME ID "-1"));
    EXPECT(files() == 0);
    return NULL;
}

static void each_user_is_asked_and_the_recovery_key_is_not(void)
{
    (void)apart_kit_run(stand, ask_all);
}

static void an_answer_is_that_of_the_user_who_was_asked(void)
{
    (void)apart_kit_run(stand, open_for_one);
}

static void who_does_not_want_to_ends_their_own_question(void)
{
    (void)apart_kit_run(stand, refuse);
}

static void nobody_is_asked_when_they_are_too_many(void)
{
    (void)apart_kit_run(stand, ask_many);
}

static void all_are_asked_or_nobody(void)
{
    (void)apart_kit_run(stand, fail_to_ask);
}

static const struct hd_test tests[] = {
    HD_TEST(each_user_is_asked_and_the_recovery_key_is_not),
    HD_TEST(an_answer_is_that_of_the_user_who_was_asked),
    HD_TEST(who_does_not_want_to_ends_their_own_question),
    HD_TEST(nobody_is_asked_when_they_are_too_many),
    HD_TEST(all_are_asked_or_nobody),
};

HD_SUITE("daemon/ask", tests);
