"""Digest for extensions: nonces, replay, guessing, and nothing for who enumerates."""

from __future__ import annotations

import re

import pytest

from b2bua.sip.digest import Challenge, answer
from b2bua.sip.message import Request
from b2bua.stack.registrar_accounts import (
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_SOURCE,
    FIRST_SILENCE,
    MAX_BARE,
    NONCE_SECONDS,
    Accounts,
    Ignored,
    Proved,
    Unproved,
)
from domain.snapshot import ExtensionSnapshot

URI = "sip:box400"


def make(**kw):
    """Make accounts with one extension; events are in ``.events``."""
    events = []
    counter = iter(range(10**9))
    accounts = Accounts(
        b"k" * 32, lambda: next(counter).to_bytes(8, "big"), lambda *event: events.append(event)
    )
    accounts.configure([ExtensionSnapshot("8001", "t", "long-secret", listener="office")], "box400")
    accounts.events = events
    return accounts


def register(authorization=None, method="REGISTER", agent="Phone 1"):
    """Make a request, with credentials or without."""
    rows = [("User-Agent", agent), ("To", "<sip:8001@box400>"), ("From", "<sip:8001@box400>;tag=1")]
    if authorization:
        rows.append(("Authorization", str(authorization)))
    return Request(method, URI, rows)


def ask(accounts, now=0.0, source="198.51.100.1", authorization=None, **kw):
    """Check a request."""
    return accounts.check(register(authorization, **kw), source, "office", now)


def challenges(verdict):
    """Parse what a 401 offers."""
    assert isinstance(verdict, Unproved)
    return [Challenge.parse(value) for _, value in verdict.headers]


def reply(challenge, username="8001", password="long-secret", nc=1, method="REGISTER", uri=URI):
    """Answer a challenge."""
    return answer(challenge, method=method, uri=uri, username=username, password=password, cnonce="c", nc=nc)


@pytest.mark.parametrize("index", [0, 1])
def test_a_phone_proves_itself_with_sha_256_or_md5(index):
    """Both are offered, the stronger first; either is accepted."""
    accounts = make()
    offered = challenges(ask(accounts))
    assert [one.algorithm for one in offered] == ["SHA-256", "MD5"]
    verdict = ask(accounts, authorization=reply(offered[index]))
    assert isinstance(verdict, Proved)
    assert verdict.extension.name == "8001"


def test_a_wrong_password_is_challenged_again():
    """Not told apart from an unknown account: 401 with the same kind of challenge."""
    accounts = make()
    offered = challenges(ask(accounts))
    wrong = ask(accounts, authorization=reply(offered[0], password="x"))
    unknown = ask(accounts, authorization=reply(offered[0], username="9999"))
    shape = [re.sub('nonce="[^"]*"', "", value) for _, value in wrong.headers]
    assert shape == [re.sub('nonce="[^"]*"', "", value) for _, value in unknown.headers]
    assert not any(one.stale for one in challenges(wrong) + challenges(unknown))
    assert accounts.counts.failed == 2


def test_a_nonce_lives_five_minutes():
    """After it a right answer gets a new nonce as stale, so that the phone does not ask its user."""
    accounts = make()
    offered = challenges(ask(accounts))
    assert isinstance(ask(accounts, NONCE_SECONDS - 1, authorization=reply(offered[0])), Proved)
    again = ask(accounts, NONCE_SECONDS + 1, authorization=reply(offered[0], nc=2))
    assert all(one.stale for one in challenges(again))
    assert accounts.counts.failed == 0


def test_a_replayed_answer_is_not_accepted():
    """The count of a nonce must go up."""
    accounts = make()
    offered = challenges(ask(accounts))
    first = reply(offered[0], nc=1)
    assert isinstance(ask(accounts, authorization=first), Proved)
    assert all(one.stale for one in challenges(ask(accounts, authorization=first)))
    assert isinstance(ask(accounts, authorization=reply(offered[0], nc=2)), Proved)
    assert accounts.counts.replayed == 1


def test_a_nonce_of_somebody_else_is_stale():
    """After our restart, or made up: right answers get a fresh nonce, wrong ones count as guesses."""
    accounts = make()
    foreign = Challenge("box400", "AAAA", "SHA-256", ("auth",))
    assert all(one.stale for one in challenges(ask(accounts, authorization=reply(foreign))))
    odd = Challenge("box400", "not base64 §", "SHA-256", ("auth",))
    assert all(one.stale for one in challenges(ask(accounts, authorization=reply(odd))))
    ask(accounts, authorization=reply(foreign, password="x"))
    assert accounts.counts.failed == 1


def test_other_schemes_realms_and_junk_are_no_credentials():
    """They are challenged like a request without any, and cost no guess."""
    accounts = make()
    for header in (
        "NoOneKnowsThisScheme opaque-data=here",
        "Basic dTpw",
        'Digest username="8001"',
        str(reply(Challenge("other", "n", "MD5", ("auth",)))),
        str(reply(Challenge("box400", "n", "SHA-512-256", ("auth",)))),
    ):
        assert isinstance(ask(accounts, authorization=header), Unproved)
    assert accounts.counts.failed == 0


def test_the_answer_must_be_for_this_request():
    """Credentials for another target or method are not taken."""
    accounts = make()
    offered = challenges(ask(accounts))
    assert isinstance(ask(accounts, authorization=reply(offered[0], uri="sip:other")), Unproved)
    assert isinstance(ask(accounts, authorization=reply(offered[0], method="INVITE")), Unproved)
    assert isinstance(ask(accounts, authorization=reply(offered[0], uri="sip:box400;x=1")), Proved)


def test_an_extension_is_known_on_its_listener_only():
    """A phone of the office cannot be used from the carrier's side."""
    accounts = make()
    offered = challenges(ask(accounts))
    assert isinstance(accounts.check(register(reply(offered[0])), "198.51.100.1", "carrier", 0.0), Unproved)


def test_a_guessing_source_is_silenced_and_told():
    """Ten wrong answers in ten minutes; the silence doubles the next time."""
    accounts = make()
    offered = challenges(ask(accounts))
    for _ in range(FAILURES_PER_SOURCE):
        ask(accounts, authorization=reply(offered[0], password="x"))
    assert accounts.events == [("198.51.100.1", "", FIRST_SILENCE)]
    assert isinstance(ask(accounts, authorization=reply(offered[0])), Ignored)
    assert isinstance(ask(accounts, source="198.51.100.2"), Unproved)
    later = FIRST_SILENCE + 1
    offered = challenges(ask(accounts, later))
    for _ in range(FAILURES_PER_SOURCE):
        ask(accounts, later, authorization=reply(offered[0], password="x"))
    assert accounts.events[1] == ("198.51.100.1", "", 2 * FIRST_SILENCE)


def test_a_guessed_account_still_serves_its_phone():
    """Guessing from many sources silences the account for all but who has proved himself before."""
    accounts = make()
    home = "192.0.2.50"
    offered = challenges(ask(accounts, source=home))
    assert isinstance(ask(accounts, source=home, authorization=reply(offered[0])), Proved)
    for number in range(FAILURES_PER_ACCOUNT):
        ask(accounts, source=f"203.0.113.{number}", authorization=reply(offered[0], password="x"))
    assert ("203.0.113.19", "8001", FIRST_SILENCE) in accounts.events
    assert isinstance(ask(accounts, source="203.0.113.99", authorization=reply(offered[0], nc=5)), Ignored)
    assert isinstance(ask(accounts, source=home, authorization=reply(offered[0], nc=6)), Proved)


def test_slow_mistakes_are_no_attack():
    """A user who mistypes now and then is not locked out."""
    accounts = make()
    for turn in range(40):
        now = turn * 100.0
        offered = challenges(ask(accounts, now))
        assert isinstance(ask(accounts, now, authorization=reply(offered[0], password="x")), Unproved)
    assert accounts.events == []


def test_challenging_leaves_nothing_behind():
    """A flood without credentials costs no memory."""
    accounts = make()
    for number in range(6000):
        ask(accounts, source=f"10.0.{number // 250}.{number % 250}")
    assert not accounts._sources
    assert not accounts._nonces.used
    assert len(accounts._bare) <= MAX_BARE


def test_an_empty_secret_opens_no_door():
    """An extension without a secret cannot register at all."""
    accounts = make()
    accounts.configure([ExtensionSnapshot("8002", "t", "", listener="office")], "box400")
    offered = challenges(ask(accounts))
    assert isinstance(ask(accounts, authorization=reply(offered[0], "8002", "")), Unproved)


def test_a_new_secret_is_in_force_at_once():
    """After a reload the old one is dead."""
    accounts = make()
    offered = challenges(ask(accounts))
    assert isinstance(ask(accounts, authorization=reply(offered[0])), Proved)
    accounts.configure([ExtensionSnapshot("8001", "t", "new", listener="office")], "box400")
    assert isinstance(ask(accounts, authorization=reply(offered[0], nc=2)), Unproved)
    assert isinstance(ask(accounts, authorization=reply(offered[0], password="new", nc=3)), Proved)


def test_a_phone_that_knows_md5_only_is_served():
    """Old baresip gives up at SHA-256 even beside MD5: it is offered MD5 alone, by its name ..."""
    accounts = make()
    offered = challenges(ask(accounts, agent="baresip v1.0.0 (x86_64/linux)"))
    assert [one.algorithm for one in offered] == ["MD5"]
    assert isinstance(ask(accounts, authorization=reply(offered[0])), Proved)
    assert len(challenges(ask(accounts, agent="baresip v3.1.0 (x86_64/Linux)"))) == 2


def test_a_phone_that_never_answers_is_offered_md5_alone():
    """... or by its silence; that is remembered until it answers better."""
    accounts = make()
    counts = [len(challenges(ask(accounts, float(turn)))) for turn in range(4)]
    assert counts == [2, 2, 1, 1]
    (md5,) = challenges(ask(accounts, 5.0))
    assert isinstance(ask(accounts, 5.0, authorization=reply(md5)), Proved)
    assert len(challenges(ask(accounts, 6.0))) == 1
    (strong, _) = challenges(ask(accounts, 6.0, agent="Other"))
    assert isinstance(ask(accounts, 6.0, authorization=reply(strong)), Proved)
    assert len(challenges(ask(accounts, 7.0))) == 2
