"""Ask the web server in this container how it is: `python docker/health.py PORT`.

Ends with 0 when /healthz answers 200, otherwise with 1. It asks under a name that the node answers
to, since Django refuses all others.
"""

import http.client
import os
import sys


def own_name() -> str:
    """Return the first name this node answers to; `.example.org` stands for any name under it."""
    first = os.environ.get("SOLIDARITY_ALLOWED_HOSTS", "").split(",")[0].strip()
    return "localhost" if first in ("", "*") else first.removeprefix(".")


def main() -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": own_name()})
        status = connection.getresponse().status
    except OSError as error:
        print(f"healthz: {error}", file=sys.stderr)
        return 1
    if status != http.HTTPStatus.OK:
        print(f"healthz: {status}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
