# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Many measurements as a few figures."""
import math
from statistics import median


def column(rounds, key):
    """One figure of each round that has it."""
    return [figures[key] for figures in rounds if figures.get(key) is not None]


def middle(values):
    """The median; None of nothing."""
    return median(values) if values else None


def percentile(values, share):
    """The smallest value that at least that share of all is not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def ratios(rounds, key, base):
    """Of two figures of the same round; rounds without one of the two are left out."""
    return [figures[key] / figures[base] for figures in rounds if figures.get(key) is not None and figures.get(base)]


def best_ratio(rounds, key, base, best):
    """Of the best of all rounds, best being max or min: what other work on the machine disturbed least."""
    values, bases = column(rounds, key), column(rounds, base)
    return best(values) / best(bases) if values and bases and best(bases) else None


def slope(points):
    """How much y grows for each x, by the ends of the range of x: [(x, y)]."""
    (first_x, first_y), (last_x, last_y) = min(points), max(points)
    return (last_y - first_y) / (last_x - first_x) if last_x != first_x else None


def rounded(value):
    """Four digits: more say nothing. Also of all that a list or dictionary holds."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value
