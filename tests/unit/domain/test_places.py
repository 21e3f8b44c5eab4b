"""Where callers are from (features.md 3, 16)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calling.caller import Caller, CallerClass, CallerRules, canonical_caller
from domain.calling.facts import facts_of
from domain.days.calendar import Calendar
from domain.places.place import CARRIERS, UNKNOWN, Place
from domain.places.places import Places, shipped_area_codes, shipped_places, shipped_segments
from domain.places.regions import regions_with, shipped_regions
from domain.places.segments import ImportedSegments, StoredSegments, store_segments

PLACES = shipped_places()


def place(raw, rules=None):
    return PLACES.place_of(canonical_caller(raw, rules))


BEIJING = Place("010", "北京", "北京")
URUMQI_MOBILE = Place("0991", "新疆", "乌鲁木齐", "移动")

FORMATS = [
    ("13900001111", URUMQI_MOBILE),
    ("013900001111", URUMQI_MOBILE),
    ("8613900001111", URUMQI_MOBILE),
    ("+8613900001111", URUMQI_MOBILE),
    ("008613900001111", URUMQI_MOBILE),
    ("01061234567", BEIJING),
    ("+861061234567", BEIJING),
    ("075582345678", Place("0755", "广东", "深圳")),
    ("02461234567", Place("024", "辽宁", "沈阳/抚顺/本溪/铁岭")),
    ("041361234567", Place("024", "辽宁", "抚顺")),  # an old phone book: 0413 became 024
    ("04791234567", Place("0479", "内蒙古", "锡林郭勒")),
    ("+85221234567", Place("00852", "香港", "香港")),
    ("+442071234567", UNKNOWN),
    ("61234567", UNKNOWN),
    ("95588", UNKNOWN),
    ("12345", UNKNOWN),
    ("1065512345678", UNKNOWN),
    ("4001003721", UNKNOWN),
    ("anonymous", UNKNOWN),
    ("", UNKNOWN),
    ("alice", UNKNOWN),
    ("03231234567", UNKNOWN),  # no such area code
]


@pytest.mark.parametrize(("raw", "expected"), FORMATS)
def test_the_place_of_every_caller_format(raw, expected):
    """Area code, province, city and carrier; what has none is unknown, an answer like others."""
    assert place(raw) == expected


def test_the_place_of_a_landline_whose_zero_was_dropped():
    """By the trunk's setting, since 1061234567 alone is ambiguous."""
    assert place("1061234567", CallerRules(restore_zero=True)) == BEIJING
    assert place("1061234567") == UNKNOWN


def test_every_area_code_once_with_province_and_region():
    """The table is whole: 320 area codes of the mainland, each in a region group."""
    rows = shipped_area_codes().rows
    in_use = [row for row in rows.values() if not row.merged_into and not row.code.startswith("00")]
    assert len(in_use) == 320
    assert all(row.province in shipped_regions() and all(row.cities) for row in rows.values())
    assert all(not rows[row.merged_into].merged_into for row in rows.values() if row.merged_into)
    assert re.fullmatch(r"2026-[0-9]{2}-[0-9]{2}", shipped_area_codes().date)
    assert set(shipped_regions().values()) == {
        "华北",
        "东北",
        "华东",
        "华中",
        "华南",
        "西南",
        "西北",
        "港澳台",
    }


def test_segments_and_area_codes_agree():
    """Each segment of the package leads to an area code in use and a province of ours."""
    segments = shipped_segments()
    rows = shipped_area_codes().rows
    step = 53  # every kind of place is met many times over
    for row in range(0, len(segments), step):
        found = PLACES.place_of(Caller("", f"{segments._segment(row)}0000", CallerClass.MOBILE))
        assert found.area_code in rows, found
        assert not rows[found.area_code].merged_into
        assert found.province == rows[found.area_code].province
        assert found.carrier in CARRIERS
        assert found.city


def test_missing_segments_are_unknown():
    """Some segments were never published."""
    assert place("14000000000") == UNKNOWN
    assert place("13000000000") != UNKNOWN
    assert shipped_segments().find(2_000_000) is None


def test_imported_segments_win_and_are_spelled_as_the_table_has_them():
    """Newer data decide; lost zeros and merged codes are put right."""
    rows = {
        1390000: Place("10", "北京", "北京", "移动"),
        1400000: Place("0413", "辽宁", "抚顺", "联通"),
        1340897: Place("", "云南", "", ""),
        1340898: Place("0999", "新疆", "伊宁", "广电"),
    }
    imported = ImportedSegments(store_segments("2026-11-01", rows))
    places = Places(shipped_area_codes().rows, (imported, shipped_segments()))

    def of(number):
        return places.place_of(canonical_caller(number))

    assert of("13900001111") == Place("010", "北京", "北京", "移动")
    assert of("14000001111") == Place("024", "辽宁", "抚顺", "联通")
    assert of("13408970000") == Place("", "云南", "", "")
    assert of("13408980000") == Place("0999", "新疆", "伊犁", "广电")
    assert of("13900011111") == place("13900011111")
    assert len(imported) == 4


def test_a_damaged_table_is_refused():
    """Indexes that lead nowhere."""
    good = store_segments("2026-11-01", {1390000: Place("010", "北京", "北京", "移动")})
    with pytest.raises(ValueError, match="fit"):
        ImportedSegments(StoredSegments(good.date, (), good.segments, good.indexes))


def test_which_area_code_is_in_use():
    """Rules written with an old code still mean somebody."""
    assert PLACES.in_use("0413") == "024"
    assert PLACES.in_use("010") == "010"
    assert PLACES.in_use("0323") == ""


def test_the_operator_may_move_a_province():
    """Some count 内蒙古 to 东北."""
    assert regions_with({"内蒙古": "东北"})["内蒙古"] == "东北"
    assert regions_with({}) is shipped_regions()


@given(st.text(max_size=40), st.booleans())
def test_no_text_raises(raw, restore_zero):
    """Whatever a header held has facts."""
    caller = canonical_caller(raw, CallerRules(restore_zero=restore_zero))
    facts = facts_of(caller, PLACES, shipped_regions(), Calendar(), 1_790_000_000.0)
    assert all(isinstance(each, str) for each in (facts.place.area_code, facts.region, facts.kind))


@given(
    st.from_regex(
        r"(?a:(\+86|86|0086|0)?(1[3-9][0-9]{9}|0?[1-9][0-9]{8,10}|00[1-9][0-9]{4,12}))", fullmatch=True
    )
)
def test_no_number_raises(raw):
    """Whatever digits a trunk sent have a place or none."""
    assert place(raw).area_code in ("", *shipped_area_codes().rows)


def test_facts_of_a_call():
    """A Shenzhen mobile on the working Saturday of National Day."""
    caller = canonical_caller("075582345678")
    facts = facts_of(caller, PLACES, shipped_regions(), Calendar(), 1_791_596_400.0)  # 2026-10-10 09:40
    assert (facts.kind, facts.place.city, facts.region) == (CallerClass.LANDLINE, "深圳", "华南")
    assert facts.when.at.isoformat() == "2026-10-10T09:40:00+08:00"
    assert facts.when.today.kind == "make-up"
