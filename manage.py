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
    import django
    from django.core.management import execute_from_command_line

    # What a start makes lives to the end. Nothing is looked for in it: not while it is made, and
    # not when the process ends, which takes half a second otherwise.
    gc.disable()
    django.setup()
    gc.freeze()
    gc.enable()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
