"""All legs of a worker, and what the commands of the b2bua process do to them."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias, assert_never

from b2bua.media import g711, protocol, reception, rtp
from b2bua.media.leg import Leg
from b2bua.media.memo import Memo
from b2bua.media.mixing import Conference
from b2bua.media.playing import Audio, Playing
from b2bua.media.poller import Poller
from b2bua.media.pressing import Pressing
from b2bua.media.prompts import Prompts
from b2bua.media.sockets import PortPool, forget_queued, open_pair
from b2bua.media.speech_detector import SpeechDetector
from b2bua.media.spool import Begin, End, SpoolWriter, spool_path
from b2bua.media.spool_folders import FreeFolders
from b2bua.media.spooler import Outcome, Share
from b2bua.media.srtp import KEY_LENGTH
from b2bua.media.tones import tone

SLOTS = 40
"""Each leg is looked after at one tick of so many (0.8 s): spool, silence, RTCP."""

RESERVED_PART = 8
"""At most one free port of so many is reserved at a time."""

LegCommand: TypeAlias = (
    protocol.Connect
    | protocol.Bridge
    | protocol.Unbridge
    | protocol.Hear
    | protocol.Play
    | protocol.PlayBack
    | protocol.Tone
    | protocol.Stop
    | protocol.Listen
    | protocol.Record
    | protocol.StopRecording
    | protocol.HearSpeech
    | protocol.SendKeys
    | protocol.Close
)


class Stamped(Protocol):
    """Who knows the time of the round at hand."""

    stamp: int


class Switchboard:
    """Every leg by its endpoint number."""

    def __init__(
        self,
        poller: Poller,
        clock: Stamped,
        tell: Callable[[protocol.Notice], None],
    ) -> None:
        self.legs: dict[int, Leg] = {}
        self._poller = poller
        self._clock = clock
        self._tell = tell
        self._shares: list[Share] = []
        """The last ones of spools, to be written with the next tick's."""
        self._slots: list[dict[int, Leg]] = [{} for _ in range(SLOTS)]
        self._turn = 0
        self._conference = Conference()
        self._fed: dict[int, Leg] = {}
        """Legs that something is played to."""
        self._past = (0, 0)
        """Packets and strangers of legs closed."""
        self._closing: dict[int, protocol.Figures] = {}
        """Closed, but for the spool."""
        self._stopping: set[int] = set()
        """Not recorded any more, but for the last share of the spool."""
        self._setup = protocol.Start(ports=(0, 0), spool="", prompts="")
        self._ports = PortPool(())
        self._prompts = Prompts("")
        self._folders = FreeFolders(Path())
        self._reserved: dict[tuple[str, int], tuple[socket.socket, socket.socket]] = {}
        """Door and RTCP socket by address and port, bound before there is a leg for them."""

    def carry_out(self, command: protocol.AnyCommand) -> None:
        """Do what the b2bua process says; a leg closed meanwhile is none of its mistakes."""
        if isinstance(command, protocol.Start):
            self._start(command)
        elif isinstance(command, protocol.Open):
            self._open(command)
        elif isinstance(command, protocol.Reserve):
            self._reserve(command)
        elif isinstance(command, protocol.Ping):
            return
        elif command.endpoint in self.legs:
            self._direct(self.legs[command.endpoint], command)
        elif isinstance(command, protocol.Close) and command.endpoint not in self._closing:
            self._tell(protocol.Closed(command.endpoint, protocol.Figures()))

    def tick(self) -> list[Share]:
        """Feed the legs that something is played to, look after one slot; return what is to be spooled."""
        stamp = self._clock.stamp
        for leg in list(self._fed.values()):
            self._feed(leg, stamp)
        self._conference.tick(stamp)
        self._turn = (self._turn + 1) % SLOTS
        slot = self._slots[self._turn]
        if slot:
            self._gather(slot)
            silent = stamp - int(self._setup.dead_after * rtp.STAMPS)
            utc = time.time()
            for leg in slot.values():
                leg.report(stamp, utc)
                if leg.falls_silent(silent):
                    self._tell(protocol.Dead(leg.id))
                if leg.speech is not None and leg.speech.falls_silent(stamp):
                    leg.on_speech(False)
        shares, self._shares = self._shares, []
        return shares

    def gather(self) -> list[Share]:
        """Return all that is recorded, as at the end of the process."""
        self._gather(self.legs)
        return self._shares

    def spooled(self, outcome: Outcome) -> None:
        """Take note of a spool that failed or was closed."""
        if outcome.reason:
            self._tell(protocol.SpoolFailed(outcome.endpoint, outcome.reason))
        if outcome.closed:
            self._stopping.discard(outcome.endpoint)
            if outcome.endpoint in self._closing:
                self._tell(protocol.Closed(outcome.endpoint, self._closing.pop(outcome.endpoint)))
        elif outcome.endpoint in self.legs:
            leg = self.legs[outcome.endpoint]
            leg.spool = leg.inlet.spool = None

    def pong(self, late_ms: float) -> protocol.Pong:
        """Sum up."""
        packets, strangers = self._past
        for leg in self.legs.values():
            leg.settle()
            packets += leg.inlet.total
            strangers += leg.strangers
        return protocol.Pong(len(self.legs), packets, strangers, late_ms)

    def _direct(self, leg: Leg, command: LegCommand) -> None:
        match command:
            case protocol.Connect():
                leg.connect(command.peer, self._clock.stamp)
            case protocol.Bridge():
                far = self.legs.get(command.other)
                if far is not None:
                    self._stop(leg)
                    self._stop(far)
                    leg.bridge(far)
            case protocol.Unbridge():
                leg.unbridge()
            case protocol.Hear():
                sources = [self.legs[each] for each in command.sources if each in self.legs]
                self._conference.hear(leg, tuple(sources))
            case protocol.Play():
                law = _law(leg)
                pieces = [self._prompt(leg, name, law) for name in command.prompts]
                self._play(leg, command.play, Audio(pieces, law, command.repeat, round(command.skip * 8000)))
            case protocol.Tone():
                law = _law(leg)
                self._play(leg, command.play, Audio((tone(command.name, law),), law, repeat=True))
            case protocol.Stop():
                if leg.feed is not None and leg.feed.number == command.play:
                    self._stop(leg)
            case protocol.Listen():
                leg.listen(command.on, command.withhold)
            case protocol.Record():
                if leg.spool is None:
                    leg.record(self._spool(command.call, command.leg), self._clock.stamp)
            case protocol.StopRecording():
                if leg.spool is not None:
                    self._stopping.add(leg.id)
                    self._end_spool(leg)
            case protocol.HearSpeech():
                stamp = self._clock.stamp
                speech = SpeechDetector(round(command.silence * rtp.STAMPS), stamp) if command.on else None
                leg.hear_speech(speech, Memo(round(command.keep * 8000), stamp) if command.keep else None)
            case protocol.PlayBack():
                memo = leg.memo or Memo(0, self._clock.stamp)
                self._play(leg, command.play, memo.audio(command.seconds, command.skip))
            case protocol.SendKeys():
                self._press(leg, command.digits)
            case protocol.Close():
                self._close(leg)
            case _:
                assert_never(command)

    def _start(self, command: protocol.Start) -> None:
        self._setup = command
        first, last = command.ports
        ports = list(range(first + (first & 1), last, 2))
        secrets.SystemRandom().shuffle(ports)
        self._ports = PortPool(ports)
        self._prompts = Prompts(command.prompts)
        self._folders = FreeFolders(Path(command.spool))

    def _reserve(self, command: protocol.Reserve) -> None:
        """Bind ahead, but never so many that other addresses run short."""
        address = command.address
        if not command.count:
            for key in [key for key in self._reserved if key[0] == address]:
                for bound in self._reserved.pop(key):
                    bound.close()
                self._ports.give_back(key[1])
            return
        ports = []
        with contextlib.suppress(OSError):
            for _ in range(min(command.count, len(self._ports) // RESERVED_PART)):
                port, pair = self._ports.take(lambda port: open_pair(address, port, self._setup.dscp))
                self._reserved[address, port] = pair
                ports.append(port)
        self._tell(protocol.Reserved(address, tuple(ports)))

    def _open(self, command: protocol.Open) -> None:
        def bind(port: int) -> tuple[socket.socket, socket.socket]:
            return open_pair(command.address, port, self._setup.dscp)

        reserved = self._reserved.pop((command.address, command.port), None)
        try:
            if reserved is not None:
                door, rtcp = reserved
                forget_queued(door)
                forget_queued(rtcp)
            elif command.port:
                self._ports.claim(command.port)
                door, rtcp = bind(command.port)
            else:
                _, (door, rtcp) = self._ports.take(bind)
        except (OSError, ValueError) as error:
            self._tell(protocol.Refused(command.endpoint, str(error)))
            return
        clock = self._clock
        leg = Leg(command.endpoint, door, rtcp, self._setup, self._poller, clock.stamp)
        leg.restored = command.port != 0 and reserved is None
        if command.srtp:
            leg.srtp_key = command.srtp_key or secrets.token_bytes(KEY_LENGTH)
        leg.on_key = lambda key: self._pressed(leg, key)
        leg.in_band = lambda key: self._tell(protocol.Key(leg.id, key))
        leg.on_speech = lambda on: self._tell(protocol.Speech(leg.id, on))
        if command.record:
            leg.record(self._spool(command.call, command.leg), clock.stamp)
        self._poller.add(door.fileno(), lambda: leg.knock(clock.stamp, reception.receive))
        self._poller.add(rtcp.fileno(), lambda: leg.hear_rtcp(clock.stamp, time.time()))
        self.legs[leg.id] = leg
        self._slots[leg.id % SLOTS][leg.id] = leg
        if reserved is None:
            self._tell(protocol.Opened(leg.id, leg.port, leg.srtp_key))

    def _spool(self, call: str, leg: str) -> SpoolWriter:
        begin = Begin(call, leg, time.monotonic(), time.time())
        return SpoolWriter(spool_path(self._setup.spool, call, leg), begin, self._folders)

    def _prompt(self, leg: Leg, name: str, law: str) -> bytes:
        prompt = self._prompts.get(name, law)
        if not prompt:
            self._tell(protocol.PromptMissing(leg.id, name))
        return prompt

    def _play(self, leg: Leg, number: int, audio: Audio) -> None:
        leg.feed = Playing(number, audio)
        self._fed[leg.id] = leg
        leg.plan()

    def _press(self, leg: Leg, digits: str) -> None:
        if not digits:
            return
        if leg.keys is None:
            leg.keys = Pressing()
            self._fed[leg.id] = leg
            leg.plan()
        leg.keys.add(digits)

    def _pressed(self, leg: Leg, key: str) -> None:
        """Report a key; the far end of a bridge that knows no events hears it as a tone."""
        self._tell(protocol.Key(leg.id, key))
        far = leg.far if not leg.withholds else None
        if far is not None and far.peer is not None and far.peer.event_payload_type is None:
            self._press(far, key)

    def _feed(self, leg: Leg, stamp: int) -> None:
        """Give a leg its 20 ms: keys before all else, what is played waits for them."""
        feed = leg.feed
        if leg.keys is not None:
            if not leg.keys.tick(leg, stamp):
                leg.keys = None
                leg.plan()
        elif feed is not None and not feed.tick(leg, stamp):
            leg.feed = None
            leg.plan()
            self._tell(protocol.Played(leg.id, feed.number))
        if leg.keys is None and leg.feed is None:
            del self._fed[leg.id]

    def _stop(self, leg: Leg) -> None:
        if leg.feed is not None:
            leg.feed = None
            leg.plan()

    def _close(self, leg: Leg) -> None:
        self._fed.pop(leg.id, None)
        self._conference.leave(leg)
        leg.say_goodbye(self._clock.stamp, time.time())
        leg.close()
        del self.legs[leg.id]
        del self._slots[leg.id % SLOTS][leg.id]
        self._ports.give_back(leg.port)
        figures = leg.figures()
        packets, strangers = self._past
        self._past = (packets + figures.packets_in, strangers + figures.strangers)
        if leg.spool is None and leg.id not in self._stopping:
            self._tell(protocol.Closed(leg.id, figures))
            return
        self._closing[leg.id] = figures
        self._end_spool(leg)

    def _end_spool(self, leg: Leg) -> None:
        """Hand over the last of what a leg's peer said."""
        if leg.spool is not None:
            leg.spool.note(self._clock.stamp, End())
            self._shares.append(Share(leg.id, leg.spool, leg.spool.take(), last=True))
            leg.spool = leg.inlet.spool = None

    def _gather(self, legs: dict[int, Leg]) -> None:
        self._shares += [
            Share(leg.id, leg.spool, leg.spool.take(), last=False)
            for leg in legs.values()
            if leg.spool is not None and leg.spool.pending
        ]


def _law(leg: Leg) -> str:
    """Return the law to play in; a peer without G.711 hears nothing, in the time it takes."""
    return leg.peer.codec if leg.peer is not None and leg.peer.codec in g711.SILENCE else "PCMA"
