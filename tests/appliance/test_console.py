"""The first screen and the first questions of a new box."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from box400.appliance.console import State, screen
from box400.appliance.wishes import network_file
from tests.product.box import Box, Place

FINE = State("0.1.0+1a2b3c4d5e", "192.0.2.10", "box400", True, (), False, 93)


def test_the_screen_tells_where_the_box_is() -> None:
    """A technician types this address into his browser."""
    text = screen(FINE, zh=True)
    assert "https://192.0.2.10/" in text
    assert "SIP: 192.0.2.10:5060" in text
    assert "登录" in text


def test_a_console_without_chinese_letters_gets_none() -> None:
    """Squares help nobody."""
    assert screen(FINE, zh=False).isascii()


def test_the_screen_tells_what_is_wrong() -> None:
    """No network, no calls, a failed unit: each in a line."""
    broken = State("0.1.0", "", "box400", False, ("box400-b2bua.service",), True, 3)
    text = screen(broken, zh=False)
    assert "No network address" in text
    assert "NOT UP" in text
    assert "FAILED: box400-b2bua.service" in text
    assert "set up this box" in text


def test_no_line_is_wider_than_a_screen() -> None:
    """A long unit name is cut, a Chinese letter counts twice."""
    wide = State("0.1.0", "", "x" * 100, False, ("u" * 100,), True, 3)
    for line in screen(wide, zh=True).splitlines():
        assert len(line) <= 76


def test_a_fixed_address_is_what_networkd_reads() -> None:
    """With gateway and name server."""
    text = network_file(
        ipaddress.ip_interface("192.168.1.10/24"), ipaddress.ip_address("192.168.1.1"), ["192.168.1.1"]
    )
    assert text.splitlines()[3:] == [
        "[Network]",
        "Address=192.168.1.10/24",
        "Gateway=192.168.1.1",
        "DNS=192.168.1.1",
    ]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    """A new box that runs."""
    return Box(tmp_path_factory.mktemp("setup") / "data", Place(), "tenants: {}\n")


def test_a_new_box_takes_a_call_after_its_questions(box: Box) -> None:
    """Administrator, carrier, number; a wrong network is asked again, nothing is lost."""
    with box.running():
        place = box.place
        answers = ["", "anna", "nonsense", place.carrier, f"{place.gateway}:5080", "01088886666",
                   "4001234567", "某某公司", "13900001111"]  # fmt: skip
        said = box.answer("setup", answers)
        assert "password of anna" in said
        assert "nonsense" in said
        assert "Done." in said
        assert box.answered_by("4001234567")["as_asked"]
        assert box.try_cli("setup").returncode == 1
        assert not list(Path(box.data).glob("setup.yaml"))
