"""Whom a tenant may call back: ``python -m storage.customers.contacts --data DIR TENANT ID`` says it as JSON.

A process of its own, so that the b2bua, which never waits for the database, has no database in it either.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import msgspec

from domain.customers.contact import Contact, ContactKind
from storage.connection import StoreDown, open_main
from storage.data_directory import DataDirectory
from storage.models import Root

STORE_DOWN: Final = 3
"""Exit status without a store."""
OF_PHONES: Final = ("consultation", "pickup", "supervision", "test")
"""Directions of calls of the tenant's own phones, which are nobody to call back."""


def find_contact(root: Root, tenant: str, name: str) -> Contact | None:
    """Return the contact that a call of this tenant's is: missed, answered or a message; None: there is none.

    A call-back is a contact itself, so that one that reached nobody can be tried again by its own id.
    """
    record = root.records.find(name, tenant)
    if record is None or record.number is None or record.direction in OF_PHONES:
        return None
    kind = ContactKind.MESSAGE if record.message else ContactKind.MISSED
    return Contact(record.contact or record.id, tenant, record.number, record.caller, kind)


def main() -> int:
    """Print the contact, or null."""
    parser = argparse.ArgumentParser(prog="python -m storage.customers.contacts", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data directory of the box")
    parser.add_argument("tenant")
    parser.add_argument("id")
    wanted = parser.parse_args()
    try:
        database = open_main(DataDirectory(wanted.data))
        try:
            found = database.read(lambda root: find_contact(root, wanted.tenant, wanted.id))
        finally:
            database.close()
    except StoreDown as error:
        print(error, file=sys.stderr)
        return STORE_DOWN
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
