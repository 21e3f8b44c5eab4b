"""What happens in a test call, told as it happens."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from b2bua.sip.flow import Flow


class Moment(msgspec.Struct, frozen=True):
    """One line of the story."""

    at: float
    """Seconds since the start."""
    who: str
    """``caller`` or the party that answers."""
    what: str


class Story:
    """Collects moments and tells each to whoever watches."""

    def __init__(self, now: Callable[[], float], tell: Callable[[Moment], None]) -> None:
        self.moments: list[Moment] = []
        self._now = now
        self._began = now()
        self._tell = tell

    def note(self, who: str, what: str) -> None:
        """Add a line."""
        moment = Moment(round(self._now() - self._began, 3), who, what)
        self.moments.append(moment)
        self._tell(moment)


class Ladder:
    """Tells the SIP messages of one party (:class:`b2bua.stack.driver.Wire`)."""

    def __init__(self, story: Story, who: str) -> None:
        self._story = story
        self._who = who

    def received(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Tell a message that came in."""
        self._story.note(self._who, f"<- {_title(data)}")

    def sent(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Tell a message that goes out."""
        self._story.note(self._who, f"-> {_title(data)}")


def _title(data: bytes) -> str:
    """Return ``180 Ringing`` or ``INVITE sip:...``, printable whatever the peer sent."""
    head, _, body = data.partition(b"\r\n\r\n")
    line = head.partition(b"\r\n")[0].decode("utf-8", "replace")
    title = line.removeprefix("SIP/2.0 ").removesuffix(" SIP/2.0")
    with_sdp = " (SDP)" if body.startswith(b"v=0") else ""
    return "".join(mark if mark.isprintable() else "?" for mark in title)[:120] + with_sdp
