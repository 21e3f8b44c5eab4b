"""Keys of a party: type-ahead, who listens, secrets, phones that send each key in two ways."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from b2bua.calls.keypad import MASKED, MOST_TYPED, Keypad
from b2bua.calls.party import Party
from storage.journal.events import Key
from tests.twins.stage import Stage, a_plan, sdp


def test_keys_are_kept_until_somebody_listens() -> None:
    """Type-ahead, bounded; a listener hears only what comes from then on."""
    keypad, heard = Keypad(), list[str]()
    keypad.press("1")
    keypad.press("2")
    assert keypad.take_typed() == "12"
    assert keypad.take_typed() == ""
    keypad.listen(heard.append)
    keypad.press("3")
    assert (heard, keypad.typed) == (["3"], "")
    keypad.stop()
    for _ in range(100):
        keypad.press("4")
    assert (heard, keypad.typed) == (["3"], "4" * MOST_TYPED)


def ringing() -> tuple[Stage, Party]:
    """Return a stage whose caller is answered and waits, and his side of the call."""
    stage = Stage(a_plan(answer="at-once"))
    stage.call()
    return stage, stage.live().parties[0]


def test_a_phone_that_sends_rfc_4733_and_info_presses_once() -> None:
    """The same digit by another way within 0.6 s is the same press, each way alone is not."""
    stage = Stage()
    caller = stage.call()
    stage.endpoint("a").press("1")
    caller.peer_keys("1")
    stage.clock.advance(0.3)
    stage.endpoint("a").press("1")
    caller.peer_keys("1")
    stage.clock.advance(1.0)
    caller.peer_keys("1")
    assert "".join(key.digit for key in stage.journal.of(Key)) == "111"
    caller.peer_cancels()
    stage.end()


def test_secret_digits_are_masked_in_the_journal() -> None:
    """Whoever listens gets the digit, the journal an x."""
    stage, party = ringing()
    heard = list[str]()
    party.keypad.secret = True
    party.keypad.listen(heard.append)
    stage.endpoint("a").press("7")
    assert heard == ["7"]
    assert [key.digit for key in stage.journal.of(Key)] == [MASKED]


def test_what_is_keyed_in_a_talk_is_nobodys_type_ahead() -> None:
    """A menu after the talk begins afresh."""
    stage = Stage()
    stage.call()
    stage.leg("b1").peer_answers(sdp(host="127.0.0.3"))
    stage.endpoint("a").press("5")
    assert stage.live().parties[0].keypad.typed == ""


def test_waiting_for_one_key() -> None:
    """A key in time, one typed ahead, and none."""
    stage, party = ringing()

    def wait() -> Deferred[str]:
        return Deferred.fromCoroutine(party.key_within(5.0, stage.clock))

    keys = list[str]()
    wait().addCallback(keys.append)
    stage.endpoint("a").press("3")
    stage.endpoint("a").press("4")
    wait().addCallback(keys.append)
    wait().addCallback(keys.append)
    assert keys == ["3", "4"]
    stage.clock.advance(5.0)
    assert keys == ["3", "4", ""]
