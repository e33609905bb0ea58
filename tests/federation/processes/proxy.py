"""A line between two processes that a test can slow down, cut in the middle, refuse and mend."""

import socket
import threading
import time
from contextlib import suppress

_PART = 2048


class Line:
    """A TCP proxy on loopback, in threads of the test's own process.

    `seconds` is what every part waits, `most` how many bytes of one answer pass before the line
    breaks (None: all), `open` whether anybody is let in; `passed` counts the bytes of answers.
    """

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self.listener.getsockname()[1])
        self.target = 0
        self.mend()
        threading.Thread(target=self._listen, daemon=True).start()

    seconds: float
    most: int | None
    open: bool
    passed: int

    def mend(self) -> None:
        """Let everything through; count what passes from now on."""
        self.seconds, self.most, self.open, self.passed = 0.0, None, True, 0

    def close(self) -> None:
        self.listener.close()

    def _listen(self) -> None:
        while True:
            try:
                caller, _address = self.listener.accept()
            except OSError:
                return  # closed
            if not self.open:
                caller.close()
                continue
            threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        try:
            called = socket.create_connection(("127.0.0.1", self.target), timeout=30)
        except OSError:
            caller.close()
            return
        back = threading.Thread(target=self._pass, args=(called, caller, True), daemon=True)
        back.start()
        self._pass(caller, called, False)
        back.join()
        for end in (caller, called):
            end.close()

    def _pass(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        left = self.most if answers else None
        with suppress(OSError):
            while part := source.recv(_PART):
                if self.seconds:
                    time.sleep(self.seconds)
                if left is not None and len(part) > left:
                    target.sendall(part[:left])
                    break
                left = left - len(part) if left is not None else None
                if answers:
                    self.passed += len(part)
                target.sendall(part)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
