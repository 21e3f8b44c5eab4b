"""Keys, as events and as tones, both ways."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from b2bua.media import g711
from b2bua.media.dtmf_detector import DtmfDetector
from b2bua.media.pressing import COLUMNS, LAYOUT, ROWS, Pressing, key_tone
from b2bua.media.telephone_event import KEYS, EventReceiver, event_payload
from b2bua.media.tones import sine
from tests.unit.media.legs import bridged, fields, hear, leg, packet

Press = list[tuple[bytes, int, bool]]


def press(key: str, timestamp: int, packets: int = 5) -> Press:
    """Return (payload, timestamp, marker) of one press as RFC 4733 has it sent."""
    made = [(event_payload(key, False, 160 * (each + 1)), timestamp, each == 0) for each in range(packets)]
    return made + [(event_payload(key, True, 160 * packets), timestamp, False)] * 3


def heard(packets: Press) -> str:
    """Return the keys a receiver reports."""
    receiver = EventReceiver()
    return "".join(receiver.take(*each) or "" for each in packets)


@given(
    st.lists(st.sampled_from(KEYS), max_size=6),
    st.data(),
)
def test_each_press_is_one_key(keys: list[str], data: st.DataObject) -> None:
    """Whatever is lost (but not all), doubled or swapped within a press, it counts once."""
    sent: Press = []
    for number, key in enumerate(keys):
        one = press(key, 5000 + 4000 * number)
        kept = data.draw(st.lists(st.sampled_from(one), min_size=1, max_size=12))
        sent += kept
    assert heard(sent) == "".join(keys)


def test_a_lost_end_does_not_hide_the_next_press() -> None:
    """The same key again is a new press, although the end of the first never came."""
    assert heard(press("5", 1000)[:3] + press("5", 5000)) == "55"


def test_a_late_packet_of_an_earlier_press_is_no_press() -> None:
    """Reordering across presses counts nothing twice."""
    first, second = press("1", 1000), press("2", 5000)
    assert heard([*first[:-1], *second, first[-1]]) == "12"


def test_a_very_long_press_is_one_press() -> None:
    """A press longer than a duration can say goes on under a new timestamp (RFC 4733 2.5.1.3)."""
    long = [(event_payload("9", False, duration), 1000, duration == 160) for duration in (160, 0xFFFF)]
    more = [(event_payload("9", False, 160), 1000 + 0xFFFF, False)]
    assert heard(long + more) == "9"


def test_other_events_and_short_payloads_are_no_keys() -> None:
    """Flash (16), fax tones and scraps are passed over."""
    assert heard([(b"\x10\x0a\x00\xa0", 1000, True), (b"\x01\x0a", 2000, True), (b"", 3000, True)]) == ""


def test_a_sender_whose_clock_starts_anew_is_heard() -> None:
    """Timestamps far behind are no late packets."""
    assert heard(press("1", 3_000_000_000) + press("2", 5)) == "12"


def test_events_pass_through_a_bridge_under_the_peers_payload_type() -> None:
    """101 on one side, 96 on the other; the stream's numbers go on, the key is reported once."""
    near, far = bridged(leg(event_payload_type=101), leg(event_payload_type=96))
    keys: list[str] = []
    near.on_key = keys.append
    hear(near, packet(1, 0), 1000)
    for number, (payload, timestamp, marker) in enumerate(press("7", 160)):
        hear(
            near, packet(2 + number, timestamp, payload, payload_type=101, marker=marker), 1160 + 160 * number
        )
    hear(near, packet(10, 1600), 2600)
    sent = [fields(each) for each in far.sent]
    assert keys == ["7"]
    assert [each[0] for each in sent] == [8, *[96] * 8, 8]
    assert [each[2] for each in sent] == list(range(1001, 1011))
    assert {each[3] for each in sent[1:9]} == {sent[0][3] + 160}
    assert sent[-1][3] == sent[0][3] + 1600


def send(pressing: Pressing, to: object, ticks: int = 60) -> None:
    """Give a leg its ticks until its keys are sent."""
    for tick in range(ticks):
        if not pressing.tick(to, 1000 + 160 * tick):
            return
    raise AssertionError("still sending")


def test_keys_are_sent_as_events() -> None:
    """100 ms each, the end three times, with a pause between them."""
    to = leg(event_payload_type=101)
    pressing = Pressing()
    pressing.add("1#")
    send(pressing, to)
    sent = [fields(each) for each in to.sent]
    assert {each[0] for each in sent} == {101}
    assert heard([(each[4], each[3], each[1]) for each in sent]) == "1#"
    first = [each for each in sent if each[3] == sent[0][3]]
    assert [each[1] for each in first] == [True, *[False] * 6]
    assert [each[4][1] >> 7 for each in first] == [0, 0, 0, 0, 1, 1, 1]
    assert first[-1][4][2:] == (800).to_bytes(2, "big")
    assert sent[-1][3] - sent[0][3] >= 800 + 400
    assert [each[2] for each in sent] == list(range(1001, 1001 + len(sent)))


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_keys_are_sent_as_tones_to_who_knows_no_events(law: str) -> None:
    """What is sent is what the detector hears."""
    to = leg(law, 8)
    pressing = Pressing()
    pressing.add(KEYS)
    send(pressing, to, 200)
    detector = DtmfDetector()
    assert "".join(detector.feed(fields(each)[4], law) for each in to.sent) == KEYS


def audio(key: str, *, seconds: float = 0.05, detuned: float = 1.0, twist_db: float = 0.0) -> np.ndarray:
    """Return a key press at -13 dBm0 a tone."""
    row, column = divmod(LAYOUT.index(key), 4)
    time = np.arange(round(seconds * 8000)) / 8000
    low = 5000 * np.sin(2 * np.pi * ROWS[row] * detuned * time)
    high = 5000 * 10 ** (twist_db / 20) * np.sin(2 * np.pi * COLUMNS[column] * detuned * time)
    return low + high


def found(samples: np.ndarray, law: str = "PCMA") -> str:
    """Return the keys heard in audio, fed by packets of 20 ms."""
    encoded = g711.ENCODE[law](np.clip(samples, -32768, 32767).astype(np.int16))
    detector = DtmfDetector()
    return "".join(detector.feed(encoded[at : at + 160], law) for at in range(0, len(encoded), 160))


def spaced(*presses: np.ndarray, gap: float = 0.05) -> np.ndarray:
    """Join presses with silences."""
    silence = np.zeros(round(gap * 8000))
    return np.concatenate([part for one in presses for part in (silence, one)] + [silence])


@pytest.mark.parametrize("noise_db", [None, 20, 15])
@pytest.mark.parametrize("detuned", [0.985, 1.0, 1.015])
def test_tones_are_found_in_noise(noise_db: float | None, detuned: float) -> None:
    """Q.24: 1.5 % off, 50 ms, in noise: of 160 presses all are found, none is found twice."""
    random = np.random.default_rng(1)
    keys = LAYOUT * 10
    samples = spaced(*(audio(key, detuned=detuned) for key in keys))
    if noise_db is not None:
        samples = samples + random.normal(0, 5000 / 10 ** (noise_db / 20), len(samples))
    assert found(samples) == keys


@pytest.mark.parametrize("twist", [-6.0, 4.0])
def test_tones_of_unequal_level_are_found(twist: float) -> None:
    """Q.24's limits of twist."""
    assert found(spaced(*(audio(key, twist_db=twist) for key in LAYOUT))) == LAYOUT


def test_a_key_pressed_twice_counts_twice_and_one_held_counts_once() -> None:
    """40 ms of silence part two presses."""
    assert found(spaced(audio("5"), audio("5"), audio("5", seconds=2.0), gap=0.04)) == "555"


@pytest.mark.parametrize("detuned", [0.96, 1.04])
def test_tones_far_off_are_no_keys(detuned: float) -> None:
    """3.5 % off and more must not be taken."""
    assert found(spaced(*(audio(key, detuned=detuned) for key in LAYOUT))) == ""


def test_talking_presses_no_keys() -> None:
    """Two minutes of speech-like sound (harmonics that glide, with noise) press at most one key."""
    random = np.random.default_rng(2)
    count = 8000 * 120
    pitch = 140 + 60 * np.sin(np.cumsum(random.normal(0, 0.0006, count)))
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    loudness = np.clip(np.sin(2 * np.pi * np.arange(count) / 8000 * 3.1), 0, 1)
    voice = sum(np.sin(harmonic * phase) / harmonic**0.7 for harmonic in range(1, 20))
    assert len(found(2500 * loudness * voice + random.normal(0, 50, count))) <= 1


def test_noise_and_silence_press_no_keys() -> None:
    """Nor do the box's own tones."""
    random = np.random.default_rng(3)
    assert found(random.normal(0, 4000, 80_000)) == ""
    assert found(np.zeros(16_000)) == ""
    assert found(8000 * np.sin(2 * np.pi * 450 * np.arange(16_000) / 8000)) == ""


def test_the_detector_takes_packets_of_any_size() -> None:
    """10 ms, 30 ms or odd ones: the same keys."""
    samples = spaced(*(audio(key) for key in "159D"))
    encoded = g711.encode_ulaw(samples.astype(np.int16))
    for size in (80, 240, 37, 480):
        detector = DtmfDetector()
        pieces = (encoded[at : at + size] for at in range(0, len(encoded), size))
        assert "".join(detector.feed(piece, "PCMU") for piece in pieces) == "159D"


def test_the_detector_listens_only_while_asked_and_without_events() -> None:
    """It costs CPU: a peer with telephone-event, or nobody waiting, and it is off."""
    plain, with_events = leg(), leg(event_payload_type=101)
    assert plain.detector is None
    for each in (plain, with_events):
        each.listen(True)
    assert plain.detector is not None
    assert with_events.detector is None
    plain.listen(False)
    assert plain.detector is None
    assert plain.direct


def test_a_key_in_the_audio_is_reported() -> None:
    """From packet to report."""
    near = leg()
    keys: list[str] = []
    near.in_band = keys.append
    near.listen(True)
    tone = key_tone("8", "PCMA")
    for number in range(len(tone) // 160):
        hear(near, packet(number, 160 * number, tone[160 * number : 160 * number + 160]), 1000 + 160 * number)
    assert keys == ["8"]


@pytest.mark.parametrize("pause", [1, 3])
def test_a_tone_that_sounds_on_into_the_next_menu_is_no_second_press(pause: int) -> None:
    """A key leads on as soon as it is certain, 40 ms after its beginning; people press for 200. The same key
    pressed anew counts."""
    near = leg()
    keys: list[str] = []
    near.in_band = keys.append
    near.listen(True)
    tone = sine((ROWS[2], COLUMNS[2]), 0.2, -10.0)
    press_ = g711.ENCODE["PCMA"](tone) + g711.SILENCE["PCMA"] * 1600
    heard_by_first_menu = 0
    for number in range(2 * len(press_) // 160):
        if keys and not heard_by_first_menu:
            heard_by_first_menu = number
            near.listen(False)
        if heard_by_first_menu and number == heard_by_first_menu + pause:
            near.listen(True)
        at = 160 * number % len(press_)
        hear(near, packet(number, 160 * number, press_[at : at + 160]), 1000 + 160 * number)
    assert keys == ["9", "9"]


def test_random_octets_press_few_keys() -> None:
    """Hostile audio is only audio."""
    detector = DtmfDetector()
    assert len("".join(detector.feed(secrets.token_bytes(160), "PCMA") for _ in range(500))) <= 1


def test_speech_is_no_key() -> None:
    """Some minutes of a woman's voice: the agent talks, and nothing is taken for a star code."""
    voice = Path(__file__).parents[3] / "b2bua/recorder/voice/zh_CN"
    longest = sorted(voice.glob("*.flac"), key=lambda file: file.stat().st_size)[-25:]
    keys, seconds = "", 0.0
    for file in longest:
        sound, rate = soundfile.read(file, dtype="float64")
        at = np.arange(0, len(sound), rate / 8000)
        spoken = np.interp(at, np.arange(len(sound)), sound)
        encoded = g711.encode_alaw((spoken * 32767).astype(np.int16))
        detector = DtmfDetector()
        keys += "".join([detector.feed(encoded[n : n + 160], "PCMA") for n in range(0, len(encoded), 160)])
        seconds += len(encoded) / 8000
    assert seconds > 60
    assert keys == ""


@pytest.mark.parametrize("snr", [30.0, 15.0, 12.0])
def test_keys_are_heard_through_noise(snr: float) -> None:
    """Presses of 60 ms, off pitch by up to 1.5 %, one tone up to 8 dB below the other."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        key = LAYOUT[rng.integers(16)]
        row, column = divmod(LAYOUT.index(key), 4)
        off = 1 + rng.uniform(-0.015, 0.015, 2)
        time = np.arange(480) / 8000
        low = 4000 * np.sin(2 * np.pi * ROWS[row] * off[0] * time)
        high = 4000 * 10 ** (rng.uniform(-8, 4) / 20) * np.sin(2 * np.pi * COLUMNS[column] * off[1] * time)
        sound = np.concatenate((np.zeros(int(rng.integers(800, 960))), low + high, np.zeros(800)))
        noise = rng.normal(0, np.sqrt(np.square(low + high).mean() / 10 ** (snr / 10)), len(sound))
        encoded = g711.encode_alaw(np.clip(sound + noise, -32768, 32767).astype(np.int16))
        detector = DtmfDetector()
        heard = [detector.feed(encoded[n : n + 160], "PCMA") for n in range(0, len(encoded), 160)]
        assert "".join(heard) == key
