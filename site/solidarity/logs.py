"""Logs that say what happened and not who read what.

Django writes the path of each refused request, and a path may hold what somebody looked for, or the
answers that somebody gave. Handlers that know more would write the reader's address and browser.
"""

import logging

from django.http import HttpRequest

_WHOLE_MESSAGE = {"django.security.DisallowedHost"}  # a wrong setting; names a host, not a path
_SERVER_ERROR = 500


class WithoutReader(logging.Filter):
    """Rewrites what Django says of a request: the pattern of its address instead of the address.

    An answer below 500 is not a fault of ours: its traceback, which may quote what was sent, is
    left out. With a fault the traceback stays. It may quote a value, but not who sent it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if not isinstance(request, HttpRequest):
            return True
        if record.name not in _WHOLE_MESSAGE:
            status = getattr(record, "status_code", "")
            record.msg, record.args = "%s %s %s", (status, request.method, _pattern(request))
        if getattr(record, "status_code", _SERVER_ERROR) < _SERVER_ERROR:
            record.exc_info = record.exc_text = None
        # No handler after this one finds the reader in the record.
        record.__dict__.pop("request")
        return True


def _pattern(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match else "(no such address)"
