"""The admin brings a bundle, begins the upgrade, follows it, and reads why one was rolled back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.upgrade.moves import (
    Began,
    Ended,
    Result,
    Step,
    StepBegan,
    StepDone,
    StepFailed,
    StepNote,
    Undo,
    UndoBegan,
)
from domain.upgrade.release import SYSTEM, Manifest
from storage.upgrade.bundle import new_key, private_key, write_bundle
from storage.upgrade.history import begin
from storage.upgrade.request import Request, asked, inbox_of
from storage.upgrade.slots import Slots
from tests.unit.webui.site import Browser, Site

PAGE = "/operator/upgrade"
NAME = "box400-9.0.0+ab.bundle"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the pages believe that they are those of an appliance; return where its upgrades lie."""
    monkeypatch.setenv("BOX400_UPGRADES", str(tmp_path / "upgrade"))
    monkeypatch.setenv("BOX400_UPGRADE_KEYS", str(tmp_path / "keys"))
    (tmp_path / "keys").mkdir()
    new_key(tmp_path / "release", tmp_path / "keys/release.pub")
    return tmp_path / "upgrade"


@pytest.fixture
def bundle(place: Path) -> bytes:
    """Return a bundle of a newer version, as it is uploaded."""
    (place.parent / "program").write_bytes(b"x" * 5000)
    manifest = Manifest("9.0.0+ab", 1795368306, 99, (), oldest="0.0.0", notes_zh="新增升级页面")
    file = place.parent / "file"
    write_bundle(file, manifest, {"program": place.parent / "program"}, private_key(place.parent / "release"))
    return file.read_bytes()


def chinese(site: Site) -> Browser:
    """Return the admin's browser."""
    browser: Browser = site.browser("anna", language="zh")
    return browser


def bring(browser: Browser, content: bytes, name: str = NAME, part: int = 4000) -> Any:
    """Upload as the page's script does; return the last answer."""
    headers = {"X-CSRF-Token": browser.token("/account"), "Content-Type": "application/octet-stream"}
    for offset in range(0, len(content), part):
        piece, last = content[offset : offset + part], int(offset + part >= len(content))
        answer = browser.post(
            f"{PAGE}/part?name={name.replace('+', '%2B')}&offset={offset}&last={last}",
            piece, headers=headers, status="*",
        )  # fmt: skip
        if answer.status_int != 200:
            break
    return answer


def post(browser: Browser, path: str, **fields: str) -> Any:
    """Send a form of the page."""
    return browser.post(f"{PAGE}{path}", {"csrf_token": browser.token("/account"), **fields}, status="*")


def test_a_bundle_is_brought_and_asked_for(site: Site, bundle: bytes) -> None:
    """In parts; then the page shows what is new, and the machine is asked, once."""
    anna = chinese(site)
    assert bring(anna, bundle).status_int == 200
    shown = anna.get(PAGE).text
    assert "9.0.0+ab" in shown
    assert "新增升级页面" in shown
    assert post(anna, "/begin", name=NAME, wait="30").status_int == 303
    assert asked(site.data) == Request(NAME, "anna", 30)
    assert "anna 已提交升级" in anna.get(PAGE).text
    post(anna, "/begin", name=NAME, wait="")
    assert "另一个升级正在进行" in anna.get(PAGE).text
    assert asked(site.data) == Request(NAME, "anna", 30)
    assert {"upgrade-brought", "upgrade-asked"} <= set(site.actions())


def test_what_is_no_bundle_is_dropped(site: Site, bundle: bytes) -> None:
    """Damaged, or named like something else: told at once, and nothing stays."""
    anna = chinese(site)
    answer = bring(anna, bundle[:-3000] + b"y" * 3000)
    assert (answer.status_int, "不是完整的升级包" in answer.json["error"]) == (422, True)
    for name in ("../../etc/passwd", "x.tar", ".bundle"):
        assert bring(anna, bundle, name).status_int == 422
    assert list(inbox_of(site.data).glob("*")) == []


def test_parts_follow_each_other(site: Site, bundle: bytes) -> None:
    """A part that does not follow is refused; beginning anew works."""
    anna = chinese(site)
    headers = {"X-CSRF-Token": anna.token("/account")}
    answer = anna.post(f"{PAGE}/part?name=a.bundle&offset=4000&last=0", b"x", headers=headers, status="*")
    assert (answer.status_int, "重新上传" in answer.json["error"]) == (422, True)
    assert bring(anna, bundle).status_int == 200


def test_a_bundle_that_cannot_follow(site: Site, place: Path, bundle: bytes) -> None:
    """It is shown with the reason, cannot be begun, and can be deleted."""
    anna = chinese(site)
    bring(anna, bundle)
    (place.parent / "keys/release.pub").unlink()
    assert "尚未信任" in anna.get(PAGE).text
    post(anna, "/begin", name=NAME, wait="")
    assert asked(site.data) is None
    post(anna, "/remove", name=NAME)
    assert list(inbox_of(site.data).glob("*.bundle")) == []


def test_it_is_followed_and_remembered(site: Site, place: Path) -> None:
    """Each step as it goes, how many calls are waited for; afterwards the reason why it went back."""
    anna = chinese(site)
    journal = begin(place, Began(1795368306.0, "9.0.0+ab", "0.1.0+cd", "anna", 30))
    for step in (Step.VERIFY, Step.SPACE, Step.INSTALL, Step.TRIAL):
        journal.append(StepBegan(0, step))
        journal.append(StepDone(0, step))
    journal.append(StepBegan(0, Step.DRAIN))
    journal.append(StepNote(0, "3 calls are up", "还有 3 路通话"))
    assert "还有 3 路通话" in anna.get(PAGE).text
    fragment = anna.get(f"{PAGE}/progress")
    assert [each["class"][0] for each in fragment.html.find_all("li")][:6] == ["step-done"] * 4 + [
        "step-now",
        "step-open",
    ]
    journal.append(StepFailed(0, Step.DRAIN, "3 calls are still up", "仍有 3 路通话"))
    journal.append(UndoBegan(0, Undo.DRAIN))
    assert [each["class"][0] for each in anna.get(f"{PAGE}/progress").html.find_all("li")][-2:] == [
        "step-failed",
        "step-now",
    ]
    journal.append(Ended(1795368366.0, Result.REFUSED))
    assert anna.get(f"{PAGE}/progress").headers["HX-Refresh"] == "true"
    shown = anna.get(PAGE).text
    assert "等待通话结束: 仍有 3 路通话" in shown
    assert "未升级，系统未改动" in shown


def system_bundle(place: Path) -> bytes:
    """Return a bundle of a whole system."""
    part = place.parent / "part"
    part.write_bytes(b"x" * 5000)
    manifest = Manifest("9.0.0+ab", 1795368306, 99, (), format=SYSTEM, debian="13.9")
    file = place.parent / "file"
    write_bundle(file, manifest, {"root.ext4.gz": part}, private_key(place.parent / "release"))
    return file.read_bytes()


def test_a_system_for_a_machine_with_one(site: Site, place: Path) -> None:
    """It is shown with what it holds, and why it is not for this machine."""
    anna = chinese(site)
    assert bring(anna, system_bundle(place)).status_int == 200
    shown = anna.get(PAGE).text
    assert "整机系统（含 Debian 13.9）" in shown
    assert "A/B 双系统分区" in shown
    post(anna, "/begin", name=NAME, wait="")
    assert asked(site.data) is None


def test_a_system_for_a_machine_with_two(site: Site, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be begun; it is told that the machine restarts, and which system the new one is."""
    monkeypatch.setattr(Slots, "running", "a")
    monkeypatch.setattr(Slots, "debian", "13.7")
    anna = chinese(site)
    bring(anna, system_bundle(place))
    shown = anna.get(PAGE).text
    assert "系统 A · Debian 13.7" in shown
    assert "整机会重启" in shown
    assert post(anna, "/begin", name=NAME, wait="30").status_int == 303
    journal = begin(place, Began(1795368306.0, "9.0.0+ab", "0.1.0+cd", "anna", 30, "b"))
    journal.append(StepBegan(0, Step.RESTART, "start-1"))
    shown = anna.get(PAGE).text
    assert "系统 B" in shown
    assert "将新系统写入备用系统分区" in shown
    assert "整机重启期间" in shown
    assert "用新版本试拨电话" not in shown


def test_where_it_is_no_appliance(site: Site) -> None:
    """It says so, and begins nothing."""
    anna = chinese(site)
    assert "不是一体机安装" in anna.get(PAGE).text
    post(anna, "/begin", name=NAME, wait="")
    assert asked(site.data) is None
