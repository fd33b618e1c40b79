"""Figures per round to rows: the median of each proxy, and the ratio to the yardstick round by
round, since two figures of the same minute compare better than two medians. Prints Markdown."""

import statistics
from dataclasses import dataclass, field

from harness.loads import median


@dataclass
class Row:
    """One line. `rounds` maps a proxy's label to its figure in each round, None where it failed."""

    name: str
    unit: str
    rounds: dict
    ratio: bool = True
    most_ratio: float | None = None
    most: float | None = None
    faults: dict = field(default_factory=dict)

    def ratios(self, label, to):
        pairs = zip(self.rounds[label], self.rounds[to])
        return [own / other for own, other in pairs if own is not None and other]

    def passes(self, label, yardstick):
        """True or False where there is a target, else None. A wrong answer never passes."""
        if self.most_ratio is None and self.most is None:
            return None
        if self.faults.get(label):
            return False
        if self.most_ratio is not None:
            ratios = self.ratios(label, yardstick)
            return bool(ratios) and statistics.median(ratios) <= self.most_ratio
        figure = median(self.rounds[label])
        return figure is not None and figure <= self.most

    def target(self):
        if self.most_ratio is not None:
            return f"≤ {self.most_ratio:g}×"
        return f"≤ {self.most:g} {self.unit}" if self.most is not None else ""


def show(value, unit):
    if value is None:
        return "failed"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    if unit == "":
        return f"{value:,.0f}"
    return f"{value:,.{digits}f} {unit}"


def show_ratio(ratios):
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})"


def render(rows, labels):
    """The table: the yardstick is the first label; the last column compares the last two gateways
    if there are several."""
    yardstick, *others = labels
    pair = others[-2:] if len(others) > 1 else None
    titles = ["", yardstick]
    for label in others:
        titles += [label, f"{label} / {yardstick}", "target"]
    if pair:
        titles.append(f"{pair[1]} / {pair[0]}")
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "--:|" * (len(titles) - 1)]
    for row in rows:
        cells = [row.name, show(median(row.rounds[yardstick]), row.unit)]
        for label in others:
            verdict = {None: "", True: " pass", False: " **FAIL**"}[row.passes(label, yardstick)]
            cells += [show(median(row.rounds[label]), row.unit),
                      show_ratio(row.ratios(label, yardstick)) if row.ratio else "",
                      row.target().strip() + verdict]
        if pair:
            cells.append(show_ratio(row.ratios(pair[1], pair[0])) if row.ratio else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def as_json(row, labels):
    yardstick = labels[0]
    return {
        "name": row.name, "unit": row.unit, "rounds": row.rounds, "target": row.target(),
        "median": {label: median(row.rounds[label]) for label in labels},
        "ratio": {label: median(row.ratios(label, yardstick)) for label in labels[1:]},
        "pass": {label: row.passes(label, yardstick) for label in labels[1:]},
        "faults": row.faults,
    }
