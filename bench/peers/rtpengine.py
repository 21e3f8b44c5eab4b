"""rtpengine in user space as a peer of the media bench: started, driven by its NG protocol, ended."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from pathlib import Path

Bencoded = str | int | list["Bencoded"] | dict[str, "Bencoded"]


def bencode(value: Bencoded) -> bytes:
    """Encode as rtpengine's NG protocol wants it."""
    if isinstance(value, str):
        return b"%d:%s" % (len(value.encode()), value.encode())
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def bdecode(data: bytes, at: int = 0) -> tuple[Bencoded, int]:
    """Decode one value; return it and where it ends."""
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind in (b"l", b"d"):
        items: list[Bencoded] = []
        at += 1
        while data[at : at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return dict(zip(map(str, items[::2]), items[1::2], strict=True)), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end].decode(), end


def _sdp(port: int) -> str:
    return (
        f"v=0\r\no=- {port} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
    )


def _port(sdp: str) -> int:
    line = next(line for line in sdp.splitlines() if line.startswith("m=audio "))
    return int(line.split()[1])


class Rtpengine:
    """One rtpengine process on loopback."""

    def __init__(self, directory: Path, recording: bool) -> None:
        self._recording = recording
        self._ng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ng.bind(("127.0.0.1", 0))
        self._ng.settimeout(2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            "rtpengine", "--foreground", "--table=-1", "--interface=127.0.0.1",
            f"--listen-ng=127.0.0.1:{port}", "--log-level=3", "--log-stderr",
            "--port-min=40000", "--port-max=49999",
            f"--pidfile={directory}/pid",
        ]  # fmt: skip
        if recording:
            (directory / "spool").mkdir()
            command += ["--recording-method=pcap", f"--recording-dir={directory}/spool"]
        self.log = (directory / "log").open("wb")
        self.process = subprocess.Popen(command, stderr=self.log, stdout=self.log)
        self._ng.connect(("127.0.0.1", port))
        self._await_start(directory / "log")

    def bridge(self, number: int, near: int, far: int) -> tuple[int, int]:
        """Set up a call between two ports; return where each has to send to."""
        about: dict[str, Bencoded] = {"call-id": f"bench{number}", "from-tag": "a"}
        offer = self._ask({"command": "offer", "sdp": _sdp(near), "ICE": "remove", **about})
        answer = self._ask({"command": "answer", "sdp": _sdp(far), "to-tag": "b", "ICE": "remove", **about})
        if self._recording:
            self._ask({"command": "start recording", **about})
        return _port(str(answer["sdp"])), _port(str(offer["sdp"]))

    def _await_start(self, log: Path) -> None:
        for _ in range(200):
            try:
                self._ask({"command": "ping"})
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"rtpengine does not start: {log.read_text()}")

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)
        self._ng.close()
        self.log.close()

    def _ask(self, question: dict[str, Bencoded]) -> dict[str, Bencoded]:
        cookie = secrets.token_hex(8).encode()
        self._ng.send(cookie + b" " + bencode(question))
        while True:
            got, _, body = self._ng.recv(65536).partition(b" ")
            if got == cookie:
                break
        answer, _ = bdecode(body)
        assert isinstance(answer, dict)
        if answer.get("result") not in ("ok", "pong"):
            raise RuntimeError(f"rtpengine: {answer}")
        return answer
