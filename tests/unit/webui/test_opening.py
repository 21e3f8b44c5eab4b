"""Opening a tenant in one step, and what becomes of the number."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.features import ProductEdition
from domain.money.fees import Agreement, SpendStep
from domain.numbers.lifecycle import NumberState
from domain.numbers.terms import ClassTerms
from domain.refusal import NotPossible
from storage.models.web import AuditEntry
from storage.money.runway import runway_of
from storage.numbers.desk import NumberDesk
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site, form_of
from webui.services.numbers import reclaim
from webui.services.opening import Further, Opening, add_number, open_tenant
from webui.services.provisioning import Refused, Stale, wish

NUMBER = "4006951288"
ENTRY = AuditEntry(0.0, "operator:anna", "tenant-opened")
SHOP = Opening("shop", "示例公司", NUMBER, "13900001111")


def stock(site: Site, number: str = NUMBER) -> None:
    """Take a number in."""
    site.change(lambda root: NumberDesk(root, site.clock(), "anna").take_in(number))


def card(site: Site, number: str = NUMBER) -> Any:
    """Return a number's card."""
    return site.read(lambda root: root.inventory.card(number))


def test_everything_at_once(site: Site) -> None:
    """Number, account, 6 digits, limits, agreement, deposit; the number is active with its contract."""
    stock(site)
    opening = Opening(
        "shop", "示例公司", NUMBER, "13900001111", area_code="0591", paid_li=500_000, bound_limit=5,
        max_calls=3, credit_li=0, monthly_cap_li=9_000_000, monthly_cap_calls=100,
    )  # fmt: skip
    opened = open_tenant(site.services, opening, ENTRY)
    assert len(opened.password) == 6
    assert opened.password.isdigit()
    config = site.read(lambda root: root.tenants["shop"].config.value)
    assert (config.bound_limit, config.max_calls, config.credit_li) == (5, 3, 0)
    assert (config.monthly_cap_li, config.monthly_cap_calls, config.area_code) == (9_000_000, 100, "0591")
    begins = card(site).contract.begins
    assert config.agreements == (
        Agreement(NUMBER, begins, minimum_li=30_000_000, steps=(SpendStep(7, 20_000_000),)),
    )
    assert (card(site).state, card(site).tenant) == (NumberState.ACTIVE, "shop")
    (request,) = site.read(lambda root: [each.value for each in root.money.requests.values()])
    assert (request.tenant, request.li) == ("shop", 500_000)
    landed = site.browser(NUMBER, opened.password).landed.follow().follow()
    assert landed.headers["Location"].endswith("/account/first-password")


def test_all_or_nothing(site: Site) -> None:
    """A wrong tariff, a tenant that is there, a number of somebody else's: nothing is left behind."""
    stock(site)
    before = site.read(lambda root: (root.version, card(site)))
    for opening, error in (
        (Opening("shop", "示例公司", NUMBER, tariff="none"), Refused),
        (Opening("alpha", "示例公司", NUMBER), Stale),
        (Opening("shop", "示例公司", "4001003731"), Refused),
        (Opening("shop", "示例公司", NUMBER, bound="zz zz"), Refused),
    ):
        with pytest.raises(error):
            open_tenant(site.services, opening, ENTRY)
    assert site.read(lambda root: (root.version, card(site))) == before
    assert site.read(lambda root: root.web.account("tenant:shop")) is None


def test_a_reserved_number_opens_for_its_holder(site: Site) -> None:
    """By the name it was reserved for."""
    stock(site)
    site.change(lambda root: NumberDesk(root, site.clock(), "anna").reserve(NUMBER, "示例公司"))
    with pytest.raises(NotPossible, match="is reserved for 示例公司"):
        open_tenant(site.services, Opening("shop", "别家", NUMBER), ENTRY)
    open_tenant(site.services, SHOP, ENTRY)
    assert card(site).state is NumberState.ACTIVE


def test_a_number_that_is_not_offered_is_not_opened(site: Site) -> None:
    """Special numbers have no minimum until the operator sets one; so has a fee instead."""
    stock(site, "4006123888")
    with pytest.raises(NotPossible, match="set a minimum spend"):
        open_tenant(site.services, Opening("shop", "示例公司", "4006123888"), ENTRY)
    with pytest.raises(NotPossible, match="not offered for a fee"):
        open_tenant(site.services, Opening("shop", "示例公司", "4006123888", fee_instead=True), ENTRY)


def test_a_fee_instead_of_the_minimum(site: Site) -> None:
    """选号费 once, no minimum."""
    stock(site, "4001003799")
    terms = ClassTerms(minimum_li=1, fee_instead_li=900_000)

    def set_terms(root: Any) -> None:
        root.box.value = msgspec.structs.replace(root.box.value, class_terms={"B": terms})

    site.change(set_terms)
    open_tenant(site.services, Opening("shop", "示例公司", "4001003799", fee_instead=True), ENTRY)
    (agreement,) = site.read(lambda root: root.tenants["shop"].config.value.agreements)
    assert (agreement.picking_li, agreement.minimum_li) == (900_000, 0)


def test_the_page_and_its_refusals(site: Site) -> None:
    """What is wrong stands beside its field; the operator's page opens by the same service."""
    stock(site, "4006123888")
    browser = site.browser("anna")
    page = browser.get("/operator/tenants/new", {"number": "4006123888", "name": "示例公司"})
    form = form_of(page, "/operator/tenants/new")
    assert form["number"].value == "4006123888"
    form["id"], form["credit"], form["area_code"] = "shop", "-5", "591"
    told = form.submit(status=422).text
    assert "An amount such as 100" in told
    assert "Such as 010 or 0591." in told
    form["credit"], form["area_code"] = "0", "0591"
    assert "set a minimum spend for class special" in form.submit(status=422).text
    form["number"] = "4006123887"
    assert 'id="first-password"' in form.submit().text
    config = site.read(lambda root: root.tenants["shop"].config.value)
    assert (config.credit_li, config.area_code, config.agreements) == (0, "0591", ())


@pytest.mark.parametrize(
    ("credit", "unlimited", "told", "held"),
    [
        (None, False, "", 0),
        ("", False, "请填写金额（0 为预付费），或勾选“不限额度”。", None),
        ("", True, "", None),
        ("0", True, "", None),
        ("500", False, "", 500_000),
        ("500", True, "填写了金额就不要勾选“不限额度”。", None),
    ],
)
def test_nobody_is_given_credit_without_end_by_an_empty_field(
    site: Site, credit: str | None, unlimited: bool, told: str, held: int | None
) -> None:
    """The form begins with prepaid; no limit is ticked by who means it."""
    form = form_of(site.browser("anna", language="zh").get("/operator/tenants/new"), "/operator/tenants/new")
    form["id"], form["name"], form["number"] = "shop", "示例公司", "4006123887"
    if credit is not None:
        form["credit"] = credit
    form["unlimited"] = unlimited
    answer = form.submit(status="*")
    assert [each.text for each in answer.html.select(".invalid-feedback")] == ([told] if told else [])
    opened = site.read(lambda root: root.tenants.get("shop"))
    assert (opened is None) is bool(told)
    assert opened is None or opened.config.value.credit_li == held


def test_reclaiming_ends_what_was_agreed(site: Site) -> None:
    """The ledger charges nothing for a number that has gone."""
    stock(site)
    open_tenant(site.services, SHOP, ENTRY)
    reclaim(site.services, NUMBER, "到期", ENTRY)
    (agreement,) = site.read(lambda root: root.tenants["shop"].config.value.agreements)
    assert agreement.until == agreement.since
    assert card(site).state is NumberState.RECLAIMED


def _deposit(site: Site, li: int) -> None:
    terms = ClassTerms(minimum_li=3_000_000, years=1, deposit_li=li)

    def set_terms(root: Any) -> None:
        root.box.value = msgspec.structs.replace(root.box.value, class_terms={"B": terms})

    site.change(set_terms)


def test_a_number_is_opened_when_its_deposit_is_paid(site: Site) -> None:
    """预存话费: less is refused beside its field, and nothing is left behind; the form begins with it."""
    stock(site)
    _deposit(site, 500_000)
    browser = site.browser("anna")
    page = browser.get("/operator/tenants/new", {"number": NUMBER, "name": "示例公司"})
    form = form_of(page, "/operator/tenants/new")
    assert (form["paid"].value, "¥500.00" in page.html.find(id="offered").text) == ("500.00", True)
    form["id"], form["paid"] = "shop", "499.99"
    refused = form.submit(status=422)
    assert "wants a deposit of 500.00 yuan" in refused.html.find(id="paid").parent.text
    assert (card(site).state, form_of(refused, "/operator/tenants/new")["id"].value) == (
        NumberState.IN_STOCK, "shop",
    )  # fmt: skip
    form["paid"] = "500"
    form.submit(status=200)
    assert card(site).state is NumberState.ACTIVE


def test_a_new_tenants_calls_are_not_free_by_oversight(site: Site) -> None:
    """The form begins with a tariff where there is one."""
    edition = {"valid_from": "2026-01-01", "prices": [{"first_seconds": 60, "first_li": 300}]}
    wish(site.services, lambda root: {"tariffs": {"flat": {"editions": [edition]}}}, ENTRY)
    form = form_of(site.browser("anna").get("/operator/tenants/new"), "/operator/tenants/new")
    assert form["tariff"].value == "flat"


def test_the_edition_is_chosen_at_the_opening(site: Site) -> None:
    """基本版 has no call centre; by default it is 网络版."""
    stock(site)
    form = form_of(site.browser("anna").get("/operator/tenants/new"), "/operator/tenants/new")
    assert form["edition"].value == "network"
    form["id"], form["name"], form["number"], form["edition"] = "shop", "示例公司", NUMBER, "basic"
    form.submit(status=200)
    assert site.read(lambda root: root.tenants["shop"].config.value.edition) is ProductEdition.BASIC


def test_a_tenant_gets_a_further_number(site: Site) -> None:
    """From the number's page by way of the list of tenants; what was agreed joins what is agreed already."""
    stock(site)
    _deposit(site, 500_000)
    browser = site.browser("anna")
    chosen = browser.get(f"/operator/numbers/{NUMBER}").click(href="tenants.number=").click("企业 alpha")
    form = form_of(chosen, "/operator/tenants/alpha/number")
    assert (form["number"].value, form["paid"].value) == (NUMBER, "500.00")
    form["bound"], form["paid"] = "13900001111", "1"
    form = form_of(form.submit(status=422), "/operator/tenants/alpha/number")
    assert form["bound"].value == "13900001111"
    form["paid"] = "500"
    told = form.submit(status=303).follow()
    assert "400-695-1288" in told.text
    config = site.read(lambda root: root.tenants["alpha"].config.value)
    assert [each.number for each in config.agreements] == [NUMBER]
    assert (card(site).state, card(site).tenant) == (NumberState.ACTIVE, "alpha")
    (request,) = site.read(lambda root: [each.value for each in root.money.requests.values()])
    assert (request.tenant, request.li) == ("alpha", 500_000)
    assert "has 4006951288 already" in form.submit(status=422).text


def test_a_further_number_of_somebody_else(site: Site) -> None:
    """What another tenant has, or another company applied for, is refused and stays his."""
    stock(site, "4001003799")
    site.change(lambda root: NumberDesk(root, site.clock(), "anna").reserve("4001003799", "别家"))
    with pytest.raises(Refused):
        add_number(site.services, Further("alpha", "4001003731"), ENTRY)
    with pytest.raises(NotPossible, match="is reserved for 别家"):
        add_number(site.services, Further("alpha", "4001003799"), ENTRY)
    with pytest.raises(Stale):
        add_number(site.services, Further("nobody", NUMBER), ENTRY)


def test_a_program_gives_a_further_number(site: Site) -> None:
    """With the operator's key; less than the deposit is 409 and says why."""
    stock(site)
    _deposit(site, 500_000)
    programs = Programs(site)
    program = programs.of("")
    refused = program.ask("POST", "/tenants/alpha/numbers", {"number": NUMBER})
    assert (refused.status_int, "deposit of 500.00" in refused.text) == (409, True)
    given = program.ask("POST", "/tenants/alpha/numbers", {"number": NUMBER, "paid_li": 500_000})
    assert (given.status_int, given.json["changed"], card(site).tenant) == (201, True, "alpha")
    assert programs.of("alpha").ask("POST", "/tenants/alpha/numbers", {"number": NUMBER}).status_int == 403


def test_a_balance_does_not_outlast_the_minimum_spend(site: Site) -> None:
    """低消补足 of ¥30,000 is due at the end of the month: ¥500 do not last for more than a year."""
    edition = {"valid_from": "2026-01-01", "prices": [{"first_seconds": 60, "first_li": 300}]}
    wish(site.services, lambda root: {"tariffs": {"flat": {"editions": [edition]}}}, ENTRY)
    stock(site)
    open_tenant(site.services, msgspec.structs.replace(SHOP, tariff="flat", credit_li=500_000), ENTRY)
    found = site.read(lambda root: runway_of(root, "shop", site.clock()))
    assert found.days is not None
    assert found.days <= 31
