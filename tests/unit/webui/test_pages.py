"""What pages show: every text translated, hostile text as text, files as they were vendored."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from babel.messages.extract import extract
from jinja2.ext import babel_extract
from webtest import TestApp

from storage.recordings import Fresh, RecordingFacts
from tests.unit.webui.site import HOSTILE, Site, form_of, made_up
from webui.presenters.texts import chinese
from webui.services.figures import with_figures

WEBUI = Path(__file__).parents[3] / "webui"
VENDOR = WEBUI / "static" / "vendor"
TENANT_PAGES = (
    "", "/live", "/bound/4001003721", "/routing/4001003721", "/routing/4001003721/simulate?caller=024",
    "/calls", "/calls/{call}", "/recordings", "/billing", "/billing/202611", "/missed", "/missed?show=all",
    "/messages", "/prompts", "/flows", "/reports",
    "/queues", "/queues/new", "/agents/new", "/groups/new", "/voicemails/new", "/limits",
)  # fmt: skip
OPERATOR_PAGES = (
    "", "/board", "/live", "/tenants", "/tenants/new", "/tenants/alpha", "/calls",
    "/calls/{call}", "/trunks", "/alarms", "/audit", "/prompts", "/finance", "/finance/alpha",
    "/finance/alpha/202611", "/tariffs",
)  # fmt: skip
FOREIGN_OR_INLINE = re.compile(
    r"""(?:src|href|action)=["']?(?:https?:)?//|\son\w+=|style=|<style|<script(?! (?:defer )?src=)"""
)


def marked() -> set[str]:
    """Return every text that is marked for translation."""
    found: set[str] = set()
    for path in WEBUI.rglob("*.py"):
        with path.open("rb") as file:
            for _, text, _, _ in extract("python", file, keywords={"_": None, "N_": None, "texts": None}):
                found.add(text if isinstance(text, str) else text[0])
    for path in WEBUI.rglob("*.html"):
        with path.open("rb") as file:
            for _, _, text, _ in babel_extract(file, ("_",), (), {}):
                found.add(text if isinstance(text, str) else text[0])
    return found


def test_every_text_is_translated_and_nothing_else() -> None:
    """Missing and left over, both by name; the facts in a text are those of its translation."""
    held = chinese()
    wanted = marked()
    assert sorted(wanted - {text for text, told in held.items() if told}) == []
    assert sorted(set(held) - wanted) == []
    assert [text for text in wanted if "%(" in text] == [], "a fact is written {so}"
    facts = re.compile(r"\{\w+\}")
    assert [text for text, told in held.items() if set(facts.findall(text)) != set(facts.findall(told))] == []


@pytest.mark.parametrize(
    "folder", [VENDOR, WEBUI.parent / "tests" / "vendor"], ids=lambda each: each.parts[-2]
)
def test_what_is_vendored_is_what_the_lock_names(folder: Path) -> None:
    """Versions, integrity and sums; nothing is there that nobody knows."""
    lock = json.loads((WEBUI / "assets" / "package-lock.json").read_text())["packages"]
    known = json.loads((folder / "vendor.json").read_text())
    assert {path.name for path in folder.iterdir()} == {*known, "vendor.json"}
    for name, each in known.items():
        package = lock[f"node_modules/{each['package']}"]
        assert (each["version"], each["integrity"]) == (package["version"], package["integrity"]), name
        assert each["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest(), name


def test_nothing_comes_from_another_host_and_nothing_is_inline(site: Site) -> None:
    """The policy would stop it; the pages must not need it."""
    for template in (WEBUI / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert FOREIGN_OR_INLINE.findall(text) == [], template
    browser = site.browser("anna")
    page = browser.get("/operator")
    for each in page.html.select("script[src], link[href], img[src]"):
        address = each.get("src") or each["href"]
        answer = browser.get(address)
        assert answer.status_int == 200
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_text_is_shown_as_text(site: Site, language: str) -> None:
    """From SIP headers, on every page of both."""
    call = site.calls["alpha"]
    tenant, operator = site.browser("4001003721", language=language), site.browser("anna", language=language)
    pages = [tenant.get(f"/t/alpha{path}".format(call=call)) for path in TENANT_PAGES]
    pages += [operator.get(f"/operator{path}".format(call=call)) for path in OPERATOR_PAGES]
    for page in pages:
        assert HOSTILE not in page.text
    assert "&lt;script&gt;" in operator.get(f"/operator/calls/{call}")


def test_calls_are_filtered_and_paged(site: Site) -> None:
    """By key, so that new calls move nothing; each call once."""
    made = [made_up("alpha", "4001003721", site.clock() - 100 - n, caller=f"139{n:08}") for n in range(70)]
    site.change(lambda root: root.records.add(made))
    browser = site.browser("4001003721")
    page, seen = browser.get("/t/alpha/calls?caller=139"), []
    while True:
        seen += [link["href"] for link in page.html.select("a.number")]
        older = page.html.select(".card-footer a")
        if not older:
            break
        page = browser.get(older[0]["href"])
    assert len(seen) == len(set(seen)) == 70
    assert "No calls found" in browser.get("/t/alpha/calls?result=missed")
    assert browser.get("/t/alpha/calls?after=zz&first=nonsense").status_int == 200


def test_excel_is_the_same_list(site: Site) -> None:
    """And is noted."""
    answer = site.browser("4001003721").get("/t/alpha/calls/excel")
    assert answer.body.startswith(b"PK")
    assert site.actions()[0] == "calls-exported"


def test_a_tenant_is_opened_in_one_step(site: Site) -> None:
    """Number, name, first bound number: he can sign in with the password that is shown once."""
    browser = site.browser("anna")
    form = form_of(browser.get("/operator/tenants/new"), "/operator/tenants/new")
    for name, value in {
        "name": "新客户",
        "id": "gamma",
        "number": "4006100001",
        "bound": "13912345678",
    }.items():
        form[name] = value
    password = form.submit().html.select("#first-password")[0].text
    assert re.fullmatch("[0-9]{6}", password)
    assert site.browser("4006100001", password).get("/").location.endswith("/t/gamma")
    assert password not in browser.get("/operator/tenants/gamma")


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "4001003731"), ("number", "123"), ("id", "alpha"), ("id", "Ä"), ("bound", "x y")],
)
def test_a_tenant_that_cannot_be_opened(site: Site, field: str, value: str) -> None:
    """What is wrong stands at its field, and nothing was stored."""
    browser = site.browser("anna")
    form = form_of(browser.get("/operator/tenants/new"), "/operator/tenants/new")
    typed = {"name": "新客户", "id": "gamma", "number": "4006100001", "bound": ""}
    for name, each in {**typed, field: value}.items():
        form[name] = each
    answer = form.submit(status=422)
    assert answer.html.select(".invalid-feedback")
    assert site.read(lambda root: sorted(root.tenants)) == ["alpha", "beta"]


def test_a_recharge_is_a_wish_for_the_ledger(site: Site) -> None:
    """Once for each receipt; no amount that makes no sense."""
    browser = site.browser("fang")
    page = "/operator/tenants/alpha"
    for amount, receipt, words in (("100.5", "R1", "Stored"), ("100.5", "R1", "posted already")):
        form = form_of(browser.get(page), f"{page}/recharge")
        form["amount"], form["receipt"] = amount, receipt
        assert words in form.submit().follow()
    for amount in ("-5", "0", "1e9", "99999999999"):
        form = form_of(browser.get(page), f"{page}/recharge")
        form["amount"] = amount
        assert form.submit(status=422).html.select(".invalid-feedback")
    assert [each.value.li for each in site.read(lambda root: list(root.money.requests.values()))] == [100_500]


def test_suspending_and_resuming(site: Site) -> None:
    """By the provisioning path, noted."""
    browser = site.browser("anna")
    for state in ("suspended", "active"):
        form_of(browser.get("/operator/tenants/alpha"), "/operator/tenants/alpha/state").submit()
        assert site.read(lambda root: root.tenants["alpha"].config.value.state) == state
        assert site.actions()[0] == f"tenant-{state}"


def keep_recording(site: Site, tenant: str, content: bytes) -> str:
    """Give a tenant's call a recording; return the call's id."""
    call = site.calls[tenant]
    file = site.recordings.temporary_directory() / "made-up.flac"
    file.write_bytes(content)
    facts = RecordingFacts(
        call,
        tenant,
        "4001003721",
        "1",
        (),
        site.clock(),
        1.0,
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    site.recordings.add([Fresh(facts, file)])
    return call


def test_a_recording_is_sent_whole_or_in_ranges(site: Site) -> None:
    """So that players can seek; a download is noted, and another tenant's is not there."""
    call = keep_recording(site, "alpha", b"fLaC0123456789")
    browser = site.browser("4001003721")
    page = f"/t/alpha/calls/{call}/recording"
    assert browser.get(page).body == b"fLaC0123456789"
    part = browser.get(page, headers={"Range": "bytes=4-7"}, status=206)
    assert (part.body, part.headers["Content-Range"]) == (b"0123", "bytes 4-7/14")
    assert "attachment" in browser.get(f"{page}?download=1").headers["Content-Disposition"]
    assert site.actions()[0] == "recording-downloaded"
    foreign = site.browser("4001003731")
    assert foreign.get(f"/t/beta/calls/{call}/recording", status="*").status_int == 404
    assert foreign.get(page, status="*").status_int == 404


def test_a_recording_is_drawn_above_its_player(site: Site) -> None:
    """Each side by itself, by a style that this page alone may bring; a damaged one has no picture."""
    sound = np.zeros((8000, 2), dtype=np.float32)
    sound[4000:, 0], sound[:2000, 1] = 0.5, -0.25
    written = io.BytesIO()
    soundfile.write(written, sound, 8000, format="FLAC")
    record = made_up("alpha", "4001003721", site.clock() - 50, recorded=True)
    site.change(lambda root: root.records.add([record]))
    site.calls["alpha"] = record.id
    call = keep_recording(site, "alpha", written.getvalue())
    browser = site.browser("4001003721")
    page = browser.get(f"/t/alpha/calls/{call}")
    nonce = page.html.find(class_="waveform")["data-nonce"]
    assert f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
    assert nonce != browser.get(f"/t/alpha/calls/{call}").html.find(class_="waveform")["data-nonce"]
    assert "nonce" not in browser.get("/t/alpha/calls").headers["Content-Security-Policy"]
    drawn = browser.get(f"/t/alpha/calls/{call}/waveform").json
    caller, other = drawn["peaks"]
    assert (drawn["seconds"], len(caller)) == (1.0, len(other))
    assert (caller[0], caller[-1], other[0], other[-1]) == (0.0, 0.5, 0.25, 0.0)
    assert site.browser("4001003731").get(f"/t/alpha/calls/{call}/waveform", status="*").status_int == 404
    damaged = keep_recording(site, "beta", b"fLaC0123456789")
    assert site.browser("4001003731").get(f"/t/beta/calls/{damaged}/waveform", status="*").status_int == 404


def test_health_is_told_with_the_b2bua_down(site: Site) -> None:
    """503, and who is missing."""
    answer = TestApp(with_figures(site.application, site.data)).get("/healthz", status=503)
    assert "b2bua" in answer


def test_pages_are_dark_for_who_wants_them_so(site: Site) -> None:
    """His choice is kept; without one a script asks his system before anything is drawn."""
    browser = site.browser("4001003721")
    page = browser.get("/t/alpha")
    assert page.html.html.get("data-bs-theme") is None
    assert "own/theme.js" in page.text
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    answer = browser.post("/theme", {"csrf_token": token, "theme": "dark", "back": "/t/alpha"})
    chosen = answer.follow()
    assert chosen.html.html["data-bs-theme"] == "dark"
    assert "own/theme.js" not in chosen.text
    browser.post("/theme", {"csrf_token": token, "theme": "pink", "back": "//elsewhere"})
    assert browser.get("/t/alpha").html.html["data-bs-theme"] == "dark"
