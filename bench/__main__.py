"""`python -m bench NAME...`: run benchmarks by name, print a table and one JSON document."""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

from bench.measures import MEASURES
from bench.rows import Row, table
from bench.stage import Stage


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="+", choices=["all", *MEASURES], metavar="NAME",
                        help="all, " + ", ".join(MEASURES))  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there as well")
    parser.add_argument("--profile", type=Path, metavar="FILE",
                        help="write a cProfile of the receiving process (slows it)")  # fmt: skip
    asked = parser.parse_args()
    names = list(MEASURES) if "all" in asked.names else list(dict.fromkeys(asked.names))
    started = time.monotonic()
    rows: list[Row] = []
    with Stage() as stage:
        for name in names:
            rows += MEASURES[name](stage, asked.profile)
        machine = {
            "cores": os.cpu_count(),
            "database": stage.databases.label,
            "python": platform.python_version(),
            "load_average": os.getloadavg()[0],
        }
    document = {
        "machine": machine,
        "seconds": round(time.monotonic() - started, 1),
        "met": all(row.met is not False for row in rows),
        "rows": [row.as_dict() for row in rows],
    }
    text = json.dumps(document)
    print(table(rows))
    print(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in machine.items()))
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n", encoding="utf-8")
    return 0 if document["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
