"""A gateway that answers as it is told: with a status, by ringing for ever, or not at all."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import Self


class SickGateway:
    """Serves one address while it is entered."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.status: int | None = None
        """What every request is answered with; None: silence; 180: INVITEs ring until they are cancelled."""
        self.every_second = False
        """Whether only every second request is answered, with 200; repetitions go as the first."""
        self._branches: dict[str, int] = {}
        self.heard: list[tuple[float, str]] = []
        """When (monotonic seconds) which method came."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(0.1)
        self._ringing: dict[str, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def count(self, method: str = "") -> int:
        """Return how many requests came, of one method or in all."""
        return len(self.when(method))

    def when(self, method: str = "") -> list[float]:
        """Return when requests came, of one method or all."""
        return [at for at, each in self.heard if method in ("", each)]

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                data, source = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            text = data.decode()
            method = text.split(" ", 1)[0]
            if method == "SIP/2.0":
                continue
            self.heard.append((time.monotonic(), method))
            status = self._flap(text) if self.every_second else self.status
            if status is not None and method != "ACK":
                for answer in self._answers(text, method, status):
                    self._socket.sendto(answer, source)

    def _flap(self, text: str) -> int | None:
        branch = re.findall(r"branch=([^;\s]+)", text)[0]
        return 200 if self._branches.setdefault(branch, len(self._branches)) % 2 else None

    def _answers(self, text: str, method: str, status: int) -> list[bytes]:
        if status != 180:
            return [_answer(text, status)]
        call = re.findall(r"^Call-ID: (.*?)\r?$", text, re.M)[0]
        if method == "INVITE":
            self._ringing[call] = text
            return [_answer(text, 180)]
        if method == "CANCEL" and call in self._ringing:
            return [_answer(text, 200), _answer(self._ringing.pop(call), 487)]
        return [_answer(text, 200)]


def _answer(request: str, status: int) -> bytes:
    rows = re.findall(r"^((?:Via|From|Call-ID|CSeq): .*?)\r?$", request, re.M)
    to = re.search(r"^To: (.*?)\r?$", request, re.M)
    assert to is not None
    lines = [f"SIP/2.0 {status} As told", *rows, f"To: {to.group(1)};tag=sick", "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()
