# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The benchmark's results as Markdown tables."""
from statistics import median

LOADS = {
    "rst": "connect and reset, IPv4, flat out (6 transitions a connection)",
    "fin": "connect and close, IPv4, flat out (10 transitions a connection)",
    "listen": "listen and close, flat out (2 transitions a listener)",
    "rst6": "connect and reset, IPv6, flat out (6 transitions a connection)",
}


def column(rounds, key):
    return [figures[key] for figures in rounds if figures.get(key) is not None]


def middle(values, form="{:.0f}"):
    return form.format(median(values)) if values else "-"


def spread(values, form="{:.0f}"):
    return f"{form.format(min(values))}-{form.format(max(values))}" if values else "-"


def table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "| " + " | ".join("---" for _ in headings) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def load_rows(results):
    floor = median(column(results["empty program"], "rate"))
    for name, rounds in results.items():
        kept = [100 * share for share in column(rounds, "kept")]
        of_floor = 100 * median(column(rounds, "rate")) / floor
        lost = sum(column(rounds, "lost"))
        yield [name, middle(column(rounds, "rate")), middle(kept) + " %", spread(kept), f"{of_floor:.0f} %",
               middle(column(rounds, "kernel_ns")), spread(column(rounds, "kernel_ns")),
               middle(column(rounds, "cpu_ns")), str(lost), middle(column(rounds, "lines_share"), "{:.3f}"),
               middle([kb / 1024 for kb in column(rounds, "memory_kb")], "{:.1f}")]


LOAD_HEADINGS = ["traced by", "sessions/s", "kept", "min-max", "of empty's", "kernel ns/transition", "min-max",
                 "CPU ns/transition", "lost", "lines per transition", "peak MB"]


def load_section(results, key, title):
    return f"### {title}\n\n" + table(LOAD_HEADINGS, load_rows(results[key]))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def latency_rows(results):
    for key, when in (("latency", "50 connections/s"), ("latency_busy", "flat-out churn")):
        for name, values in results[key].items():
            if values:
                yield [name, when, str(len(values)), f"{percentile(values, 0.5):.2f}", f"{percentile(values, 0.99):.2f}"]
            else:
                yield [name, when, "0", "-", "-"]


def growth_rows(growth):
    for key, figures in growth.items():
        yield [f"{int(key):,}", f"{figures['kernel_ns']:.0f}", f"{figures['cpu_ns']:.0f}",
               f"{figures['memory_kb'] / 1024:.1f}", str(figures["lost"])]


def rate_rows(growth):
    for key, figures in growth.items():
        yield [f"{int(key):,}", f"{figures['rate']:,.0f}", f"{figures['kernel_ns']:.0f}", f"{figures['cpu_ns']:.0f}",
               str(figures["lost"])]


def text(results):
    """All tables. results: what bench/run wrote as JSON, or is about to."""
    parts = [f"Kernel {results['machine']['kernel']}, {results['machine']['cpus']} CPUs, {results['rounds']} rounds."]
    parts += [f"Absent: {why}." for why in results["absent"]]
    parts.append("## With the kernel's statistics clock on (it adds 50 to 60 ns to each run of a BPF program)")
    parts += [load_section(results, key, title) for key, title in LOADS.items()]
    parts.append("## Without the statistics clock")
    parts += [load_section(results, key + "_plain", LOADS[key]) for key in ("rst", "fin")]
    parts.append("## From the change to the line in a pipe (ms)\n\nPeers with stdbuf -oL: without it they hold lines back.\n\n"
                 + table(["traced by", "load", "lines seen", "p50", "p99"], latency_rows(results)))
    parts.append("## From exec to tracing (ms), with 1,000 sockets open\n\n" + table(
        ["program", "median", "min-max"],
        ([name, middle(values, "{:.1f}"), spread(values, "{:.1f}")] for name, values in results["first_seen"].items())))
    parts.append("## Idle: wake-ups a second\n\n" + table(
        ["program", "wake-ups/s"], ([name, f"{value:.1f}"] for name, value in results["idle"].items())))
    parts.append("## How cost grows: sockets held open (tcpstates -s)\n\n" + table(
        ["sockets", "kernel ns/transition", "CPU ns/transition", "peak MB", "lost"], growth_rows(results["sockets"])))
    parts.append("## How cost grows: transitions a second (tcpstates -s)\n\n" + table(
        ["asked for", "reached", "kernel ns/transition", "CPU ns/transition", "lost"], rate_rows(results["rates"])))
    return "\n\n".join(parts)
