"""What people type wrongly about money: refused at its input, nothing typed lost, nothing stored."""

from __future__ import annotations

from typing import Any

import pytest

from domain.money.amounts import EntryKind
from storage.models import Root
from tests.unit.webui.site import HOSTILE, Site, form_of

NEVER = ("-5", "1e9", "99999999999", "=1+1", "1,0", "nan", "")
RECHARGE = "/operator/tenants/alpha"


def filled(site: Site, login: str, page: str, action: str, **fields: str) -> Any:
    """Fill in a form and send it as a browser without checks of its own would."""
    form = form_of(site.browser(login).get(page), action)
    for name, value in fields.items():
        form[name].force_value(value)
    return form.submit(status="*")


def money(root: Root) -> tuple[int, int, int]:
    """Count what any of it could have left."""
    return len(root.money.requests), len(root.money.proposals), len(root.money.invoices)


@pytest.mark.parametrize("amount", [*NEVER, "0", "-0", "0.0001", "9999999999"])
def test_no_recharge_of_such_an_amount(site: Site, amount: str) -> None:
    """Nothing, less than nothing, more than anybody pays, no number."""
    page = filled(site, "fang", RECHARGE, f"{RECHARGE}/recharge", amount=amount, note=HOSTILE)
    assert page.status_int == 422
    assert "An amount above 0" in page.text
    assert HOSTILE not in page.text
    assert site.read(money) == (0, 0, 0)


@pytest.mark.parametrize("amount", [amount for amount in (*NEVER, "0") if amount != "-5"])
@pytest.mark.parametrize("kind", ["adjustment", "refund", "gift"])
def test_no_proposal_of_such_an_amount(site: Site, amount: str, kind: str) -> None:
    """An adjustment alone may be below 0."""
    page = filled(
        site, "fang", "/operator/finance", "/operator/finance/propose", tenant="alpha", kind=kind,
        amount=amount, reason="r",
    )  # fmt: skip
    assert page.status_int == 422
    assert form_of(page, "/operator/finance/propose")["reason"].value == "r"
    assert site.read(money) == (0, 0, 0)


@pytest.mark.parametrize("amount", [*NEVER, "0"])
def test_no_invoice_of_such_an_amount(site: Site, amount: str) -> None:
    """Nor of more than was paid."""

    def pay(root: Root) -> None:
        root.money.account("alpha").post(0, "recharge:1", EntryKind.RECHARGE, 100_000)

    site.change(pay)
    page = filled(
        site, "4001003721", "/t/alpha/billing", "/t/alpha/billing/invoice", title="甲公司", amount=amount
    )
    assert page.status_int == 422
    assert site.read(money) == (0, 0, 0)


@pytest.mark.parametrize("field", ["monthly", "message", "storage", "step_0", "first_0", "least_0"])
@pytest.mark.parametrize("amount", ["-0.01", "1e3", "=1", "99999999999"])
def test_no_tariff_with_such_a_price(site: Site, field: str, amount: str) -> None:
    """Below 0, no figure, beyond all reason: the edition is not there, what was typed is."""
    typed = {"name": "cheap", "valid_from": "2026-12-01", "step_0": "0.1", field: amount}
    page = filled(site, "fang", "/operator/tariffs", "/operator/tariffs", **typed)
    assert page.status_int == 422
    assert form_of(page, "/operator/tariffs")[field].value == amount
    assert site.read(lambda root: "cheap" not in root.tariffs)
