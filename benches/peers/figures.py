"""Arithmetic on rows of results. A row is one run of one tool; rows of one repetition and case ran within a minute or two."""

import math
from statistics import median

# Share of a cpu that anything else may use during a run. More, and the run is marked and left out of medians.
FOREIGN_MAX = 0.25


def quantile(ascending, q):
    """The smallest value with at least the share `q` of all at or below it."""
    return ascending[max(0, math.ceil(q * len(ascending)) - 1)]


def is_quiet(row):
    return row.get("foreign_cpu") is None or row["foreign_cpu"] <= FOREIGN_MAX


def usable(rows):
    """Rows that figures are taken from: runs that came to an end, undisturbed ones where there are any."""
    ended = [row for row in rows if "failed" not in row]
    return [row for row in ended if is_quiet(row)] or ended


def select(rows, **wanted):
    """Rows with these values."""
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def values(rows, key):
    """The known values of a figure; `a.b` looks into the figure `a`."""
    found = []
    for row in rows:
        value = row
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            found.append(value)
    return found


def middle(rows, key):
    """Median of a figure over the usable rows; None without any."""
    found = values(usable(rows), key)
    return median(found) if found else None


def ratios(rows, tool, peer, key):
    """`tool` over `peer` in each repetition that has both, ascending; undisturbed pairs where there are any. Never across
    repetitions: the machine drifts by more than what is looked for."""
    ended = [row for row in rows if "failed" not in row]
    theirs = {(row["case"], row["repeat"]): row for row in select(ended, tool=peer)}
    pairs = [(row, theirs.get((row["case"], row["repeat"]))) for row in select(ended, tool=tool)]
    pairs = [pair for pair in pairs if pair[1] and values(pair[:1], key) and any(values(pair[1:], key))]
    pairs = [pair for pair in pairs if all(map(is_quiet, pair))] or pairs
    return sorted(values(pair[:1], key)[0] / values(pair[1:], key)[0] for pair in pairs)


def middle_ratio(rows, tool, peer, key):
    """Median of `ratios`; None without any."""
    found = ratios(rows, tool, peer, key)
    return median(found) if found else None


def worst_error(measured_ms, truth_ms, names):
    """Largest relative deviation from the truth over the named quantiles; None when one is missing."""
    if any(measured_ms.get(name) is None or not truth_ms.get(name) for name in names):
        return None
    return max(abs(measured_ms[name] / truth_ms[name] - 1) for name in names)
