"""What a benchmark says: one row a figure, as a table for people and as JSON for machines."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure. `target` None: shown for information. `floor` None: nothing to compare with.

    `below`: the target is "less than", not "at most".
    """

    bench: str
    name: str
    unit: str
    measured: float
    target: float | None = None
    floor: float | None = None
    below: bool = False

    @property
    def ratio(self) -> float | None:
        return self.measured / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.measured < self.target if self.below else self.measured <= self.target

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def table(rows: Sequence[Row]) -> str:
    """The rows in columns as wide as they need."""
    lines = [("bench", "what", "target", "measured", "floor", "ratio", "met")]
    lines += [
        (
            row.bench,
            row.name,
            f"{'<' if row.below else '<='} {_figure(row.target, row.unit)}"
            if row.target is not None
            else "",
            _figure(row.measured, row.unit),
            _figure(row.floor, row.unit) if row.floor is not None else "",
            f"{row.ratio:.2f}" if row.ratio is not None else "",
            {True: "yes", False: "NO", None: ""}[row.met],
        )
        for row in rows
    ]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (lines[0], rule, *lines[1:])
    )


def _figure(value: float, unit: str) -> str:
    if unit == "bytes":
        text = f"{value / 1e6:.2f} MB" if value >= 1e6 else f"{value / 1e3:.2f} kB"
    elif unit == "MB":
        text = f"{value:.1f} MB"
    elif unit == "ms":
        text = f"{value:.1f} ms"
    elif unit == "s":
        text = f"{value:.2f} s"
    elif unit == "x":
        text = f"{value:.3f}"
    else:
        text = f"{value:g}" if value == int(value) else f"{value:.3f}"
    return text
