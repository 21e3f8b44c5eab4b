"""The reseller's own look, and who sees callers' numbers whole."""

from __future__ import annotations

import base64
import gc
import io
import zipfile

import pytest

from domain.customers.conversation import SmsLine, Text, Way
from domain.customers.customer import Customer
from domain.tickets.rules import Wanted
from domain.tickets.ticket import Asker, AskerKind, Source, SourceKind
from storage.conversations.writing import Incoming, Writing
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id
from storage.tickets import open_ticket
from tests.unit.webui.site import Site
from webui.services.provisioning import wish

PAGE = "/operator/branding"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CALLER, MASKED = "13800138000", "138****8000"


def look(site: Site, name: str = "", colour: str = "", logo: bytes | None = None) -> int:
    """Type a look; return what was answered."""
    browser = site.browser("anna")
    fields = {"csrf_token": browser.token(PAGE), "brand_name": name, "brand_colour": colour}
    files = [] if logo is None else [("logo", "logo.png", logo)]
    return int(browser.post(PAGE, fields, upload_files=files, status="*").status_int)


def test_name_colour_and_logo_are_on_every_page(site: Site) -> None:
    """Before anybody is signed in, too; browsers keep its files, whose names change with it."""
    assert look(site, "通达 400", "#0a5c36", PNG) == 303
    visitor = site.browser()
    for path, browser in (("/login", visitor), ("/t/alpha", site.browser("4001003721"))):
        page = browser.get(path)
        assert "通达 400" in page.html.find("title").text
        assert "通达 400" in page.html.find("body").text
        style = next(e["href"] for e in page.html.select("link[rel=stylesheet]") if "/brand/" in e["href"])
        assert "#0a5c36" in visitor.get(style).text
        logo = visitor.get(page.html.select_one("img[src^='/brand/']")["src"])
        assert (logo.body, logo.content_type) == (PNG, "image/png")
        assert "immutable" in logo.headers["Cache-Control"]
    assert visitor.get(style.replace("/brand/", "/brand/0"), status="*").status_int == 404
    assert look(site) == 303
    assert "box400" in visitor.get("/login").html.find("title").text


# WebOb keeps a request of more than 10 KiB in a temporary file until it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("colour", "logo", "field"),
    [
        ("yellow", None, "brand_colour"), ("#ffee00", None, "brand_colour"),
        ("#0b5cab;}", None, "brand_colour"),
        ("", b"<svg onload=alert(1)>", "brand_logo"), ("", b"MZ" * 100, "brand_logo"),
        ("", PNG + b"\0" * 70_000, "brand_logo"),
    ],
)  # fmt: skip
def test_a_look_that_nobody_could_read_or_trust(
    site: Site, colour: str, logo: bytes | None, field: str
) -> None:
    """Too light, no colour, a style, a program, a drawing with a script, too large."""
    assert look(site, "通达", colour, logo) == 422, field
    assert site.read(lambda root: root.box.value.brand_name) == ""
    gc.collect()


def hide(site: Site, *roles: str) -> None:
    """Say which roles see callers masked."""
    document = {"box": {"masked_roles": list(roles)}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "set"))


def test_roles_see_callers_without_their_middle(site: Site) -> None:
    """In lists, on the page of a call, on the live board; an admin sees them whole."""
    hide(site, "support")
    call = site.calls["alpha"]
    support, admin = site.browser("sun"), site.browser("anna")
    for path in ("/operator/calls", f"/operator/calls/{call}"):
        shown = support.get(path).text
        assert (CALLER in shown, MASKED in shown) == (False, True), path
        assert CALLER in admin.get(path).text
    assert "box-masked" in support.get("/operator/ticket").json["url"]
    assert "box-masked" not in admin.get("/operator/ticket").json["url"]


def test_who_acts_as_a_tenant_sees_no_more(site: Site) -> None:
    """Neither on pages nor in Excel; the tenant himself sees his callers."""
    hide(site, "support")
    call = site.calls["alpha"]
    site.allow("alpha")
    support = site.browser("sun")
    token = support.token("/operator/tenants/alpha")
    support.post("/operator/tenants/alpha/sign-in-as", {"csrf_token": token})
    for path in ("/t/alpha/calls", f"/t/alpha/calls/{call}"):
        assert CALLER not in support.get(path).text
        assert CALLER in site.browser("4001003721").get(path).text
    assert CALLER.encode() not in unpacked(support.get("/t/alpha/calls/excel").body)
    assert CALLER.encode() in unpacked(site.browser("4001003721").get("/t/alpha/calls/excel").body)
    assert "tenant-masked" in support.get("/t/alpha/ticket").json["url"]


def test_customers_are_masked_for_who_acts_as_a_tenant(site: Site) -> None:
    """Cards, their Excel file, conversations and tickets."""
    hide(site, "support")
    now, other = site.clock(), "13700137000"

    def add(root: Root) -> str:
        root.customers.of("alpha").put(Customer("a" * 16, "王小姐", numbers=(CALLER,), at=now))
        incoming = Incoming(Way.SMS, SmsLine("sms", "10690000"), other, Text(new_id(now), now, "in", "您好"))
        Writing(root, "alpha", now).take_in(incoming)
        asker = Asker(AskerKind.CUSTOMER, "", other, "wangxiaojie@sihai.cn")
        wanted = Wanted("alpha", "alpha", asker, "发票", "请开发票", Source(SourceKind.PUBLIC))
        return open_ticket(root, wanted, now).id

    ticket = site.change(add)
    site.allow("alpha")
    support, tenant = site.browser("sun"), site.browser("4001003721")
    token = support.token("/operator/tenants/alpha")
    support.post("/operator/tenants/alpha/sign-in-as", {"csrf_token": token})
    for path, number, masked in (
        ("/t/alpha/customers", CALLER, MASKED),
        (f"/t/alpha/customers/{'a' * 16}", CALLER, MASKED),
        ("/t/alpha/conversations?show=all", other, "137****7000"),
        ("/t/alpha/tickets", other, "137****7000"),
        (f"/t/alpha/tickets/{ticket}", "wangxiaojie@sihai.cn", "137****7000"),
    ):
        assert number in tenant.get(path).text, path
        shown = support.get(path).text
        assert (number in shown, masked in shown) == (False, True), path
    assert CALLER.encode() in unpacked(tenant.get("/t/alpha/customers/excel").body)
    assert CALLER.encode() not in unpacked(support.get("/t/alpha/customers/excel").body)


def unpacked(workbook: bytes) -> bytes:
    """Return the texts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as held:
        return b"".join(held.read(name) for name in held.namelist())
