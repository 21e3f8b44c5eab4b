"""The gate before the parser: whose datagrams are looked at."""

from __future__ import annotations

from b2bua.stack.strangers import STRANGER_BURST, Gate
from domain.token_bucket import TokenBucket

REGISTER = b"REGISTER sip:box SIP/2.0\r\n"
INVITE = b"INVITE sip:1@box SIP/2.0\r\n"


class Now:
    """A clock that is set by hand."""

    def __init__(self):
        self.at = 100.0

    def __call__(self):
        """Give the time."""
        return self.at


def make(phones=False, trunk="192.0.2.1", refuses=False):
    """Make a gate that knows one trunk."""
    now = Now()
    gate = Gate(now, lambda host: host == trunk, phones=phones, refuses_invites=refuses)
    return gate, now


def test_a_trunk_is_admitted_once_and_for_all():
    """After its first message a trunk's host is in the hot set."""
    gate, _ = make()
    assert gate.admits("192.0.2.1", INVITE)
    assert "192.0.2.1" in gate.admitted


def test_a_stranger_gets_nothing_on_a_carrier_listener():
    """Not even REGISTER is looked at where no phones belong."""
    gate, _ = make()
    assert not gate.admits("203.0.113.9", REGISTER)
    assert not gate.admits_connection("203.0.113.9")
    assert gate.dropped == 2


def test_a_stranger_may_only_try_to_register_where_phones_are():
    """INVITE and OPTIONS of a stranger are never parsed, so scanners find nothing."""
    gate, _ = make(phones=True)
    assert gate.admits("203.0.113.9", REGISTER)
    assert not gate.admits("203.0.113.9", INVITE)
    assert not gate.admits("203.0.113.9", b"OPTIONS sip:box SIP/2.0\r\n")


def test_tries_of_a_stranger_are_limited():
    """A burst, then five a second."""
    gate, now = make(phones=True)
    assert sum(gate.admits("203.0.113.9", REGISTER) for _ in range(100)) == STRANGER_BURST
    now.at += 1.0
    assert sum(gate.admits("203.0.113.9", REGISTER) for _ in range(100)) == 5


def test_all_strangers_together_are_limited():
    """A thousand sources at once get no more than their common share."""
    gate, _ = make(phones=True)
    assert sum(gate.admits(f"10.0.{n // 250}.{n % 250}", REGISTER) for n in range(1000)) == 200


def test_a_registered_phone_is_known_until_its_last_binding_ends():
    """Two phones behind one address: the first one's end does not lock out the second."""
    gate, _ = make(phones=True)
    gate.registered("203.0.113.9")
    gate.registered("203.0.113.9")
    assert gate.admits("203.0.113.9", INVITE) or "203.0.113.9" in gate.admitted
    gate.unregistered("203.0.113.9")
    assert "203.0.113.9" in gate.admitted
    gate.unregistered("203.0.113.9")
    assert "203.0.113.9" not in gate.admitted
    assert not gate.is_registered("203.0.113.9")


def test_a_banned_host_may_not_try():
    """Who guessed passwords is not heard until the ban is over."""
    gate, now = make(phones=True)
    gate.ban("203.0.113.9", now.at + 300)
    assert not gate.admits("203.0.113.9", REGISTER)
    now.at += 301
    assert gate.admits("203.0.113.9", REGISTER)


def test_one_invite_of_a_stranger_passes_where_refusal_is_set():
    """At most one stateless refusal for each strange host."""
    gate, _ = make(refuses=True)
    assert gate.admits("203.0.113.9", INVITE)
    assert not gate.admits("203.0.113.9", INVITE)


def test_new_networks_are_taken_at_once():
    """A host that was a stranger is judged anew when trunks have changed."""
    known = set()
    gate = Gate(lambda: 0.0, known.__contains__, phones=False)
    assert not gate.admits("192.0.2.7", INVITE)
    known.add("192.0.2.7")
    gate.forget_verdicts()
    assert gate.admits("192.0.2.7", INVITE)


def test_a_removed_network_is_forgotten_but_partners_in_talk_are_not():
    """Who was sent a request stays known: its dialogs go on after a reload."""
    known = {"192.0.2.7"}
    gate = Gate(lambda: 0.0, known.__contains__, phones=False)
    gate.admits("192.0.2.7", INVITE)
    gate.addressed("192.0.2.8")
    known.clear()
    gate.forget_verdicts()
    assert "192.0.2.7" not in gate.admitted
    assert "192.0.2.8" in gate.admitted


def test_memory_of_hosts_is_bounded():
    """A flood from a million addresses does not grow the tables."""
    gate, _ = make(phones=True)
    for number in range(25_000):
        gate.admits(f"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}", REGISTER)
        gate.addressed(f"11.{number >> 16}.{(number >> 8) & 255}.{number & 255}")
    assert len(gate.admitted) <= 20_000
    assert len(gate._strange) <= 10_000
    assert len(gate._tries) <= 10_000


def test_a_bucket_refills_and_never_beyond_its_burst():
    """Time going backwards gives nothing."""
    bucket = TokenBucket(2.0, 3.0)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(9.0)
    assert bucket.take(10.5)
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]
    bucket.give_back()
    assert bucket.take(1000.0)
