"""URIs: sip, sips, tel, and what they mean."""

from __future__ import annotations

import pytest

from b2bua.sip.errors import SipError
from b2bua.sip.uri import Uri, escape_user, unescape


@pytest.mark.parametrize(
    "raw",
    [
        "sip:alice@atlanta.example",
        "sips:alice@atlanta.example:5061;transport=tcp;lr?subject=project",
        "sip:alice:secret@atlanta.example",
        "sip:atlanta.example",
        "sip:+8613900001111@10.1.2.3:5060;user=phone",
        "sip:[2001:db8::10]:5070",
        "sip:u@[::ffff:192.0.2.2];maddr=239.255.255.1;ttl=15",
        "sip:user;par=u%40example.net@example.com",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1@example.com",
        "tel:+86-10-6123-4567",
        "tel:95588;phone-context=+86",
        "isbn:2983792873",
        "urn:service:sos",
    ],
)
def test_a_uri_prints_as_it_was_read(raw: str) -> None:
    """What we pass on is what we got."""
    assert str(Uri.parse(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "sip:",
        "alice",
        "sip:alice@",
        "sip:2001:db8::10",
        "sip:alice@host:0",
        "sip:alice@host:65536",
        "sip:alice@host:99999999999999999999999",
        "sip:alice@host:",
        "sip:alice@host:５０６０",
        "sip:alice@ho st",
        "sip: alice@host",
        "sip:alice@host;;lr",
        "sip:alice@host;a=",
        "sip:a@b@c",
        "sip:alice@[2001:db8::10",
        "sip:alice@[1:2:3]",
        "sip:alice@host>",
        'sip:alice@ho"st',
        "sip:alice@host\0",
        "sip:alice@host\r\nRoute: <sip:evil>",
        "tel:",
        "tel:+",
        "tel:----",
        "tel:alice",
        "1sip:alice@host",
        "http: //x",
    ],
)
def test_a_malformed_uri_is_refused_with_400(raw: str) -> None:
    """Nobody guesses what was meant."""
    with pytest.raises(SipError) as caught:
        Uri.parse(raw)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # RFC 3261 19.1.4
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+86-10-6123-4567", "tel:+861061234567"),
        ("tel:7042;phone-context=example.com", "tel:7042;Phone-Context=EXAMPLE.com"),
    ],
)
def test_equivalent_uris(one: str, other: str) -> None:
    """The RFC's own list of equivalent URIs, both ways round."""
    assert Uri.parse(one).same_as(Uri.parse(other))
    assert Uri.parse(other).same_as(Uri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:bob@biloxi.com;transport=udp", "sip:bob@biloxi.com;transport=tcp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;maddr=192.0.2.4"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;user=ip"),
        ("sip:biloxi.com", "sip:bob@biloxi.com"),
        ("tel:+861061234567", "tel:861061234567"),
        ("tel:7042;phone-context=+86", "tel:7042"),
        ("isbn:1", "isbn:2"),
    ],
)
def test_different_uris(one: str, other: str) -> None:
    """The RFC's own list of URIs that are not equivalent, both ways round."""
    assert not Uri.parse(one).same_as(Uri.parse(other))
    assert not Uri.parse(other).same_as(Uri.parse(one))


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("tel:+86-139-0000-1111", "+8613900001111"),
        ("tel:(010)6123.4567;phone-context=+86", "01061234567"),
        ("tel:*100#", "*100#"),
        ("sip:+86-139-0000-1111@ims.example.cn;user=phone", "+8613900001111"),
        ("sip:+8613900001111@ims.example.cn", "+8613900001111"),
        ("sip:4008123456@10.1.2.3", "4008123456"),
        ("sip:%2B8613900001111@10.1.2.3", "+8613900001111"),
        ("sip:95588;phone-context=+86@10.1.2.3;user=phone", "95588"),
        ("sip:+8613900001111;npdi=yes@10.1.2.3;User=PHONE", "+8613900001111"),
        ("sip:8001:secret@10.1.2.3", "8001"),
        ("sip:alice@10.1.2.3", ""),
        ("sip:alice@10.1.2.3;user=phone", ""),
        ("sip:123-456@10.1.2.3", ""),
        ("sip:１３９@10.1.2.3", ""),
        ("sip:10.1.2.3", ""),
        ("urn:service:sos", ""),
    ],
)
def test_the_number_in_a_uri(raw: str, number: str) -> None:
    """Trunks name callers by tel:, by user=phone, or by a plain user of digits."""
    assert Uri.parse(raw).number == number


def test_parameter_names_and_hosts_ignore_case_users_do_not() -> None:
    """A peer that writes transport=UDP must not lose its calls."""
    uri = Uri.parse("SIP:Alice@Example.COM;Transport=UDP;LR")
    assert uri.user == "Alice"
    assert uri.host == "example.com"
    assert uri.transport == "udp"
    assert uri.lr
    assert uri.param("maddr") is None


def test_brackets_of_ipv6_are_for_the_wire_only() -> None:
    """A socket wants the address without them."""
    uri = Uri.parse("sip:[2001:DB8::1]:5062")
    assert (uri.address, uri.host, uri.port) == ("2001:db8::1", "[2001:db8::1]", 5062)
    assert Uri.parse("sip:10.0.0.1").address == "10.0.0.1"


def test_escapes_resolve_once_and_bad_ones_stay() -> None:
    """%2541 is %41; what is no escape is text; octets that are no UTF-8 survive."""
    assert unescape("%2541") == "%41"
    assert unescape("100%") == "100%"
    assert unescape("%E4%BD%A0") == "你"
    assert unescape("%ff").encode("utf-8", "surrogateescape") == b"\xff"


def test_any_user_can_be_escaped_and_comes_back() -> None:
    """Extension names are the tenant's to choose."""
    for name in ("8001", "a b;c:d@e#?", "前台", "%41"):
        assert Uri.parse(f"sip:{escape_user(name)}@host").user_unescaped == name


def test_parts_can_be_replaced() -> None:
    """A Contact's headers part is dropped before it becomes a Request-URI."""
    uri = Uri.parse("sip:bob@host;a=1?Route=%3Csip:x%3E")
    assert str(uri.replace(headers="")) == "sip:bob@host;a=1"
    assert str(uri.replace(headers="", params=(("lr", None),), host="[::1]")) == "sip:bob@[::1];lr"
