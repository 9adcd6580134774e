/* SPDX-License-Identifier: MIT */
/* The life of a store (DESIGN section 2): what each event does to it.  Nothing
 * here blocks; work is done by readers and jobs. */
#ifndef HD_DAEMON_LIFE_H
#define HD_DAEMON_LIFE_H

#include "../../pv-drivers/base/mem.h"
#include "../plan/map_hot.h"
#include "daemon.h"
#include "store.h"
#include "user.h"

/* ---- life.c: plugged in, read, gone */

void hd_life_appeared(struct hd_daemon *d, const struct hd_device *device);
void hd_life_vanished(struct hd_daemon *d, const struct hd_device *device);
/* Reads the device, again if need be. */
void hd_life_read(struct hd_store *store);
/* What happens to a store or a guest: its state becomes what the table of
 * states.h says, and that is told.  What the table does not have changes
 * nothing, and is logged.  `reason` is a stable code or NULL. */
void hd_life_set(struct hd_store *store, enum hd_cause on, const char *reason,
                 const char *message);
void hd_life_set_guest(struct hd_store *store, struct hd_guest_life *guest,
                       enum hd_cause on, const char *reason,
                       const char *message);
/* An event without a change of state; `guest` NULL: the store's. */
void hd_life_note(struct hd_store *store, const struct hd_guest_life *guest,
                  const char *reason, const char *message);
/* The same, of a device that a guest was given, and how long that took. */
void hd_life_note_attached(struct hd_store *store,
                           const struct hd_guest_life *guest,
                           const char *message, const struct hd_phases *phases);
/* It is a store: that it and its guests were plugged in is told, unless it has
 * been.  A change of its state, but for that it is seen, says so as well. */
void hd_life_know(struct hd_store *store);
void hd_life_refuse(struct hd_store *store, const struct hd_err *why);
/* No trace of it is left: the last event, and it is out of the table. */
void hd_life_drop(struct hd_store *store, const char *reason);
/* All readers end, no job begins any more; true when none is left. */
bool hd_life_stop(struct hd_daemon *d);

/* ---- judge.c: whether it may come in */

/* Of one that was read: it starts, is locked, or refused. */
void hd_life_admit(struct hd_store *store);
/* What was seen of it is forgotten, and a refused one read again; the outcome
 * goes to store->waiter. */
int hd_life_forget(struct hd_store *store, struct hd_err *err);

/* ---- start.c: from locked to running */

/* `user` NULL: the only one there is.  The outcome goes to store->waiter. */
int hd_start_unlock(struct hd_store *store, const char *user,
                    const struct hd_secret *password, struct hd_err *err);
/* Without a password, for the policy `auto`. */
int hd_start_auto(struct hd_store *store, struct hd_err *err);
void hd_start_ended(struct hd_store *store, const struct hd_err *outcome);
/* The start came to nothing and nothing is left of it. */
void hd_start_settle(struct hd_store *store);

/* What starting it would be, for `who` or, NULL, for nobody; `*ret_map` is
 * there as well when no guest of it can start. */
int hd_start_plan(const struct hd_store *store,
                  const struct hd_user_choice *who, struct hd_map **ret_map,
                  struct hd_plan **ret, struct hd_err *err);
/* A request for a job that makes its ledger; nobody is asked. */
int hd_start_describe(struct hd_store *store, enum hd_job_op op,
                      struct hd_job_request *ret, struct hd_err *err);

/* ---- ahead.c: its guests are built while it is locked */

/* Begins to, where the policy says so; a locked store without a job. */
void hd_ahead_begin(struct hd_store *store);
void hd_ahead_ended(struct hd_store *store, const struct hd_err *outcome);
/* They are being built, or taken away. */
bool hd_ahead_busy(const struct hd_store *store);
/* Unlocks it when that is over; copies what it is given.  The outcome goes to
 * store->waiter. */
int hd_ahead_want(struct hd_store *store, const char *user,
                  const struct hd_secret *password, struct hd_err *err);
/* What was built, if anything, is what this plan wants. */
bool hd_ahead_fits(const struct hd_store *store, const struct hd_plan *plan);
/* They wait for the password, for as long as the policy says. */
void hd_ahead_wait(struct hd_store *store);
/* Takes them away, then goes on with `after`. */
void hd_ahead_drop(struct hd_store *store, enum hd_after after);
/* None is there any more, or they are as any others now. */
void hd_ahead_over(struct hd_store *store);

/* ---- order.c: what a person wants of a guest; HD_E_NO_GUEST: it has no domain
 */

/* It runs, or stands still. */
int hd_order_check_lives(const struct hd_guest_life *guest, struct hd_err *err);
/* And its store has nothing else to do: HD_E_BUSY. */
int hd_order_check_idle(const struct hd_store *store,
                        const struct hd_guest_life *guest, struct hd_err *err);
/* At once; it may be so already. */
int hd_order_pause(struct hd_store *store, struct hd_guest_life *guest,
                   struct hd_err *err);
int hd_order_unpause(struct hd_store *store, struct hd_guest_life *guest,
                     struct hd_err *err);
/* Asks its kernel, and lets it go on for that when it is paused; it starts
 * again as its `stop` says, see hd_life_look. */
int hd_order_reboot(struct hd_store *store, struct hd_guest_life *guest,
                    struct hd_err *err);
/* Begun now, or when the store's job is over; what became of it is an event. */
int hd_order_shutdown(struct hd_store *store, struct hd_guest_life *guest,
                      struct hd_err *err);
int hd_order_destroy(struct hd_store *store, struct hd_guest_life *guest,
                     struct hd_err *err);
/* Begins the next order of a store that runs and has no job. */
void hd_order_next(struct hd_store *store);
/* All that the store's job shuts down are to be destroyed by now. */
bool hd_order_is_destroyed(const struct hd_store *store);
/* Goes on with force when that is so, also with those that have not been asked
 * yet; and gives up saving the memory of one that is to be destroyed. */
void hd_order_cut(struct hd_store *store);
/* Asks Xen who stands still, for xl can pause as well. */
void hd_order_look(struct hd_daemon *d);
/* What Xen says of a guest.  One that a job of ours may have paused, or whose
 * store was pulled, is not looked at. */
void hd_order_see(struct hd_store *store, struct hd_guest_life *guest,
                  const struct hd_domain_status *status);

/* ---- keys.c: who may unlock it */

struct hd_keys_request {
    enum hd_keys_action action;
    /* Who acts and whom it changes; each NULL: the other, or the only one. */
    const char *as, *user;
    const struct hd_secret *password, *new_password; /* NULL for REMOVE */
};

/* The outcome goes to store->waiter when the header was read anew. */
int hd_keys_change(struct hd_store *store,
                   const struct hd_keys_request *request, struct hd_err *err);
void hd_keys_ended(struct hd_store *store, const struct hd_err *outcome);
/* A change is under way; what the store holds here may be out of date. */
bool hd_keys_busy(const struct hd_store *store);

/* ---- ended.c: guests that end by themselves */

/* Looks whether some of a running store have. */
void hd_life_look(struct hd_store *store);
/* What the manifest wants of one that ends for this reason ("reboot"); pure. */
enum hd_on_end hd_ended_way(const struct hd_stop *stop, const char *why);
/* It is to start again, for it ran long enough until guest->ended_ms; pure, but
 * for guest->soon. */
bool hd_ended_restarts(struct hd_guest_life *guest, const struct hd_stop *stop,
                       const char *why);

/* ---- coredump.c: and leave their memory in HD_DUMP_DIR */

/* False when it cannot, which is told; nothing of the guest waits for it. */
bool hd_coredump_begin(struct hd_store *store, struct hd_guest_life *guest);
/* Gives up the one that is under way, and ejects the store; false when none is.
 */
bool hd_coredump_leave(struct hd_store *store);
void hd_coredump_ended(struct hd_store *store, const struct hd_err *outcome);

/* ---- restart.c: and start again, without a password */

/* Of the plan that starts it from now on; a copy. */
void hd_restart_keep(struct hd_store *store, const struct hd_plan *plan);
/* As hd_explain_save, _adopt, _end and _sweep, of the plan. */
void hd_restart_save(struct hd_store *store);
void hd_restart_adopt(struct hd_store *store);
void hd_restart_drop(struct hd_store *store);
void hd_restart_sweep(struct hd_stores *stores);
/* False when it cannot, which is logged. */
bool hd_restart_begin(struct hd_store *store, struct hd_guest_life *guest,
                      const char *why);
void hd_restart_ended(struct hd_store *store, const struct hd_err *outcome);

/* ---- hot.c: devices of guests that run */

/* Both begin at once, or fail; hot_queue.h has them wait.  The outcome goes to
 * store->waiter, when both ends are connected, or nothing is left. */
int hd_hot_attach(struct hd_store *store, const struct hd_guest_life *guest,
                  const struct hd_hot_wish *wish, struct hd_err *err);
/* `what`: "xvdc", a MAC or the name in the guest's map, of a disk or, with
 * `nic`, of a NIC.  The outcome goes to store->waiter, when the guest has let
 * go, or keeps it. */
int hd_hot_detach(struct hd_store *store, const struct hd_guest_life *guest,
                  const char *what, bool nic, bool force, struct hd_err *err);
void hd_hot_ended(struct hd_store *store, const struct hd_err *outcome);
/* A job says so; `device` is "xvdc", a MAC, or empty: nobody knows any more. */
void hd_hot_detached(struct hd_store *store, const char *guest,
                     const char *device);
/* Undoes what a killed ATTACH left, and goes on with a DETACH; false when there
 * is nothing. */
bool hd_hot_mend(struct hd_store *store);

/* ---- volumes.c */

/* Hears of what is wrong with volumes from now on; it lives as long as the
 * process. */
int hd_volumes_listen(struct hd_daemon *d, struct hd_err *err);

/* ---- corrupt.c: dm-verity has refused to give a block */

/* DM_VERITY_ERR_BLOCK_NR of dm-verity's uevent: "TYPE,BLOCK". */
int hd_corrupt_parse(const char *text, struct hd_bad_block *ret,
                     struct hd_err *err);
/* `block->volume` is found by the name. */
void hd_corrupt_told(struct hd_daemon *d, const char *dm_name,
                     const struct hd_bad_block *block);

/* ---- teardown.c: eject, yank, and what a dead job has left */

/* A person's wish. */
int hd_teardown_request(struct hd_store *store, struct hd_err *err);
/* `guest` NULL: the whole store. */
void hd_teardown_eject(struct hd_store *store, const char *guest,
                       const char *reason);
/* All of it, without asking the guests. */
void hd_teardown_force(struct hd_store *store, const char *reason);
/* A job failed and may have left something: what the table says follows, then
 * `after`. */
void hd_teardown_behind(struct hd_store *store, const char *guest,
                        enum hd_after after);
/* Removes every trace by force, then goes on with `after`. */
void hd_teardown_yank(struct hd_store *store, const char *guest,
                      enum hd_after after);
/* While guests run: whether a quarantined one's domain has gone; then true, and
 * what was left of it is being cleaned up.  Else it is looked again, by
 * hd_life_look, in a minute. */
bool hd_teardown_look(struct hd_store *store);
void hd_teardown_ended(struct hd_store *store, const struct hd_err *outcome);

/* ---- adopt.c: what an earlier hotdomd left behind */

/* After the first enumeration, before any answer. */
int hd_adopt_begin(struct hd_daemon *d, struct hd_err *err);
/* The reader's verdict on a store whose guests run already: true when it is
 * running now; false when it must go. */
bool hd_adopt_accept(struct hd_store *store);
/* Of one that has just been adopted: what its guests that have ended, or were
 * given something, left half done, a job each; false when nothing is left. */
bool hd_adopt_go_on(struct hd_store *store);

/* ---- report.c: what jobs tell */

/* `plan` NULL but for START, ATTACH and DETACH, `new_password` but for KEYS;
 * `password` when nobody is asked. */
int hd_report_start_task(struct hd_store *store, struct hd_job_request *request,
                         const struct hd_plan *plan,
                         const struct hd_secret *password,
                         const struct hd_secret *new_password,
                         struct hd_err *err);
/* What a job of the store tells while it works. */
void hd_report_take(struct hd_store *store, const struct hd_job_report *r);

#endif
