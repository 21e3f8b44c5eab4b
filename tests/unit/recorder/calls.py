"""Calls as the journal and the media worker would have left them, made up in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from b2bua.media import g711
from b2bua.recorder.spooled import LegAudio
from storage.journal.events import (
    Answered,
    Bridged,
    Ended,
    Event,
    LegDialled,
    LegEnded,
    RecordingStopped,
    Spooled,
    Started,
    TakesPart,
    Unbridged,
)

CALL = "01JD0000000000000000000000"
BEGIN = 1000.0
"""Monotonic seconds at which every call here starts."""
Sound = Callable[[np.ndarray], np.ndarray]


def lines(
    answered: float | None = 1.0,
    bridges: Iterable[tuple[str, float, float | None]] = (("b1", 2.0, None),),
    ended: float = 12.0,
    *,
    call: str = CALL,
    record: bool = True,
    outcome: str = "answered",
    spooled: bool = True,
    tenant: str = "acme",
    begin: float = BEGIN,
    parts: Iterable[tuple[str, float, str]] = (),
    stopped: float | None = None,
) -> list[Event]:
    """Return the journal lines of a call; times are seconds from its start, ``parts`` what legs do from when
    on."""

    def when(seconds: float) -> dict[str, float]:
        return {"at": 1.7e9 + seconds, "mono": begin + seconds}

    events: list[Event] = [
        Started(
            call=call, trunk="t", source="127.0.0.2:5060", sip_call_id="x", called_raw="4001003722",
            called="4001003722", caller_raw="13900001111", caller="13900001111", tenant=tenant,
            number="4001003722", record=record, **when(0.0),
        )
    ]  # fmt: skip
    timed: list[Event] = []
    if answered is not None:
        timed.append(Answered(call=call, **when(answered)))
    for leg, up, down in bridges:
        timed.append(LegDialled(call=call, leg=leg, target=f"0100000{leg}", **when(0.5)))
        timed.append(Bridged(call=call, leg=leg, **when(up)))
        if down is not None:
            timed.append(Unbridged(call=call, leg=leg, **when(down)))
            timed.append(LegEnded(call=call, leg=leg, **when(down)))
    timed += [TakesPart(call=call, leg=leg, part=part, **when(at)) for leg, at, part in parts]
    if stopped is not None:
        timed.append(RecordingStopped(call=call, why="disk", **when(stopped)))
    events += sorted(timed, key=lambda event: event.mono)  # type: ignore[union-attr]
    if spooled:
        events.append(Spooled(call=call, **when(ended + 0.1)))
    events.append(Ended(call=call, outcome=outcome, by="caller", **when(ended)))
    return events


def speech(seed: int, seconds: float) -> np.ndarray:
    """Return noise that can be found again by correlation, 16-bit samples of 8 kHz."""
    return np.random.default_rng(seed).normal(0, 4000, int(seconds * 8000)).astype(np.int16)


def sent(
    samples: np.ndarray,
    start: float,
    *,
    law: str = "PCMA",
    kind: int = 8,
    ptime: float = 0.02,
    base: int = 4_294_960_000,
    delay: Callable[[int], float] = lambda index: 0.0,
    clock: float = 1.0,
    begin: float = BEGIN,
) -> LegAudio:
    """Return a stream as it arrives: sent from ``start`` (seconds of the call) on, in order of arrival.

    ``delay(index)`` is a packet's time on the way, negative: it is lost; ``clock`` the sender's rate error.
    """
    step = int(ptime * 8000)
    encode = g711.ENCODE[law]
    packets = []
    for index in range(len(samples) // step):
        late = delay(index)
        if late >= 0:
            arrival = begin + start + index * ptime * clock + late
            payload = encode(samples[index * step : (index + 1) * step])
            packets.append((arrival, (base + index * step) % 2**32, kind, payload))
    return legs_audio(packets, {kind: law})


def legs_audio(packets: list[tuple[float, int, int, bytes]], codecs: dict[int, str]) -> LegAudio:
    """Return packets as the recorder reads them, sorted by arrival."""
    packets = sorted(packets, key=lambda packet: packet[0])
    names = tuple(dict.fromkeys(codecs.values()))
    lengths = np.array([len(packet[3]) for packet in packets], dtype=np.int64)
    return LegAudio(
        arrivals=np.array([packet[0] for packet in packets], dtype=np.float64),
        timestamps=np.array([packet[1] for packet in packets], dtype=np.uint32),
        kinds=np.array([names.index(codecs.get(packet[2], "unknown")) for packet in packets], dtype=np.int64),
        starts=np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))[:-1],
        lengths=lengths,
        data=b"".join(packet[3] for packet in packets),
        codecs=names,
        whole=True,
    )


def joined(*parts: LegAudio) -> LegAudio:
    """Return several streams as one leg's, in order of arrival."""
    packets = []
    codecs: dict[int, str] = {}
    for part in parts:
        columns = (part.arrivals, part.timestamps, part.kinds, part.starts, part.lengths)
        for arrival, timestamp, kind, start, length in zip(*(c.tolist() for c in columns), strict=True):
            name = part.codecs[kind]
            codecs[0 if name == "PCMU" else 8] = name
            packets.append(
                (arrival, timestamp, 0 if name == "PCMU" else 8, part.data[start : start + length])
            )
    return legs_audio(packets, codecs)


def found_at(sound: np.ndarray, pattern: np.ndarray) -> tuple[float, float]:
    """Return where ``pattern`` lies in ``sound`` (seconds) and how well it fits (1.0: exactly)."""
    size = 1 << (len(sound) + len(pattern)).bit_length()
    a = np.fft.rfft(sound.astype(np.float64), size)
    b = np.fft.rfft(pattern.astype(np.float64), size)
    fits = np.fft.irfft(a * np.conj(b), size)
    at = int(np.argmax(fits))
    energy = float((pattern.astype(np.float64) ** 2).sum())
    return (at if at < len(sound) else at - size) / 8000, float(fits[at]) / energy
