# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The measurements. Each takes contenders and answers with plain figures, which become the JSON."""
import subprocess
import sys
import tempfile
import time
from statistics import mean

from contenders import empty, untraced
from figures import percentile
from loads import TRANSITIONS, Background, Held, Leak, load
from trace import Trace
from tree import BUILD

PROBE = str(BUILD / "bench/probe")
STATISTICS = "/proc/sys/kernel/bpf_stats_enabled"


class Statistics:
    """The kernel's clock around BPF programs, for as long as the block lasts."""

    def __enter__(self):
        with open(STATISTICS) as file:
            self.before = file.read()
        with open(STATISTICS, "w") as file:
            file.write("1")

    def __exit__(self, *error):
        with open(STATISTICS, "w") as file:
            file.write(self.before)


def progress():
    print(".", end="", flush=True, file=sys.stderr)


def spent(before, after, transitions):
    """{program: nanoseconds a transition}, of those that ran."""
    return {name: (ns - before.get(name, 0)) / transitions for name, ns in after.items() if ns > before.get(name, 0)}


def churn(contender, mode, sessions, *options):
    """One contender under one load: a dictionary of figures."""
    trace = Trace(contender)
    with trace:
        before, cpu_before = trace.kernel_ns(), trace.cpu_ns()
        rate, load_us = load(mode, sessions, *options)
        time.sleep(0.05 if contender.words else 0)      # the last batch is part of the cost
        after, cpu = trace.kernel_ns(), trace.cpu_ns() - cpu_before
        memory = trace.status("VmHWM") if trace.process else None
    transitions = sessions * TRANSITIONS[mode]
    figures = {"rate": rate, "cpu_us": load_us + cpu / 1000 / sessions, "lost": trace.lost, "memory_kb": memory}
    if contender.words:
        figures["programs"] = spent(before, after, transitions)
        figures["kernel_ns"] = sum(figures["programs"].values()) or None
        figures["cpu_ns"] = cpu / transitions
    if contender.has_lines:
        figures["lines"] = trace.lines() / transitions
    return figures


def churn_twice(contender, mode, sessions, *options):
    """As a user has it, without the statistics clock; then with it, for the time in the kernel alone."""
    figures = churn(contender, mode, sessions, *options)
    if contender.words:
        with Statistics():
            timed = churn(contender, mode, sessions, *options)
        figures |= {key: timed[key] for key in ("kernel_ns", "programs")}
    return figures


def compare(contenders, mode, sessions, rounds, *options):
    """
    {contender's name: [figures of each round]}; who goes first changes from round to round. Right before each, the same
    is done untraced and with the empty program: a shared machine is another one a minute later.
    """
    results = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders[number % len(contenders):] + contenders[:number % len(contenders)]:
            untraced_now, empty_now = (churn(base, mode, sessions, *options) for base in (untraced(), empty()))
            results[contender.name].append({
                "untraced": untraced_now["rate"], "untraced_us": untraced_now["cpu_us"],
                "empty": empty_now["rate"], "empty_us": empty_now["cpu_us"],
                **churn_twice(contender, mode, sessions, *options)})
        progress()
    return results


def probed(*words):
    """(ms from exec to the first transition seen, [ms from a change to its line]; None for each that did not come)"""
    run = subprocess.run([PROBE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        print(f"bench: {' '.join(words)}: {run.stderr.strip()}", file=sys.stderr)
        return None, []
    (_, first), *lines = (line.split() for line in run.stdout.splitlines())
    return int(first) / 1e6, [None if ns == "-" else int(ns) / 1e6 for _, ns in lines]


def latency(probes, *words):
    """Of lines, from the change to the byte in a pipe, at 50 connections a second."""
    _, lines = probed("-n", str(probes), *words)
    came = [ms for ms in lines if ms is not None]
    progress()
    return {"lines": len(lines), "missing": len(lines) - len(came), "p50": percentile(came, 0.5),
            "p99": percentile(came, 0.99), "most": max(came, default=None)}


def latencies(contenders, probes):
    """{name: figures}; and of an echo, which is how soon the machine lets any program answer."""
    return {"echo": latency(probes, "-e", "cat"),
            **{contender.name: latency(probes, *contender.line_buffered_words()) for contender in contenders}}


def first_seen(contender):
    """Milliseconds from exec to the first transition that is traced; of what prints none, to its saying ready."""
    if contender.has_lines:
        return probed(*contender.line_buffered_words())[0]
    trace = Trace(contender)
    with trace:
        return trace.start_ns / 1e6


def starts(contender, count):
    """Those of so many that succeeded."""
    return [ms for ms in (first_seen(contender) for _ in range(count)) if ms is not None]


def idle_wakeups(contender, seconds=0.5, tries=12):
    """A second, in the times without a line: others have sessions too. None if there was none."""
    quiet = []
    with Trace(contender) as trace:
        time.sleep(1.2)                 # the last look at losses is over
        for _ in range(tries):
            before, size_before = trace.status("voluntary_ctxt_switches"), trace.size()
            time.sleep(seconds)
            wakeups, size = trace.status("voluntary_ctxt_switches") - before, trace.size()
            if size == size_before:
                quiet.append(wakeups / seconds)
    return mean(quiet) if quiet else None


def growth_of_sockets(contender, counts, sessions):
    """{sockets: figures}: the tool starts first, so that each socket has its storage."""
    results = {}
    for count in counts:
        trace = Trace(contender)
        with trace, Held(count):
            before, cpu_before = trace.kernel_ns(), trace.cpu_ns()
            load("rst", sessions)
            time.sleep(0.05)
            transitions = sessions * TRANSITIONS["rst"]
            figures = {"kernel_ns": sum(spent(before, trace.kernel_ns(), transitions).values()),
                       "cpu_ns": (trace.cpu_ns() - cpu_before) / transitions, "memory_kb": trace.status("VmHWM")}
        results[count] = {**figures, "lost": trace.lost}
        progress()
    return results


STUCK_SECONDS = 1
STUCK = f"--stuck=CLOSE_WAIT:{STUCK_SECONDS}"


def growth_of_stuck(contender, counts):
    """
    {sockets: figures} of --stuck, which looks at all sockets at its start, and when one is due; beside a load flat out,
    of which it is to lose nothing meanwhile.
    """
    results = {}
    for count in counts:
        trace = Trace(contender)
        with Held(count), Background("rst"), trace, Leak():
            begin = time.monotonic()
            trace.wait_for("stuck CLOSE_WAIT")
            figures = {"start_ms": trace.start_ns / 1e6, "late_ms": 1000 * (time.monotonic() - begin - STUCK_SECONDS),
                       "memory_kb": trace.status("VmHWM")}
        results[count] = {**figures, "lost": trace.lost}
        progress()
    return results


def slab_kb():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("SUnreclaim:"))


def kernel_memory(contender, counts):
    """{sockets: kB of kernel memory that tracing takes}: the sockets are there first, and the scan at the start finds them."""
    results = {}
    for count in counts:
        with Held(count):
            time.sleep(0.5)
            before = slab_kb()
            with Trace(contender):
                results[count] = slab_kb() - before
        progress()
    return results


def write_ns(size, count=50000):
    """CPU time to write so many bytes to a file, of which a tracer writes many at once."""
    block = bytes(size * 300)
    with tempfile.TemporaryFile(buffering=0) as file:
        begin = time.thread_time_ns()
        for _ in range(count // 300):
            file.write(block)
        return (time.thread_time_ns() - begin) / (count // 300 * 300)


def growth_of_rate(contender, rates):
    """{transitions a second: figures}; the last one is whatever is reached."""
    results = {}
    for rate in rates:
        connections = rate // TRANSITIONS["rst"]
        figures = churn(contender, "rst", max(200, connections * 2), "-r", str(connections))
        figures["rate"] *= TRANSITIONS["rst"]
        results[rate] = figures
        progress()
    return results
