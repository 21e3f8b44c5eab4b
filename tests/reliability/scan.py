"""A scanner that looks for extensions as the public ones do: by comparing the answers to many REGISTERs."""

from __future__ import annotations

import hashlib
import re
import socket
import time

PACE = 0.01
"""Seconds between two extensions of a scan."""
PATIENCE = 1.0
"""Seconds a scanner waits for an answer."""


class Scanner:
    """Asks for extensions from one address."""

    def __init__(self, box: tuple[str, int], own: str) -> None:
        self._box = box
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((own, 0))
        self._host, self._port = self._socket.getsockname()
        self._serial = 0

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def scan(self, names: list[str]) -> dict[str, str]:
        """Try to register each extension once, 100 a second; return the answers by extension."""
        asked = {}
        answers = {}
        for name in names:
            asked[self._send(name)] = name
            answers |= self._hear(PACE)
        answers |= self._hear(PATIENCE)
        return {asked[serial]: answer for serial, answer in answers.items() if serial in asked}

    def register(self, name: str, authorization: str = "") -> str | None:
        """Try to register one extension once; return the answer, None when none came in time."""
        serial = self._send(name, authorization)
        return self._hear(PATIENCE, serial).get(serial)

    def _send(self, name: str, authorization: str = "") -> int:
        self._serial += 1
        serial, host, port = self._serial, self._host, self._port
        row = f"Authorization: {authorization}\r\n" if authorization else ""
        branch = f"z9hG4bKs{serial};rport"
        self._socket.sendto(
            (
                f"REGISTER sip:{self._box[0]} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch={branch}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{name}@{self._box[0]}>;tag=s{serial}\r\n"
                f"To: <sip:{name}@{self._box[0]}>\r\nCall-ID: scan-{serial}@{host}\r\n"
                f"CSeq: {serial} REGISTER\r\nContact: <sip:{name}@{host}:{port}>\r\n"
                f"User-Agent: friendly-scanner\r\nExpires: 60\r\n{row}Content-Length: 0\r\n\r\n"
            ).encode(),
            self._box,
        )
        return serial

    def _hear(self, seconds: float, until_serial: int = 0) -> dict[int, str]:
        """Return what is answered within so long, or until one answer is there; by serial number."""
        heard: dict[int, str] = {}
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and until_serial not in heard:
            self._socket.settimeout(left)
            try:
                answer = self._socket.recv(65535).decode()
            except TimeoutError:
                break
            found = re.search(r"Call-ID: scan-([0-9]+)@", answer)
            if found is not None:
                heard[int(found.group(1))] = answer
        return heard

    def guess(self, name: str, password: str) -> str | None:
        """Answer a challenge with a password; return what came of it, None: silence at either step."""
        challenge = self.register(name)
        found = challenge and re.search(r'Digest realm="([^"]*)".*?nonce="([^"]*)"', challenge)
        if not found:
            return None
        realm, nonce = found.groups()
        algorithm, digest = (
            ("SHA-256", hashlib.sha256) if "SHA-256" in (challenge or "") else ("MD5", hashlib.md5)
        )

        def sum_of(text: str) -> str:
            return digest(text.encode()).hexdigest()

        uri = f"sip:{self._box[0]}"
        secret, request = sum_of(f"{name}:{realm}:{password}"), sum_of(f"REGISTER:{uri}")
        response = sum_of(f"{secret}:{nonce}:00000001:c0ffee:auth:{request}")
        return self.register(
            name,
            f'Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm={algorithm}, qop=auth, nc=00000001, cnonce="c0ffee"',
        )


def alike(answer: str, name: str) -> str:
    """Return an answer without what differs between any two requests, for comparing."""
    answer = answer.replace(name, "NAME")
    for pattern in (r'nonce="[^"]*"', r"branch=[^;\r]*", r"tag=[^;\r]*", r"scan-[0-9]+@", r"CSeq: [0-9]+"):
        answer = re.sub(pattern, "", answer)
    return answer
