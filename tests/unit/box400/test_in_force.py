"""What callers are served by is what the database holds, whoever changed it last."""

from __future__ import annotations

from pathlib import Path

from b2bua.in_force import change_in_force
from storage.data_directory import DataDirectory
from storage.models import BoxConfig, Root
from storage.provisioning.state import read_configuration, write_configuration
from storage.serving.snapshots import read_box
from tests.unit.storage.test_provisioning import open_main_in_memory


def change(root: Root, **fields: object) -> None:
    """Change settings of the box."""
    after = read_configuration(root)
    held = {name: getattr(after.box, name) for name in BoxConfig.__struct_fields__}
    after.box = BoxConfig(**{**held, **fields})
    write_configuration(root, after)


def test_a_change_that_somebody_else_has_not_written_yet_is_written_too(tmp_path: Path) -> None:
    """Two technicians at once: the second to write writes both, and the first changes nothing back."""
    data = DataDirectory(tmp_path / "box")
    data.create()
    database = open_main_in_memory()
    database.transact(lambda root: change(root, max_calls=77))  # his process stands before the files now
    done, why_not = change_in_force(data, database, lambda root: change(root, realm="pbx"), "second")
    assert done is None
    assert why_not  # nobody serves here
    assert (read_box(data).max_calls, read_box(data).realm) == (77, "pbx")
    database.close()


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    """And nobody is asked to reload."""
    data = DataDirectory(tmp_path / "box")
    data.create()
    database = open_main_in_memory()
    assert change_in_force(data, database, lambda root: 5, "looks only") == (5, "")
    assert not data.box_snapshot.exists()
    database.close()
