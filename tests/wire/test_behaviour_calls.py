"""The course of a call on real sockets: repeated, crossed, forked, broken off; the charge right in each."""

from __future__ import annotations

from tests.wire.conftest import Wire


def test_a_plain_call(wire: Wire) -> None:
    """The caller talks with the bound number and hangs up."""
    caller, callee = wire.bridge()
    record = wire.hang_up(caller, callee)
    assert record.legs[0].target == "13900001111"
