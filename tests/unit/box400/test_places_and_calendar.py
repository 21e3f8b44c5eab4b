"""``box400 places`` and ``box400 calendar``, without a running box."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from box400.cli import main
from domain.days.calendar import Entered, EnteredDay
from domain.snapshot import BoxSnapshot, TenantSnapshot
from storage.data_directory import DataDirectory, write_atomically


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    data = DataDirectory(tmp_path / "box")
    data.create()
    return data


def run(data: DataDirectory, *arguments: str, lang: str = "en") -> Result:
    return CliRunner().invoke(main, ["--lang", lang, *arguments, "--data", str(data.root)])


def test_what_is_known_of_a_number(data: DataDirectory) -> None:
    """In words, and for programs."""
    found = run(data, "places", "find", "+8675582345678", lang="zh")
    assert "区号: 0755" in found.stdout
    assert "大区: 华南" in found.stdout
    assert json.loads(run(data, "places", "find", "1061234567", "--restore-zero", "--json").stdout) == {
        "number": "01061234567", "class": "landline", "area_code": "010", "province": "北京",
        "city": "北京", "carrier": "", "region": "华北",
    }  # fmt: skip
    unknown = run(data, "places", "find", "95588")
    assert unknown.exit_code == 0
    assert "province: unknown" in unknown.stdout


def test_importing_and_going_back(data: DataDirectory, tmp_path: Path) -> None:
    """Without a running box the data wait for its start."""
    table = tmp_path / "codes.csv"
    table.write_text("# date: 2026-11-01\narea_code,province,cities,merged_into\n0411,辽宁,大连,024\n")
    done = run(data, "places", "import", str(table))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 area codes of 2026-11-01 imported" in done.stdout
    assert "when the box starts" in done.stdout
    shown = json.loads(run(data, "places", "show", "--json").stdout)
    assert [(each["kind"], each["origin"]) for each in shown] == [
        ("area-codes", "imported"), ("area-codes", "shipped"), ("mobile-segments", "shipped")
    ]  # fmt: skip
    assert "area code: 024" in run(data, "places", "find", "041112345678").stdout
    assert run(data, "places", "forget", "area-codes").exit_code == 0
    assert "area code: 0411" in run(data, "places", "find", "041112345678").stdout
    assert run(data, "places", "forget", "area-codes").exit_code == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"# date: 2026-11-01\narea_code,province,cities,merged_into\n411,,x,\n",
            ":3: area_code: '411' is not",
        ),
        (b"# date: 2026-11-01\narea_code,province,cities,merged_into\n0411,\xff,x,\n", ":3: is not UTF-8"),
    ],
)
def test_a_wrong_table_is_refused_by_line_and_field(
    data: DataDirectory, tmp_path: Path, content: bytes, says: str
) -> None:
    """And the exit status says so."""
    table = tmp_path / "codes.csv"
    table.write_bytes(content)
    done = run(data, "places", "import", str(table))
    assert done.exit_code == 1
    assert f"{table}{says}" in done.stderr
    assert not data.places.exists() or not list(data.places.iterdir())
    assert run(data, "places", "import", str(tmp_path / "none.csv")).exit_code == 1


def test_a_damaged_table_says_what_to_do(data: DataDirectory) -> None:
    """Import again, or forget it."""
    data.places.mkdir()
    (data.places / "area-codes.json").write_bytes(b"{")
    done = run(data, "places", "find", "01061234567")
    assert done.exit_code == 1
    assert "box400 places forget" in done.stderr


def test_the_next_days_with_a_tenants_own(data: DataDirectory) -> None:
    """National Day week as the tenant works it."""
    box = BoxSnapshot(calendar={"2026-10-08": EnteredDay(Entered.HOLIDAY, "司庆")})
    tenant = TenantSnapshot("acme", "Acme", days={"2026-10-02": EnteredDay(Entered.WORKDAY)})
    write_atomically(data.box_snapshot, msgspec.json.encode(box))
    write_atomically(data.tenant_snapshots / "acme.json", msgspec.json.encode(tenant))
    asked = (
        "calendar",
        "--from",
        "2026-09-30",
        "--tenant",
        "acme",
        "--open",
        "workdays 09:00-18:00",
        "--json",
    )
    days = json.loads(run(data, *asked).stdout)
    assert len(days) == 14
    assert [each["date"] for each in days if each["open"]] == [
        "2026-09-30", "2026-10-02", "2026-10-09", "2026-10-10", "2026-10-12", "2026-10-13",
    ]  # fmt: skip
    assert days[0]["open"] == ["09:00-18:00"]
    shown = run(data, "calendar", "--from", "2026-10-08", "--days", "3", lang="zh").stdout
    assert "司庆" in shown
    assert "调休上班" in shown


def test_an_unknown_year_is_marked(data: DataDirectory) -> None:
    """Nobody takes 1 January 2090 for a workday unwarned."""
    assert "holidays not known" in run(data, "calendar", "--from", "2090-01-01", "--days", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--tenant", "nobody"), "no tenant nobody"), (("--open", "someday closed"), "is no day")],
)
def test_what_cannot_be_shown(data: DataDirectory, arguments: tuple[str, str], says: str) -> None:
    """Told on standard error."""
    done = run(data, "calendar", *arguments)
    assert done.exit_code == 1
    assert says in done.stderr
