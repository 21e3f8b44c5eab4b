"""系统 / 号段归属地: what is in use, newer tables by upload with a preview, where a number is from."""

from __future__ import annotations

import gzip

import pytest
from webtest import Upload

from storage.serving.places import tables_in_use
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of

PAGE = "/operator/places"
SEGMENTS = "# date: 2026-11-01\nsegment,area_code,province,city,carrier\n1390000,0998,新疆,喀什,移动\n"


def upload(browser: Browser, content: bytes, status: int = 200) -> object:
    """Choose a file and send it."""
    form = form_of(browser.get(PAGE), PAGE)
    form["file"] = Upload("segments.csv", content, "text/csv")
    return form.submit(status=status)


def origins(site: Site) -> list[tuple[str, str]]:
    """Return kind and origin of what is in use."""
    return [(each.kind.value, each.origin) for each in tables_in_use(site.data)]


def told(page: object) -> str:
    """Return what the page says of the number."""
    return page.html.select_one("#lookup dl").text  # type: ignore[attr-defined,no-any-return]


def test_a_newer_table_is_seen_before_it_is_imported(site: Site) -> None:
    """The preview changes nothing; imported it decides, audited with both sides; forgotten it is gone."""
    browser = site.browser("anna")
    assert "喀什" not in told(browser.get(f"{PAGE}?number=13900001111"))
    seen = upload(browser, SEGMENTS.encode())
    row = seen.html.select_one(".card-attention tbody tr").text  # type: ignore[attr-defined]
    assert "1390000" in row
    assert "0998 新疆 喀什 移动" in row
    assert origins(site) == [("area-codes", "shipped"), ("mobile-segments", "shipped")]
    form_of(seen, f"{PAGE}/use").submit(status=303)
    assert ("mobile-segments", "imported") in origins(site)
    page = browser.get(f"{PAGE}?number=%2B8613900001111")
    assert "喀什" in told(page)
    noted = next(each for _, each in site.read(lambda root: list(root.web.listed())))
    assert noted.action == "places-imported"
    assert "imported 2026-11-01 (1)" in noted.after
    assert "imported" not in noted.before
    form_of(page, f"{PAGE}/forget").submit(status=303)
    assert ("mobile-segments", "imported") not in origins(site)
    assert "places-forgotten" in site.actions()


def test_an_older_table_is_told(site: Site) -> None:
    """Nobody replaces newer data unawares."""
    page = upload(site.browser("anna"), SEGMENTS.replace("2026", "2001").encode())
    assert "Older than what is in use" in page.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is missing"),
        (SEGMENTS.replace("1390000", "139").encode(), "first seven digits"),
        (SEGMENTS.replace("移动", HOSTILE).encode(), "carrier"),
        (SEGMENTS.encode("gbk"), "UTF-8"),
        (gzip.compress(b"a"), "UTF-8"),
    ],
)
def test_every_fault_is_told_with_its_line(site: Site, content: bytes, told: str) -> None:
    """And nothing is imported."""
    page = upload(site.browser("anna"), content, 422)
    assert told in page.html.select_one("form[enctype] table").text  # type: ignore[attr-defined]
    assert HOSTILE not in page.text  # type: ignore[attr-defined]
    assert origins(site) == [("area-codes", "shipped"), ("mobile-segments", "shipped")]


def test_a_file_is_his_who_brought_it(site: Site) -> None:
    """Another administrator's token, or one of yesterday, imports nothing."""
    site.add_operator("otto", site.read(lambda root: root.web.account("operator:anna").role))
    form = form_of(upload(site.browser("anna"), SEGMENTS.encode()), f"{PAGE}/use")
    other = site.browser("otto")
    sent = {"token": form["token"].value, "csrf_token": other.token(PAGE)}
    assert other.post(f"{PAGE}/use", sent, status=422).html.select(".invalid-feedback")
    site.moved = 4000.0
    assert "gone" in form.submit(status=422).text
    assert ("mobile-segments", "imported") not in origins(site)


def test_a_damaged_table_can_be_dropped(site: Site) -> None:
    """The page tells it and still works."""
    site.data.places.mkdir(exist_ok=True)
    (site.data.places / "area-codes.json").write_bytes(b"{")
    page = site.browser("anna").get(PAGE)
    assert "damaged" in page.html.select_one(".alert-danger").text
    form_of(page, f"{PAGE}/forget").submit(status=303)
    assert origins(site)[0] == ("area-codes", "shipped")


def test_support_looks_up_and_imports_nothing(site: Site) -> None:
    """Unknown is an answer like others."""
    page = site.browser("sun").get(f"{PAGE}?number=1061234567&restore_zero=on")
    assert "010" in told(page)
    assert page.html.select("form[method=post][action^='/operator/places']") == []
    assert "Unknown" in told(site.browser("sun").get(f"{PAGE}?number=95588"))
