"""Programs of the operator: applications, proposals, invoices, accounts of operators."""

from __future__ import annotations

import pytest

from domain.money.amounts import EntryKind
from domain.money.approval import Decision
from storage.models.web import AuditEntry
from storage.money.finance import proposals
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site
from tests.unit.webui.test_opening import NUMBER, stock
from webui.services import finance

APPLICANT = {
    "kind": "enterprise", "name": "示例贸易有限公司", "licence": "91350100M000100Y43", "contact": "王女士",
    "phone": "13900001111", "purpose": "售后热线",
}  # fmt: skip


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def test_an_application_is_received_and_withdrawn(site: Site, programs: Programs) -> None:
    """Papers that are missing are named; what is wrong with the applicant stands by its field."""
    stock(site)
    program, path = programs.of(""), f"/numbers/{NUMBER}/application"
    assert program.ask("GET", path).status_int == 404
    wrong = program.ask("POST", path, {**APPLICANT, "licence": "123"})
    assert (wrong.status_int, [each["pointer"] for each in wrong.json["errors"]]) == (422, ["licence"])
    made = program.ask("POST", path, APPLICANT)
    assert (made.status_int, made.json["state"], made.json["applicant"]["name"]) == (
        201, "open", APPLICANT["name"],
    )  # fmt: skip
    assert program.ask("POST", path, APPLICANT).status_int == 409
    assert program.ask("GET", path).json["id"] == made.json["id"]
    assert program.ask("POST", f"{path}/steps", {"step": "submit"}).status_int == 409
    assert program.ask("POST", f"{path}/steps", {"step": "approve"}).status_int == 409
    gone = program.ask("POST", f"{path}/steps", {"step": "withdraw", "why": "客户取消"})
    assert (gone.status_int, gone.json["state"]) == (200, "withdrawn")
    assert program.ask("POST", "/numbers/4009999999/application", APPLICANT).status_int == 404
    assert "application-opened" in site.actions()


def test_a_proposal_waits_for_a_person(site: Site, programs: Programs) -> None:
    """A program may ask and decline, never approve what a program asked for; another one may decline it."""
    program = programs.of("")
    wish = {"tenant": "alpha", "kind": "gift", "li": 50_000, "reason": "开业优惠"}
    made = program.ask("POST", "/proposals", wish)
    assert (made.status_int, made.json["decision"], made.json["li"]) == (201, "waiting", 50_000)
    name = made.json["id"]
    assert program.ask("POST", f"/proposals/{name}/decision", {"approve": True}).status_int == 409
    (listed,) = program.ask("GET", "/proposals").json["items"]
    assert listed["id"] == name
    other = programs.of("").ask("POST", f"/proposals/{name}/decision", {"approve": False, "remark": "重复"})
    assert (other.status_int, other.json["remark"]) == (200, "重复")
    assert program.ask("POST", "/proposals/nothing/decision", {"approve": False}).status_int == 404
    refused = program.ask("POST", "/proposals", {**wish, "tenant": "nobody"})
    assert (refused.status_int, refused.json["errors"][0]["pointer"]) == (422, "tenant")


def test_a_program_approves_what_a_person_asked_for(site: Site, programs: Programs) -> None:
    """It is a second one."""
    form = {"tenant": "alpha", "kind": "adjustment", "amount": "12.50", "reason": "补差"}
    asked = finance.ask_for(site.services, form, AuditEntry(site.clock(), "operator:fang", "money-asked"))
    program = programs.of("")
    answer = program.ask("POST", f"/proposals/{asked.id}/decision", {"approve": True})
    assert (answer.status_int, answer.json["decided_by"][:8]) == (200, "api-key:")
    held = site.read(lambda root: next(each for each in proposals(root) if each.id == asked.id))
    assert held.decision is Decision.APPROVED
    assert program.ask("POST", f"/proposals/{asked.id}/decision", {"approve": False}).status_int == 409


def test_nobody_approves_his_own_by_a_program_of_his_own(site: Site, programs: Programs) -> None:
    """The key says who made it; somebody else's may."""
    form = {"tenant": "alpha", "kind": "gift", "amount": "100", "reason": "补差"}
    asked = finance.ask_for(site.services, form, AuditEntry(site.clock(), "test", "money-asked"))
    answer = programs.of("").ask("POST", f"/proposals/{asked.id}/decision", {"approve": True})
    assert (answer.status_int, answer.json["detail"]) == (
        409,
        "Who asked may not approve by a program of his own",
    )


def test_an_invoice_is_answered(site: Site, programs: Programs) -> None:
    """Asked for by the tenant's program, issued by the operator's."""

    def paid(root: object) -> None:
        account = root.money.account("alpha")  # type: ignore[attr-defined]
        account.post(int(site.clock() * 1000), "recharge:1", EntryKind.RECHARGE, 100_000)

    site.change(paid)
    wish = {"title": "示例公司", "li": 50_000, "kind": "ordinary", "tax_number": "91350100M000100Y43"}
    asked = programs.of("alpha").ask("POST", "/tenants/alpha/invoices", wish)
    assert asked.status_int == 201, asked.text
    program = programs.of("")
    (waiting,) = program.ask("GET", "/invoices/waiting").json["items"]
    assert waiting["id"] == asked.json["id"]
    path = f"/invoices/{waiting['id']}/answer"
    assert program.ask("POST", path, {}).status_int == 422
    assert program.ask("POST", path, {"number": "12345678901234567890"}).json["state"] == "issued"
    assert program.ask("POST", path, {"number": "12345678901234567891"}).status_int == 409
    assert program.ask("POST", path, {"remark": "开错抬头"}).json["state"] == "void"
    assert program.ask("POST", path, {"remark": "again"}).status_int == 409


def test_operators_are_kept_by_programs(site: Site, programs: Programs) -> None:
    """Added with a password told once, given another role, shut out; the last administrator stays."""
    program = programs.of("")
    made = program.ask("PUT", "/operators/wang", {"role": "support"})
    assert (made.status_int, len(made.json["first_password"]) > 8) == (201, True)
    assert program.ask("PUT", "/operators/wang", {"role": "admin"}).status_int == 409
    changed = program.ask("PATCH", "/operators/wang", {"role": "finance", "enabled": False})
    assert (changed.json["role"], changed.json["enabled"]) == ("finance", False)
    again = program.ask("POST", "/operators/wang/acts", {"act": "new-password"})
    assert again.json["first_password"] != made.json["first_password"]
    assert program.ask("POST", "/operators/anna/acts", {"act": "sign-out"}).json == {"ended": 0}
    assert program.ask("PATCH", "/operators/anna", {"enabled": False}).status_int == 409
    assert program.ask("PATCH", "/operators/nobody", {"enabled": False}).status_int == 404
    names = [each["name"] for each in program.ask("GET", "/operators").json["items"]]
    assert {"anna", "wang"} <= set(names)


def test_a_tenants_program_reaches_none_of_it(programs: Programs) -> None:
    """Such scopes cannot be given to it."""
    program = programs.of("alpha")
    for path in ("/proposals", "/invoices/waiting", "/operators", f"/numbers/{NUMBER}/application"):
        assert program.ask("GET", path).status_int == 403, path
