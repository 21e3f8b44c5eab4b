"""Callers as Chinese trunks write them (features.md 16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calling.caller import Caller, CallerClass, CallerRules, canonical_caller, looked_for
from domain.snapshot import PrefixRule

MOBILE, LANDLINE, SHORT = CallerClass.MOBILE, CallerClass.LANDLINE, CallerClass.SHORT_CODE

ANY_TRUNK = [
    ("13900001111", "13900001111", MOBILE),
    ("013900001111", "13900001111", MOBILE),
    ("8613900001111", "13900001111", MOBILE),
    ("+8613900001111", "13900001111", MOBILE),
    ("008613900001111", "13900001111", MOBILE),
    ("+86 139-0000-1111", "13900001111", MOBILE),
    ("+86013900001111", "13900001111", MOBILE),
    ("19912345678", "19912345678", MOBILE),
    ("01061234567", "01061234567", LANDLINE),
    ("+861061234567", "01061234567", LANDLINE),
    ("861061234567", "01061234567", LANDLINE),
    ("8601061234567", "01061234567", LANDLINE),
    ("00861061234567", "01061234567", LANDLINE),
    ("02124567890", "02124567890", LANDLINE),
    ("075582345678", "075582345678", LANDLINE),
    ("+8675582345678", "075582345678", LANDLINE),
    ("+869512345678", "09512345678", LANDLINE),
    ("05312345678", "05312345678", LANDLINE),
    ("61234567", "61234567", CallerClass.LOCAL),
    ("86123456", "86123456", CallerClass.LOCAL),
    ("95588", "95588", SHORT),
    ("+8695588", "95588", SHORT),
    ("01095588", "95588", SHORT),
    ("12345", "12345", SHORT),
    ("02112345", "12345", SHORT),
    ("110", "110", SHORT),
    ("10086", "10086", SHORT),
    ("+8610086", "10086", SHORT),
    ("118114", "118114", SHORT),
    ("1065512345678", "1065512345678", SHORT),
    ("1061234567", "1061234567", SHORT),
    ("+861065512345678", "1065512345678", SHORT),
    ("9501312345678", "9501312345678", SHORT),
    ("96110", "96110", SHORT),
    ("4001003721", "4001003721", CallerClass.SERVICE),
    ("04001003721", "4001003721", CallerClass.SERVICE),
    ("+864001003721", "4001003721", CallerClass.SERVICE),
    ("8008101234", "8008101234", CallerClass.SERVICE),
    ("+442071234567", "00442071234567", CallerClass.INTERNATIONAL),
    ("00442071234567", "00442071234567", CallerClass.INTERNATIONAL),
    ("+85221234567", "0085221234567", CallerClass.INTERNATIONAL),
    ("anonymous", "", CallerClass.WITHHELD),
    ("Anonymous", "", CallerClass.WITHHELD),
    ("", "", CallerClass.WITHHELD),
    ("unavailable", "", CallerClass.WITHHELD),
    ("alice", "", CallerClass.UNKNOWN),
    ("١٣٩٠٠٠٠١١١١", "", CallerClass.UNKNOWN),
    ("1_0", "", CallerClass.UNKNOWN),
    ("139", "139", CallerClass.UNKNOWN),
]


@pytest.mark.parametrize(("raw", "canonical", "kind"), ANY_TRUNK)
def test_every_spelling_of_a_caller_becomes_one_number(raw, canonical, kind):
    """However the carrier writes it, records and routing see one number and its class."""
    assert canonical_caller(raw) == Caller(raw, canonical, kind)


ZERO_DROPPED = [
    ("1061234567", "01061234567", LANDLINE),
    ("2124567890", "02124567890", LANDLINE),
    ("75582345678", "075582345678", LANDLINE),
    ("5312345678", "05312345678", LANDLINE),
    ("9512345678", "09512345678", LANDLINE),
    ("13900001111", "13900001111", MOBILE),
    ("01061234567", "01061234567", LANDLINE),
    ("95588", "95588", SHORT),
    ("12345", "12345", SHORT),
    ("10655123456", "10655123456", SHORT),
    ("106550001234", "106550001234", SHORT),
    ("9501312345", "9501312345", SHORT),
    ("4001003721", "4001003721", CallerClass.SERVICE),
]


@pytest.mark.parametrize(("raw", "canonical", "kind"), ZERO_DROPPED)
def test_a_trunk_that_drops_the_zero_gets_it_back(raw, canonical, kind):
    """``10…`` is a Beijing landline where the trunk is set so; short codes stay what they are."""
    assert canonical_caller(raw, CallerRules(restore_zero=True)) == Caller(raw, canonical, kind)


@pytest.mark.parametrize(
    ("raw", "area_code", "canonical", "kind"),
    [
        ("61234567", "010", "01061234567", LANDLINE),
        ("8123456", "0459", "04598123456", LANDLINE),
        ("+8661234567", "010", "01061234567", LANDLINE),
        ("6123456", "010", "6123456", CallerClass.LOCAL),  # Beijing has eight digits
        ("13900001111", "010", "13900001111", MOBILE),
        ("95588", "010", "95588", SHORT),
        ("057161234567", "010", "057161234567", LANDLINE),
    ],
)
def test_a_trunk_that_sends_no_area_code_gets_its_own(raw, area_code, canonical, kind):
    """A city's carrier may leave the area code out of calls within the city."""
    assert canonical_caller(raw, CallerRules(area_code=area_code)) == Caller(raw, canonical, kind)


def test_prefix_rules_come_first():
    """A trunk's own prefix is replaced before anything is read into the number."""
    rules = CallerRules(prefixes=(PrefixRule("99", ""), PrefixRule("+", "00")))
    assert canonical_caller("9913900001111", rules).canonical == "13900001111"
    assert canonical_caller("+8613900001111", rules).canonical == "13900001111"


@given(st.text(max_size=40))
def test_any_text_yields_ascii_digits_or_nothing(raw):
    """Hostile caller names never get into the canonical number, and never raise."""
    canonical = canonical_caller(raw).canonical
    assert canonical == "" or (canonical.isascii() and canonical.isdigit())


@given(st.from_regex(r"(?a:(\+86|86|0086|0)?(1[3-9][0-9]{9}|0?10[2-8][0-9]{7}))", fullmatch=True))
def test_canonical_form_is_stable(raw):
    """Reading a canonical number again changes nothing."""
    canonical = canonical_caller(raw).canonical
    assert canonical_caller(canonical).canonical == canonical


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("139", "139*"),
        ("1390000111", "1390000111*"),
        ("13900001111", "13900001111"),
        ("8613900001111", "13900001111"),
        ("01061234567", "01061234567"),
        ("0411612345678", "0411612345678*"),
        ("041161234567", "041161234567"),
        ("04116123456", "04116123456*"),
        ("95588", "95588*"),
    ],
)
def test_a_whole_number_is_looked_for_as_it_is(typed, meant):
    """And found at once among millions; what could go on is looked for as a beginning."""
    assert looked_for(typed) == meant
