"""A real media worker and real sockets on loopback; everything waits for a condition, for seconds at most."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from b2bua.media import protocol
from b2bua.media.srtp import Crypto

ROOT = Path(__file__).parents[3]
PATIENCE = 10.0
HEADER = struct.Struct("!BBHII")
Notice = TypeVar("Notice", bound=protocol.Notice)


def address() -> str:
    """Return a loopback address of our own, so that ports never meet those of another test."""
    return f"127.{77 + secrets.randbelow(20)}.{secrets.randbelow(250)}.{1 + secrets.randbelow(250)}"


class Worker:
    """One worker process, told and heard over its control socket."""

    def __init__(self, directory: Path, host: str | None = None, **start: object) -> None:
        self.host = host or address()
        self.directory = directory
        for name in ("spool", "prompts"):
            (directory / name).mkdir(exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "b2bua.media", "--socket", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                stderr=subprocess.PIPE,
            )
        self._socket = ours
        ours.settimeout(PATIENCE)
        self._stream = protocol.NoticeStream()
        self._heard: list[protocol.Notice] = []
        self.tell(
            protocol.Start((20000, 20999), str(directory / "spool"), str(directory / "prompts"), **start)  # type: ignore[arg-type]
        )

    def tell(self, *commands: protocol.Command) -> None:
        """Send commands."""
        self._socket.sendall(b"".join(map(protocol.frame, commands)))

    def hear(self, kind: type[Notice], endpoint: int | None = None) -> Notice:
        """Wait for a notice; others stay for later."""
        while True:
            for notice in self._heard:
                if isinstance(notice, kind) and endpoint in (None, getattr(notice, "endpoint", None)):
                    self._heard.remove(notice)
                    return notice
            data = self._socket.recv(65536)
            assert data, "the worker is gone"
            self._heard += self._stream.feed(data)

    def open(self, endpoint: int, **more: object) -> protocol.Opened:
        """Open an endpoint of the call ``01CALL``, leg ``a``, ``b1`` ... by its number."""
        leg = "a" if endpoint == 1 else f"b{endpoint - 1}"
        self.tell(protocol.Open(endpoint, "01CALL", leg, self.host, **more))  # type: ignore[arg-type]
        return self.hear(protocol.Opened, endpoint)

    def settle(self) -> protocol.Pong:
        """Wait until all commands so far are carried out."""
        self.tell(protocol.Ping())
        return self.hear(protocol.Pong)

    def close(self, endpoint: int) -> protocol.Figures:
        """Close an endpoint; return its figures."""
        self.tell(protocol.Close(endpoint))
        return self.hear(protocol.Closed, endpoint).figures

    def kill(self) -> None:
        """End it without a warning; no effect when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE)
        self._socket.close()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def stop(self) -> int:
        """Close the control socket; return the exit status."""
        self._socket.close()
        status = self.process.wait(PATIENCE)
        assert self.process.stderr is not None
        complaint = self.process.stderr.read()
        assert complaint == b""
        return status

    @property
    def spool(self) -> Path:
        """Where it records."""
        return self.directory / "spool"


class Phone:
    """A peer: a pair of sockets, a stream to send, a stream heard."""

    def __init__(self, host: str | None = None, ssrc: int | None = None) -> None:
        self.host = host or address()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        while True:
            self.rtp = socket.socket(family, socket.SOCK_DGRAM)
            self.rtp.bind((self.host, 0))
            self.port: int = self.rtp.getsockname()[1]
            self.rtcp = socket.socket(family, socket.SOCK_DGRAM)
            try:
                self.rtcp.bind((self.host, self.port + 1))
                break
            except OSError:
                self.rtp.close()
                self.rtcp.close()
        for each in (self.rtp, self.rtcp):
            each.settimeout(PATIENCE)
        self.ssrc = ssrc or secrets.randbits(32)
        self.sequence = secrets.randbelow(60_000)
        self.timestamp = secrets.randbits(31)
        self.target = ("127.0.0.1", 9)
        self.crypto: Crypto | None = None

    def peer(self, codec: str = "PCMA", payload_type: int = 8, **more: object) -> protocol.Peer:
        """Return what its SDP says."""
        return protocol.Peer(self.host, self.port, codec, payload_type, **more)  # type: ignore[arg-type]

    def aim(self, host: str, port: int) -> None:
        """Say where to send to."""
        self.target = (host, port)

    def send(self, payload: bytes = b"\xd5" * 160, payload_type: int = 8, *, marker: bool = False) -> None:
        """Send the next packet."""
        self.sequence += 1
        self.timestamp += len(payload)
        self.send_raw(payload, payload_type, self.sequence, self.timestamp, marker)

    def send_raw(
        self, payload: bytes, kind: int, sequence: int, timestamp: int, marker: bool = False
    ) -> None:
        """Send any packet."""
        second = kind | (0x80 if marker else 0)
        head = HEADER.pack(0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self.ssrc)
        packet = head + payload
        self.rtp.sendto(packet if self.crypto is None else self.crypto.protect(packet), self.target)

    def hear(self) -> tuple[int, int, int, int, bytes]:
        """Return payload type, sequence, timestamp, SSRC and payload of the next packet that comes."""
        packet = self.rtp.recv(4096)
        _, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
        return second & 0x7F, sequence, timestamp, ssrc, packet[12:]

    def hear_until(self, wanted: Callable[[bytes], bool]) -> list[tuple[int, int, int, int, bytes]]:
        """Return all packets up to the first whose payload is wanted."""
        heard = [self.hear()]
        while not wanted(heard[-1][4]):
            heard.append(self.hear())
        return heard

    def close(self) -> None:
        """Close both sockets."""
        self.rtp.close()
        self.rtcp.close()


def kill_by_pid(pid: int) -> None:
    """End one of our own processes without a warning."""
    os.kill(pid, signal.SIGKILL)
