"""Rows of results as Markdown."""

from statistics import median

from figures import is_quiet, middle, ratios, select, usable, values
from goals import GOALS, US


def table(headings, lines):
    """A Markdown table."""
    rows = [headings, ["---"] * len(headings), *lines]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows) + "\n"


def number(value, digits=2):
    """`–` for a missing one: it is not zero."""
    return "–" if value is None else f"{value:,.{digits}f}"


def several(rows, key, names, digits=2):
    """Medians of some quantiles: `5.06 / 5.20`."""
    return " / ".join(number(middle(rows, f"{key}.{name}"), digits) for name in names)


def signed(rows, figure, show):
    """Median of a figure of each row, with its sign."""
    found = [value for value in map(figure, usable(rows)) if value is not None]
    return show(median(found)) if found else "–"


def span(rows, key, digits=0):
    found = values(usable(rows), key)
    return f"{min(found):,.{digits}f}–{max(found):,.{digits}f}" if found else "–"


def runs(rows):
    """Quiet runs of those made, and the most that anything else used of a cpu in one of them."""
    ended = [row for row in rows if "failed" not in row]
    foreign = max((row["foreign_cpu"] for row in ended if row.get("foreign_cpu") is not None), default=None)
    quiet = sum(map(is_quiet, ended))
    return f"{quiet} of {len(rows)}{'' if quiet or not ended else ' (!)'}", number(foreign)


def per_tool(rows, headings, cells):
    """One line per case and tool; a tool that failed says why instead of figures."""
    lines = []
    for case, tool in dict.fromkeys((row["case"], row["tool"]) for row in rows):
        own = select(rows, case=case, tool=tool)
        if usable(own):
            lines.append([case, tool, *cells(own), *runs(own)])
        else:
            lines.append([case, tool, *["–"] * (len(headings) - 1), own[0]["failed"], *runs(own)])
    return table(["case", "tool", *headings, "quiet runs", "foreign cpu"], lines)


def saturated(rows):
    headings = ["requests/s", "min–max", "CPU-s per 1M", "user + system", "generator cpu", "target CPU-s per 1M"]
    headings += ["p50 / p99 ms, as reported", "peak MB", "errors"]

    def cells(own):
        return [
            number(middle(own, "requests_per_s"), 0),
            span(own, "requests_per_s"),
            number(middle(own, "cpu_s_per_million")),
            f"{number(middle(own, 'user_s_per_million'), 1)} + {number(middle(own, 'system_s_per_million'), 1)}",
            number(middle(own, "generator_cpu")),
            number(middle(own, "target_cpu_s_per_million")),
            several(own, "reported.latency_ms", ["p50", "p99"], 3),
            number(middle(own, "peak_rss_mb"), 1),
            number(middle(own, "reported.errors"), 0),
        ]

    return per_tool(rows, headings, cells) + "\n" + against_peers(rows)


def against_peers(rows):
    """Ratios within each repetition: median and span."""
    lines = []
    for case, peer in dict.fromkeys((row["case"], row["tool"]) for row in rows if row["tool"] != US):
        found = [ratios(select(rows, case=case), US, peer, key) for key in ("cpu_s_per_million", "requests_per_s")]
        shown = [f"{median(each):.2f} ({each[0]:.2f}–{each[-1]:.2f})" if each else "–" for each in found]
        lines.append([case, f"{US} ÷ {peer}", *shown, len(found[0])])
    return table(["case", "ratio", "CPU per request", "requests/s", "repetitions"], lines)


def paced(rows):
    headings = ["requests/s at the target", "CPU-s per 1M", "p50 error ms", "p99 error ms", "p50 / p99 / p99.9 / max ms, as reported"]
    headings += ["target's own p50 / p99 ms", "dispersion", "dropped", "errors"]

    def cells(own):
        return [
            number(middle(own, "target_saw.rate"), 1),
            number(middle(own, "cpu_s_per_million"), 1),
            *(signed(own, lambda row, q=q: off(row, q), "{:+.2f}".format) for q in ("p50", "p99")),
            several(own, "reported.latency_ms", ["p50", "p99", "p999", "max"]),
            " / ".join(number(us and us / 1e3) for us in (middle(own, f"target_saw.service_us.{q}") for q in ("p50", "p99"))),
            number(middle(own, "target_saw.dispersion_10ms")),
            number(middle(own, "reported.dropped"), 0),
            number(middle(own, "reported.errors"), 0),
        ]

    return per_tool(rows, headings, cells) + "\n" + against_peers(rows)


def off(row, quantile):
    """Reported less true, in milliseconds."""
    said, truth = row["reported"]["latency_ms"].get(quantile), row["truth_ms"].get(quantile)
    return None if said is None or truth is None else said - truth


def relative(row, truth, quantile):
    """Reported over true, less one."""
    said, true = row["reported"]["latency_ms"].get(quantile), row.get(truth, {}).get(quantile)
    return said / true - 1 if said is not None and true else None


def deviations(own, truth, names):
    return " / ".join(signed(own, lambda row, q=q: relative(row, truth, q), "{:+.1%}".format) for q in names)


def stall(rows):
    tail = ["p95", "p99", "p999"]
    headings = ["p50 / p95 / p99 / p99.9 / max ms, as reported", "p95 / p99 / p99.9 against the arithmetic", "against the target's clock"]
    headings += ["p95 / p99 / p99.9 by the target's clock, ms", "dropped", "errors", "CPU-s per 1M"]

    def cells(own):
        return [
            several(own, "reported.latency_ms", ["p50", *tail, "max"], 1),
            deviations(own, "truth_ms", tail),
            deviations(own, "by_target_ms", tail),
            several(own, "by_target_ms", tail, 1),
            number(middle(own, "reported.dropped"), 0),
            number(middle(own, "reported.errors"), 0),
            number(middle(own, "cpu_s_per_million"), 1),
        ]

    return per_tool(rows, headings, cells)


def frozen(rows):
    headings = ["p50 / p95 / p99 / p99.9 / max ms, as reported", "truth p99 / max ms", "p99 / max against the truth"]
    headings += ["against the target's clock", "dropped", "what it says of it"]

    def cells(own):
        says = dict.fromkeys(row["reported"]["says"] for row in usable(own) if row["reported"]["says"])
        return [
            several(own, "reported.latency_ms", ["p50", "p95", "p99", "p999", "max"], 1),
            several(own, "truth_ms", ["p99", "max"], 0),
            deviations(own, "truth_ms", ["p99", "max"]),
            deviations(own, "by_target_ms", ["p99", "max"]),
            number(middle(own, "reported.dropped"), 0),
            next(iter(says), "nothing"),
        ]

    return per_tool(rows, headings, cells)


def memory(rows):
    marks = list(dict.fromkeys(mark for row in rows for mark in row.get("rss_mb", {})))
    headings = [f"peak MB after {int(mark.removeprefix('at_')):,} requests" for mark in marks] + ["peak MB, its report included", "requests", "connections at the target"]

    def cells(own):
        after = [number(middle(own, f"rss_mb.{mark}"), 1) for mark in marks]
        return [*after, number(middle(own, "peak_rss_mb"), 1), *(number(middle(own, key), 0) for key in ("requests", "connections"))]

    return per_tool(rows, headings, cells)


def startup(rows):
    def cells(own):
        return [number(middle(own, "wall_ms"), 1), span(own, "wall_ms", 1), number(middle(own, "cpu_ms"), 1)]

    return per_tool(rows, ["wall ms", "min–max", "CPU ms"], cells)


TABLES = {"closed": saturated, "tls": saturated, "h2": saturated, "paced": paced, "stall": stall, "frozen": frozen, "memory": memory, "startup": startup}


def goals(rows):
    """Every goal of the phases that were run, beside its figure."""
    words = {True: "meets", False: "falls short", None: "not measured"}
    lines = []
    for goal in GOALS:
        if not select(rows, phase=goal.phase):
            continue
        measured = goal.measured(rows)
        limit = goal.show(goal.limit) if goal.limit else goal.show(0)
        shown = "–" if measured is None else goal.show(measured)
        if measured is not None and goal.measured([row for row in rows if is_quiet(row)]) is None:
            shown += " (!)"
        bound = f"≤ {limit}" if goal.limit else limit
        lines.append([goal.phase, goal.what, f"aim at {bound}" if goal.aim else bound, shown, words[goal.meets(rows)]])
    return table(["phase", "goal", "bound", "measured", "found"], lines)
