"""What facts of calls follow from, as it lies in the data directory: for who asks beside the b2bua."""

from __future__ import annotations

from domain.calling.facts import FactsInForce
from storage.data_directory import DataDirectory
from storage.serving.places import read_places
from storage.serving.snapshots import read_box, read_tenants


def read_facts(data: DataDirectory) -> FactsInForce:
    """Return what the b2bua serves calls by after a reload; raises as :func:`read_places`."""
    return FactsInForce(read_places(data), read_box(data), read_tenants(data).values())
