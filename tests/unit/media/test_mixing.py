"""Conferences: who hears whom, and what."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from b2bua.media import g711
from b2bua.media.mixing import AHEAD, FRAME, MOST, Conference, Voice, mixed
from b2bua.media.playing import Audio, Playing
from b2bua.media.pressing import key_tone
from b2bua.media.telephone_event import event_payload
from b2bua.media.tones import sine
from tests.unit.media.legs import HeardLeg, fields, hear, leg, packet

HERTZ = (400.0, 700.0, 1100.0, 1600.0)
TICKS = 50


class Room:
    """Some legs that all talk, each at a pitch of its own, and what they are sent."""

    def __init__(self, *legs: HeardLeg) -> None:
        self.conference = Conference()
        self.legs = legs
        for number, each in enumerate(legs, 1):
            each.id = number
        self.stamp = 1000
        self.sequence = 0

    def talk(self, ticks: int = TICKS, level: float = -15.0) -> None:
        """Let time pass in steps of 20 ms."""
        voices = [sine((HERTZ[at],), ticks * 0.02, level) for at, _ in enumerate(self.legs)]
        for tick in range(ticks):
            self.stamp += FRAME
            self.sequence += 1
            for each, voice in zip(self.legs, voices, strict=True):
                assert each.peer is not None
                payload = g711.ENCODE[each.peer.codec](voice[tick * FRAME : (tick + 1) * FRAME])
                kind = each.peer.payload_type
                hear(
                    each, packet(self.sequence, self.sequence * FRAME, payload, payload_type=kind), self.stamp
                )
            self.conference.tick(self.stamp)

    def pitches(self, listener: HeardLeg) -> set[int]:
        """Return which legs (by index) can be made out in what a leg was sent."""
        assert listener.peer is not None
        sound = b"".join([fields(each)[4] for each in listener.sent])
        samples = g711.TO_PCM[listener.peer.codec][np.frombuffer(sound, np.uint8)].astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / len(samples)
        bins = np.fft.rfftfreq(len(samples), 1 / 8000)
        return {
            at for at, hertz in enumerate(HERTZ) if spectrum[np.abs(bins - hertz) < 15].max(initial=0.0) > 200
        }


def test_each_hears_the_others_and_never_himself() -> None:
    """Four of them, in both laws."""
    legs = (leg(), leg("PCMU", 0), leg(), leg("PCMU", 0))
    room = Room(*legs)
    for each in legs:
        room.conference.hear(each, tuple([other for other in legs if other is not each]))
    room.talk()
    for at, each in enumerate(legs):
        assert room.pitches(each) == {0, 1, 2, 3} - {at}


def test_a_supervisor_listens_and_nobody_hears_him() -> None:
    """Caller and agent keep their bridge; he hears both."""
    caller, agent, supervisor = leg(), leg(), leg()
    room = Room(caller, agent, supervisor)
    caller.bridge(agent)
    room.conference.hear(supervisor, (caller, agent))
    room.talk()
    assert room.pitches(caller) == {1}
    assert room.pitches(agent) == {0}
    assert room.pitches(supervisor) == {0, 1}


def test_a_whisper_reaches_the_agent_only() -> None:
    """The caller keeps hearing the agent by the bridge; the agent hears caller and supervisor."""
    caller, agent, supervisor = leg(), leg(), leg()
    room = Room(caller, agent, supervisor)
    caller.bridge(agent)
    room.conference.hear(supervisor, (caller, agent))
    room.conference.hear(agent, (caller, supervisor))
    room.talk()
    assert room.pitches(caller) == {1}
    assert room.pitches(agent) == {0, 2}


def test_after_the_conference_the_bridge_goes_on_by_the_short_way() -> None:
    """A pair that is alone again costs what every pair costs."""
    caller, agent, supervisor = leg(), leg(), leg()
    room = Room(caller, agent, supervisor)
    caller.bridge(agent)
    room.conference.hear(supervisor, (caller, agent))
    room.conference.hear(agent, (caller, supervisor))
    room.talk(3)
    assert caller.inlet.size < 0
    room.conference.leave(supervisor)
    room.conference.hear(agent, ())
    room.talk(3)
    assert caller.voice is agent.voice is supervisor.voice is None
    assert caller.inlet.out is agent.outlet
    assert agent.inlet.out is caller.outlet
    assert room.pitches(agent) >= {0}


def test_one_voice_is_heard_as_it_was_said() -> None:
    """Sample for sample, in a steady stream: numbers by one, time by 160, one marker."""
    speaker, listener = leg(), leg()
    room = Room(speaker, listener)
    room.conference.hear(listener, (speaker,))
    said = bytes(np.random.default_rng(1).integers(0, 256, FRAME * 20, np.uint8))
    for at in range(20):
        hear(speaker, packet(at, at * FRAME, said[at * FRAME : (at + 1) * FRAME]), 1000 + at * FRAME)
        room.conference.tick(1000 + at * FRAME)
    sent = [fields(each) for each in listener.sent]
    heard = b"".join([each[4] for each in sent])
    start = heard.index(said[:FRAME])
    assert heard[start:] == said[: len(heard) - start]
    assert [each[1] for each in sent] == [True] + [False] * (len(sent) - 1)
    assert {after[2] - before[2] for before, after in pairwise(sent)} == {1}
    assert {after[3] - before[3] for before, after in pairwise(sent)} == {FRAME}


@pytest.mark.parametrize("ptime", [10, 30, 60])
def test_a_listener_gets_packets_of_his_own_packet_time(ptime: int) -> None:
    """Whatever the speakers use."""
    speaker, listener = leg(), leg(ptime=ptime)
    room = Room(speaker, listener)
    room.conference.hear(listener, (speaker,))
    room.talk()
    assert {len(fields(each)[4]) for each in listener.sent} == {ptime * 8}
    assert room.pitches(listener) == {0}


def test_loud_voices_are_cut_off_not_turned_over() -> None:
    """The sum of two loudest samples is the loudest one."""
    loud = np.full(FRAME, 32000, np.int16)
    assert g711.ALAW_TO_PCM[np.frombuffer(mixed([loud, loud], "PCMA"), np.uint8)].min() == 32256
    assert g711.ALAW_TO_PCM[np.frombuffer(mixed([-loud, -loud], "PCMA"), np.uint8)].max() == -32256
    assert mixed([None], "PCMU") == b"\xff" * FRAME


def test_a_voice_is_let_in_with_something_in_store() -> None:
    """40 ms at first and after each gap, so that packets may come late; never more than some packets."""
    voice = Voice()
    voice.put(b"\xd5" * FRAME, "PCMA")
    assert voice.take() is None
    voice.put(b"\xd5" * FRAME, "PCMA")
    assert voice.take() is not None
    assert voice.take() is not None
    assert voice.take() is None
    for _ in range(100):
        voice.put(b"\xd5" * FRAME, "PCMA")
    takes = 0
    while voice.take() is not None:
        takes += 1
    assert AHEAD // FRAME <= takes <= MOST // FRAME + 1


def test_who_is_played_something_hears_only_that() -> None:
    """Hold music, an error tone: the conference waits."""
    speaker, listener = leg(), leg()
    room = Room(speaker, listener)
    room.conference.hear(listener, (speaker,))
    listener.feed = Playing(1, Audio([bytes(160)], "PCMA", repeat=True))
    listener.plan()
    room.talk(5)
    assert listener.sent == []
    listener.feed = None
    listener.plan()
    room.talk(10)
    assert len(listener.sent) == 10


def test_what_is_no_g711_is_not_heard() -> None:
    """Nothing is sent to such a leg and nothing is taken from it."""
    speaker, listener = leg("G722", 9), leg()
    room = Room(listener)
    speaker.id = 9
    room.conference.hear(listener, (speaker,))
    room.conference.hear(speaker, (listener,))
    for at in range(5):
        hear(speaker, packet(at, at * FRAME, bytes(160), payload_type=9), 1000 + at * FRAME)
    room.talk(5)
    assert speaker.sent == []
    assert {fields(each)[4] for each in listener.sent} == {b"\xd5" * FRAME}


def test_withheld_events_are_reported_only() -> None:
    """The agent keys a star code; the caller hears nothing of it."""
    agent, caller = leg(event_payload_type=101), leg(event_payload_type=101)
    keys: list[str] = []
    agent.on_key = keys.append
    agent.bridge(caller)
    agent.listen(True, withhold=True)
    hear(agent, packet(1, 160), 1000)
    hear(agent, packet(2, 320, event_payload("*", False, 160), payload_type=101, marker=True), 1160)
    assert keys == ["*"]
    assert len(caller.sent) == 1
    agent.listen(False)
    hear(agent, packet(3, 480, event_payload("5", False, 160), payload_type=101, marker=True), 1320)
    assert keys == ["*", "5"]
    assert len(caller.sent) == 2


def test_withheld_tones_are_blotted_out() -> None:
    """Keys as tones: the caller hears a trace of 20 ms at most, the box the key; speech passes."""
    agent, caller = leg(), leg()
    keys: list[str] = []
    agent.in_band = keys.append
    agent.bridge(caller)
    agent.listen(True, withhold=True)
    speech = g711.encode_alaw(sine((300.0, 510.0), 0.1, -12.0))
    sound = speech + key_tone("*", "PCMA") + speech
    for at in range(len(sound) // FRAME):
        payload = sound[at * FRAME : (at + 1) * FRAME]
        hear(agent, packet(at, at * FRAME, payload), 1000 + at * FRAME)
    heard = b"".join([fields(each)[4] for each in caller.sent])
    assert keys == ["*"]
    assert heard[: len(speech)] == speech
    tone = heard[len(speech) : len(speech) + 800]
    assert tone[FRAME:] == b"\xd5" * (800 - FRAME)
    assert heard[-len(speech) + FRAME :] == speech[FRAME:]
