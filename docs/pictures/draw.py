#!/usr/bin/env python3
"""Draws the pictures of docs/STATISTICS.md from the tables in it (`make calibrate` runs this after it has written them)."""
import pathlib
import sys
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "STATISTICS.md"
WIDTH, LABEL, BAR, GAP, HEAD = 720, 270, 18, 8, 56
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600; font-size: 15px } .note { fill: #59636e }
.other { fill: #9aa4af } .gate { fill: #1a7f37 } .axis { stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .note { fill: #9198a1 } .other { fill: #656c76 } .gate { fill: #3fb950 }
.axis { stroke: #3d444d } }
</style>"""


def rows(page: str) -> list[list[str]]:
    """Cells of all rows of the tables between the marks, a study's name repeated where the table leaves it out."""
    tables = page.split("<!-- calibrate -->\n")[1].split("<!-- /calibrate -->")[0]
    found, name = [], ""
    for line in tables.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 2:
            name = cells[0] or name
            found.append([name] + cells[1:])
    return found


def shares(cell: str) -> list[float | None]:
    """`47 / 98 / -` as numbers."""
    return [None if part.strip() == "-" else float(part) for part in cell.split("/")]


def bars(title: str, note: str, items: list[tuple[str, float, str]]) -> str:
    """A picture of horizontal bars: label, percent, class. An item without a class is a heading."""
    height = HEAD + len(items) * (BAR + GAP) + 12
    scale = (WIDTH - LABEL - 60) / 100
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">', f"<title>{escape(title)}</title>", STYLE]
    parts.append(f'<text class="title" x="8" y="20">{escape(title)}</text><text class="note" x="8" y="40">{escape(note)}</text>')
    parts.append(f'<line class="axis" x1="{LABEL}" x2="{LABEL}" y1="{HEAD - 4}" y2="{height - 8}"/>')
    for number, (label, percent, kind) in enumerate(items):
        y = HEAD + number * (BAR + GAP)
        if not kind:
            parts.append(f'<text class="title" x="8" y="{y + 14}">{escape(label)}</text>')
            continue
        parts.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{max(1, percent * scale):.0f}" height="{BAR}" rx="2"/>')
        parts.append(f'<text x="{LABEL + percent * scale + 6:.0f}" y="{y + 14}">{percent:g} %</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def false_alarms(table: list[list[str]]) -> str:
    """The four rules on the runs of a service in which nothing changed."""
    items = []
    for study, design, heading in [
        ("runners differ by 3 %", "k = 10", "ten stored runs, runners differ by 3 %"),
        ("queue, runners differ by 3 %", "k = 10", "the same, a service with a queue"),
        ("6 x 20 s, 1000/s, processes of /search differ by 10 %", "learned from 5", "side by side, processes of one endpoint differ by 10 %"),
    ]:
        row = next(row for row in table if row[:2] == [study, design] and len(row) == 7 and row[2].startswith("none"))
        items.append((heading, 0.0, ""))
        names = ["p95 +10 % over one run", "Mann-Whitney on requests", "t-bound over history", "loadgate"]
        for name, cell in zip(names, row[3:]):
            if (share := shares(cell)[0]) is not None:
                items.append((name, share, "gate" if name == "loadgate" else "other"))
    return bars("Unchanged builds that are failed", "share of simulated builds in which nothing changed", items)


def found(table: list[list[str]]) -> str:
    """What the gate finds, by design and size."""
    items = []
    for heading, column in [("one endpoint slower", 6), ("the whole service slower", 7)]:
        items.append((heading, 0.0, ""))
        for study, design, name in [
            ("6 x 20 s, 1000/s", "learned from 0", "side by side"),
            ("6 x 20 s, 1000/s", "learned from 5", "side by side, noise learned"),
            ("runners differ by 3 %", "k = 10", "ten stored runs"),
            ("runners differ by 3 %", "k = 20", "twenty stored runs"),
        ]:
            row = next(row for row in table if row[:2] == [study, design] and len(row) >= 9)
            for size, share in zip((5, 10, 20), shares(row[column])):
                if share is not None:
                    items.append((f"{name}, +{size} %", share, "gate"))
    return bars("True changes that are found", "share of simulated builds; side by side 6 x 20 s at 1000/s, stored 200/s x 60 s", items)


def main() -> None:
    table = rows(PAGE.read_text(encoding="utf-8"))
    if not table:
        sys.exit(f"{PAGE}: there are no tables between the marks; run `make calibrate`")
    for name, draw in [("false-alarms", false_alarms), ("found", found)]:
        (HERE / f"{name}.svg").write_text(draw(table), encoding="utf-8")


if __name__ == "__main__":
    main()
