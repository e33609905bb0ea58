"""What a search takes, among 1,000 pages and among 10,000."""

from pathlib import Path

from bench.rows import Row
from bench.stage import Stage

COUNTS = [1_000, 10_000]


def search(stage: Stage, profile: Path | None = None) -> list[Row]:
    """The whole page of results, made anew: for no other reader is it kept."""
    node = stage.node("search", SOLIDARITY_LANGUAGES="en")
    said = stage.run(node, "find", counts=COUNTS)
    rows = []
    for count in COUNTS:
        of_size = said[str(count)]
        for name, figures in of_size["queries"].items():
            rows.append(
                Row("search", f"{count:,} pages: {name}", "ms", figures["milliseconds"], None)
            )
        most = max(figures["queries"] for figures in of_size["queries"].values())
        rows.append(Row("search", f"{count:,} pages: database queries at most", "", most, 20))
    rows.append(Row("search", "indexing a page, in bulk", "ms", said[str(COUNTS[-1])]["fill_ms"]))
    return rows
