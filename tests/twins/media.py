"""Media in memory: a relay that passes no audio but remembers all it was asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

import msgspec
from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from b2bua.calls.ports import Clock, MediaEndpoint, MediaStats, MediaUnavailable, Remote

TONES = ("ringback", "busy", "congestion")


class Asked(msgspec.Struct, frozen=True):
    """One wish of the call service, in the order it came."""

    verb: str
    """The method's name (``listen`` and ``keys`` in short), or ``stop`` for a cancelled play."""
    detail: object = None


class MemoryRelay:
    """Twin of ``b2bua.media.relay.WorkerRelay``.

    ``durations`` gives each prompt's seconds, ``duration`` that of all others.
    """

    def __init__(
        self, clock: Clock, durations: Mapping[str, float] | None = None, duration: float = 1.0
    ) -> None:
        self.clock = clock
        self.durations = dict(durations or {})
        self.duration = duration
        self.host = "127.0.0.1"
        self.next_port = 20000
        self.full = False
        """When set, ``open`` finds no port."""
        self.hold_back = False
        """When set, ``open`` takes until ``let_go``."""
        self.endpoints: list[MemoryEndpoint] = []
        """All ever opened, in order."""
        self._held: list[tuple[Deferred[MediaEndpoint], MemoryEndpoint]] = []

    def open(
        self, call: str, leg: str, listener: str, *, record: bool, srtp: bool = False
    ) -> Deferred[MediaEndpoint]:
        """Allocate a port that nobody listens on."""
        if self.full:
            return fail(MediaUnavailable("no port is free"))
        endpoint = MemoryEndpoint(self, call, leg, listener, self.next_port, record, srtp)
        self.next_port += 2
        if self.hold_back:
            opening: Deferred[MediaEndpoint] = Deferred()
            self._held.append((opening, endpoint))
            return opening
        self.endpoints.append(endpoint)
        return succeed(endpoint)

    def let_go(self) -> None:
        """Let what was held back be open."""
        held, self._held, self.hold_back = self._held, [], False
        for opening, endpoint in held:
            if not opening.called:
                self.endpoints.append(endpoint)
                opening.callback(endpoint)

    def leg(self, leg: str, call: str | None = None) -> MemoryEndpoint:
        """Return the newest endpoint of a leg (of any call, or of that one)."""
        return next(
            each for each in reversed(self.endpoints) if each.leg == leg and call in (None, each.call)
        )

    def open_endpoints(self) -> list[MemoryEndpoint]:
        """Return those not closed yet; a test ends with none."""
        return [each for each in self.endpoints if not each.closed]


class MemoryEndpoint:
    """Twin of ``b2bua.media.endpoint.WorkerEndpoint``; ``press`` and ``die`` are the peer's side."""

    def __init__(
        self, relay: MemoryRelay, call: str, leg: str, listener: str, port: int, record: bool, srtp: bool
    ) -> None:
        self.call = call
        self.leg = leg
        self.listener = listener
        self.spooled = record
        self.host = relay.host
        self.port = port
        self.srtp_key = secrets.token_bytes(30) if srtp else b""
        self.on_key: Callable[[str], None] | None = None
        self.on_dead: Callable[[], None] | None = None
        self.on_speech: Callable[[bool], None] | None = None
        self.asked: list[Asked] = []
        self.remote: Remote | None = None
        self.bridged: MemoryEndpoint | None = None
        self.playing: tuple[str, ...] = ()
        """Prompts or the tone that can be heard now."""
        self.listening = False
        self.withholding = False
        self.hearing_speech = False
        self.silence = 0.0
        self.keeps = 0.0
        self.ears: tuple[MemoryEndpoint, ...] = ()
        self.keys = ""
        """All keys sent to the peer."""
        self.stats = MediaStats()
        """What ``close`` will report."""
        self.closed = False
        self._relay = relay
        self._played: Deferred[None] | None = None
        self._timer: Deferred[None] | None = None

    def connect(self, remote: Remote) -> None:
        """Set or change the peer."""
        self._note("connect", remote)
        self.remote = remote

    def bridge(self, other: MediaEndpoint) -> None:
        """Pass audio both ways between two endpoints of one call; replaces playing."""
        assert isinstance(other, MemoryEndpoint)
        assert other is not self
        assert other.call == self.call, "endpoints of two calls may live in two workers"
        assert not other.closed
        self._note("bridge", other.leg)
        for end, far in ((self, other), (other, self)):
            if end.bridged is not far:
                end._part()
                end._end_playing()
                end.bridged = far

    def unbridge(self) -> None:
        """Stop passing audio to and from the other endpoint."""
        self._note("unbridge")
        self._part()

    def hear(self, *others: MediaEndpoint) -> None:
        """Hear a conference."""
        for other in others:
            assert isinstance(other, MemoryEndpoint)
            assert other is not self
            assert other.call == self.call
            assert not other.closed
            assert other.remote is not None
            assert other.remote.codec in ("PCMA", "PCMU"), "a conference is G.711"
        self._note("hear", tuple([each.leg for each in others if isinstance(each, MemoryEndpoint)]))
        self.ears = tuple([each for each in others if isinstance(each, MemoryEndpoint)])

    def hears(self) -> set[str]:
        """Return the legs whose voices reach the peer now (nothing is held against him)."""
        if self.playing:
            return set()
        sources = self.ears or ((self.bridged,) if self.bridged is not None else ())
        return {each.leg for each in sources if not each.closed}

    def play(self, prompts: tuple[str, ...], *, repeat: bool = False) -> Deferred[None]:
        """Play prompts; fires at the end on the fake clock, when replaced and when closed."""
        self._note("play", (prompts, repeat))
        seconds = sum(self._relay.durations.get(prompt, self._relay.duration) for prompt in prompts)
        return self._start(prompts, None if repeat else seconds)

    def play_back(self, seconds: float) -> Deferred[None]:
        """Let the peer hear himself."""
        assert self.keeps, "nothing was kept"
        self._note("play-back", seconds)
        return self._start(("himself",), min(seconds, self.keeps))

    def tone(self, name: str) -> Deferred[None]:
        """Play a tone until cancelled, replaced or closed."""
        assert name in TONES, name
        self._note("tone", name)
        return self._start((name,), None)

    def listen_for_keys(self, on: bool, *, withhold: bool = False) -> None:
        """Detect in-band DTMF while on."""
        self._note("listen", on)
        self.listening = on
        self.withholding = withhold

    def record(self) -> None:
        """Spool from now on."""
        self._note("record")
        self.spooled = True

    def stop_recording(self) -> None:
        """Spool no more."""
        self._note("stop-recording")
        self.spooled = False

    def hear_speech(self, on: bool, silence: float = 0.0, keep: float = 0.0) -> None:
        """Tell when the peer speaks and falls silent: see ``speak``."""
        self._note("speech", on)
        self.hearing_speech, self.silence = on, silence
        self.keeps = keep if on else self.keeps

    def send_keys(self, digits: str) -> None:
        """Send digits to the peer."""
        assert digits.strip("0123456789*#ABCD") == "", digits
        self._note("keys", digits)
        self.keys += digits

    def close(self) -> Deferred[MediaStats]:
        """Release the ports; closing twice gives the same figures."""
        if not self.closed:
            self._note("close")
            self._part()
            self._end_playing()
            self.closed = True
        return succeed(self.stats)

    def press(self, digit: str) -> None:
        """Let the peer press a key."""
        if self.on_key is not None and not self.closed:
            self.on_key(digit)

    def speak(self, on: bool = True) -> None:
        """Let the peer speak, or fall silent."""
        if self.hearing_speech and self.on_speech is not None and not self.closed:
            self.on_speech(on)

    def die(self) -> None:
        """Let the dead-media time pass without a packet."""
        if self.on_dead is not None and not self.closed:
            self.on_dead()

    def _note(self, verb: str, detail: object = None) -> None:
        assert not self.closed, f"{verb} after close"
        self.asked.append(Asked(verb, detail))

    def _part(self) -> None:
        if self.bridged is not None:
            self.bridged.bridged = None
            self.bridged = None

    def _start(self, what: tuple[str, ...], seconds: float | None) -> Deferred[None]:
        self._end_playing()
        played: Deferred[None] = Deferred(self._stopped)
        self.playing = what
        self._played = played
        if seconds is not None:
            self._timer = self._relay.clock.after(seconds)
            self._timer.addCallbacks(self._ended, lambda failure: failure.trap(CancelledError) and None)
        return played

    def _ended(self, _: None) -> None:
        self._timer = None
        self._end_playing()

    def _stopped(self, played: Deferred[None]) -> None:
        if played is self._played:
            self.asked.append(Asked("stop", self.playing))
            self._played = None
            self._end_playing()

    def _end_playing(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        played, self._played = self._played, None
        self.playing = ()
        if played is not None:
            played.callback(None)
