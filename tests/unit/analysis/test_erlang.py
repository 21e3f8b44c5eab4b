"""Staffing formulas against published figures, known limits, and a simulation."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.analysis.erlang import Load, agents_needed, erlang_a, erlang_b, erlang_c

HUNDRED_IN_HALF_AN_HOUR = Load(100 / 1800, 180.0)
"""The common example: 100 calls in 30 minutes, 3 minutes each, 80 % within 20 seconds."""


def test_erlang_c_as_published() -> None:
    """100 calls in 30 min, 180 s, 14 agents: figures of the documentation of the R package ErlangC 0.1.0
    (wait_probability, service_level, average_speed_of_answer, occupancy), and of pyworkforce 0.1.0."""
    served = erlang_c(HUNDRED_IN_HALF_AN_HOUR, 14, 20)
    assert served.waiting == pytest.approx(0.1741319335950498, abs=1e-12)
    assert served.level == pytest.approx(0.8883500191794669, abs=1e-12)
    assert served.speed_s == pytest.approx(7.83593701177724, abs=1e-10)
    assert served.occupancy == pytest.approx(0.7142857142857143)
    assert agents_needed(HUNDRED_IN_HALF_AN_HOUR, 20, 0.8, occupancy=0.85) == 14


def test_erlang_a_as_published() -> None:
    """The same calls with a mean patience of 5 minutes and 13 agents: figures of the guide of pyworkforce to
    Erlang A (service_level 0.858, occupancy 0.750, abandonment 0.025, waiting 0.226, speed 0.125 min)."""
    served = erlang_a(HUNDRED_IN_HALF_AN_HOUR, 13, 20, 300)
    assert [
        served.level,
        served.occupancy,
        served.abandoned,
        served.waiting,
        served.speed_s / 60,
    ] == pytest.approx([0.858, 0.750, 0.025, 0.226, 0.125], abs=0.001)
    assert agents_needed(HUNDRED_IN_HALF_AN_HOUR, 20, 0.8, 300, 0.85) == 13


def test_ten_erlangs_on_common_numbers_of_lines() -> None:
    """Erlang B by its sum formula; lines for 1 % blocked."""
    from math import factorial

    for lines in (1, 5, 10, 18):
        terms = [10.0**n / factorial(n) for n in range(lines + 1)]
        assert erlang_b(10.0, lines) == pytest.approx(terms[-1] / sum(terms))


loads = st.builds(Load, st.floats(0.0005, 0.5), st.floats(10, 900))


@given(loads, st.integers(1, 60), st.sampled_from([5, 20, 60]))
def test_endless_patience_is_erlang_c(load: Load, agents: int, target: int) -> None:
    """Callers who wait for days fare as those who wait for ever."""
    if load.erlangs > 0.9 * agents:
        return
    patient, endless = erlang_a(load, agents, target, 1e9), erlang_c(load, agents, target)
    assert tuple(patient) == pytest.approx(tuple(endless), rel=1e-4, abs=1e-4)


@given(loads, st.integers(1, 60), st.floats(5, 600))
def test_patience_as_long_as_the_talk_is_known_exactly(load: Load, agents: int, target: float) -> None:
    """Then the chain is that of M/M/infinity: as many in the system as a Poisson number tells."""
    from math import exp, lgamma, log

    served = erlang_a(load, agents, target, load.handle_s)
    below = sum(exp(n * log(load.erlangs) - load.erlangs - lgamma(n + 1)) for n in range(agents))
    assert served.waiting == pytest.approx(1 - below, abs=1e-9)


@given(loads, st.integers(1, 60), st.sampled_from([5, 20, 60]), st.floats(10, 600))
@settings(max_examples=60)
def test_what_must_hold(load: Load, agents: int, target: int, patience: float) -> None:
    """More agents serve more and sooner; who gives up and who is served are all."""
    one, more = erlang_a(load, agents, target, patience), erlang_a(load, agents + 1, target, patience)
    assert 0 <= one.level <= more.level + 1e-9 <= 1 + 2e-9
    assert more.abandoned <= one.abandoned + 1e-9
    assert one.abandoned == pytest.approx(one.speed_s / patience, abs=1e-9)


def test_a_simulation_agrees() -> None:
    """400,000 callers, 6 agents, 150 s of talk, 60 s of patience, with a fixed seed."""
    rnd, load, agents, patience, target = random.Random(400), Load(1 / 25, 150.0), 6, 60.0, 20
    free = [0.0] * agents
    now, soon, gone, count = 0.0, 0, 0, 400_000
    for _ in range(count):
        now += rnd.expovariate(load.rate)
        start = max(now, free[0])
        if start - now > rnd.expovariate(1 / patience):
            gone += 1
            continue
        soon += start - now <= target
        heapq.heapreplace(free, start + rnd.expovariate(1 / load.handle_s))
    served = erlang_a(load, agents, target, patience)
    assert (soon / count, gone / count) == pytest.approx((served.level, served.abandoned), abs=0.004)


def test_nothing_to_do_and_too_much() -> None:
    """No calls need nobody; a queue that grows for ever is told; what no box serves is refused."""
    assert agents_needed(Load(0.0, 180), 20, 0.8) == 0
    assert erlang_c(Load(1.0, 60), 60, 20).speed_s == float("inf")
    with pytest.raises(ValueError, match="5000"):
        agents_needed(Load(100.0, 600), 20, 0.8)
