"""What people type is understood, or refused with what is wrong."""

from __future__ import annotations

import time

import click
import pytest

from box400.cli.address import Address, AddressType
from box400.cli.moment import Moment, beijing
from box400.cli.table import duration, printable, table
from box400.cli.words import speak, words


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5060", ("127.0.0.1", 5060)),
        ("localhost:1", ("127.0.0.1", 1)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    """IPv4, IPv6 in brackets, localhost."""
    assert AddressType().convert(text, None, None) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "5060", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:5060", "host:5060", "300.0.0.1:1",
        "127.0.0.1:\u0665",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    """A usage error names it."""
    with pytest.raises(click.BadParameter):
        AddressType().convert(text, None, None)


def test_addresses_are_printed_as_they_are_typed() -> None:
    """IPv6 gets its brackets back."""
    assert str(Address("::1", 5060)) == "[::1]:5060"
    assert str(Address("127.0.0.1", 5060)) == "127.0.0.1:5060"


def test_moments_are_beijing_time() -> None:
    """A day begins at midnight in China; 90m is that long ago."""
    assert beijing(Moment().convert("2026-10-01", None, None)) == "2026-10-01 00:00:00"
    assert Moment().convert("1970-01-01 08:00", None, None) == 0.0
    assert time.time() - Moment().convert("90m", None, None) == pytest.approx(5400, abs=60)
    assert beijing(Moment().convert("yesterday", None, None)).endswith("00:00:00")


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01", "90", "-5m", "2026-10-01 25:00", "999999999d"]
)
def test_what_is_no_moment(text: str) -> None:
    """A usage error names it."""
    with pytest.raises(click.BadParameter):
        Moment().convert(text, None, None)


def test_tables_with_chinese_stand_straight() -> None:
    """A Chinese character is two columns wide."""
    lines = table(("企业", "n"), [("a", "1"), ("演示企业", "22")], right=(1,)).splitlines()
    assert lines == ["企业       n", "a          1", "演示企业  22"]


def test_nothing_from_the_network_reaches_the_terminal_as_a_command() -> None:
    """Escape sequences are shown as question marks."""
    assert printable("a\x1b[31mb\u202ec") == "a?[31mb?c"


def test_durations() -> None:
    """Seconds, then minutes, then hours."""
    assert [duration(seconds) for seconds in (0.4, 59, 61, 3661)] == ["0 s", "59 s", "1:01", "1:01:01"]


def test_the_language_is_that_of_the_locale_or_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """LANG=zh_CN.UTF-8 speaks Chinese; --lang overrides it."""
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    speak(None)
    assert words("yes", "是") == "是"
    speak("en")
    assert words("yes", "是") == "yes"
