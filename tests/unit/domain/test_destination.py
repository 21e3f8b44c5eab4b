"""Where a call may be sent, as people write it."""

from __future__ import annotations

import pytest

from domain.routing.destination import NAMELESS, Destination, DestinationKind


@pytest.mark.parametrize("kind", DestinationKind)
def test_what_is_written_reads_back(kind: DestinationKind) -> None:
    """Every kind has one written form."""
    destination = Destination(kind, "" if kind in NAMELESS else "sales-2")
    assert Destination.parse(str(destination)) == destination


@pytest.mark.parametrize(
    "text", ["", "queue", "queue:", "bound:x", "hang-up:", "nowhere:x", "queue:a b", "queue:a\n", "Queue:a"]
)
def test_what_is_no_destination_is_refused(text: str) -> None:
    """A name where none belongs, none where one is needed, and anything else."""
    with pytest.raises(ValueError, match=r"destination|name|DestinationKind"):
        Destination.parse(text)
