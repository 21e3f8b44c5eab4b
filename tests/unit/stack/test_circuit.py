"""The circuit breaker of a trunk: opens fast, closes with care, never flaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from b2bua.stack.trunks.circuit import FIRST_WAIT, LONGEST_WAIT, Circuit, CircuitState


def opened(now=0.0):
    """Make a circuit that two failures have opened."""
    circuit = Circuit()
    circuit.failure(now, "no answer")
    assert circuit.failure(now, "no answer")
    return circuit


def test_one_failure_is_no_outage():
    """A single lost answer changes nothing; a success between two failures resets the count."""
    circuit = Circuit()
    assert not circuit.failure(0, "no answer")
    assert not circuit.success(1)
    assert not circuit.failure(2, "no answer")
    assert circuit.may_call(3, probed=True)


def test_two_failures_in_a_row_open_it():
    """Calls go to the next trunk at once."""
    circuit = opened()
    assert circuit.state is CircuitState.DOWN
    assert circuit.why == "no answer"
    assert not circuit.may_call(0.1, probed=True)
    assert not circuit.may_call(0.1, probed=False)


def test_retry_after_is_honoured():
    """A 503 that says when to come back opens at once, for that long, and is no last resort meanwhile."""
    circuit = Circuit()
    assert circuit.failure(0, "answered 503", retry_after=120)
    assert not circuit.may_call(119, probed=False)
    assert not circuit.last_resort(119)
    assert circuit.last_resort(121)
    assert circuit.may_call(121, probed=False)


def test_an_absurd_retry_after_is_bounded():
    """A peer cannot switch its trunk off for a day."""
    circuit = Circuit()
    circuit.failure(0, "answered 503", retry_after=999999)
    assert circuit.may_call(601, probed=False)


def test_it_closes_after_two_good_probes():
    """One good OPTIONS may be luck."""
    circuit = opened()
    assert not circuit.success(FIRST_WAIT + 1)
    assert circuit.state is CircuitState.TRYING
    assert not circuit.may_call(FIRST_WAIT + 1, probed=True)
    assert circuit.success(FIRST_WAIT + 3)
    assert circuit.may_call(FIRST_WAIT + 3, probed=True)


def test_late_answers_do_not_close_it_early():
    """What comes within the wait is not counted."""
    circuit = opened()
    assert not circuit.success(1)
    assert circuit.state is CircuitState.DOWN


def test_without_probes_one_call_at_a_time_tries():
    """Half open: the second caller is not made to wait for a dead trunk."""
    circuit = opened()
    now = FIRST_WAIT + 1
    assert circuit.may_call(now, probed=False)
    circuit.calling(now)
    assert not circuit.may_call(now, probed=False)
    assert not circuit.success(now + 1)
    assert circuit.may_call(now + 1, probed=False)
    circuit.calling(now + 1)
    assert circuit.success(now + 2)
    assert circuit.state is CircuitState.UP


def test_a_trying_call_that_told_nothing_makes_room():
    """The caller hung up before the trunk said a word: the next call may try."""
    circuit = opened()
    circuit.calling(FIRST_WAIT + 1)
    circuit.give_up_probe()
    assert circuit.may_call(FIRST_WAIT + 1, probed=False)


def test_the_wait_doubles_while_it_fails_and_is_bounded():
    """A dead trunk is tried less and less often."""
    circuit = opened()
    now, waits = 0.0, []
    for _ in range(8):
        wait = circuit.probe_wait(now, 30.0)
        waits.append(wait)
        now += wait
        circuit.failure(now, "no answer")
    assert waits == sorted(waits)
    assert waits[0] == FIRST_WAIT
    assert waits[-1] == LONGEST_WAIT


def test_a_flapping_trunk_stays_out_longer_each_time():
    """Coming back for a moment does not reset the wait; two quiet minutes do."""
    circuit = opened()
    first = circuit.probe_wait(0, 30)
    circuit.success(first)
    circuit.success(first + 2)
    circuit.failure(first + 3, "x")
    circuit.failure(first + 4, "x")
    assert circuit.probe_wait(first + 4, 30) == 2 * FIRST_WAIT
    now = first + 4 + 2 * FIRST_WAIT
    circuit.success(now)
    circuit.success(now + 2)
    circuit.failure(now + 300, "x")
    circuit.failure(now + 301, "x")
    assert circuit.probe_wait(now + 301, 30) == FIRST_WAIT


def test_after_one_failure_the_next_probe_comes_soon():
    """An outage is noticed within seconds, not at the second half-minute."""
    circuit = Circuit()
    assert circuit.probe_wait(0, 30) == 30
    circuit.failure(0, "no answer")
    assert circuit.probe_wait(0, 30) == 2.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 100.0)), max_size=60))
def test_whatever_happens_two_good_probes_in_due_time_close_it(events):
    """No history locks a trunk out for good."""
    circuit = Circuit()
    now = 0.0
    for good, gap in events:
        now += gap
        if good:
            circuit.success(now)
        else:
            circuit.failure(now, "x")
    now += LONGEST_WAIT + 1
    circuit.success(now)
    circuit.success(now + 2)
    assert circuit.state is CircuitState.UP
    assert circuit.may_call(now + 2, probed=True)
