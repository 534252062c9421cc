# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How the benchmark makes figures of measurements."""

import json
import sys

import tool
from outcome import check_equal

sys.path.insert(0, str(tool.TREE / "bench"))

import figures      # noqa: E402
import report       # noqa: E402
import targets      # noqa: E402


def test_middle():
    check_equal("of three", figures.middle([9, 1, 2]), 2)
    check_equal("of four", figures.middle([1, 4, 2, 9]), 3)
    check_equal("of none", figures.middle([]), None)


def test_percentile():
    hundred = list(range(100, 0, -1))
    for share, wanted in (0.5, 50), (0.99, 99), (1, 100), (0, 1):
        check_equal(f"{share} of 1 to 100", figures.percentile(hundred, share), wanted)
    check_equal("0.99 of two", figures.percentile([3, 5], 0.99), 5)
    check_equal("0.5 of two", figures.percentile([3, 5], 0.5), 3)
    check_equal("of none", figures.percentile([], 0.99), None)


def test_ratios():
    """A round counts only where it has both."""
    rounds = [{"rate": 50, "untraced": 100}, {"rate": 90, "untraced": 120}, {"rate": 80}, {"untraced": 100},
              {"rate": 1, "untraced": 0}]
    check_equal("ratios", figures.ratios(rounds, "rate", "untraced"), [0.5, 0.75])


def test_best_ratio():
    rounds = [{"rate": 50, "untraced": 100}, {"rate": 90, "untraced": 80}, {"rate": 60}]
    check_equal("of the most", figures.best_ratio(rounds, "rate", "untraced", max), 0.9)
    check_equal("of the least", figures.best_ratio(rounds, "rate", "untraced", min), 50 / 80)
    check_equal("of none", figures.best_ratio([{"rate": 1}], "rate", "untraced", max), None)


def test_slope():
    check_equal("over all", figures.slope([(1000, 10), (3000, 99), (5000, 8010)]), 2.0)
    check_equal("in another order", figures.slope([(5000, 8010), (1000, 10)]), 2.0)
    check_equal("of one", figures.slope([(1000, 10)]), None)


def test_rounded():
    check_equal("in all", figures.rounded({"a": [1.23456, 7], "b": {"c": 98765.4, "d": "text", "e": None}}),
                {"a": [1.235, 7], "b": {"c": 98770.0, "d": "text", "e": None}})


def test_targets():
    for value, comparison, limit, wanted in (92, ">=", 92, True), (91.9, ">=", 92, False), (0, "<=", 0, True), (1, "<=", 0, False):
        check_equal(f"{value} {comparison} {limit}", targets.is_met(value, comparison, limit), wanted)


def test_growth():
    """What a socket takes is counted in both its halves; a measurement that shrinks is none of the user's."""
    results = {"sockets": {"1000": {"memory_kb": 100}, "9000": {"memory_kb": 900}}, "kernel_memory": {"1000": 10, "2000": 210}}
    check_equal("both", targets.bytes_a_socket(results), 1024 * (0.1 + 0.2))
    results["sockets"]["9000"]["memory_kb"] = 50
    check_equal("the kernel's", targets.bytes_a_socket(results), 1024 * 0.2)


def test_load_rows():
    """Medians of what a round was compared with in that round; losses add up."""
    same = {"lines": 1, "cpu_us": 100, "untraced_us": 90}
    rounds = [{**same, "rate": 80, "untraced": 100, "empty": 80, "kernel_ns": 300, "cpu_ns": 9, "lost": 1, "memory_kb": 2048},
              {**same, "rate": 10, "untraced": 20, "empty": 20, "kernel_ns": 100, "cpu_ns": 7, "lost": 2, "memory_kb": 1024}]
    check_equal("row", list(report.load_rows({"any": rounds})),
                [["any", "45", "65 %", "50-80", "75 %", "80 %", "100.0", "90.0", "200", "100-300", "8", "7-9", "3", "1.000", "1.5"]])


def test_page():
    """What the page says is what was measured: it is not written by hand."""
    results = json.loads((tool.TREE / "docs/performance.json").read_text())
    check_equal("docs/performance.md; bench/run --reprint writes it", (tool.TREE / "docs/performance.md").read_text(),
                report.page(results))


def test_table():
    check_equal("Markdown", report.table(["a", "b"], [["1", "2"], ["3", "4"]]), "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |")
