#!/usr/bin/env python
"""Django's command line, with `site/` (a source root, not a package) put on the path."""

import gc
import os
import sys
from pathlib import Path


def main() -> None:
    root = Path(__file__).resolve().parent
    sys.path[:0] = [str(root / "site"), str(root)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "solidarity.settings.dev")
    from django.core.management import execute_from_command_line

    # What a start makes lives to the end: it is looked through for garbage less often while it is
    # made, and not at all when the process ends, which takes half a second otherwise.
    gc.set_threshold(50_000)
    try:
        execute_from_command_line(sys.argv)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
