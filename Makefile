# SPDX-License-Identifier: MIT
# The whole build, in one file: programs, tests, install.  `make help` lists
# the targets; V=1 shows commands; CC=clang works too.
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
B ?= build

CC = gcc
CFLAGS ?= -O2 -g
PKGS := xenlight xencontrol xenforeignmemory xenstore xenevtchn xengnttab libcrypto yaml-0.1 libudev blkid \
	devmapper libcryptsetup libarchive libzstd json-c libseccomp libmnl libuv ncursesw \
	lmdb
hd_cflags := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wformat=2 -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Werror=implicit \
	-fstack-protector-strong -fPIE -fno-common \
	-ffunction-sections -fdata-sections -MMD -MP \
	$(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(EXTRA_CFLAGS)
ifneq ($(findstring -O,$(CFLAGS)),)
hd_cflags += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
hd_ldflags := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
	-Wl,--as-needed $(EXTRA_LDFLAGS)
hd_libs := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# The guest registry's, for a program without libraries and for tests that stand
# between it and the system.
lmdb := -l:liblmdb.a

# A program's main file bears its name; everything else goes in one archive,
# from which each program takes what it uses.
mains := $(wildcard hv/*/hotdom*.c pv-drivers/*/hotdom*.c dom-guest/hotdom*.c)
# What stands before libraries in one program, so it is in no archive.
before := pv-drivers/bus/libxl_xenstore.c hv/run/libxl_xenguest.c
# What the build itself runs.
makers := pv-drivers/base/calls_make.c $(wildcard hv/*/calls-*.c pv-drivers/*/calls-*.c)
srcs  := $(filter-out $(mains) $(before) $(makers), \
	$(wildcard hv/*/*.c pv-drivers/*/*.c dom-guest/*.c))
tests := $(wildcard test/unit/*.c)
fuzzers := $(wildcard test/fuzz/*.c)
progs := $(patsubst %.c,$(B)/bin/%,$(notdir $(mains))) $(B)/bin/hotdom-whole
objs  := $(srcs:%.c=$(B)/obj/%.o)
lib   := $(B)/libhotdom.a

bins    := hotdom
sbins   := hotdomd
libexec := hotdom-whole hotdom-reader hotdom-job hotdom-hotplug hotdom-serial hotdom-9p \
	hotdom-guest

prefix     ?= /usr
DESTDIR    ?=
mandir     := $(prefix)/share/man
libexecdir := /usr/libexec/hotdom

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

.PHONY: all
all: $(progs)

.PHONY: libraries
libraries:
	@pkg-config --exists $(PKGS) || \
		{ echo 'libraries are missing; install them with: scripts/deps' >&2; exit 1; }

$(B)/obj/%.o: %.c Makefile | libraries
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(hd_cflags) $(CFLAGS) -c -o $@ $<

# What a process may ask of the kernel: pv-drivers/base/calls.h.
$(B)/gen/reader.calls: hv/store/calls-reader.c
$(B)/gen/9p.calls: pv-drivers/fs9p/calls-9p.c
$(B)/gen/%.calls: pv-drivers/base/calls_make.c pv-drivers/base/calls.h Makefile | libraries
	@mkdir -p $(@D)
	$(call say,GEN,$@) $(CC) -std=gnu11 -D_GNU_SOURCE -Wall -o $(@:.calls=) \
		$(filter %.c,$^) -lseccomp && $(@:.calls=) >$@ || { rm -f $@; exit 1; }
$(B)/obj/hv/store/confine.o: $(B)/gen/reader.calls
$(B)/obj/pv-drivers/fs9p/hotdom-9p.o $(B)/obj/test/unit/calls.o: $(B)/gen/9p.calls
$(addprefix $(B)/obj/,hv/store/confine.o pv-drivers/fs9p/hotdom-9p.o test/unit/calls.o): \
	hd_cflags += -Wa,-I$(B)/gen

# It has the rule in it, to compare the host's with.
$(B)/obj/hv/host/doctor_files.o: config/54-hotdom.rules

$(lib): $(objs)
	$(call say,AR,$@) rm -f $@; $(AR) qcs $@ $^

define program
$(B)/bin/$(notdir $(1:.c=)): $(B)/obj/$(1:.c=.o) $(lib)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@) $$(CC) $$(hd_ldflags) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(hd_libs)
endef
# These libxl, or a job, waits for at each device of a guest, so they are static:
# no loader, no search.  The sanitizers want a dynamic program.
static  := $(if $(findstring -fsanitize,$(EXTRA_LDFLAGS)),-pie,-static-pie)
devices := $(filter %/hotdom-hotplug.c %/hotdom-serial.c %/hotdom-9p.c,$(mains))
define static_program
$(B)/bin/$(notdir $(1:.c=)): $(B)/obj/$(1:.c=.o) $(lib)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@) $$(CC) $(static) $$(filter-out -pie,$$(hd_ldflags)) \
		$$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ -lxenstore -lxenevtchn -lxengnttab \
		-lxentoolcore -lxentoollog -lpthread
endef
$(foreach m,$(devices),$(eval $(call static_program,$(m))))
$(foreach m,$(filter-out $(devices) %/hotdom-guest.c %/hotdom-job.c %/hotdom.c, \
	$(mains)),$(eval $(call program,$(m))))

job := $(B)/obj/hv/run/hotdom-job.o $(before:%.c=$(B)/obj/%.o)
$(B)/bin/hotdom-job $(B)/bin/job-crash: hd_libs += -lxenguest
$(B)/bin/hotdom-job: $(job) $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(hd_libs)

# A static program starts in two thirds of the time, which is nearly all that
# `hotdom list` takes.
$(B)/bin/hotdom: $(B)/obj/hv/cli/hotdom.o $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(static) $(filter-out -pie,$(hd_ldflags)) \
		$(CFLAGS) $(LDFLAGS) -o $@ $^ -ljson-c

# All commands; `hotdom` has only those that ask hotdomd: hv/cli/whole.h.
$(B)/bin/hotdom-whole: $(B)/obj/hv/cli/hotdom.o \
		$(patsubst %.c,$(B)/obj/%.o,$(wildcard hv/cli/cmd_*.c)) $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(hd_libs)

# Nobody unwinds its stack there, and the tables for that would be 20 KiB of it;
# debuggers have their own.
$(B)/obj/dom-guest/%.o: hd_cflags += $(if $(findstring -fsanitize,$(EXTRA_LDFLAGS)),,-fno-asynchronous-unwind-tables)

# This one runs in guests of any make, and is the first thing in a ramdisk: it
# needs no library, and has less than 1 MiB.
$(B)/bin/hotdom-guest: $(B)/obj/dom-guest/hotdom-guest.o $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) -static-pie -s $(filter-out -pie,$(hd_ldflags)) \
		$(CFLAGS) $(LDFLAGS) -o $@ $^ $(lmdb)
	$(Q)[ "$$(stat -c %s $@)" -lt 1048576 ] || { echo '$@ has 1 MiB or more' >&2; rm $@; exit 1; }

# test/unit/power.c sees what the code under test writes, once.c what it reads,
# no_memory.c refuses it memory, sysfs_kit.c takes away what it lists,
# xs_kit.c is its xenstore, which xs_kit_wire.c serves and xs_kit_watch.c tells
# of, volume.c its device-mapper, xen_kit.c its Xen and its jobs, weight.c
# Xen's scheduler, device.c moves the clock, job_yank.c hears what is done to
# domains and volumes, tabling.c to host views, daemon_kit.c keeps what hotdomd
# was ordered, build.c is libxl, task.c makes jobs ready, cli_kit.c is hotdomd,
# port.c counts what is asked of rtnetlink, and server.c comes before who takes a
# lock.
wraps := pwrite writev write rename unlink flock fcntl fsync fdatasync ftruncate fallocate \
	malloc calloc pread scandirat json_tokener_new_ex \
	hd_domain_find hd_domain_forget hd_domain_unlighten hd_domain_unslow hd_domain_pause hd_domain_build \
	hd_domain_kill hd_domain_wait_gone hd_volume_fence hd_ledger_open \
	hd_context_report hd_files_change hd_files_tell hd_restart_save hd_record_boot \
	hd_kept_save hd_kept_load hd_kept_forget \
	hd_report_start_task hd_task_kill hd_spare_take hd_spare_refill hd_start_unlock \
	hd_xs_bulk_open hd_xs_events_wait hd_io_now_ms nanosleep \
	hd_client_call hd_client_call_within hd_client_each usleep \
	dm_get_next_target dm_lib_release mnl_socket_open2 mnl_socket_sendto \
	$(addprefix xc_,interface_open interface_close sched_id \
	sched_credit2_domain_get sched_credit2_domain_set) \
	$(addprefix dm_task_,create destroy run set_name set_cookie get_info get_uuid \
	set_uuid set_ro no_flush skip_lockfs add_target set_sector set_message \
	get_errno deferred_remove) \
	xs_daemon_socket

$(B)/bin/unit: $(tests:%.c=$(B)/obj/%.o) $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) \
		$(wraps:%=-Wl,--wrap=%) -o $@ $^ $(lmdb) $(hd_libs) -lcunit

# The fuzz targets, built by `make fuzz` with other flags.
.PRECIOUS: $(B)/obj/test/fuzz/%.o
$(B)/bin/fuzz-%: $(B)/obj/test/fuzz/%.o $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(hd_libs)

.PHONY: check check-unit check-cuts check-asan check-system check-style check-fuzz demo
# The one test command: everything, the quick part first.  In a make of its own,
# which sees the libraries that the first line may have installed.
check:
	$(Q)scripts/deps
	$(Q)$(MAKE) -j2 -O check-unit check-style
	$(Q)$(MAKE) -j2 -O check-asan check-cuts coverage
	$(Q)$(MAKE) -j2 check-system check-fuzz-beside

# No root, no Xen.  T=suite/test runs one.
check-unit: $(B)/bin/unit $(B)/bin/hotdom-reader $(B)/bin/hotdom $(B)/bin/hotdom-whole
	$(Q)$(B)/bin/unit $(if $(T),'$(T)')

# Every byte that a registry's file may be cut at, of which check-unit takes each
# 61st.
check-cuts: $(B)/bin/unit
	$(Q)HOTDOM_EVERY_BYTE=1 $(B)/bin/unit \
		dom-guest/registry_check/a_file_that_is_cut_anywhere_is_noticed_or_whole

check-asan:
	$(Q)$(MAKE) B=$(B)/asan check-unit CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover" \
		EXTRA_LDFLAGS="-fsanitize=address,undefined"

check-style:
	$(Q)scripts/check-style

# libFuzzer with sanitizers, on each parser of test/fuzz.  T=name runs one.
FUZZ_SECONDS ?= 60
.PHONY: fuzz fuzz-merge fuzzers
fuzz: fuzzers
	$(Q)test/fuzz/run $(B)/fuzz $(FUZZ_SECONDS) $(T)

# After a run: adds what it found to the corpus in the tree.
fuzz-merge: fuzzers
	$(Q)test/fuzz/run --merge $(B)/fuzz 0 $(T)

check-fuzz:
	$(Q)$(MAKE) fuzz FUZZ_SECONDS=5

# Nothing of it waits for a clock: it takes what the bed's hosts leave.
.PHONY: check-fuzz-beside
check-fuzz-beside:
	$(Q)nice -n 19 $(MAKE) check-fuzz

fuzzers:
	$(Q)$(MAKE) -s --no-print-directory B=$(B)/fuzz CC=clang CFLAGS="-O2 -g" \
		EXTRA_CFLAGS="-fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all" \
		EXTRA_LDFLAGS="-fsanitize=fuzzer,address,undefined" \
		$(fuzzers:test/fuzz/%.c=$(B)/fuzz/bin/fuzz-%)

# Lines of the parsers that the unit tests run; fails below 95 %.
.PHONY: coverage
coverage:
	$(Q)scripts/coverage $(B)/coverage

# What the system tests keep a domain from going with, and what they tell as udev.
$(B)/bin/hold-grant $(B)/bin/uevent-storm: $(B)/bin/%: $(B)/obj/test/system/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(hd_libs)

# What the system tests look at a guest's display with, and a stick that forgets
# what was not flushed.
$(B)/bin/screen $(B)/bin/volatile-disk: $(B)/bin/%: $(B)/obj/test/system/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^

# What runs in guests of any make, without a library: one that takes its end of
# the host view by itself and lies, and a measurement.
$(B)/bin/rogue-9p: $(patsubst %.c,$(B)/obj/%.o,$(wildcard test/system/rogue/*.c)) $(lib)
$(B)/bin/registry-get: $(B)/obj/test/bench/registry-get.o $(lib)
$(B)/bin/rogue-9p $(B)/bin/registry-get:
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(static) $(filter-out -pie,$(hd_ldflags)) \
		$(CFLAGS) $(LDFLAGS) -o $@ $^ $(lmdb)

# hotdom-job and hotdomd with points to crash at, which system tests put in their
# places.
crashes := hd_domain_dump $(addprefix hd_ledger_,create take set_domid \
		set_running set_quarantined set_dumped undone close)
$(B)/bin/job-crash: $(job)
$(B)/bin/hotdomd-crash: $(B)/obj/hv/daemon/hotdomd.o
$(B)/bin/job-crash $(B)/bin/hotdomd-crash: $(B)/obj/test/system/crash.o $(lib)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) \
		$(crashes:%=-Wl,--wrap=%) -o $@ $(filter %.o,$^) $(lib) $(hd_libs)

# In the bed, a real Xen host.  T=name runs the tests whose name matches.
check-system: all $(B)/bin/need-check $(B)/bin/screen $(B)/bin/hold-grant \
		$(B)/bin/uevent-storm $(B)/bin/job-crash $(B)/bin/hotdomd-crash \
		$(B)/bin/volatile-disk $(B)/bin/rogue-9p
	$(Q)test/system/run $(if $(T),'$(T)')

# A store that comes and goes in the bed, for as long as you like; and one whose
# medium forgets, at each pull, what was not flushed.
.PHONY: soak yanks
CYCLES ?= 500
soak: all
	$(Q)test/system/soak $(CYCLES)
YANKS ?= 50
yanks: all $(B)/bin/volatile-disk
	$(Q)test/system/yanks $(YANKS)

# Writes test/golden/plan anew, and the states in hotdomd.8; read the difference
# before you commit it.
.PHONY: golden
golden: $(B)/bin/unit
	$(Q)HOTDOM_GOLDEN=1 $(B)/bin/unit plan/golden
	$(Q)HOTDOM_GOLDEN=1 $(B)/bin/unit daemon/states/the_manual

benches := read-pairs plan-time info-scan floor forks spawn
$(B)/bin/floor: hd_libs += -lxenguest
$(benches:%=$(B)/bin/%): $(B)/bin/%: $(B)/obj/test/bench/%.o $(lib)
$(B)/bin/need-check: $(B)/obj/test/system/need-check.o $(lib)
$(benches:%=$(B)/bin/%) $(B)/bin/need-check:
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(hd_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(hd_libs)

# Measurements; T=name runs one of test/bench.
.PHONY: bench
bench: all $(benches:%=$(B)/bin/%) $(B)/bin/registry-get $(B)/bin/job-crash
	$(Q)test/bench/run $(T)

demo:
	$(Q)scripts/demo

.PHONY: install
install: all
	$(Q)install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/sbin \
		$(DESTDIR)$(libexecdir) $(DESTDIR)$(mandir)/man8 \
		$(DESTDIR)$(mandir)/man5 $(DESTDIR)/etc/hotdom/trusted.d \
		$(DESTDIR)/usr/lib/systemd/system $(DESTDIR)/usr/lib/sysusers.d \
		$(DESTDIR)/usr/lib/udev/rules.d \
		$(DESTDIR)$(prefix)/share/doc/hotdom \
		$(DESTDIR)$(prefix)/share/bash-completion/completions
	$(Q)install -m 755 $(bins:%=$(B)/bin/%) $(DESTDIR)$(prefix)/bin
	$(Q)install -m 755 $(sbins:%=$(B)/bin/%) $(DESTDIR)$(prefix)/sbin
	$(Q)install -m 755 $(libexec:%=$(B)/bin/%) $(DESTDIR)$(libexecdir)
	$(Q)install -m 644 config/*.service config/*.socket $(DESTDIR)/usr/lib/systemd/system
	$(Q)install -m 644 config/hotdom.sysusers $(DESTDIR)/usr/lib/sysusers.d/hotdom.conf
	$(Q)install -m 644 config/54-hotdom.rules $(DESTDIR)/usr/lib/udev/rules.d
	$(Q)install -m 644 config/hotdom.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/hotdom
	$(Q)install -m 644 config/*.yaml config/*.json $(DESTDIR)$(prefix)/share/doc/hotdom
	$(Q)install -m 644 $(wildcard hv/*/*.8 dom-guest/*.8) $(DESTDIR)$(mandir)/man8
	$(Q)install -m 644 $(wildcard hv/*/*.5) $(DESTDIR)$(mandir)/man5

# Into a guest that has a root of its own, DESTDIR; a ramdisk of `hotdom pack
# --ramdisk auto` has it already.
.PHONY: install-guest
install-guest: $(B)/bin/hotdom-guest
	$(Q)install -D -m 755 $< $(DESTDIR)/usr/sbin/hotdom-guest
	$(Q)install -D -m 644 dom-guest/hotdom-guest.service \
		$(DESTDIR)/usr/lib/systemd/system/hotdom-guest.service
	$(Q)install -D -m 755 dom-guest/hotdom-guest.init \
		$(DESTDIR)/etc/init.d/hotdom-guest
	$(Q)install -D -m 644 dom-guest/hotdom-guest.8 \
		$(DESTDIR)$(mandir)/man8/hotdom-guest.8

# A Debian package of that, in $(B).
.PHONY: deb
deb: all
	$(Q)rm -rf $(B)/deb-root
	$(Q)$(MAKE) -s --no-print-directory install DESTDIR=$(B)/deb-root
	$(Q)BUILD=$(abspath $(B)) scripts/deb $(if $(VERSION),--version '$(VERSION)') $(B)/deb-root
	$(Q)rm -rf $(B)/deb-root

.PHONY: deb-guest
deb-guest:
	$(Q)rm -rf $(B)/deb-root
	$(Q)$(MAKE) -s --no-print-directory install-guest DESTDIR=$(B)/deb-root
	$(Q)BUILD=$(abspath $(B)) scripts/deb $(if $(VERSION),--version '$(VERSION)') --guest $(B)/deb-root
	$(Q)rm -rf $(B)/deb-root

.PHONY: clean help
clean:
	$(Q)rm -rf $(B)/bin $(B)/obj $(B)/gen $(B)/asan $(B)/fuzz $(B)/coverage $(B)/hotdom*_*.deb $(lib)

help:
	@echo 'make            build all programs into $(B)/bin'
	@echo 'make check      all tests: unit, sanitizers, style, the bed'
	@echo 'make check-unit [T=suite/test]     no root, no Xen'
	@echo 'make check-cuts                    a registry cut at every byte'
	@echo 'make check-system [T=name]         in the bed'
	@echo 'make soak [CYCLES=500] [SEED=N]    a store comes and goes, in the bed'
	@echo 'make yanks [YANKS=50] [SEED=N]     the same store is pulled again and again'
	@echo 'make golden     writes test/golden/plan anew, and the states in hotdomd.8'
	@echo 'make fuzz [FUZZ_SECONDS=60] [T=target]'
	@echo 'make coverage   lines of the parsers that the unit tests run'
	@echo 'make bench [T=name]                measurements, on an idle machine'
	@echo 'make demo       a stick, a guest, a yank: from nothing to "demo: ok"'
	@echo 'make install [DESTDIR=...]'
	@echo 'make install-guest DESTDIR=...     the agent, into a guest'
	@echo 'make deb [VERSION=...]             a Debian package, in $(B)'
	@echo 'make deb-guest [VERSION=...]       one for guests with a root of their own'

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
