"""Encrypted backups off the machine in provisioning files."""

from __future__ import annotations

import pytest

from domain.snapshot import OffsitePlan
from storage.connection import MainDatabase, open_main_in_memory
from storage.provisioning import ProvisioningError, export_database
from storage.serving.snapshots import build
from tests.unit.storage.provision import apply

BOX = "box:\n  offsite_to: {to}\n  offsite_password: a-long-enough-one\n"


@pytest.fixture
def database() -> MainDatabase:
    return open_main_in_memory()


@pytest.mark.parametrize(
    "to", ["/mnt/disk/box400", "sftp:box@backup.example.com:/srv/box", "sftp://box@192.0.2.1:2222//srv/box",
           "s3:https://s3.example.com/bucket/box"],
)  # fmt: skip
def test_a_plan_reaches_the_snapshot(database: MainDatabase, to: str) -> None:
    """With what it needs; the export shows no password."""
    more = "  offsite_host_key: HOST ssh-ed25519 AAAA\n  offsite_access_key: k\n  offsite_secret_key: s\n"
    assert database.read(build).box.offsite is None
    apply(database, BOX.format(to=to) + more)
    plan = database.read(build).box.offsite
    assert plan == OffsitePlan(to, "a-long-enough-one", 10, 14, "k", "s", "HOST ssh-ed25519 AAAA")
    assert "a-long-enough-one" not in export_database(database, secrets=False)


@pytest.mark.parametrize("to", ["rclone:x:y", "rest:http://x/", "backup", "sftp:-oProxyCommand=x@h:/", "-x"])
def test_what_is_no_place(database: MainDatabase, to: str) -> None:
    """Nothing else that restic could be told."""
    with pytest.raises(ProvisioningError, match=r"不是加密备份的去处|no place for encrypted backups"):
        apply(database, BOX.format(to=f'"{to}"'))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("box:\n  offsite_to: /mnt/disk\n", "offsite_password"),
        (BOX.format(to="sftp:box@h:/x"), "offsite_host_key"),
        (BOX.format(to="s3:https://h/bucket"), "offsite_access_key"),
    ],
)
def test_what_it_needs(database: MainDatabase, text: str, field: str) -> None:
    """Never unencrypted, never to a server that nobody knows."""
    with pytest.raises(ProvisioningError, match=field):
        apply(database, text)
    assert database.read(build).box.offsite is None
