# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The benchmark's results as Markdown: all that is said in it comes from them."""
from figures import best_ratio, column, middle, ratios
from targets import target_rows

LOADS = {
    "rst": "Connect and reset, IPv4, flat out: 6 transitions a connection",
    "fin": "Connect and close, IPv4, flat out: 10 transitions a connection",
    "rst6": "Connect and reset, IPv6, flat out: 6 transitions a connection",
    "listen": "Listen and close, flat out: 2 transitions a listener",
}
LOAD_HEADINGS = ["traced by", "sessions/s", "kept", "min-max", "of empty's", "kept, best", "CPU us/session, least",
                 "untraced", "kernel ns/transition", "min-max",
                 "CPU ns/transition", "min-max", "lost", "lines/transition", "peak MB"]


def number(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def spread(values, form="{:,.0f}"):
    return f"{form.format(min(values))}-{form.format(max(values))}" if values else "-"



def percent(share):
    return "-" if share is None else f"{100 * share:.0f} %"


def table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "| " + " | ".join("---" for _ in headings) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def load_rows(results):
    for name, rounds in results.items():
        kept = [100 * share for share in ratios(rounds, "rate", "untraced")]
        of_empty = [100 * share for share in ratios(rounds, "rate", "empty")]
        least = [min(column(rounds, key), default=None) for key in ("cpu_us", "untraced_us")]
        kernel, cpu = column(rounds, "kernel_ns"), column(rounds, "cpu_ns")
        yield [name, number(middle(column(rounds, "rate"))), number(middle(kept)) + " %", spread(kept),
               number(middle(of_empty)) + " %", percent(best_ratio(rounds, "rate", "untraced", max)),
               *[number(us, "{:.1f}") for us in least],
               number(middle(kernel)), spread(kernel), number(middle(cpu)), spread(cpu),
               number(sum(column(rounds, "lost"))), number(middle(column(rounds, "lines")), "{:.3f}"),
               number(middle([kb / 1024 for kb in column(rounds, "memory_kb")]), "{:.1f}")]


def program_rows(results):
    """Where the time in the kernel goes, of those that show it."""
    for name in ("empty program", "two empty programs", "clock and record", "tcpstates -s", "tcpstates -j",
                 "tcpstates -s -L 1", "tcpstates -s -D 1"):
        rounds = column(results[name], "programs")
        for program in sorted({program for programs in rounds for program in programs}):
            values = column(rounds, program)
            yield [name, program, number(middle(values)), spread(values)]


def load_sections(results):
    return [f"### {title}\n\n" + table(LOAD_HEADINGS, load_rows(results[key])) for key, title in LOADS.items()]


def latency_rows(results):
    for key, when in (("latency", "nothing else"), ("latency_busy", "flat-out churn")):
        for name, figures in results[key].items():
            yield [name, when, number(figures["lines"]), number(figures["missing"]), number(figures["p50"], "{:.2f}"),
                   number(figures["p99"], "{:.2f}"), number(figures["most"], "{:.2f}")]


def start_rows(first_seen):
    for name, values in first_seen.items():
        yield [name, number(middle(values), "{:.1f}"), spread(values, "{:.1f}")]


def growth_rows(growth, more):
    for key, figures in growth.items():
        yield [f"{int(key):,}", *more(figures), number(figures["kernel_ns"]), number(figures["cpu_ns"]),
               number(figures["lost"])]


def rate_cells(figures):
    """How much is reached, and what share of one CPU all of it takes."""
    share = figures["rate"] * (figures["kernel_ns"] + figures["cpu_ns"]) / 1e9
    return [number(figures["rate"]), f"{100 * share:.1f} %"]


def growth_sections(results):
    of_sockets = growth_rows(results["sockets"], lambda figures: [number(figures["memory_kb"] / 1024, "{:.1f}")])
    of_rates = growth_rows(results["rates"], rate_cells)
    costs = ["kernel ns/transition", "CPU ns/transition", "lost"]
    memory = ([f"{int(count):,}", number(kb)] for count, kb in results["kernel_memory"].items())
    return ["### Sockets held open, `tcpstates -s`, connect and reset flat out\n\n"
            + table(["sockets", "peak MB", *costs], of_sockets),
            "### Transitions a second, `tcpstates -s`\n\n" + table(["asked for", "reached", "of a CPU", *costs], of_rates)
            + "\n\nWhere little happens, each batch wakes the reader, which costs more than all the rest: 200 times a second "
            "at most.",
            "### Sockets that are there, `tcpstates --stuck=CLOSE_WAIT:1`, connect and reset flat out\n\n"
            "All of them are looked at once at the start, and again when a session is due, as one is that has been in "
            "CLOSE_WAIT for a second. How much later than that its line comes, and how many transitions of the load are "
            "lost in all of it. The kernel looks for a network namespace's sockets among all, within one system call: "
            "with a million in another one that may take so long that the ring buffer fills.\n\n"
            + table(["sockets", "ready after ms", "line late by ms", "peak MB", "lost"], stuck_rows(results["stuck"])),
            "### Kernel memory that the scan of `tcpstates -j` takes for sockets that are there\n\n"
            + table(["sockets", "kB"], memory)]


def stuck_rows(growth):
    for count, figures in growth.items():
        yield [f"{int(count):,}", number(figures["start_ms"]), number(figures["late_ms"]),
               number(figures["memory_kb"] / 1024, "{:.1f}"), number(figures["lost"])]


def instruction_rows(counts):
    return ([f"tcpstates {options}".strip(), number(count)] for options, count in counts.items())


def tables(results):
    """What is measured, without what it is measured against."""
    return ["## Throughput and cost\n\nRates, CPU time, memory and losses are taken as a user has them; the time in the kernel "
            "with its statistics clock, which adds to each run of a BPF program (what an empty one reads is mostly that), in "
            "runs of its own. Shares are "
            "of the same done right before, untraced and with the empty program; best: of the best round of each. The CPU time "
            "of a session is what client, server and tracer take together, in the round with least. CPU time of a transition "
            "is user and system time of the tracing process. \"Clock and record\" is what no tracer that tells of each "
            "transition can do without (`bench/least.bpf.c`): the time kept with the socket, and a record of the default "
            "table's fields, copied to the output as it is.",
            *load_sections(results),
            "### In the kernel, by program\n\nConnect and reset, IPv4. Nanoseconds a transition; `sock_create` runs once for "
            "each socket that is not accepted, which is here one of six.\n\n"
            + table(["traced by", "program", "ns/transition", "min-max"], program_rows(results["rst"])),
            "## Latency\n\nMilliseconds from the call that makes the change to the line's last byte read from a pipe, at 50 "
            "connections a second. The reader has real-time priority; an echo is what `cat` takes to answer it. Peers run with "
            "stdbuf -oL: without it they hold lines back.\n\n"
            + table(["traced by", "beside", "lines", "missing", "p50", "p99", "most"], latency_rows(results)),
            "## Start\n\nMilliseconds from exec to the first transition that is seen, with 1,000 sockets open; of the empty "
            "program, to its saying that it is attached.\n\n"
            + table(["program", "median", "min-max"], start_rows(results["first_seen"])),
            "## Idle\n\nVoluntary context switches a second while nothing happens.\n\n"
            + table(["program", "a second"], ([name, number(value, "{:.1f}")] for name, value in results["idle"].items())),
            "## How cost grows", *growth_sections(results),
            "## Instructions a line on replay\n\nCounted by callgrind (`tests/perf/run`), which a busy machine does not change."
            "\n\n" + table(["program", "instructions"], instruction_rows(results["instructions"]))]


def machine(results):
    about = results["machine"]
    return (f"Kernel {about['kernel']}, {about['cpus']} CPUs, {results['rounds']} rounds of {results['sessions']:,} sessions; "
            f"medians. Other machines on the same host took {about['stolen_percent']:.1f} % of the CPU time meanwhile.")


def text(results):
    """For the terminal."""
    targets = table(["figure", "target", "measured", "", "floor, in the same run"], target_rows(results))
    absent = [f"Absent: {why}." for why in results["absent"]]
    return "\n\n".join([machine(results), *absent, "## Targets\n\n" + targets, *tables(results)])


def page(results):
    """docs/performance.md."""
    return ("<!-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause -->\n# Performance\n\n"
            f"Written by `{results['command']}` (`make bench-docs` builds what it needs) from what it measured, which is also in `performance.json`; not by hand. "
            "It needs root, works in network namespaces of its own on loopback, and takes turns between all that it "
            "compares: ratios within a run are what counts, seconds are this machine's.\n\n" + text(results) + "\n")
