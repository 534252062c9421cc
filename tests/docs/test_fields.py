# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The field table, --fields help, the man page and what is printed have the same fields."""

import json
import re

import page
import tool
from outcome import check, check_equal, check_same_items

JSON_TYPES = {"string": str, "number": (int, float), "boolean": bool, "array": list, "null": type(None)}


# For people, or new: JSON has it when it is asked for.
DERIVED = ["lasted", "life", "handshake", "time_wait", "owner", "isn_local", "isn_remote", "segs_out", "icmp_type", "icmp_code", "lports", "rports",
           "full", "accepts", "p50", "p99", "max", "full_in"]

# In another view, the key is one of its own.
NOT_DERIVED = {"--ports": ["time_wait"]}

# Of these, the recording in the tree has no example of each type.
RARE = ["skaddr", "c_pid", "c_comm", "ms_about", "ms_at_least", "signal", "reset_reason", "pid", "comm", "owner_from", "cgroup", "uid",
        "netns", "cgroup_id", "cookie", "tx_bytes", "rx_bytes", "tx_queue", "rx_queue", "retrans", "cwnd", "mss", "idle_ms", "lasted", "isn_local", "isn_remote", "segs_out",
        "icmp_type", "icmp_code", "owner", "accepted"]


# The views: their option, their section of the man page, and the file of their field table.
VIEWS = [([], "FIELDS", "field/transition_fields.c"), (["--sessions"], "FIELDS OF A SESSION", "view/session_fields.c"),
         (["--resets"], "FIELDS OF RESETS", "view/resets_fields.c"),
         (["--listeners"], "FIELDS OF LISTENERS", "view/listeners_fields.c"),
         (["--ports"], "FIELDS OF LOCAL PORTS", "view/ports_fields.c")]


def page_fields(title="FIELDS"):
    found = page.paragraphs(page.section(title), r"([a-z0-9_]+) \((\S+)\)")
    return [(tool.Field(*match.group(1, 2)), text) for match, text in found]


def all_keys(*view):
    return ",".join(field.key for field in tool.fields(*view))


def objects(*view):
    return [json.loads(line) for line in tool.replay(*view, "-j").splitlines()]


def test_table_and_help():
    for view, _, file in VIEWS:
        rows = tool.table_fields(file)
        check(len(rows) > 10, f"only {len(rows)} rows found in {file}")
        check_same_items(f"{view} --fields help and {file}", tool.fields(*view), rows)


def shared_fields(title):
    """Those that the page says of a view to be as those of a change."""
    text = page.text(page.section(title))
    listed = re.search(r" lists\. ((?:\w+, )+\w+) As in FIELDS, at the end of the session, or of the trace\.", text)
    return listed[1].split(", ") if listed else []


def test_page():
    changes = {field.key: field for field, _ in page_fields()}
    for view, title, _ in VIEWS:
        told = [field for field, _ in page_fields(title)] + [changes[key] for key in shared_fields(title)]
        check_same_items(f"{title} of the man page and {view} --fields help", sorted(told), sorted(tool.fields(*view)))


def test_page_order():
    for view, title, _ in VIEWS:
        order = [field for field in tool.fields(*view) if field.key not in shared_fields(title)]
        check_equal(f"{title}: order", [field for field, _ in page_fields(title)], order)


def check_fields_of_groups(view, subsection, keys):
    """The fields of a summary likewise, and their JSON types."""
    listed = [tool.Field(*line.split()[:2]) for line in tool.output_of(*view, "--fields", "help").splitlines()]
    found = page.paragraphs(page.subsections("SUMMARY")[subsection], r"([a-z0-9_]+) \((\S+)\)")
    told = [tool.Field(*match.group(1, 2)) for match, _ in found]
    check_same_items(f"{subsection} in the man page and in --fields help", told, listed)
    fields = ",".join(field.key for field in told)
    objects = [json.loads(line) for line in tool.replay(*view, "--by", keys, "-j", "-F", fields).splitlines()]
    check(objects, f"{view} --by {keys} prints nothing")
    for match, text in found:
        said = re.search(r"JSON: (\w+)(?: or (\w+))?", text)
        kinds = [JSON_TYPES[name] for name in said.groups() if name]
        for line in objects:
            check(any(isinstance(line[match[1]], kind) for kind in kinds), f"{match[1]} is {line[match[1]]!r}, not {said[0]}")


def test_summary():
    check_fields_of_groups(["--summary"], "Fields of a summary", "pid,comm,laddr/24,lport,raddr,rport,netns,cgroup,cause,state,edge")


def test_summary_of_sessions():
    check_fields_of_groups(["--sessions", "--summary"], "Fields of a summary of sessions",
                           "pid,comm,laddr/24,lport,raddr,rport,netns,cgroup,cause,port,role,closed_by")


def test_headings():
    for view, _, _ in VIEWS:
        headings = [field.heading for field in tool.fields(*view)]
        csv = tool.replay(*view, "-s", "-F", all_keys(*view), "-n", "1").splitlines()[0]
        check_equal("headings in CSV", csv.split(","), headings)
        table = tool.replay(*view, "-F", all_keys(*view), "-n", "1").splitlines()[0]
        check_equal("headings in the table", [word for word in table.split() if word != "->"], headings)


def test_names():
    """By key or heading, in any case."""
    for view, _, _ in VIEWS:
        for field in tool.fields(*view):
            wanted = tool.replay(*view, "-s", "-F", field.key)
            for name in field.heading, field.key.upper(), field.heading.lower():
                check_equal(f"--fields {name}", tool.replay(*view, "-s", "-F", name), wanted)


def test_json_keys():
    for view, _, _ in VIEWS:
        for line in objects(*view):
            own = [key for option in view for key in NOT_DERIVED.get(option, [])]
            check_equal("JSON keys", list(line), [field.key for field in tool.fields(*view) if field.key not in DERIVED or field.key in own])


def test_json_types():
    """Each value is of a type that the man page names, and each of these types occurs."""
    for view, title, _ in VIEWS:
        check_json_types(view, title)


def check_json_types(view, title):
    lines = [json.loads(line) for line in tool.replay(*view, "-j", "-F", all_keys(*view)).splitlines()]
    for field, text in page_fields(title):
        said = re.search(r"JSON: (\w+)(?: or (\w+))?\.", text)
        check(said, f"the man page does not tell the JSON type of {field.key}")
        wanted = [JSON_TYPES[name] for name in said.groups() if name]
        for line in lines:
            check(any(isinstance(line[field.key], kind) for kind in wanted), f"{field.key} is {line[field.key]!r}, not {said[0]}")
        for kind in [] if view or field.key in RARE else wanted:
            check(any(isinstance(line[field.key], kind) for line in lines), f"{field.key} is never {kind}: {said[0]}")


def test_default_columns():
    """What the man page lists under Table and CSV is what is printed without --fields."""
    (normal, wide, *extended), = page.blocks("Table")
    (csv, *extended_csv), = page.blocks("CSV")
    extended, extended_csv = ("".join(line.strip().rstrip("\\") for line in lines) for lines in (extended, extended_csv))
    for what, options, fields in (("table", [], normal), ("wide table", ["-w"], wide), ("CSV", ["-s"], csv),
                                  ("extended", ["-x"], extended), ("extended CSV", ["-x", "-s"], extended_csv)):
        check_equal(what, tool.replay(*options), tool.replay(*options, "-F", fields))


def test_default_columns_of_sessions():
    lists = ["".join(line.strip().rstrip("\\") for line in block) for block in page.blocks("SESSIONS")]
    check(len(lists) == 3, f"not table, wide table and CSV: {lists}")
    for options, fields in zip(([], ["-w"], ["-s"]), lists):
        check_equal(f"{options}", tool.replay("--sessions", *options), tool.replay("--sessions", *options, "-F", fields))


def test_default_columns_of_views():
    for view, title in ("--resets", "RESETS"), ("--listeners", "LISTENERS"):
        lists = ["".join(line.strip().rstrip("\\") for line in block) for block in page.blocks(title)]
        check(len(lists) == 3, f"not table, wide table and CSV: {lists}")
        for options, fields in zip(([], ["-w"], ["-s"]), lists):
            check_equal(f"{view} {options}", tool.replay(view, *options), tool.replay(view, *options, "-F", fields))


def test_limits_of_listeners():
    text = page.text(page.section("LISTENERS"))
    said = re.search(r"At most ([0-9,]+) listeners are followed", text)[1].replace(",", "")
    for name, file in ("LISTENERS_MAX", "bpf/shared.h"), ("LISTENERS_SHOWN_MAX", "view/listeners.h"):
        check_equal(name, re.search(rf"#define {name} (\d+)", tool.source(file))[1], said)


def test_default_columns_of_summary_of_sessions():
    lists = ["".join(line.strip().rstrip("\\") for line in block) for block in page.blocks("Summary of sessions")]
    check(len(lists) == 2, f"not table and CSV: {lists}")
    for options, fields in zip(([], ["-s"]), lists):
        view = "--sessions", "--summary", "--by", "raddr,port", *options
        check_equal(f"{options}", tool.replay(*view), tool.replay(*view, "-F", f"raddr,port,{fields}"))


def test_limit_of_summary_of_sessions():
    text = page.text(page.subsections("SUMMARY")["Summary of sessions"])
    said = re.search(r"At most ([0-9,]+) groups are separate", text)[1].replace(",", "")
    check_equal("groups", said, re.search(r"#define SESSION_GROUPS_MAX (\d+)", tool.source("view/session_summary.h"))[1])


def test_default_columns_of_ports():
    lists = ["".join(line.strip().rstrip("\\") for line in block) for block in page.blocks("LOCAL PORTS")]
    check(len(lists) == 3, f"not table, wide table and CSV: {lists}")
    for options, fields in zip(([], ["-w"], ["-s"]), lists):
        check_equal(f"{options}", tool.replay("--ports", *options), tool.replay("--ports", *options, "-F", fields))


def test_limits_of_ports():
    """How many destinations have rows, and how many processes are named."""
    text = page.text(page.section("LOCAL PORTS"))
    pools = re.search(r"At most ([0-9,]+) destinations", text)[1].replace(",", "")
    check_equal("destinations", pools, re.search(r"#define PORT_POOLS_MAX (\d+)", tool.source("view/port_pool.h"))[1])
    check("Up to four names" in text, "the man page does not say how many processes are named")
    check_equal("names", "4", re.search(r"#define PORT_MAKERS_MAX (\d+)", tool.source("view/port_pool.h"))[1])


def test_limits_of_resets():
    """How many are counted, and how many local ports have rows of their own."""
    text = page.text(page.section("RESETS"))
    said = re.search(r"At most ([0-9,]+) combinations of both .* at most ([0-9,]+) combinations", text).groups()
    wanted = [re.search(rf"#define {name} (\d+)", tool.source(file))[1]
              for name, file in (("RESETS_MAX", "bpf/shared.h"), ("RESET_GROUPS_MAX", "view/resets.h"))]
    check_equal("combinations", [number.replace(",", "") for number in said], wanted)
    ports = re.search(r"#define RESET_LPORTS_MAX (\d+)", tool.source("view/resets.h"))[1]
    check(f"Up to {ports} local ports have a row each" in text, f"the man page does not say that up to {ports} ports have rows")


def test_examples_of_views():
    """What docs/examples.md shows is what these recordings hold."""
    text = (tool.TREE / "docs/examples.md").read_text()
    without_times = lambda text: re.sub(r"\d\d:\d\d:\d\d", "", text)
    for view in "--resets", "--listeners":
        options, output = re.search(rf"^\$ tcpstates (-r \S+ {view})\n((?:.*\n)+?)```", text, re.M).groups()
        check_equal(f"tcpstates {options}", without_times(tool.output_of(*options.split())), without_times(output))


def test_example_of_ports():
    options, output = re.search(r"^\$ tcpstates (-r \S+ --ports)\n((?:.*\n)+?)```", (tool.TREE / "docs/examples.md").read_text(), re.M).groups()
    check_equal(f"tcpstates {options}", [line.rstrip() for line in tool.output_of(*options.split()).splitlines()], output.splitlines())


def test_states():
    """The states that the man page names are those of the kernel that a socket can be in."""
    named = set(re.findall(r'"([A-Z_0-9]+)"', tool.source("trace/state.c").split("words[STATE_COUNT] = {")[1].split("};")[0])) - {"UNKNOWN"}
    text = page.text(page.section("DESCRIPTION"))
    listed = re.split(r", | and ", re.search(r"State names are those of the kernel: ([^.]*)\.", text)[1])
    check_same_items("states in the man page and in src/trace/state.c", sorted(listed), sorted(named - {"NEW_SYN_RECV"}))


def test_journal_fields():
    tags = page.paragraphs(page.section("JOURNAL"), r"([A-Z_0-9]+(?:, [A-Z_0-9]+)*)")
    listed = [name for tag, _ in tags for name in tag[1].split(", ")]
    sent = set(re.findall(r'(?:"|\\n)([A-Z_0-9]+)=', tool.source("sink/journal.c")))
    check(len(sent) > 10, f"only {len(sent)} fields found in src/sink/journal.c")
    check_same_items("journal fields in the man page and in src/sink/journal.c", sorted(listed), sorted(sent))


def test_causes():
    """--help, the man page and the table have the same ones, in one order; the page says what the table says."""
    table = tool.table_causes()
    check(len(table) > 20, f"only {len(table)} causes found in src/trace/cause.c")
    check_same_items("causes in --help and in src/trace/cause.c", tool.help_causes(), list(table))
    listed = page.definitions("CAUSES")
    check_same_items("causes in the man page and in src/trace/cause.c", [name for name, _ in listed], list(table))
    for name, text in listed:
        check(text.lower().startswith(table[name].lower()), f"the man page says of {name}: {text}")


def test_named_causes():
    """What the text of other sections names as the cause of a reset is one."""
    words = {word for word in re.findall(r"\breset_[a-z]+(?:_[a-z]+)*", page.PATH.read_text())}
    check("reset_unread" in words, f"the man page names no reset as a cause: {sorted(words)}")
    strange = words - set(tool.help_causes()) - {"reset_reason"}
    check(not strange, f"the man page names what is no cause: {sorted(strange)}")


def test_certainty_of_causes():
    """The man page says of each cause when it is certain."""
    causes = dict(page.definitions("CAUSES"))
    for name in tool.help_causes():
        check(re.search(r"\bcertain\b", causes[name], re.IGNORECASE), f"the man page does not say when {name} is certain: {causes[name]}")


def test_owners():
    names = tool.source("trace/owner.c").split("const names[] = {")[1].split("};")[0]
    listed = [tag for tag, _ in page.definitions("OWNER")]
    check_same_items("OWNER in the man page and src/trace/owner.c", listed, re.findall(r'"(\w+)"', names))
