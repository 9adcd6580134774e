/* SPDX-License-Identifier: MIT */
/* hotdom: the command line; picks a command from the table, never does its
 * work. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/base/version.h"
#include "whole.h"

static const struct hd_cmd cmds[] = {
    {"list", "[STORE|GUEST...] [--state STATE] [--sort KEY] [--json]",
     "show attached stores and their guests",
     "  --state STATE    only those that are running, locked, paused, ...\n"
     "  --sort KEY       store, guest, id or state, or the most first: mem,\n"
     "                   vcpus or uptime\n"
     "  --json           the objects of the control socket\n",
     hd_cmd_list, NULL},
    {"unlock", "[STORE] [-u USER] [--password-fd N]",
     "open a store with a user's password and start its guests",
     "  -u, --user USER     who unlocks; with the recovery key: \"recovery\";\n"
     "                      may be left out when there is one\n"
     "  --password-fd N     read the password from descriptor N, not the "
     "terminal\n",
     hd_cmd_unlock, NULL},
    {"passwd", "STORE [-u USER] [--as USER] [--password-fd N]",
     "give a user of an encrypted store another password",
     "  -u, --user USER     whose; may be left out when there is one\n"
     "  --as USER           who does it, with a password of their own or as\n"
     "                      \"recovery\" with the recovery key; default USER\n"
     "  --password-fd N     read from descriptor N, one a line, the old one "
     "first\n",
     hd_cmd_passwd, NULL},
    {"user",
     "list STORE [--json] | add STORE NAME [-u USER] | rm STORE NAME [-u USER]",
     "show and change who can open an encrypted store",
     "  -u, --user USER     who does it, \"recovery\" with the recovery key;\n"
     "                      may be left out when there is one\n"
     "  --password-fd N     read from descriptor N, one a line, USER's first\n"
     "  --json              one object\n",
     hd_cmd_user, NULL},
    {"console", "GUEST", "connect to a guest's console; Ctrl-] leaves it", "",
     hd_cmd_console, NULL},
    {"eject", "[STORE] | --all [--within SECONDS]",
     "shut a store's guests down, until safe to remove",
     "  --all               every store's, side by side\n"
     "  --within SECONDS    destroy who would not end in that time\n",
     hd_cmd_eject, NULL},
    {"attach", "DEVICE|FILE",
     "look at a device again, after an eject, or at an image file",
     "  FILE    becomes a disk until its store is ejected\n", hd_cmd_attach,
     hd_cmd_plan},
    {"pause", "GUEST... | --all [--wait[=SECONDS]]", "let guests stand still",
     "  GUEST               a name, STORE.GUEST or a domid\n"
     "  --all               each that runs\n"
     "  --wait[=SECONDS]    until it is so, at most 300 seconds\n",
     hd_cmd_pause, NULL},
    {"unpause", "GUEST... | --all [--wait[=SECONDS]]",
     "let paused guests go on",
     "  --all               each that is paused\n"
     "  --wait[=SECONDS]    until it is so, at most 300 seconds\n",
     hd_cmd_unpause, NULL},
    {"shutdown", "GUEST... | --all [--wait[=SECONDS]]",
     "ask guests to shut down",
     "  --all               each that runs\n"
     "  --wait[=SECONDS]    until no trace is left, at most 300 seconds\n",
     hd_cmd_shutdown, NULL},
    {"reboot", "GUEST... | --all [--wait[=SECONDS]]", "ask guests to reboot",
     "  --all               each that runs\n"
     "  --wait[=SECONDS]    until they run again, at most 300 seconds\n",
     hd_cmd_reboot, NULL},
    {"destroy", "GUEST... | --all [--wait[=SECONDS]]",
     "end guests without asking them",
     "  --all               each that runs\n"
     "  --wait[=SECONDS]    until no trace is left, at most 300 seconds\n",
     hd_cmd_destroy, NULL},
    {"dump", "GUEST FILE", "save the memory of a guest that stands still",
     "  GUEST    is paused or preserved, or was kept behind a pull\n"
     "  FILE     a new one, an ELF core, for root alone to read\n",
     hd_cmd_dump, NULL},
    {"block-attach", "GUEST ram:SIZE|ROLE [--as xvdX] [--read-only] [--json]",
     "give a guest that runs one disk more",
     "  ram:SIZE       a disk in memory, as ram:64M, that is gone with the "
     "guest\n"
     "  ROLE           the USB disk that the policy's `devices` join to it\n"
     "  --as xvdX      its name there; the next free one when left out\n"
     "  --read-only    the guest cannot write it\n"
     "  --json         one object\n",
     hd_cmd_block_attach, NULL},
    {"block-detach", "GUEST xvdX [--force] [--json]",
     "take a disk from a guest that runs",
     "  xvdX       any of its disks; a volume of the store is there again "
     "when\n"
     "             the guest is started the next time\n"
     "  --force    also when the guest does not let go of it\n"
     "  --json     one object\n",
     hd_cmd_block_detach, NULL},
    {"network-attach", "GUEST ROLE [--as NAME] [--json]",
     "give a guest that runs one NIC more",
     "  ROLE         the policy's `networks` join it to a bridge\n"
     "  --as NAME    its name in the guest's map; the next free lanN when left "
     "out\n"
     "  --json       one object\n",
     hd_cmd_network_attach, NULL},
    {"network-detach", "GUEST NAME|MAC [--force] [--json]",
     "take a NIC from a guest that runs",
     "  --force    also when the guest does not let go of it\n"
     "  --json     one object\n",
     hd_cmd_network_detach, NULL},
    {"table",
     "GUEST list | which PATH | add PATH [--inclusion] | rm PATH | log "
     "[--json]",
     "show and change what a guest that runs reads of the host",
     "  list           its exceptions, read from the host, and its "
     "inclusions,\n"
     "                 read from the guest; who says so; whether the policy\n"
     "                 shows them\n"
     "  which          the side that PATH is read from, and the entry that\n"
     "                 decided: the longest one\n"
     "  add            at once, and for as long as the store is here\n"
     "  --inclusion    PATH is the guest's own, below an exception\n"
     "  rm             any entry, also one of the manifest\n"
     "  log            what the guest asks for, until interrupted\n"
     "  --json         one object, of log one a line\n",
     hd_cmd_table, NULL},
    {"registry",
     "GUEST ls [KEY] | get KEY | set KEY VALUE... | rm KEY... | watch [KEY] | "
     "export [KEY] | import FILE [--type TYPE] [--replace KEY] [--json]",
     "show and change the settings that a guest that runs keeps",
     "  ls                 names right below KEY; a folder ends with /\n"
     "  set                KEY is one of guest/\n"
     "  --type TYPE        string, integer, boolean, bytes (in base64) or "
     "list\n"
     "                     (each VALUE a string); default string\n"
     "  rm                 with all below it\n"
     "  watch              what changes, until interrupted\n"
     "  export             one JSON object, all of it or what is below KEY\n"
     "  import             all of such a FILE (-: standard input) at once;\n"
     "                     null removes\n"
     "  --replace KEY      what is below it and not in FILE goes, at once too\n"
     "  --json             ls: one array; get, watch: an object a line\n",
     hd_cmd_registry, NULL},
    {"plan", "STORE [-u USER] [--json | --xl GUEST]",
     "show the steps to a store's guests without doing any",
     "  -u, --user USER    whose settings count; may be left out when there is "
     "one\n"
     "  --json             one object: map and plan\n"
     "  --xl GUEST         an xl.cfg of this guest, for stock xl create\n",
     hd_cmd_plan, hd_cmd_plan},
    {"explain",
     "GUEST [RESOURCE] [--in STORE] [-u USER] [--diff[=FILE]] [--json]",
     "show what a guest got or would get of this host and why",
     "  RESOURCE           a name as the guest has it (lan0, xvda) or a class\n"
     "  --in STORE         an image or a device that is not attached\n"
     "  --diff             what moved since the last time on this host\n"
     "  --diff=FILE        what moved since FILE, of explain --json on "
     "another\n"
     "  -u, --user USER    whose settings count; may be left out when there is "
     "one\n"
     "  --json             one object\n",
     hd_cmd_explain, NULL},
    {"events", "[--follow] [--since TIME|SECONDS] [--json]",
     "show what happened, or what happens",
     "  -f, --follow    go on until interrupted\n"
     "  --since         from then on: so many seconds ago, or a time as "
     "events\n"
     "                  have it, without Z of this place\n"
     "  --json          one object a line\n",
     hd_cmd_events, NULL},
    {"top", "[--interval SECONDS] [--rounds N] [--batch [--json]]",
     "watch what stores and guests take",
     "  -i, --interval SECONDS    between two looks: 0.2 to 3600, default 2\n"
     "  -n, --rounds N            end after so many\n"
     "  -b, --batch               print, for programs and files\n"
     "  --json                    one object a line\n"
     "\n"
     "Keys: q ends it; c, m, d, n and a sort by processor time, memory, disk,\n"
     "network and name.\n",
     hd_cmd_top, NULL},
    {"metrics", "[--http]", "print numbers of stores and guests for Prometheus",
     "  --http    answer one request on stdin, for hotdom-metrics.socket\n",
     hd_cmd_metrics, NULL},
    {"verify-host", "[--all] [--json] [--baseline]",
     "prove that ejected and pulled stores left no trace",
     "  --all         other programs' changes too\n"
     "  --json        one array\n"
     "  --baseline    note the host as it is, once a boot, to compare with\n",
     hd_cmd_verify_host, NULL},
    {"repair", "[--yes] [--dry-run] [--json]",
     "remove what a crash of hotdom left on this host, after showing it",
     "  -y, --yes        do not ask on the terminal\n"
     "  -n, --dry-run    show it, and remove nothing\n"
     "  --json           one array\n",
     hd_cmd_repair, hd_cmd_repair_dry},
    {"doctor", "[--json]",
     "check that this host can start guests, with a fix for each problem",
     "  --json    one array\n", hd_cmd_doctor, NULL},
    {"policy", "check [FILE]", "check this host's policy, or one to be", "",
     hd_cmd_policy, NULL},
    {"info", "[--json]", "show what this host has for guests",
     "  --json    one object\n", hd_cmd_info, NULL},
    {"keygen", "NAME", "make a signer's key pair, NAME.key and NAME.pub", "",
     hd_cmd_keygen, NULL},
    {"trust",
     "list [--json] | add NAME KEY|FILE.pub | rm NAME | "
     "reset STORE",
     "keep the signers whose stores this host accepts",
     "  KEY is ed25519:... as `hotdom keygen` and refusals print it\n"
     "  reset               accept a store that is refused as rollback\n",
     hd_cmd_trust, NULL},
    {"pack",
     "--manifest M.yaml --key K.key -o IMAGE|DEVICE [--force] "
     "[--password-fd N] [OPTION...]",
     "write a signed store",
     "  --manifest M.yaml   what goes in, see hotdom-manifest(5)\n"
     "  --key K.key         the signer's private key\n"
     "  -o, --output OUT    an image file or a device\n"
     "  --force             overwrite what OUT holds\n"
     "  --password-fd N     one password a line, in the users' order\n"
     "  --kdf-memory SIZE   what opening an encrypted volume takes: 8M to 2G,\n"
     "                      default 256M; name what the weakest host can "
     "spare\n"
     "  --kdf-time N        how often it goes through that: 4 to 64 passes,\n"
     "                      default 4\n"
     "  --no-recovery-key   a lost password is a lost store\n"
     "  --ramdisk auto      make one for guests that name none, with the "
     "agent\n"
     "  --modules DIR       for that: their kernel's /lib/modules/VERSION\n"
     "  -q, --quiet         no progress\n",
     hd_cmd_pack, NULL},
    {"inspect", "STORE [--json]", "show a store without trusting it",
     "  --json    one object\n", hd_cmd_inspect, NULL},
    {"clone",
     "STORE -o IMAGE|DEVICE --key K.key [-u USER] [--force] "
     "[--no-recovery-key] [--password-fd N] [--resign] [-q]",
     "copy a store into a new one with keys of its own",
     "  -o, --output OUT      an image file or a device\n"
     "  --key K.key           the private key that signs the clone\n"
     "  -u, --user USER       whose password opens both; may be left out when "
     "there is one\n"
     "  --force               overwrite what OUT holds\n"
     "  --no-recovery-key     the password alone opens the clone\n"
     "  --password-fd N       read the password from descriptor N, not the "
     "terminal\n"
     "  --resign              vouch for a store whose signer is not trusted\n"
     "  -q, --quiet           no progress\n",
     hd_cmd_clone, NULL},
    {"update",
     "STORE --guest NAME --image FILE --key K.key [--volume NAME] [--resign] "
     "[-q]",
     "give a guest a new image and keep the old one",
     "  --guest NAME     whose image\n"
     "  --volume NAME    which one, when the guest has several\n"
     "  --image FILE     the new content\n"
     "  --key K.key      the private key of the store's signer\n"
     "  --resign         K.key is another signer's, who vouches for all of it\n"
     "  -q, --quiet      no progress\n",
     hd_cmd_update, NULL},
    {"revert", "STORE --guest NAME --key K.key [--volume NAME] [--resign] [-q]",
     "go back to the image before the last update",
     "  --guest NAME     whose image\n"
     "  --volume NAME    which one, when the guest has several\n"
     "  --key K.key      the private key of the store's signer\n"
     "  --resign         K.key is another signer's, who vouches for all of it\n"
     "  -q, --quiet      no progress\n",
     hd_cmd_revert, NULL},
    {"verify", "STORE [--json] [-q]",
     "read all of a store and name the first bad block",
     "  --json         one object\n"
     "  -q, --quiet    no progress\n",
     hd_cmd_verify, NULL},
};

static void list_commands(FILE *out)
{
    fputs("usage: hotdom [-N] COMMAND [ARGUMENT...]\n\n", out);
    for (size_t i = 0; i < HD_ARRAY_LEN(cmds); i++)
        fprintf(out, "  %-14s %s\n", cmds[i].name, cmds[i].brief);
    fputs("\n  -N, --dry-run  show what the command would do, and do nothing\n",
          out);
    fputs("\n`hotdom COMMAND --help` tells more; so does hotdom(8).\n", out);
}

/* For the shell's completion: a name and its usage a line. */
static void list_usages(void)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(cmds); i++)
        printf("%s\t%s\n", cmds[i].name, cmds[i].usage);
}

static const struct hd_cmd *find(const char *name)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(cmds); i++)
        if (!strcmp(cmds[i].name, name))
            return &cmds[i];
    return NULL;
}

static int wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return 1;
    return 0;
}

static int hand_over(char **argv)
{
    char path[PATH_MAX];

    hd_beside(HD_WHOLE, path);
    execv(path, argv);
    perror("hotdom: cannot start " HD_WHOLE);
    return hd_err_status(HD_E_FAILED);
}

static int run(const struct hd_cmd *cmd, bool dry, int argc, char **argv)
{
    hd_cmd_fn *fn = dry ? cmd->dry_run : cmd->run;
    struct hd_err err = {0};

    if (wants_help(argc, argv)) {
        printf("usage: hotdom %s %s\n\n%s.\n%s%s", cmd->name, cmd->usage,
               cmd->brief, *cmd->help ? "\n" : "", cmd->help);
        return 0;
    }
    optind = 0;
    opterr = 0;
    if (!fn)
        hd_fail(&err, HD_E_USAGE, "it cannot be tried with -N");
    else if (fn(argc, argv, &err) == 0)
        return 0;
    fprintf(stderr, "hotdom %s: %s\n", cmd->name, err.msg);
    if (err.code == HD_E_USAGE)
        fprintf(stderr, "usage: hotdom %s %s\n", cmd->name, cmd->usage);
    return hd_err_status(err.code);
}

int main(int argc, char **argv)
{
    const struct hd_cmd *cmd;
    bool dry =
        argc > 1 && (!strcmp(argv[1], "-N") || !strcmp(argv[1], "--dry-run"));

    argc -= dry;
    argv += dry;
    if (argc < 2) {
        list_commands(stderr);
        return hd_err_status(HD_E_USAGE);
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
        !strcmp(argv[1], "help")) {
        list_commands(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("hotdom " HD_VERSION);
        return 0;
    }
    if (!strcmp(argv[1], "--commands")) {
        list_usages();
        return 0;
    }
    cmd = find(argv[1]);
    if (!cmd) {
        fprintf(stderr, "hotdom: there is no command %s\n", argv[1]);
        list_commands(stderr);
        return hd_err_status(HD_E_USAGE);
    }
    if (!hd_cmd_plan && (dry || !cmd->run))
        return hand_over(argv - dry);
    return run(cmd, dry, argc - 1, argv + 1);
}
