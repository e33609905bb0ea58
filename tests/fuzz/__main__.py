"""`python -m tests.fuzz [LIBFUZZER OPTIONS]`: libFuzzer on every parser of the wire, coverage-led.

The first byte of an input says which parser it goes to. A fault stops the run and is written to
a file `crash-…`; give that file as an argument to see it again. The Makefile calls this for ten
minutes (`make fuzz`).
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["federation"]):
    from federation.errors import FederationError
    from tests.fuzz.parsers import PARSERS

_READS = [parser.read for parser in PARSERS.values()]


def one_input(data: bytes) -> None:
    if not data:
        return
    try:
        _READS[data[0] % len(_READS)](data[1:])
    except FederationError:
        return


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, parser in enumerate(PARSERS.values()):
            Path(folder, str(number)).write_bytes(bytes([number]) + parser.example)
        atheris.Setup([*sys.argv, folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
