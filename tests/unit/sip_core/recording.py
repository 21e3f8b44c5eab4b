"""A recording twin of the core's edge: sends and timers in a log, fired by hand."""

from __future__ import annotations

from b2bua.sip.effects import Timed, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response
from b2bua.sip.uri import Uri

UDP = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.2", 5060), "carrier")
TCP = Flow("tcp", ("10.0.0.1", 5060), ("10.0.0.2", 5060), "carrier")


class Edge:
    """Implements Effects and Paths."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.timers: list[tuple[str, float, Timer]] = []

    def send(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Log the first word or the status."""
        start = data.split(b"\r\n", 1)[0].decode()
        self.log.append(f"send {start.removeprefix('SIP/2.0 ')[:3] if start.startswith('SIP') else start}")

    def set_timer(self, owner: Timed, key: str, delay: float) -> Timer:
        """Log the timer."""
        timer = Timer(owner, key)
        self.timers.append((key, delay, timer))
        self.log.append(f"set {key} {delay:g}")
        return timer

    def pending(self) -> set[str]:
        """Name the timers that would fire."""
        return {key for key, _, timer in self.timers if timer.owner is not None}

    def fire(self, key: str) -> None:
        """Let the latest timer of this name fire."""
        timer = next(
            timer for name, _, timer in reversed(self.timers) if name == key and timer.owner is not None
        )
        owner, timer.owner = timer.owner, None
        assert owner is not None
        owner.on_timer(key)

    def take(self) -> list[str]:
        """Take what was logged since the last time."""
        log, self.log = self.log, []
        return log

    def reliable(self, flow: Flow) -> bool:
        """TCP is."""
        return flow.transport != "udp"

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Show the local address."""
        return flow.local

    def route(self, uri: Uri, flow: Flow, found: object) -> Flow:
        """Stay."""
        return flow


def request(method: str, *, branch: str = "z9hG4bKa", to_tag: str = "") -> Request:
    """Write a request."""
    return Request(
        method,
        "sip:4001003721@10.0.0.1",
        [
            ("Via", f"SIP/2.0/UDP 10.0.0.2:5060;branch={branch}"),
            ("Max-Forwards", "70"),
            ("From", "<sip:a@b>;tag=x"),
            ("To", "<sip:c@d>" + (f";tag={to_tag}" if to_tag else "")),
            ("Call-ID", "id"),
            ("CSeq", f"1 {method}"),
        ],
    )


def response(status: int, method: str, *, branch: str = "z9hG4bKa") -> Response:
    """Write a response."""
    return Response(
        status,
        "Reason",
        [
            ("Via", f"SIP/2.0/UDP 10.0.0.1:5060;branch={branch}"),
            ("From", "<sip:a@b>;tag=x"),
            ("To", "<sip:c@d>;tag=y"),
            ("Call-ID", "id"),
            ("CSeq", f"1 {method}"),
        ],
    )
