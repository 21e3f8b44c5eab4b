"""Digest: the vectors of RFC 7616 3.9 and RFC 2617 3.5, parsing, choosing, constant-time checking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.sip.digest import (
    Challenge,
    DigestCredentials,
    answer,
    choose,
    hash_secret,
    verify,
)
from b2bua.sip.errors import SipError

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_example(algorithm, response):
    """RFC 7616 3.9.1: Mufasa's answers with MD5 and SHA-256."""
    challenge = Challenge("http-auth@example.org", NONCE, algorithm, ("auth", "auth-int"), OPAQUE)
    credentials = answer(
        challenge,
        method="GET",
        uri="/dir/index.html",
        username="Mufasa",
        password="Circle of Life",
        cnonce=CNONCE,
    )
    assert credentials.response == response
    secret = hash_secret(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    assert verify(DigestCredentials.parse(str(credentials)), secret, "GET")


def test_rfc_7616_example_of_sha_512_256_with_userhash():
    """RFC 7616 3.9.2 as corrected by its erratum 4897: the user name is hashed, the text is UTF-8."""
    challenge = Challenge(
        "api@example.org",
        "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        "SHA-512-256",
        ("auth",),
        "HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        userhash=True,
    )
    credentials = answer(
        challenge,
        method="GET",
        uri="/doe.json",
        username="Jäsøn Doe",
        password="Secret, or not?",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    assert credentials.username == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    assert credentials.response == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"


def test_rfc_2617_example():
    """RFC 2617 3.5, still what old carriers speak."""
    challenge = Challenge.parse(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    credentials = answer(
        challenge,
        method="GET",
        uri="/dir/index.html",
        username="Mufasa",
        password="Circle Of Life",
        cnonce="0a4f113b",
    )
    assert credentials.response == "6629fae49393a05397450978507c4ef1"
    assert credentials.algorithm == "MD5"


def test_without_qop_there_is_no_client_nonce():
    """RFC 2069 peers get neither cnonce nor nc."""
    challenge = Challenge.parse('Digest realm="r",nonce="n"')
    credentials = answer(challenge, method="REGISTER", uri="sip:r", username="u", password="p", cnonce="c")
    assert credentials.qop is None
    assert "cnonce" not in str(credentials)
    assert verify(DigestCredentials.parse(str(credentials)), hash_secret("MD5", "u", "r", "p"), "REGISTER")


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
@pytest.mark.parametrize("qop", [(), ("auth",), ("auth-int",)])
def test_what_we_answer_we_accept(algorithm, qop):
    """Every algorithm and protection verifies; a wrong secret, method or body does not."""
    challenge = Challenge("box400", "nonce", algorithm, qop)
    credentials = answer(
        challenge, method="INVITE", uri="sip:1@b", username="8001", password="s", cnonce="c", body=b"sdp"
    )
    read = credentials
    if qop:
        read = DigestCredentials.parse(str(credentials))
    secret = hash_secret(algorithm, "8001", "box400", "s")
    assert verify(read, secret, "INVITE", b"sdp")
    assert not verify(read, hash_secret(algorithm, "8001", "box400", "t"), "INVITE", b"sdp")
    assert not verify(read, secret, "REGISTER", b"sdp")
    assert verify(read, secret, "INVITE", b"other") is (qop != ("auth-int",))


def test_the_strongest_known_algorithm_is_answered():
    """MD5 only where the peer offers nothing better; unknown ones are passed over."""
    md5, sha = Challenge("r", "1", "MD5"), Challenge("r", "2", "SHA-256")
    assert choose([md5, sha]) is sha
    assert choose([md5]) is md5
    assert choose([Challenge("r", "3", "AKAv1-MD5"), Challenge("r", "4", "MD5", ("odd",))]) is None
    assert choose([]) is None


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "Basic abc",
        "Digest",
        'Digest realm="x"',
        'Digest username="u", realm="r", nonce="n", uri="sip:r", response="0", qop=auth',
        'Digest username="u", realm="r", nonce="n", uri="sip:r", response="0", qop=auth, nc=1, cnonce="c"',
        'Digest username="u", username="v", realm="r", nonce="n", uri="sip:r", response="0"',
        'Digest username="u realm="r"',
        'Digest username="u",, realm="r"',
        "Digest " + ", ".join(f"a{n}=1" for n in range(100)),
    ],
)
def test_malformed_credentials_are_refused(raw):
    """Missing, repeated or half parameters give 400, never a guess."""
    with pytest.raises(SipError):
        DigestCredentials.parse(raw)


def test_quoted_text_survives():
    """Quotes and backslashes in names are escaped both ways; a comma does not end a value."""
    challenge = Challenge('a "quoted", \\ realm', "n", "SHA-256", ("auth",))
    assert Challenge.parse(str(challenge)) == challenge


def test_case_of_names_does_not_matter():
    """Scheme, parameter names and algorithm names ignore case."""
    challenge = Challenge.parse('DIGEST Realm="r", NONCE="n", algorithm=sha-256, STALE=TRUE, qop=AUTH')
    assert challenge == Challenge("r", "n", "SHA-256", ("auth",), stale=True)


@given(st.text(max_size=200))
def test_nothing_but_siperror_is_raised(raw):
    """Any text is either read or refused."""
    for parse in (Challenge.parse, DigestCredentials.parse):
        try:
            parse("Digest " + raw)
        except SipError:
            continue
