"""Where the test phone answers as the bound number."""

from __future__ import annotations

import pytest

from box400.cli.address import Address
from box400.cli.call import DEMO_TARGET, _target
from domain.snapshot import TrunkSnapshot

DEMO = TrunkSnapshot(name="demo", sources=("127.0.0.2/32",), target="127.0.0.3:5080")
SECOND = TrunkSnapshot(name="second", sources=("127.4.0.0/24",), target="127.4.1.1:5070")
FAR = TrunkSnapshot(name="far", sources=("127.4.0.0/24",), target="192.0.2.1:5060")


@pytest.mark.parametrize(
    ("trunks", "from_host", "expected"),
    [
        pytest.param((DEMO, SECOND), "127.0.0.2", Address("127.0.0.3", 5080), id="first"),
        pytest.param((DEMO, FAR, SECOND), "127.4.0.9", Address("127.4.1.1", 5070), id="the one called from"),
        pytest.param((SECOND, DEMO), "localhost", Address("127.4.1.1", 5070), id="a name"),
        pytest.param((FAR,), "127.4.0.9", DEMO_TARGET, id="none on this machine"),
    ],
)
def test_it_answers_where_the_trunk_it_calls_from_sends_calls(
    trunks: tuple[TrunkSnapshot, ...], from_host: str, expected: Address
) -> None:
    """With several trunks on one machine, the first one's target is not where this tenant's calls go."""
    assert _target(trunks, from_host) == expected
