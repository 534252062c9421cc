# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
#   make               builds build/tcpstates; installs nothing, says what is missing
#   make run           installs what it needs (root), builds and traces; ARGS="-tw" passes options
#   make test          installs what it needs (root), builds and passes every test
#   make static        build/static/tcpstates, for machines with nothing installed
#   make static CROSS=aarch64-linux-gnu-
#                      build/aarch64-linux-gnu/static/tcpstates, for another architecture: installs nothing, takes the
#                      libraries from Debian packages that it unpacks (scripts/sysroot); needs `scripts/deps install cross`
#   make test-kernels  the live tests on other kernels, in virtual machines (root)
#   make test-smoke    a few of them, in a few minutes (root)
#   make test-fresh    run and test on fresh Debian systems, 12 and 13 or ARGS="13 sid", beside a load (root)
#   make test-incidents
#                      real programs in trouble, which --diagnose has to find (root); installs servers, starts its own
#   make test-busy     the live tests beside a load (root), RUNS=N times in a row
#   make check         the tests that need no root
#   make test-flood    the memory that a million sessions take in each view, and 100,000 short-lived cgroups (root)
#   make test-fuzz     a minute of fuzzing each target, from the corpus in tests/fuzz; make fuzz: a day, or SECONDS=N
#   make bench         what tracing costs, beside other tools (root): 20 minutes, with ARGS=--quick three
#   make bench-docs    the same, and writes docs/performance.md
#   make test-build    compilers' warnings, format, static analysis, installation (root)
#   make install       honours DESTDIR and PREFIX
#
#   CC, CLANG, BPFTOOL and PKG_CONFIG name the programs to use, B the directory to build into: make CC=gcc-14 B=/tmp/x test

VERSION := 0.1.0

PREFIX ?= /usr/local
CC     ?= cc
CLANG  ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool || echo bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
B ?= build

# For another architecture: its compiler's prefix.
ifneq ($(CROSS),)
TRIPLET := $(CROSS:-=)
SYSROOT := $(or $(SYSROOT),$(shell scripts/deps check cross && scripts/sysroot $(TRIPLET)))
$(if $(SYSROOT),,$(error no libraries to build for $(TRIPLET) with))
CC := $(CROSS)gcc --sysroot=$(SYSROOT)
override B := $(B)/$(TRIPLET)
BPF_INCLUDES := -idirafter $(SYSROOT)/usr/include/$(TRIPLET)
PKG_CONFIG_PATHS := PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(TRIPLET)/pkgconfig \
	PKG_CONFIG_SYSROOT_DIR=$(SYSROOT)
endif

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-missing-field-initializers
CPPFLAGS_ALL := -D_GNU_SOURCE -DTCPSTATES_VERSION='"$(VERSION)"' -Isrc -I$(B)/bpf $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(WARNINGS) $(CFLAGS)

SOURCES := $(wildcard src/*.c src/*/*.c src/source/btf/*.c)
SOURCES := $(filter-out %.bpf.c,$(SOURCES))
BPF_HEADERS := $(wildcard src/bpf/*.h) $(addprefix src/trace/,transition.h state.h reset.h reset_count.h listener.h) \
	src/lib/bucket.h
BPF_OBJECTS := tcpstates exact
SKELETONS := $(BPF_OBJECTS:%=$(B)/bpf/%.skel.h) $(B)/bpf/fallback.skel.h

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY: $(BPF_OBJECTS:%=$(B)/bpf/%.bpf.o)

all: $(B)/tcpstates

# ---- the kernel programs ------------------------------------------------------------------------

# Asked when something is to be built, so that a machine that lacks a package is told which.
$(B)/deps-build: scripts/deps
	@scripts/deps check build
	@mkdir -p $(@D) && touch $@

# Without a target of its own, clang -target bpf does not look into Debian's multiarch directory.
BPF_INCLUDES ?= $(addprefix -idirafter ,$(wildcard /usr/include/$(shell uname -m)-linux-gnu))

BPF_COMPILE = $(CLANG) -g -O2 -std=gnu11 -target bpf -mcpu=v3 -Wall -Wextra \
	-Wno-unused-parameter -Isrc $(BPF_INCLUDES)

$(B)/bpf/%.bpf.o: src/bpf/%.bpf.c $(BPF_HEADERS) $(B)/deps-build
	@mkdir -p $(@D)
	$(BPF_COMPILE) -c $< -o $@.tmp
	$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp

# The same source once more, for kernels before 5.12.
$(B)/bpf/fallback.bpf.o: src/bpf/tcpstates.bpf.c $(BPF_HEADERS) $(B)/deps-build
	@mkdir -p $(@D)
	$(BPF_COMPILE) -DFALLBACK -c $< -o $@.tmp
	$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp

$(SKELETONS): $(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf >$@

# What --ebpf prints.
$(B)/bpf/program.txt: $(BPF_OBJECTS:%=src/bpf/%.bpf.c) $(BPF_HEADERS)
	@mkdir -p $(@D)
	for file in $^; do echo "/* ==== $$file ==== */"; cat $$file; done >$@

# ---- the program, in three builds that differ in flags only -------------------------------------

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

LIBS := $(shell $(PKG_CONFIG_PATHS) $(PKG_CONFIG) --libs libbpf 2>/dev/null || echo -lbpf)
STATIC_LIBS := $(shell $(PKG_CONFIG_PATHS) $(PKG_CONFIG) --static --libs libbpf libelf 2>/dev/null || echo -lbpf -lelf -lz)

# The program has privileges: overflows end it, and nothing in it is both writable and executable. glibc wants optimization for
# its checks.
FORTIFY := $(if $(filter -O%,$(filter-out -O0,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN := -fPIE -fstack-protector-strong $(FORTIFY)
HARDEN_LINK := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

# $(1): directory, $(2): compiler flags, $(3): linker flags, $(4): libraries
define build_rules
$(1)/%.o: src/%.c $(SKELETONS)
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) $(2) -MMD -MP -c $$< -o $$@

$(1)/cli/program_text.o: src/cli/program_text.S $(B)/bpf/program.txt
	@mkdir -p $$(@D)
	$$(CC) $(2) -DPROGRAM_TEXT_FILE='"$(B)/bpf/program.txt"' -c $$< -o $$@

$(1)/tcpstates: $(SOURCES:src/%.c=$(1)/%.o) $(1)/cli/program_text.o
	$$(CC) $$(CFLAGS_ALL) $(3) $$(LDFLAGS) $$^ -o $$@ $(4)
endef

$(eval $(call build_rules,$(B)/normal,$(HARDEN),$(HARDEN_LINK) -pie,$(LIBS)))
$(eval $(call build_rules,$(B)/asan,$(SANITIZE),$(SANITIZE),$(LIBS)))
$(eval $(call build_rules,$(B)/static,$(HARDEN),$(HARDEN_LINK) -static-pie,$(STATIC_LIBS)))

-include $(foreach d,normal asan static,$(SOURCES:src/%.c=$(B)/$(d)/%.d))

$(B)/tcpstates: $(B)/normal/tcpstates
	@ln -f $< $@

static: $(B)/static/tcpstates

# For virtual machines, as the program.
static-load: $(B)/static/load

$(B)/static/load: bench/load.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS_ALL) -static $< -o $@

# ---- unit tests ---------------------------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_OBJECTS := $(filter-out $(B)/asan/main.o,$(SOURCES:src/%.c=$(B)/asan/%.o))

$(B)/unit/%: tests/unit/%.c tests/unit/unit.h $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SANITIZE) $< $(UNIT_OBJECTS) -o $@ $(LIBS)

# ---- fuzzing -------------------------------------------------------------------------------------

# clang has libFuzzer. Objects of their own, and main() under another name.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_FLAGS := -g -O2 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS := $(SOURCES:src/%.c=$(B)/fuzz/src/%.o) $(B)/fuzz/src/cli/program_text.o

$(B)/fuzz/src/%.o: src/%.c $(SKELETONS)
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS_ALL) -std=c11 $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link \
		$(if $(filter src/main.c,$<),-Dmain=tcpstates_main -Wno-missing-prototypes) -MMD -MP -c $< -o $@

$(B)/fuzz/src/cli/program_text.o: src/cli/program_text.S $(B)/bpf/program.txt
	@mkdir -p $(@D)
	$(CLANG) -DPROGRAM_TEXT_FILE='"$(B)/bpf/program.txt"' -c $< -o $@

$(FUZZERS): $(B)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJECTS)
	$(CLANG) $(CPPFLAGS_ALL) -std=c11 $(WARNINGS) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -o $@ $(LIBS)

-include $(SOURCES:src/%.c=$(B)/fuzz/src/%.d)

# ---- floods --------------------------------------------------------------------------------------

FLOOD_OBJECTS := $(addprefix $(B)/normal/,trace/recording_write.o lib/buffer.o lib/crc32c.o)

$(B)/flood/sessions: tests/flood/sessions.c $(FLOOD_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $< $(FLOOD_OBJECTS) -o $@

$(B)/flood/cgroups: tests/flood/cgroups.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS_ALL) $< -o $@

# ---- the benchmark ------------------------------------------------------------------------------

$(B)/bench/load $(B)/bench/probe: $(B)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS_ALL) $< -o $@

$(B)/bench/attach: bench/attach.c $(B)/deps-build
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS_ALL) $< -o $@ $(LIBS)

$(B)/bench/%.bpf.o: bench/%.bpf.c $(BPF_HEADERS) $(B)/deps-build
	@mkdir -p $(@D)
	$(BPF_COMPILE) -c $< -o $@

# ---- what people type ---------------------------------------------------------------------------

.PHONY: all bench bench-docs fuzz test-fuzz test-flood test-kernels test-smoke test-fresh test-busy test-incidents run test check test-build static static-load install uninstall clean deps

run:
	@scripts/deps install build
	@$(MAKE) --no-print-directory all
	@exec $(B)/tcpstates $(ARGS)

test:
	@scripts/deps install build test
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@tests/run

# Everything that a test executes.
.PHONY: test-programs
test-programs: $(B)/tcpstates $(B)/asan/tcpstates $(UNIT_TESTS)

check: test-programs
	@tests/run unit replay docs perf

test-build:
	@scripts/deps install build lint
	@tests/run build

test-kernels test-smoke:
	@scripts/deps install build test cross kernels
	@$(MAKE) --no-print-directory all static
	@tests/run $(@:test-%=%)

test-fresh:
	@scripts/deps install fresh
	@$(if $(ARGS),tests/fresh/run $(ARGS),tests/run fresh)

test-incidents:
	@scripts/deps install build test incidents
	@$(MAKE) --no-print-directory all
	@tests/run incidents

# RUNS=N times in a row.
test-busy:
	@scripts/deps install build test bench
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@tests/run busy

test-flood:
	@scripts/deps install build
	@$(MAKE) --no-print-directory all $(addprefix $(B)/flood/,sessions cgroups)
	@tests/run flood

# A minute of each target.
test-fuzz:
	@scripts/deps install build fuzz
	@$(MAKE) --no-print-directory all $(FUZZERS)
	@tests/run fuzz

# For hours, by hand: until interrupted, or for SECONDS.
fuzz:
	@scripts/deps install build fuzz
	@$(MAKE) --no-print-directory all $(FUZZERS)
	@tests/fuzz/run $(or $(SECONDS),86400)

bench:
	@scripts/deps install build test bench
	@$(MAKE) --no-print-directory all $(addprefix $(B)/bench/,load probe attach empty.bpf.o least.bpf.o)
	@bench/run $(ARGS)

bench-docs:
	@$(MAKE) --no-print-directory bench ARGS="--docs $(ARGS)"

install: all
	install -D -m 755 $(B)/tcpstates $(DESTDIR)$(PREFIX)/sbin/tcpstates
	install -D -m 644 man/tcpstates.8 $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates.8
	install -D -m 644 completion/tcpstates \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tcpstates

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/tcpstates $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates.8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tcpstates

clean:
	rm -rf $(B)
