"""审计日志: found by day and by what people call an action, taken along as Excel; no action has no word."""

from __future__ import annotations

import ast
import io
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import openpyxl

from domain.days.calendar import local
from storage.models.web import AuditEntry
from tests.unit.webui.site import HOSTILE, Site
from webui.presenters.words import ACTIONS

PAGE = "/operator/audit"
TUNNEL = quote("支持隧道")
ROOT = Path(__file__).parents[3]
NOTES = {"entry_of": 1, "entry": 0, "audited": 2, "AuditEntry": 2, "_entry": 0}
"""Functions that make entries, and where the action stands among their arguments."""


def noted(site: Site, days_ago: int, action: str, target: str = "") -> datetime:
    """Let somebody have done something; return the day."""
    at = site.clock() - days_ago * 86_400
    site.change(lambda root: root.web.note(AuditEntry(at, "operator:anna", action, target, "alpha")))
    return local(at)


def test_every_action_has_a_word() -> None:
    """The log shows people no codes."""
    actions = set()
    for path in (*(ROOT / "webui").rglob("*.py"), *(ROOT / "box400").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = NOTES.get(name, len(node.args))
            written = node.args[place] if place < len(node.args) else None
            if isinstance(written, ast.Constant):
                actions.add(written.value)
    assert len(actions) > 100, "the test finds what is written down"
    assert {each for each in actions if isinstance(each, str) and each} - set(ACTIONS) == set()


def test_the_log_is_searched_by_day_and_by_word(site: Site) -> None:
    """Both days included; an action is found by what the page calls it."""
    old = noted(site, 40, "tunnel-opened", "old")
    noted(site, 40, "password-changed", "other")
    noted(site, 3, "tunnel-opened", "new")
    browser = site.browser("anna", language="zh")

    def targets(days: str) -> list[str]:
        found = browser.get(f"{PAGE}?search={TUNNEL}{days}").html.select(".audit tbody td:nth-of-type(3) div")
        return [each.text.split(" ·")[0] for each in found]

    assert targets("") == ["new", "old"]
    assert targets(f"&first={old:%Y-%m-%d}&last={old:%Y-%m-%d}") == ["old"]
    assert targets(f"&first={old + timedelta(1):%Y-%m-%d}") == ["new"]
    assert targets(f"&last={old - timedelta(1):%Y-%m-%d}") == []
    assert browser.get(f"{PAGE}?first=gestern").status_int == 200


def test_the_log_goes_out_as_excel(site: Site) -> None:
    """What is looked for, in words, hostile text as text; that it went out is noted."""
    noted(site, 3, "tunnel-opened", f"={HOSTILE}")
    browser = site.browser("anna", language="zh")
    link = browser.get(f"{PAGE}?search={TUNNEL}").html.select_one("a[href*=audit-excel]")["href"]
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get(link).body)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [(row[1], row[3], row[4], row[5]) for row in rows] == [
        ("operator:anna", "打开支持隧道", f"={HOSTILE}", "alpha")
    ]
    assert site.actions()[0] == "audit-exported"
    assert site.browser("sun").get("/operator/audit-excel", status="*").status_int == 403
