"""An endpoint as the call services hold it; what they wish is kept, to be told to a replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec
from twisted.internet.defer import Deferred

from b2bua.calls.ports import MediaEndpoint, MediaStats, MediaUnavailable, Remote
from b2bua.media import protocol
from b2bua.sdp.crypto import SUITES

if TYPE_CHECKING:
    from b2bua.media.relay import WorkerHome

KEYS = frozenset("0123456789*#ABCD")
_PEER_FIELDS = protocol.Peer.__struct_fields__
TONES = frozenset(("ringback", "busy", "congestion"))


class _Heard:
    """A play or tone that goes on."""

    def __init__(self, number: int, what: tuple[str, ...] | str | float, repeat: bool, since: float) -> None:
        """``what``: prompts, a tone, or so many seconds of what the peer said himself."""
        self.number = number
        self.what = what
        self.repeat = repeat
        self.since = since


class WorkerEndpoint:
    """Implements ``calls.ports.MediaEndpoint`` on one worker."""

    closing: list[Deferred[MediaStats]]
    """Who waits for the figures; not empty: being closed."""

    def __init__(self, home: WorkerHome, opening: protocol.Open, host: str) -> None:
        self.host = host
        self.port = 0
        self.srtp_key = b""
        self.on_key: Callable[[str], None] | None = None
        self.on_dead: Callable[[], None] | None = None
        self.on_speech: Callable[[bool], None] | None = None
        self.number = opening.endpoint
        self.call = opening.call
        self.leg = opening.leg
        self.figures: MediaStats | None = None
        """Set once closed."""
        self.opened: Deferred[MediaEndpoint] | None = Deferred(lambda _: home.withdraw(self))
        """Fires with this endpoint, and is forgotten then: two that hold each other outlive their call."""
        self._home = home
        self._opening = opening
        self._peer: protocol.Peer | None = None
        self._far: WorkerEndpoint | None = None
        self._ears: tuple[WorkerEndpoint, ...] = ()
        self._listening = self._withholding = False
        self._recording = False
        self._speech: protocol.HearSpeech | None = None
        self._heard: _Heard | None = None
        self._played: Deferred[None] | None = None
        self._plays = 0
        self.closing: list[Deferred[MediaStats]] = []

    def connect(self, remote: Remote) -> None:
        """Set or change the peer; raises ValueError for keys that cannot be used."""
        if remote.srtp_remote_key and remote.srtp_suite not in SUITES:
            raise ValueError(f"no such SRTP suite: {remote.srtp_suite!r}")
        for key in (remote.srtp_remote_key, remote.srtp_local_key):
            if key and len(key) != SUITES.get(remote.srtp_suite):
                raise ValueError("an SRTP key of wrong length")
        self._peer = protocol.Peer(**{name: getattr(remote, name) for name in _PEER_FIELDS})
        self._send(protocol.Connect(self.number, self._peer))

    def bridge(self, other: MediaEndpoint) -> None:
        """Pass audio both ways between two endpoints of one call; replaces playing."""
        if not isinstance(other, WorkerEndpoint) or other is self or other.call != self.call:
            raise ValueError("only two endpoints of one call can be bridged")
        if other.closing or other.figures is not None:
            raise ValueError("the other endpoint is closed")
        for end, far in ((self, other), (other, self)):
            if end._far is not far:
                end._part()
            end._end_playing()
        self._far, other._far = other, self
        self._send(protocol.Bridge(self.number, other.number))

    def unbridge(self) -> None:
        """Stop passing audio to and from the other endpoint."""
        self._part()
        self._send(protocol.Unbridge(self.number))

    def hear(self, *others: MediaEndpoint) -> None:
        """Send the peer the sum of what these endpoints of the call say; none: his bridge again."""
        ears: list[WorkerEndpoint] = []
        for other in others:
            if not isinstance(other, WorkerEndpoint) or other is self or other.call != self.call:
                raise ValueError("only other endpoints of one call can be heard")
            if other.closing or other.figures is not None:
                raise ValueError("the other endpoint is closed")
            ears.append(other)
        self._ears = tuple(ears)
        self._send(protocol.Hear(self.number, tuple([each.number for each in ears])))

    def play(self, prompts: tuple[str, ...], *, repeat: bool = False) -> Deferred[None]:
        """Play prompts; fires at the end, also when something else is played or the endpoint is closed."""
        return self._hear(prompts, repeat)

    def play_back(self, seconds: float) -> Deferred[None]:
        """Play what the peer said himself; nothing of it is left when the worker was replaced."""
        return self._hear(float(seconds), False)

    def tone(self, name: str) -> Deferred[None]:
        """Play a tone until cancelled, replaced or closed; raises ValueError for a name unknown."""
        if name not in TONES:
            raise ValueError(f"no such tone: {name!r}")
        return self._hear(name, True)

    def listen_for_keys(self, on: bool, *, withhold: bool = False) -> None:
        """Detect in-band DTMF while on; withheld keys do not reach the other endpoint by themselves."""
        self._listening, self._withholding = on, withhold
        self._send(protocol.Listen(self.number, on, withhold))

    def record(self) -> None:
        """Spool what the peer sends from now on, if that is not done already."""
        self._recording = True
        self._send(protocol.Record(self.number, self.call, self.leg))

    def stop_recording(self) -> None:
        """Spool no more what the peer sends; what was heard is kept."""
        self._recording = False
        self._opening = msgspec.structs.replace(self._opening, record=False)
        self._send(protocol.StopRecording(self.number))

    def hear_speech(self, on: bool, silence: float = 0.0, keep: float = 0.0) -> None:
        """Tell ``on_speech`` when the peer begins to speak, and when he has been silent for so long."""
        self._speech = protocol.HearSpeech(self.number, on, silence, keep) if on else None
        self._send(protocol.HearSpeech(self.number, on, silence, keep))

    def send_keys(self, digits: str) -> None:
        """Send digits; raises ValueError for what is no key."""
        if not KEYS.issuperset(digits):
            raise ValueError(f"not keys: {digits!r}")
        self._send(protocol.SendKeys(self.number, digits))

    def close(self) -> Deferred[MediaStats]:
        """Release the ports; closing again gives the same figures."""
        fired: Deferred[MediaStats] = Deferred()
        if self.figures is not None:
            fired.callback(self.figures)
            return fired
        self.closing.append(fired)
        if len(self.closing) == 1:
            self._part()
            self._end_playing()
            self._home.close(self)
        return fired

    def has_opened(self, opened: protocol.Opened) -> None:
        """Take note of the port; the same one when a replacement reports it."""
        self.port = opened.port
        self.srtp_key = opened.srtp_key
        fired, self.opened = self.opened, None
        if fired is not None:
            fired.callback(self)

    def was_refused(self, reason: str) -> None:
        """There is no port, or a replacement could not bind ours: the peer cannot be heard any more."""
        if self.opened is not None:
            self.opened.errback(MediaUnavailable(reason))
        elif self.on_dead is not None:
            self.on_dead()

    def has_played(self, number: int) -> None:
        """A play is over."""
        if self._heard is not None and self._heard.number == number:
            self._end_playing()

    def has_closed(self, figures: MediaStats) -> None:
        """The ports are free."""
        self.figures = figures
        waiting, self.closing = self.closing, []
        for fired in waiting:
            fired.callback(figures)

    def opening(self) -> protocol.Open:
        """Return what opens this endpoint, on the port it has if it has one."""
        return msgspec.structs.replace(self._opening, port=self.port, srtp_key=self.srtp_key)

    def wishes(self) -> Iterator[protocol.Command]:
        """Yield what a replacement must be told once all endpoints are open again."""
        if self._peer is not None:
            yield protocol.Connect(self.number, self._peer)
        if self._listening or self._withholding:
            yield protocol.Listen(self.number, self._listening, self._withholding)
        if self._recording:
            yield protocol.Record(self.number, self.call, self.leg)
        if self._speech is not None:
            yield self._speech
        if self._far is not None:
            yield protocol.Bridge(self.number, self._far.number)
        if self._ears:
            yield protocol.Hear(self.number, tuple([each.number for each in self._ears]))

    def sounds(self, now: float) -> Iterator[protocol.Command]:
        """Yield what shall be heard, told after all bridges."""
        heard = self._heard
        if heard is not None and isinstance(heard.what, str):
            yield protocol.Tone(self.number, heard.number, heard.what)
        elif heard is not None and isinstance(heard.what, tuple):
            skip = max(0.0, now - heard.since)
            yield protocol.Play(self.number, heard.number, heard.what, heard.repeat, skip)
        elif heard is not None and isinstance(heard.what, float):
            yield protocol.PlayBack(self.number, heard.number, heard.what, max(0.0, now - heard.since))

    def _hear(self, what: tuple[str, ...] | str | float, repeat: bool) -> Deferred[None]:
        self._end_playing()
        self._plays += 1
        heard = _Heard(self._plays, what, repeat, self._home.now())
        self._heard = heard
        self._played = Deferred(lambda _: self._stop(heard))
        played = self._played
        for command in self.sounds(heard.since):
            self._send(command)
        return played

    def _stop(self, heard: _Heard) -> None:
        """Someone cancelled a play (Deferred then fires it with CancelledError)."""
        if self._heard is heard:
            self._heard = self._played = None
            self._send(protocol.Stop(self.number, heard.number))

    def _end_playing(self) -> None:
        played, self._played = self._played, None
        self._heard = None
        if played is not None:
            played.callback(None)

    def _part(self) -> None:
        far, self._far = self._far, None
        if far is not None:
            far._far = None

    def _send(self, command: protocol.Command) -> None:
        if self.closing or self.figures is not None:
            raise ValueError("the endpoint is closed")
        self._home.send(command)
