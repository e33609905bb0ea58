#!/usr/bin/env python
"""Django's command line, with `site/` (a source root, not a package) put on the path."""

import gc
import os
import sys
from pathlib import Path


def main() -> None:
    # What a start makes lives to the end: to look for garbage in it often is a sixth of the start.
    gc.set_threshold(50_000, 20, 20)
    root = Path(__file__).resolve().parent
    sys.path[:0] = [str(root / "site"), str(root)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "solidarity.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
