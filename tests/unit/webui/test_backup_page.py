"""系统 / 备份: what is set, what became of it, one at once, the restore drill."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from storage.backup_schedule import BackupAsks, BackupState, read_asks, write_asks, write_state
from storage.offsite.state import Drill, OffsiteState
from storage.offsite.state import write_state as write_offsite
from tests.unit.webui.site import HOSTILE, Site, form_of

PAGE = "/operator/backup"
NOW = f"{PAGE}/now"
OFFSITE = "sftp:box@192.0.2.7:/srv"


def set_up(site: Site, target: Path) -> None:
    """Set both kinds of backups in the browser."""
    target.mkdir()
    form = form_of(site.browser("anna").get(f"{PAGE}/settings"), f"{PAGE}/settings")
    form["backup"] = f"to = {target}\nat = 03:15\nkeep = 9"
    form["offsite_to"], form["offsite_password"] = OFFSITE, "long-enough-password"
    form["offsite_host_key"] = "192.0.2.7 ssh-ed25519 AAAA"
    assert form.submit(status=303).headers["Location"].endswith(PAGE)


def ask(site: Site, kind: str, status: int = 303) -> str:
    """Press a button; return what the page says then."""
    browser = site.browser("anna")
    sent = {"kind": kind, "csrf_token": browser.token(PAGE)}
    answer = browser.post(NOW, sent, status=status)
    return str(answer.follow().text) if status == 303 else ""


def test_without_a_backup_the_page_says_what_to_do(site: Site) -> None:
    """And leads to where it is set; the settings say what is wrong."""
    page = site.browser("anna").get(PAGE)
    assert len(page.html.select(f"a.btn-primary[href='{PAGE}/settings']")) == 2
    assert "Say first where backups go" in ask(site, "nightly")
    form = form_of(site.browser("anna").get(f"{PAGE}/settings"), f"{PAGE}/settings")
    form["backup"] = "to = /nowhere/at/all\nat = 25:00\nkeep = 7"
    refused = form.submit(status=422)
    assert "is-invalid" in refused.html.find(id="backup")["class"]
    site.browser("sun").get(PAGE, status=403)


def test_one_is_asked_for_and_its_result_appears(site: Site, tmp_path: Path) -> None:
    """The schedule sees the wish; under way until something was tried since; one wish at a time."""
    target = tmp_path / "disk"
    set_up(site, target)
    assert "It begins within a minute" in ask(site, "nightly")
    assert read_asks(site.data).nightly > 0
    assert "backup-asked" in site.actions()
    page = site.browser("anna").get(PAGE)
    assert page.html.select("[hx-get='/operator/backup/state']")
    assert "It is under way already" in ask(site, "nightly")
    tried = site.clock() + 5
    write_state(site.data, BackupState(str(target), 1.0, tried, tried, "20261122T0930Z", 4, 75.0))
    page = site.browser("anna").get(f"{PAGE}/state")
    assert not page.html.select("[hx-get]")
    assert "4 of 9 at most" in page.text
    assert "took 1:15" in page.text
    write_state(site.data, BackupState(str(target), 1.0, tried, 0.0, error=f"disk full {HOSTILE}"))
    page = site.browser("anna").get(PAGE)
    assert "disk full" in page.html.select_one(".alert-danger").text
    assert HOSTILE not in page.text


def test_a_drill_is_asked_for_and_told(site: Site, tmp_path: Path) -> None:
    """Not before there is something to restore; what it found stands on the page."""
    set_up(site, tmp_path / "disk")
    assert "no backup yet" in ask(site, "drill")
    good = OffsiteState(OFFSITE, 1.0, 2.0, 2.0, "abc", 3.0, 5_000_000)
    write_offsite(site.data, good)
    ask(site, "drill")
    assert read_asks(site.data).drill > 0
    done = Drill(site.clock() + 1, 12.0, "abc", 2.0, tenants=3, records=400, recordings=20)
    write_offsite(site.data, msgspec.structs.replace(good, drill=done))
    page = site.browser("anna").get(PAGE)
    assert "3 tenants, 400 call records, 20 recordings" in page.text
    assert "passed" in page.text
    wrong = msgspec.structs.replace(done, faults=("recordings: 20 were backed up, 19 restored",))
    write_offsite(site.data, msgspec.structs.replace(good, drill=wrong))
    assert "19 restored" in site.browser("anna").get(PAGE).html.select_one(".alert-danger").text


@pytest.mark.parametrize("kind", ["", "everything"])
def test_nothing_else_can_be_asked_for(site: Site, kind: str) -> None:
    """A strange word is no wish."""
    ask(site, kind, 400)
    assert read_asks(site.data) == BackupAsks()


def test_a_wish_that_is_done_is_none(site: Site, tmp_path: Path) -> None:
    """Nobody takes it back; what was tried later answers it."""
    set_up(site, tmp_path / "disk")
    write_asks(site.data, BackupAsks(offsite=5.0))
    write_offsite(site.data, OffsiteState(OFFSITE, 1.0, 9.0, 9.0))
    assert not site.browser("anna").get(PAGE).html.select("[hx-get='/operator/backup/state']")
