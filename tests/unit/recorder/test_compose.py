"""What the tenant hears in the recording: who, on which side, when, and without gaps."""

from __future__ import annotations

import numpy as np
import pytest

from b2bua.media import g711
from b2bua.recorder.compose import Composition
from b2bua.recorder.timeline import Span, course
from tests.unit.recorder.calls import BEGIN, CALL, found_at, joined, legs_audio, lines, sent, speech


def composed(events: list, legs: dict) -> np.ndarray:  # type: ignore[type-arg]
    composition = Composition(course(events), legs)
    blocks = list(composition.blocks())
    sound = np.concatenate(blocks) if blocks else np.zeros((0, 2), np.int16)
    assert len(sound) == composition.samples
    return sound


def decoded(samples: np.ndarray) -> np.ndarray:
    return g711.ALAW_TO_PCM[np.frombuffer(g711.encode_alaw(samples), np.uint8)]


def assert_at(sound: np.ndarray, pattern: np.ndarray, seconds: float, fit: float = 0.99) -> None:
    at, quality = found_at(sound, pattern)
    assert abs(at - seconds) <= 0.04
    assert quality == pytest.approx(1.0, abs=1 - fit)


def test_caller_left_answerer_right_whole_length() -> None:
    """The recording lasts from answer to end; each side is on its own channel, in step."""
    left, right = speech(1, 11), speech(2, 10)
    sound = composed(lines(), {"a": sent(left, 1.0), "b1": sent(right, 2.0)})
    assert len(sound) == 11 * 8000
    assert_at(sound[:, 0], left, 0.0)
    assert_at(sound[:, 1], right, 1.0)
    assert not sound[: 8000 - 400, 1].any()


def test_nothing_is_kept_from_before_the_answer() -> None:
    """What the caller said while it rang is no part of the recording."""
    early, late = speech(1, 0.98), speech(2, 5)
    leg = joined(sent(early, 0.0), sent(late, 1.0, base=50))
    sound = composed(lines(), {"a": leg, "b1": sent(speech(3, 5), 2.0)})
    assert_at(sound[:, 0], late, 0.0)
    assert found_at(sound[:, 0], early)[1] < 0.1


def test_only_bridged_legs_are_heard_and_only_while_bridged() -> None:
    """A phone that rang in vain is never in the recording; a second answerer follows the first."""
    events = lines(bridges=[("b1", 2.0, 5.0), ("b3", 6.0, None)])
    voices = {leg: speech(seed, 12) for seed, leg in enumerate(("a", "b1", "b2", "b3"))}
    legs = {leg: sent(voice, 0.0) for leg, voice in voices.items()}
    sound = composed(events, legs)
    assert_at(sound[:, 1], voices["b1"][16000:40000], 1.0)
    assert_at(sound[:, 1], voices["b3"][48000:90000], 5.0)
    assert not sound[32000 : 40000 - 1, 1].any()
    assert found_at(sound[:, 1], voices["b2"][:90000])[1] < 0.1
    assert course(events).answerers == ("0100000b1", "0100000b3")


def test_hold_and_consultation_are_not_heard() -> None:
    """The agent holds the caller and asks a colleague, who then takes over: neither what they say to each
    other nor what is said to a caller on hold is kept."""
    events = lines(
        bridges=[("b1", 2.0, 8.0), ("b2", 8.0, None)],
        parts=[("b1", 4.0, "hold"), ("b2", 5.0, "consult")],
    )
    voices = {leg: speech(seed, 12) for seed, leg in enumerate(("a", "b1", "b2"))}
    sound = composed(events, {leg: sent(voice, 0.0) for leg, voice in voices.items()})
    assert_at(sound[:, 1], voices["b1"][16000:32000], 1.0)
    assert not sound[24000 : 56000 - 1, 1].any()
    assert_at(sound[:, 1], voices["b2"][64000:90000], 7.0)
    assert_at(sound[:, 0], voices["a"][8000:], 0.0)
    assert course(events).answerers == ("0100000b1", "0100000b2")


def test_three_who_talk_are_all_heard() -> None:
    """Both colleagues are on the right side, added up."""
    events = lines(bridges=[("b1", 2.0, 9.0), ("b2", 5.0, None)])
    voices = {leg: speech(seed, 12) for seed, leg in enumerate(("a", "b1", "b2"))}
    sound = composed(events, {leg: sent(voice, 0.0) for leg, voice in voices.items()})
    both = decoded(voices["b1"])[40000:72000].astype(int) + decoded(voices["b2"])[40000:72000]
    np.testing.assert_array_equal(sound[32000:64000, 1], np.clip(both, -32768, 32767))
    np.testing.assert_array_equal(sound[64000:88000, 1], decoded(voices["b2"])[72000:96000])
    assert not sound[: 8000 - 1, 1].any()


@pytest.mark.parametrize(("part", "heard"), [("listen", False), ("whisper", False), ("barge", True)])
def test_a_supervisor_is_heard_when_he_barges_in_only(part: str, heard: bool) -> None:
    """Whispers to the agent are nobody's to keep."""
    events = lines(parts=[("b2", 4.0, part)])
    legs = {"a": sent(speech(1, 12), 0.0), "b1": sent(np.zeros(96000, np.int16), 0.0)}
    sound = composed(events, legs | {"b2": sent(speech(3, 12), 0.0)})
    assert bool(np.abs(sound[24000:, 1]).max() > 1000) is heard
    assert np.abs(sound[: 24000 - 1, 1]).max() < 1000
    assert course(events).answerers == ("0100000b1",)


@pytest.mark.parametrize("law", [("PCMA", 8), ("PCMU", 0)])
@pytest.mark.parametrize("ptime", [0.01, 0.02, 0.03, 0.06])
def test_laws_and_packet_times(law: tuple[str, int], ptime: float) -> None:
    """Each side may speak another law and packet time."""
    left, right = speech(1, 9), speech(2, 9)
    legs = {"a": sent(left, 1.0, law=law[0], kind=law[1], ptime=ptime), "b1": sent(right, 2.0)}
    sound = composed(lines(), legs)
    assert_at(sound[:, 0], left, 0.0)
    assert_at(sound[:, 1], right, 1.0)


def test_jitter_and_reordering_leave_no_gap() -> None:
    """Packets up to 60 ms late and out of order lie where they belong: not one sample is lost or moved."""
    rng = np.random.default_rng(5)
    late = rng.uniform(0, 0.06, 600)
    late[::7] = 0.0
    left = speech(1, 10)
    sound = composed(lines(), {"a": sent(left, 1.0, delay=lambda index: late[index]), "b1": sent(left, 2.0)})
    np.testing.assert_array_equal(sound[: len(left), 0], decoded(left))


def test_lost_packets_are_silence_in_their_place() -> None:
    """20 ms that never came are 20 ms of silence; what follows stays in step."""
    left = speech(1, 10)
    legs = {"a": sent(left, 1.0, delay=lambda index: -1 if 100 <= index < 103 else 0), "b1": sent(left, 2.0)}
    sound = composed(lines(), legs)
    assert not sound[16000:16480, 0].any()
    assert_at(sound[:16000, 0], left[:16000], 0.0)
    assert_at(sound[16480:, 0], left[16480:], 0.0)


def test_duplicates_are_dropped() -> None:
    """Packets that came twice sound once."""
    left = speech(1, 10)
    once = sent(left, 1.0)
    sound = composed(lines(), {"a": joined(once, sent(left, 1.0, delay=lambda index: 0.005)), "b1": once})
    np.testing.assert_array_equal(sound[: len(left), 0], decoded(left))


def test_pauses_without_packets_keep_the_rest_in_step() -> None:
    """Silence suppression (the timestamp goes on, no packets come) is silence of the right length."""
    left = speech(1, 10)
    legs = {"a": sent(left, 1.0, delay=lambda index: -1 if 100 <= index < 300 else 0), "b1": sent(left, 2.0)}
    sound = composed(lines(), legs)
    assert_at(sound[:, 0], left[48000:], 6.0)


def test_pauses_in_which_the_timestamp_stood_still() -> None:
    """A peer that stops its clock while it is silent is put back in step by arrival times."""
    first, second = speech(1, 3), speech(2, 5)
    leg = joined(sent(first, 1.0, base=0), sent(second, 6.5, base=len(first)))
    sound = composed(lines(), {"a": leg, "b1": sent(speech(3, 9), 2.0)})
    assert_at(sound[:, 0], first, 0.0)
    assert_at(sound[:, 0], second, 5.5)


def test_short_pauses_in_which_the_timestamp_stood_still() -> None:
    """So is one that pauses for a third of a second only."""
    first, second = speech(1, 3), speech(2, 5)
    leg = joined(sent(first, 1.0, base=0), sent(second, 4.3, base=len(first)))
    sound = composed(lines(), {"a": leg, "b1": sent(speech(3, 9), 2.0)})
    assert_at(sound[:, 0], first[:-16000], 0.0)
    assert_at(sound[:, 0], second, 3.3)


def test_a_new_stream_in_the_middle() -> None:
    """A re-INVITE to another source (other timestamps, other law) goes on at the right place."""
    first, second = speech(1, 4), speech(2, 5)
    leg = joined(sent(first, 1.0), sent(second, 6.0, base=123456, law="PCMU", kind=0))
    sound = composed(lines(), {"a": leg, "b1": sent(speech(3, 9), 2.0)})
    assert_at(sound[:, 0], first, 0.0)
    assert_at(sound[:, 0], second, 5.0)


@pytest.mark.parametrize("clock", [1.0002, 0.9998])
def test_a_peer_whose_clock_runs_wrong_stays_in_step(clock: float) -> None:
    """After ten minutes with 200 ppm (120 ms) the two sides are still within 40 ms."""
    left = speech(1, 600)
    events = lines(ended=700.0)
    sound = composed(events, {"a": sent(left, 1.0, clock=clock), "b1": sent(left[:8000], 2.0)})
    for second in (10, 300, 590):
        piece = left[second * 8000 : second * 8000 + 1600]
        near = sound[int((second * clock - 0.5) * 8000) : int((second * clock + 0.7) * 8000), 0]
        at, quality = found_at(near, piece)
        assert abs(at - 0.5) <= 0.04
        assert quality > 0.5


def test_a_stall_of_the_worker_does_not_move_the_sound() -> None:
    """Packets that waited 700 ms in the socket and came at once lie where they were spoken."""
    left = speech(1, 10)

    def delay(index: int) -> float:
        return max(0.0, (135 - index) * 0.02) if 100 <= index < 135 else 0.0

    sound = composed(lines(), {"a": sent(left, 1.0, delay=delay), "b1": sent(left, 2.0)})
    np.testing.assert_array_equal(sound[: len(left), 0], decoded(left))


def test_one_stray_packet_moves_nothing() -> None:
    """A packet that comes a second late overwrites nothing."""
    left = speech(1, 10)
    sound = composed(
        lines(), {"a": sent(left, 1.0, delay=lambda index: 1.0 if index == 200 else 0), "b1": sent(left, 2.0)}
    )
    np.testing.assert_array_equal(sound[: len(left), 0], decoded(left))


@pytest.mark.parametrize("packets", [1, 2, 24, 25, 26, 35, 36, 37, 63, 64, 65, 99, 100, 101])
def test_calls_of_any_number_of_packets(packets: int) -> None:
    """Short calls are recorded like long ones, to the last packet."""
    left = speech(1, packets * 0.02)
    sound = composed(lines(), {"a": sent(left, 1.0), "b1": sent(left, 2.0)})
    np.testing.assert_array_equal(sound[: len(left), 0], decoded(left))
    np.testing.assert_array_equal(sound[8000 : 8000 + len(left), 1], decoded(left))


def test_a_call_cut_by_a_crash_keeps_what_was_spooled() -> None:
    """The last mark is up to 6 s old; the sound spooled after it is kept, on both sides."""
    events = lines(ended=6.0, outcome="cut-by-crash", spooled=False)
    left, right = speech(1, 8.5), speech(2, 7.4)
    sound = composed(events, {"a": sent(left, 1.0), "b1": sent(right, 2.0)})
    assert len(sound) == 8.5 * 8000
    assert_at(sound[:, 0], left, 0.0)
    assert_at(sound[:, 1], right, 1.0)


def test_what_cannot_be_decoded_is_named() -> None:
    """A codec the recorder cannot read is reported; digits, comfort noise and strays are not."""
    packets = [(BEGIN + 1 + n / 50, n * 160, kind, b"x" * 20) for n, kind in enumerate([96, 101, 13, 77])]
    audio = legs_audio(packets, {96: "opus", 101: "telephone-event", 13: "CN", 77: "unknown"})
    composition = Composition(course(lines()), {"a": audio, "b1": sent(speech(1, 9), 2.0)})
    assert composition.undecodable == ["opus"]
    assert composition.missing == ()


def test_a_leg_without_spool_is_named() -> None:
    """When one side's file is missing, the other side is kept and the loss is said."""
    composition = Composition(course(lines()), {"a": sent(speech(1, 9), 1.0)})
    assert composition.missing == ("b1",)
    assert composition.seconds == 11.0


def test_a_call_that_was_never_answered_has_nothing_to_keep() -> None:
    """Ringing in vain makes no recording."""
    plan = course(lines(answered=None, bridges=(), outcome="no-answer"))
    assert plan.answered_at is None
    assert Composition(plan, {}).samples == 0


def test_the_course_of_a_call_needs_both_ends() -> None:
    """Half a call's lines are our own mistake."""
    with pytest.raises(ValueError, match="beginning"):
        course(lines()[1:])
    assert course(lines()).spans == (Span("b1", BEGIN + 2.0, BEGIN + 12.0),)
    assert course(lines()).call == CALL


def test_hostile_timestamps_cost_neither_time_nor_memory() -> None:
    """Random timestamps and arrivals end in some sound of the right length, at once."""
    rng = np.random.default_rng(9)
    packets = [
        (BEGIN + float(rng.uniform(-100, 100)), int(rng.integers(2**32)), 8, bytes(int(rng.integers(400))))
        for _ in range(20000)
    ]
    sound = composed(lines(), {"a": legs_audio(packets, {8: "PCMA"}), "b1": legs_audio([], {8: "PCMA"})})
    assert len(sound) == 11 * 8000
