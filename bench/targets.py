# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the program is to reach, and what of the same run says how near it can come."""
from figures import best_ratio, column, middle, ratios, slope

CSV = "tcpstates -s"
BY_LPORT, BY_RPORT, BY_NET = CSV + " -L 1", CSV + " -D 1", CSV + " --remote 192.0.2.0/24"


def cost(results, load, name, key):
    return middle(column(results[load][name], key))


def kept(results, load, name, base="untraced"):
    return 100 * middle(ratios(results[load][name], "rate", base))


def best_kept(results, load, name, base):
    """Of the best round of each, which other work on the machine disturbed least."""
    return f"{100 * best_ratio(results[load][name], 'rate', base, max):.0f} %"


LEAST = "clock and record"


def rate_floor(load, base, names):
    """What those keep that do less, and the best rounds of each."""
    def floor(results):
        shares = [f"{name}: {kept(results, load, name, base):.0f} %, best {best_kept(results, load, name, base)}"
                  for name in names]
        return "; ".join([*shares, f"this at best {best_kept(results, load, CSV, base)}"])
    return floor


def program_floor(load):
    """What those take in the kernel that do less."""
    return lambda results: "; ".join(f"{name}: {cost(results, load, name, 'kernel_ns'):.0f}"
                                     for name in ("empty program", "two empty programs", LEAST))


def program_cost(results, name, program):
    return middle(column(column(results["rst"][name], "programs"), program)) or 0


def filter_floor(name, rest=""):
    """What is left is noting the time of each socket's creation, when nobody knows its ends yet."""
    return lambda results: (f"two empty programs, as one is needed for what the other does not see, read "
                            f"{cost(results, 'rst', 'two empty programs', 'kernel_ns'):.0f}; noting when sockets are created, "
                            f"before they have ends, takes {program_cost(results, name, 'sock_create'):.0f}{rest}")


def instructions(options):
    return lambda results: f"{results['instructions'][options]:,} instructions on replay, without read and write"


def writing_takes(results):
    return (f"writing as many bytes to a file takes {results['write_ns']:.0f}; {LEAST}, which copies less than half as much of "
            f"each: {cost(results, 'rst', LEAST, 'cpu_ns'):.0f}; it is {instructions('-q -o /dev/null')(results)}")


def lost(results):
    return sum(sum(column(rounds, "lost")) for load in ("rst", "fin") for name, rounds in results[load].items()
               if name.startswith("tcpstates"))


def peers_lose(results):
    peers = ((name, sum(column(rounds, "lost"))) for name, rounds in results["rst"].items()
             if name in ("libbpf-tools", "bpftrace", "bcc"))
    return "peers: " + (", ".join(f"{name} {count:,}" for name, count in peers) or "none here")


def seen_ms(name):
    return lambda results: middle(results["first_seen"][name])


def start_floor(results):
    return f"an empty program is attached after {middle(results['first_seen']['empty program']):.0f} ms"


def bytes_a_socket(results):
    """User and kernel memory: of the tool that has them all in its output, and of the scan."""
    user = slope([(int(count), 1024 * figures["memory_kb"]) for count, figures in results["sockets"].items()])
    kernel = slope([(int(count), 1024 * kb) for count, kb in results["kernel_memory"].items()])
    return None if user is None or kernel is None else max(0, user) + kernel


def memory_mb(results):
    return min((int(count), figures["memory_kb"] / 1024) for count, figures in results["sockets"].items())[1]


def p99(key):
    return lambda results: results[key][CSV]["p99"]


def echo_takes(key):
    return lambda results: f"an echo takes {results[key]['echo']['p99']:.2f} ms"


def nothing(results):
    return ""


# what, how it is compared, limit, unit, measured, floor
TARGETS = [
    ("connection rate kept, connect and reset, CSV to a file, of untraced", ">=", 92, "%",
     lambda results: kept(results, "rst", CSV), rate_floor("rst", "untraced", ["empty program", LEAST])),
    ("the same, of the empty program's", ">=", 95, "%", lambda results: kept(results, "rst", CSV, "empty"),
     rate_floor("rst", "empty", ["two empty programs", LEAST])),
    ("connection rate kept, connect and close, of untraced", ">=", 96, "%",
     lambda results: kept(results, "fin", CSV), rate_floor("fin", "untraced", ["empty program", LEAST])),
    ("in the kernel a transition, default fields", "<=", 350, "ns",
     lambda results: cost(results, "rst", "tcpstates", "kernel_ns"), program_floor("rst")),
    ("the same, 10 transitions a connection", "<=", 350, "ns",
     lambda results: cost(results, "fin", "tcpstates", "kernel_ns"), program_floor("fin")),
    ("the same, a filter on remote ports lets nothing pass", "<=", 100, "ns",
     lambda results: cost(results, "rst", BY_RPORT, "kernel_ns"), filter_floor(BY_RPORT)),
    ("the same, on remote addresses", "<=", 100, "ns",
     lambda results: cost(results, "rst", BY_NET, "kernel_ns"), filter_floor(BY_NET)),
    ("the same, on local ports", "<=", 100, "ns", lambda results: cost(results, "rst", BY_LPORT, "kernel_ns"),
     filter_floor(BY_LPORT, "; connect() chooses a port only after SYN_SENT, until which a session may pass")),
    ("user and system CPU a line: table", "<=", 350, "ns", lambda results: cost(results, "rst", "tcpstates", "cpu_ns"),
     instructions("table")),
    ("CSV", "<=", 350, "ns", lambda results: cost(results, "rst", CSV, "cpu_ns"), instructions("-s")),
    ("JSON", "<=", 600, "ns", lambda results: cost(results, "rst", "tcpstates -j", "cpu_ns"), instructions("-j")),
    ("recording", "<=", 120, "ns", lambda results: cost(results, "rst", "tcpstates -q -o /dev/stdout", "cpu_ns"),
     writing_takes),
    ("instructions a line on replay: CSV", "<=", 700, "", lambda results: results["instructions"]["-s"], nothing),
    ("table", "<=", 900, "", lambda results: results["instructions"]["table"], nothing),
    ("JSON", "<=", 1500, "", lambda results: results["instructions"]["-j"], nothing),
    ("lost, all outputs, flat out", "<=", 0, "transitions", lost, peers_lose),
    ("exec to the first transition seen, 1,000 sockets: CSV", "<=", 30, "ms", seen_ms(CSV), start_floor),
    ("JSON, the scan included", "<=", 30, "ms", seen_ms("tcpstates -j"), start_floor),
    ("peak memory, 1,000 sockets", "<=", 32, "MB", memory_mb, nothing),
    ("memory a further socket", "<=", 350, "bytes", bytes_a_socket, nothing),
    ("latency, 50 connections/s, p99", "<=", 10, "ms", p99("latency"), echo_takes("latency")),
    ("latency, flat-out churn, p99", "<=", 20, "ms", p99("latency_busy"),
     echo_takes("latency_busy")),
    ("wake-ups while idle", "<=", 0, "a second", lambda results: results["idle"][CSV], nothing),
]


def measured_or_none(measured, results):
    """None where a part of it was not measured."""
    try:
        return measured(results)
    except (KeyError, TypeError, ValueError):
        return None


def is_met(value, comparison, limit):
    return value >= limit if comparison == ">=" else value <= limit


def three_digits(value):
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def target_rows(results):
    for what, comparison, limit, unit, measured, floor in TARGETS:
        value = measured_or_none(measured, results)
        if value is None:
            yield [what, f"{comparison} {limit:,} {unit}".strip(), "-", "not measured", ""]
            continue
        yield [what, f"{comparison} {limit:,} {unit}".strip(), three_digits(value),
               "met" if is_met(value, comparison, limit) else "**missed**", floor(results)]
