"""Two tenants both have an extension 8001: every way to type that into a phone finds the right one."""

from __future__ import annotations

import pytest

from b2bua.sip.digest import Challenge, answer
from b2bua.sip.message import Request
from b2bua.sip.parse import parse_message
from b2bua.sip.uri import Uri
from b2bua.stack.registrar_accounts import Accounts, Ignored, Proved, Unproved
from b2bua.stack.registrar_names import ExtensionNames, is_named_by
from domain.snapshot import ExtensionSnapshot

ACME = ExtensionSnapshot(name="8001", tenant="acme", secret="acme's own secret")
BETA = ExtensionSnapshot(name="8001", tenant="Beta", secret="beta's own secret", login="8001.Beta")
FRONT = ExtensionSnapshot(name="8002", tenant="Beta", secret="front desk's", login="front")
BOTH = (ACME, BETA, FRONT)

NAMES = ExtensionNames(BOTH, "pbx.example.cn")


@pytest.mark.parametrize(
    ("username", "address", "found"),
    [
        ("8001", "sip:8001@192.0.2.1", ACME),
        ("8001", "sip:8001@box400", ACME),
        ("8001", "sip:8001@acme", ACME),
        ("8001", "sip:8001@beta", BETA),
        ("8001", "sip:8001@BETA.PBX.example.cn", BETA),
        ("8001", "sip:8001@pbx.example.cn", ACME),
        ("8001", "sip:8001@gamma.pbx.example.cn", ACME),
        ("8001.Beta", "sip:8001@192.0.2.1", BETA),
        ("8001.Beta", "sip:8001.Beta@beta", BETA),
        ("8001.acme", "sip:8001.acme@192.0.2.1", ACME),
        ("8001@Beta", "sip:8001@192.0.2.1", BETA),
        ("8001@acme", "sip:8001@beta", ACME),
        ("8001@box400", "sip:8001@beta", BETA),
        ("8001@192.0.2.1", "sip:8001@192.0.2.1", ACME),
        ("front", "sip:front@192.0.2.1", FRONT),
        ("front", "sip:front@beta", FRONT),
        ("8002", "sip:8002@beta", FRONT),
        ("8002.Beta", "sip:8002@192.0.2.1", FRONT),
        ("8002", "sip:8002@192.0.2.1", None),
        ("8002", "sip:8002@acme", None),
        ("8003", "sip:8003@beta", None),
        ("", "sip:192.0.2.1", None),
    ],
)
def test_who_is_meant(username: str, address: str, found: ExtensionSnapshot | None) -> None:
    """By login, with the tenant behind a dot or an at sign, or with the tenant as the domain."""
    assert NAMES.find(username, Uri.parse(address)) is found


def test_each_extension_has_one_account() -> None:
    """Its other names are only for phones to type."""
    assert [NAMES.account(name) for name in ("8001", "8001.Beta", "front", "8001.acme", "8002")] == [
        ACME, BETA, FRONT, None, None,
    ]  # fmt: skip
    assert (NAMES.of("Beta", "8001"), NAMES.of("acme", "8002")) == (BETA, None)


def test_a_login_goes_before_a_name_with_a_tenant() -> None:
    """A tenant's id may look like the end of somebody's login; what is configured decides."""
    odd = ExtensionSnapshot(name="1", tenant="x", secret="s", login="8001.acme")
    assert ExtensionNames((ACME, odd)).find("8001.acme", None) is odd


@pytest.mark.parametrize(
    ("user", "is_his"),
    [("8001", True), ("8001.Beta", True), ("8001@beta", True), ("8001@acme", False), ("8002", False)],
)
def test_a_phone_may_only_be_in_its_own_name(user: str, is_his: bool) -> None:
    """Whichever of its names it chose."""
    assert is_named_by(BETA, user) is is_his


def request_of(username: str, address: str, secret: str, challenge: Challenge, nc: int = 1) -> Request:
    """Make a REGISTER with credentials."""
    proof = answer(
        challenge, method="REGISTER", uri="sip:box", username=username, password=secret, cnonce="c", nc=nc
    )
    rows = [
        ("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"),
        ("From", f"<{address}>;tag=1"),
        ("To", f"<{address}>"),
        ("Call-ID", "c1"),
        ("CSeq", "1 REGISTER"),
        ("Authorization", str(proof)),
    ]
    request = parse_message(Request("REGISTER", "sip:box", rows).encode())
    assert isinstance(request, Request)
    return request


def challenge_of(verdict: object) -> Challenge:
    """Read the SHA-256 challenge."""
    assert isinstance(verdict, Unproved)
    return Challenge.parse(verdict.headers[0][1])


@pytest.mark.parametrize(
    ("username", "address", "who"),
    [
        ("8001", "sip:8001@192.0.2.1", ACME),
        ("8001", "sip:8001@beta", BETA),
        ("8001.Beta", "sip:8001@192.0.2.1", BETA),
        ("8001@beta", "sip:8001@beta", BETA),
    ],
)
def test_every_name_proves_itself_by_the_same_password(
    username: str, address: str, who: ExtensionSnapshot
) -> None:
    """The digest is over the user name as the phone sends it; the other tenant's password is wrong."""
    accounts = Accounts(b"k" * 32, lambda: b"12345678")
    accounts.configure(BOTH, "box400")
    bare = Request("REGISTER", "sip:box", [("To", f"<{address}>")])
    challenge = challenge_of(accounts.check(bare, "10.0.0.1", "carrier", 0.0))
    right = request_of(username, address, who.secret, challenge)
    assert accounts.check(right, "10.0.0.1", "carrier", 1.0) == Proved(who)
    other = ACME if who is BETA else BETA
    wrong = request_of(username, address, other.secret, challenge, nc=2)
    assert isinstance(accounts.check(wrong, "10.0.0.1", "carrier", 2.0), Unproved)
    assert accounts.counts.failed == 1


def test_guesses_by_all_of_a_phones_names_are_counted_together() -> None:
    """Twenty wrong passwords silence the account, however it was written."""
    told: list[tuple[str, str, float]] = []
    accounts = Accounts(b"k" * 32, lambda: b"12345678", lambda *what: told.append(what))
    accounts.configure(BOTH, "box400")
    challenge = challenge_of(accounts.check(Request("REGISTER", "sip:box", []), "h", "carrier", 0.0))
    names = (("8001", "sip:8001@beta"), ("8001.Beta", "sip:8001@h"), ("8001@beta", "sip:8001@h"))
    for guess in range(20):
        username, address = names[guess % 3]
        wrong = request_of(username, address, "a guess", challenge, nc=guess + 1)
        accounts.check(wrong, f"10.0.0.{guess}", "carrier", 1.0)
    assert [(account, seconds) for _, account, seconds in told] == [("8001.Beta", 300.0)]
    right = request_of("8001", "sip:8001@beta", BETA.secret, challenge, nc=99)
    assert isinstance(accounts.check(right, "10.0.1.1", "carrier", 2.0), Ignored)
