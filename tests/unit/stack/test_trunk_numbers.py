"""Numbers on trunks: which header names whom, and how a call is shown on the way out."""

from __future__ import annotations

import pytest

from b2bua.sip.message import Request
from b2bua.sip.parse import parse_message
from b2bua.stack.trunks.inbound import read_numbers
from b2bua.stack.trunks.presentation import present
from domain.calling.called import called_rules
from domain.calling.caller import CallerClass, CallerRules
from domain.snapshot import (
    CalledHeader,
    CallerHeader,
    PrefixRule,
    ShownCaller,
    TrunkKind,
    TrunkSnapshot,
)

FROM, PAI, RPID = CallerHeader.FROM, CallerHeader.P_ASSERTED_IDENTITY, CallerHeader.REMOTE_PARTY_ID
LANDING = called_rules((), {"01061230000": "4001003721"})


def invite(uri="sip:01061230000@box", from_="<sip:13900001111@carrier>;tag=1", to="<sip:400@box>", **headers):
    """Make an INVITE; header names with underscores."""
    rows = [("Via", "SIP/2.0/UDP a;branch=z9hG4bK1"), ("From", from_), ("To", to), ("Call-ID", "c")]
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            rows.append((name.replace("_", "-"), one))
    return parse_message(Request("INVITE", uri, [*rows, ("CSeq", "1 INVITE")]).encode())


def read(request, caller=FROM, called=CalledHeader.REQUEST_URI, rules=LANDING):
    """Read with default caller rules."""
    return read_numbers(request, caller, CallerRules(), called, rules)


def test_a_plain_invite():
    """From names the caller, the Request-URI the landing number."""
    numbers = read(invite(from_='"Zhang" <sip:+8613900001111@carrier>;tag=1'))
    assert (numbers.called_raw, numbers.called) == ("01061230000", "4001003721")
    assert (numbers.caller_raw, numbers.caller) == ("+8613900001111", "13900001111")
    assert (numbers.caller_display, numbers.anonymous) == ("Zhang", False)
    assert numbers.caller_class is CallerClass.MOBILE


def test_tel_uris_and_user_phone():
    """tel: URIs with separators and phone-context, and user=phone, read as numbers."""
    numbers = read(
        invite("tel:010-6123-0000;phone-context=+86", "<sip:+86-139-0000-1111@x;user=phone>;tag=1")
    )
    assert (numbers.called, numbers.caller) == ("4001003721", "13900001111")
    assert read(invite("sip:+861061230000;phone-context=x@box;user=phone")).called == "4001003721"


def test_p_asserted_identity():
    """The trunk's header is read; of a sip: and a tel: identity the one with the number."""
    request = invite(
        P_Asserted_Identity='"A" <sip:alice@carrier>, <tel:+861061234567>', from_="<sip:1@x>;tag=1"
    )
    numbers = read(request, PAI)
    assert (numbers.caller, numbers.caller_header) == ("01061234567", PAI)


@pytest.mark.parametrize("wanted", [PAI, RPID])
def test_a_missing_header_falls_back_to_from(wanted):
    """Not every call on a trunk carries the identity header."""
    numbers = read(invite(), wanted)
    assert (numbers.caller, numbers.caller_header) == ("13900001111", FROM)


def test_remote_party_id():
    """Only the calling party counts; its privacy hides the caller."""
    request = invite(
        Remote_Party_ID=["<sip:4001003721@x>;party=called", "<sip:02112345678@x>;party=calling;privacy=full"]
    )
    numbers = read(request, RPID)
    assert (numbers.caller, numbers.anonymous) == ("", True) or numbers.caller == "02112345678"
    assert numbers.anonymous


def test_privacy_keeps_the_number_for_routing_and_marks_it():
    """Privacy: id with PAI: the record knows the caller, the answerer's phone must not show him."""
    request = invite(
        from_='"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        P_Asserted_Identity="<sip:13900001111@carrier>",
        Privacy="id",
    )
    numbers = read(request, PAI)
    assert (numbers.caller, numbers.anonymous) == ("13900001111", True)


@pytest.mark.parametrize(
    "from_",
    [
        "<sip:anonymous@anonymous.invalid>;tag=1",
        "<sip:13900001111@anonymous.invalid>;tag=1",
        "<sip:Anonymous@carrier>;tag=1",
        "<sip:carrier>;tag=1",
    ],
)
def test_withheld_callers(from_):
    """All ways to say "no number" give an empty, anonymous caller."""
    numbers = read(invite(from_=from_))
    assert (numbers.caller, numbers.anonymous) == ("", True)


CALLED = [
    (CalledHeader.TO, {"to": "<sip:4001003721@box>"}),
    (CalledHeader.P_CALLED_PARTY_ID, {"P_Called_Party_ID": "<sip:4001003721@box>"}),
    (
        CalledHeader.DIVERSION,
        {"Diversion": "<sip:4001003721@a>;reason=unconditional, <sip:02188880000@b>;reason=no-answer"},
    ),
    (
        CalledHeader.HISTORY_INFO,
        {
            "History_Info": "<sip:4001003721@a>;index=1, "
            "<sip:01061230000@b?Reason=SIP%3Bcause%3D302>;index=1.1"
        },
    ),
    (
        CalledHeader.HISTORY_INFO,
        {"History_Info": ["<sip:01061230000@b>;index=1.1", "<tel:+864001003721>;index=1"]},
    ),
]


@pytest.mark.parametrize(("header", "rows"), CALLED)
def test_the_called_number_is_read_from_the_trunks_header(header, rows):
    """Carriers put the dialled 400 number into different headers."""
    numbers = read(invite("sip:01061239999@box", **rows), called=header, rules=called_rules())
    assert numbers.called == "4001003721"


@pytest.mark.parametrize("header", list(CalledHeader))
def test_without_its_header_the_request_uri_counts(header):
    """A call without the header is still looked up."""
    numbers = read(invite("sip:4001003721@box", to="<sip:box>"), called=header)
    assert numbers.called == "4001003721"


@pytest.mark.parametrize(
    "rows",
    [
        {"P_Asserted_Identity": "<<<>>>"},
        {"P_Asserted_Identity": '"unterminated <sip:1@x>'},
        {"Diversion": ";;;", "History_Info": "x;index=a"},
    ],
)
def test_malformed_headers_are_passed_over(rows):
    """Junk in one header does not lose the call."""
    request = invite("sip:4001003721@box", **rows)
    for header in CalledHeader:
        assert read(request, PAI, header).caller == "13900001111"


# outbound

IP = TrunkSnapshot(name="out", target="192.0.2.1:5080", trunk_number="01088880000")
CALL = {"target": "13911112222", "caller": "13900001111", "anonymous": False, "tenant_number": "4001003721"}


def replaced(trunk, **fields):
    """Copy a trunk with other fields."""
    import msgspec

    return msgspec.structs.replace(trunk, **fields)


def test_the_trunks_own_number_is_shown_with_the_diversion():
    """The carrier sees who pays, and that the call came over the 400 number."""
    shown = present(IP, **CALL)
    assert shown.uri == "sip:13911112222@192.0.2.1:5080"
    assert shown.from_ == "<sip:01088880000@192.0.2.1>"
    assert shown.to == "<sip:13911112222@192.0.2.1>"
    assert dict(shown.headers) == {
        "P-Asserted-Identity": "<sip:01088880000@192.0.2.1>",
        "Diversion": "<sip:4001003721@192.0.2.1>;reason=unconditional;counter=1",
    }


def test_the_callers_number_is_shown_where_the_trunk_says_so():
    """From is the caller, P-Asserted-Identity remains ours."""
    shown = present(replaced(IP, shown_caller=ShownCaller.CALLER), **CALL)
    assert shown.from_ == "<sip:13900001111@192.0.2.1>"
    assert dict(shown.headers)["P-Asserted-Identity"] == "<sip:01088880000@192.0.2.1>"


def test_the_400_number_is_shown_without_a_diversion():
    """Nothing was diverted that is not named already."""
    shown = present(replaced(IP, shown_caller=ShownCaller.TENANT_NUMBER), **CALL)
    assert shown.from_ == "<sip:4001003721@192.0.2.1>"
    assert "Diversion" not in dict(shown.headers)


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        (ShownCaller.CALLER, "4001003721"),
        (ShownCaller.TENANT_NUMBER, "4001003721"),
        (ShownCaller.TRUNK_NUMBER, "01088880000"),
    ],
)
def test_a_call_back_shows_the_400_number_where_the_trunk_allows(shown, number):
    """The 400 number is the caller; nothing was diverted, whatever is shown."""
    call = {**CALL, "caller": CALL["tenant_number"]}
    out = present(replaced(IP, shown_caller=shown), **call)
    assert out.from_ == f"<sip:{number}@192.0.2.1>"
    assert "Diversion" not in dict(out.headers)


@pytest.mark.parametrize("shown", list(ShownCaller))
def test_a_caller_who_withheld_his_number_is_never_named(shown):
    """Neither From nor P-Asserted-Identity nor anything else has his digits."""
    call = {**CALL, "anonymous": True}
    out = present(replaced(IP, shown_caller=shown), **call)
    assert "13900001111" not in str((out.from_, out.headers))
    if shown is ShownCaller.CALLER:
        assert out.from_ == '"Anonymous" <sip:anonymous@anonymous.invalid>'
        assert ("Privacy", "id") in out.headers


def test_the_fallback_shows_the_trunks_number():
    """After a 403 the trunk's own number is tried."""
    shown = present(replaced(IP, shown_caller=ShownCaller.CALLER), **CALL, shown=ShownCaller.TRUNK_NUMBER)
    assert shown.from_ == "<sip:01088880000@192.0.2.1>"


def test_an_ims_trunk_uses_its_domain_and_registered_identity():
    """Request-URI, From and To in the domain, user=phone, the identity that the network granted."""
    ims = TrunkSnapshot(
        name="ims",
        kind=TrunkKind.REGISTER,
        target="pcscf.example",
        domain="ims.example",
        username="+861088880000",
        shown_caller=ShownCaller.CALLER,
    )
    shown = present(ims, **CALL, identity="<sip:+861088880000@ims.example>")
    assert shown.uri == "sip:13911112222@ims.example;user=phone"
    assert shown.from_ == "<sip:13900001111@ims.example;user=phone>"
    assert dict(shown.headers)["P-Asserted-Identity"] == "<sip:+861088880000@ims.example>"


def test_tel_uris_on_request():
    """Local numbers carry their context, global ones none; prefix rules come first."""
    trunk = replaced(IP, tel_uri=True, domain="ims.example")
    assert present(trunk, **CALL).uri == "tel:13911112222;phone-context=ims.example"
    trunk = replaced(trunk, dialled_prefixes=(PrefixRule("1", "+861"),))
    assert present(trunk, **CALL).uri == "tel:+8613911112222"


def test_dialled_prefixes():
    """The carrier wants a 0 before mobiles of other cities, or a routing prefix."""
    trunk = replaced(IP, dialled_prefixes=(PrefixRule("1", "01"),))
    assert present(trunk, **CALL).uri == "sip:013911112222@192.0.2.1:5080"


def test_hostile_names_cannot_break_out():
    """Whatever is called or shown, no header can be injected and no URI parameter added."""
    call = {**CALL, "caller": 'x>;evil="\r\nX: y', "target": "1;user=x@evil?a=b\r\n"}
    shown = present(replaced(IP, shown_caller=ShownCaller.CALLER), **call)
    text = shown.uri + shown.from_ + shown.to + str(dict(shown.headers))
    assert "\r" not in text
    assert "\n" not in text
    assert shown.uri.count("@") == 1
    assert ";user" not in shown.uri


def test_ipv6_targets_keep_their_brackets():
    """``[2001:db8::1]:5080`` and the bare address."""
    assert present(replaced(IP, target="[2001:db8::1]:5080"), **CALL).uri.endswith("@[2001:db8::1]:5080")
    assert present(replaced(IP, target="2001:db8::1"), **CALL).uri.endswith("@[2001:db8::1]")
