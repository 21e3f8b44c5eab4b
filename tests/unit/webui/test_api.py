"""Programs use the box: what they read and change, and what they are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from domain.days.calendar import BEIJING
from domain.money.amounts import EntryKind
from domain.places.place import Place
from domain.snapshot import NumberPlan
from storage.models.money import Account
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import HOSTILE, Site, made_up
from tests.unit.webui.test_boundaries import FOREIGN, three
from webui.api.application import DO
from webui.api.spec import operations, read_spec
from webui.services.api_keys import Scope

NUMBER = "4001003721"


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def bound(site: Site, number: str = NUMBER) -> list[str]:
    """Return a number's bound numbers."""
    plan: NumberPlan = site.read(lambda root: root.tenants["alpha"].numbers[number].value)
    return [each.number for each in plan.bound]


def places(site: Site, tenant: str) -> list[tuple[str, str]]:
    """Return method and path of every operation, filled in for a tenant."""
    facts = {
        "tenant": tenant, "call": site.calls[tenant], "item": site.calls[tenant], "agent": "8001",
        "mailing": "0123456789abcdef",
        "receipt": "R1", "contact": "0123456789abcdef", "number": NUMBER, "month": "202610",
        "prompt": "welcome", "version": "1", "flow": "main", "kind": "all", "proposal": "p1", "invoice": "i1",
        "robot": "ops",
        "operator": "anna", "ticket": "0123456789abcdef", "article": "0123456789abcdef",
        "conversation": f"0{tenant[0].upper() * 25}", "file": site.calls[tenant],
        "trunk": "demo", "year": "2026", "reconciliation": "compared", "table": "area-codes",
    }  # fmt: skip
    return [(each.method, each.path.format(**facts)) for each in operations(read_spec())]


def test_a_tenants_program_reads_his_calls_by_pages(site: Site, programs: Programs) -> None:
    """Newest first; the cursor goes on where the page ended, also when calls came meanwhile."""
    program = programs.of("alpha")
    now = site.clock()
    made = [made_up("alpha", NUMBER, now - ago) for ago in (10, 20, 30)]
    site.change(lambda root: root.records.add(reversed(made)))
    first = program.ask("GET", "/tenants/alpha/calls?limit=2").json
    site.change(lambda root: root.records.add([made_up("alpha", NUMBER, now - 1)]))
    second = program.ask("GET", f"/tenants/alpha/calls?limit=2&cursor={first['next']}").json
    expected = [*(each.id for each in made), site.calls["alpha"]]
    assert [each["id"] for each in first["items"] + second["items"]] == expected
    assert program.ask("GET", "/tenants/alpha/calls?caller=139*").json["items"] == []
    one = program.ask("GET", f"/tenants/alpha/calls/{site.calls['alpha']}").json
    assert one["caller_display"] == HOSTILE
    assert one["legs"][0]["target"] == "13900001111"


@pytest.mark.parametrize(
    ("asked", "finds"),
    [
        ("area_code=010", True), ("area_code=021", False), ("province=北京", True), ("city=上海", False),
        ("caller_class=mobile", True), ("caller_class=landline", False), ("queue=sales", True),
        ("queue=other", False), ("job_number=8001", True), ("job_number=8002", False), ("rating=4", True),
        ("rating=5", False), ("keys=19", True), ("keys=2", False), ("fate=answered", True),
        ("fate=abandoned", False), ("fate=rated&hour=12", True), ("hour=13", False), ("weekday=7", True),
        ("weekday=1", False), ("menu_key=main/start/1", True), ("menu_key=main/start/2", False),
        ("waited_over=3&waited_up_to=4", True), ("waited_over=4", False),
    ],
)  # fmt: skip
def test_a_program_finds_the_calls_behind_a_figure(
    site: Site, programs: Programs, asked: str, finds: bool
) -> None:
    """As the lists of the pages do: where callers are from, what they keyed, who served them, its end."""
    noon = datetime(2026, 11, 22, 12, 30, tzinfo=BEIJING).timestamp()  # a Sunday
    call = msgspec.structs.replace(
        made_up("alpha", NUMBER, noon), place=Place("010", "北京", "北京", ""), caller_class="mobile",
        queue="sales", job_number="8001", rating=4, keys="19", menu="main/start/1", wait_ms=4000,
    )  # fmt: skip
    site.change(lambda root: root.records.add([call]))
    asked = f"since={noon - 1}&until={noon + 1}&{quote(asked, safe='=&/')}"
    answer = programs.of("alpha").ask("GET", f"/tenants/alpha/calls?{asked}")
    assert [each["id"] for each in answer.json["items"]] == [call.id] * finds


def test_a_tenants_program_changes_who_answers(site: Site, programs: Programs) -> None:
    """The way of `apply`; who did it is in the audit log."""
    answer = programs.of("alpha").ask(
        "PATCH",
        "/tenants/alpha/configuration",
        {"numbers": {NUMBER: {"bound": ["13800001111", "02412345678"]}}},
    )
    assert (answer.status_int, answer.json["changed"]) == (200, True)
    assert bound(site) == ["13800001111", "02412345678"]
    shown = programs.of("alpha").ask("GET", "/tenants/alpha/configuration").json
    assert [each["number"] for each in shown["numbers"][NUMBER]["bound"]] == bound(site)
    assert site.actions()[0] == "configuration-changed"


def test_the_21st_bound_number_is_refused(site: Site, programs: Programs) -> None:
    """As in the pages and by `apply`, with the place named; nothing is changed."""
    many = [f"139{index:08}" for index in range(21)]
    answer = programs.of("alpha").ask(
        "PATCH", "/tenants/alpha/configuration", {"numbers": {NUMBER: {"bound": many}}}
    )
    assert answer.status_int == 422
    assert answer.content_type == "application/problem+json"
    (error,) = answer.json["errors"]
    assert error["pointer"].startswith(f"numbers.{NUMBER}.bound")
    assert "20" in error["detail"]
    assert bound(site) == ["13900001111"]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"tariff": "free"}, "tariff"),
        ({"bound_limit": 1000}, "bound_limit"),
        ({"state": "active"}, "state"),
        ({"credit_li": None}, "credit_li"),
        ({"numbers": {NUMBER: {"active": False}}}, f"numbers.{NUMBER}.active"),
        ({"numbers": {"4001009999": {"bound": []}}}, "numbers.4001009999"),
        ({"numbers": {"4001003731": {"bound": []}}}, "numbers.4001003731"),
        ({"flows": {"menu": "/etc/passwd"}}, "flows.menu"),
    ],
)
def test_what_only_the_operator_changes_is_refused(
    site: Site, programs: Programs, document: dict[str, Any], pointer: str
) -> None:
    """His limits, his tariff, which numbers are his; and no file of the box is read."""
    answer = programs.of("alpha").ask("PATCH", "/tenants/alpha/configuration", document)
    assert (answer.status_int, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_the_operators_program_opens_a_tenant(site: Site, programs: Programs) -> None:
    """His first password is told once."""
    program = programs.of("")
    wanted = {"name": "新企业", "numbers": {"4001003741": {"bound": ["13700001111"]}}}
    answer = program.ask("PUT", "/tenants/gamma", wanted)
    assert answer.status_int == 200
    assert len(answer.json["first_password"]) == 6
    assert "first_password" not in program.ask("PUT", "/tenants/gamma", {"name": "新名"}).json
    assert program.ask("GET", "/tenants/gamma").json["name"] == "新名"
    listed = program.ask("GET", "/tenants?limit=2").json
    rest = program.ask("GET", f"/tenants?limit=2&cursor={listed['next']}").json
    assert [each["id"] for each in listed["items"] + rest["items"]] == ["alpha", "beta", "gamma"]


def test_a_payment_is_stored_once_for_each_receipt(site: Site, programs: Programs) -> None:
    """Sent twice, it is booked once; the second time says so."""
    program = programs.of("")
    assert program.ask("PUT", "/tenants/alpha/recharges/R7", {"li": 100_000}).status_int == 202
    assert program.ask("PUT", "/tenants/alpha/recharges/R7", {"li": 100_000}).status_int == 409
    assert site.read(lambda root: [each.value.li for each in root.money.requests.values()]) == [100_000]
    assert program.ask("PUT", "/tenants/alpha/recharges/R8", {"li": -1}).status_int == 422


def test_balance_and_entries(site: Site, programs: Programs) -> None:
    """Newest entry first, by pages."""

    def fill(root: Any) -> None:
        account = root.money.accounts["alpha"] = Account()
        for index in range(3):
            account.post(1_000 * index, f"recharge:{index}", EntryKind.RECHARGE, 1000 + index)

    site.change(fill)
    program = programs.of("alpha")
    assert program.ask("GET", "/tenants/alpha/balance").json["balance_li"] == 3003
    first = program.ask("GET", "/tenants/alpha/entries?limit=2").json
    second = program.ask("GET", f"/tenants/alpha/entries?limit=2&cursor={first['next']}").json
    assert [each["li"] for each in first["items"] + second["items"]] == [1002, 1001, 1000]
    assert second["next"] == ""


def test_another_tenants_things_are_not_there(site: Site, programs: Programs) -> None:
    """Every operation, with every scope: 404, the same as for a tenant that does not exist; also where the
    other is suspended or has not what is asked about."""
    three(site)
    for asks, other in FOREIGN:
        patient = programs.patient(asks)
        for method, path in places(site, other):
            if "/tenants/" not in path:
                continue
            program = next(patient)
            answer = program.ask(method, path, {} if method in ("PUT", "PATCH", "POST") else None)
            assert answer.status_int in (403, 404), (asks, method, path)
            gone = program.ask(method, path.replace(other, "nobody"), {} if method != "GET" else None)
            if gone.status_int != 403:
                assert answer.body == gone.body
    patient = programs.patient("alpha")
    program = next(patient)
    for own in (
        f"/tenants/alpha/calls/{site.calls['beta']}",
        f"/tenants/alpha/calls/{site.calls['beta']}/recording",
    ):
        assert program.ask("GET", own).status_int == 404
    assert [each["id"] for each in program.ask("GET", "/tenants").json["items"]] == ["alpha"]


def test_nothing_is_told_without_a_good_key(site: Site, programs: Programs) -> None:
    """None, an ended one, a revoked one: 401 at every operation."""
    for program in (programs.stranger(), programs.of("alpha", ends_at=site.clock() - 1)):
        for method, path in places(site, "alpha"):
            answer = program.ask(method, path)
            assert answer.status_int == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_scope_is_needed_for_each_operation(site: Site, programs: Programs) -> None:
    """A key without scopes may do nothing."""
    patient = programs.patient("", ())
    for method, path in places(site, "alpha"):
        assert next(patient).ask(method, path).status_int == 403, (method, path)


def test_who_asks_too_often_is_told_to_wait(programs: Programs) -> None:
    """Fifty at once; then 429 with Retry-After, while others are served."""
    program = programs.of("alpha")
    seen = [program.ask("GET", "/tenants/alpha").status_int for _ in range(120)]
    assert seen[:50] == [200] * 50
    assert 429 in seen
    assert programs.of("beta").ask("GET", "/tenants/beta").status_int == 200


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/tenants/alpha/calls?limit=0", "limit"),
        ("/tenants/alpha/calls?limit=all", "limit"),
        ("/tenants/alpha/calls?since=yesterday", "since"),
        ("/tenants/alpha/calls?cursor=zz", "cursor"),
        ("/tenants/alpha/calls?since=null", "since"),
        ("/tenants/alpha/calls?color=red", ""),
        ("/tenants/alpha/calls?limit=1&limit=2", "limit"),
        ("/tenants/alpha/missed?state=lost", "state"),
    ],
)
def test_a_wrong_parameter_is_named(programs: Programs, path: str, parameter: str) -> None:
    """422, and which one."""
    answer = programs.of("alpha").ask("GET", path)
    assert (answer.status_int, answer.json["errors"][0]["pointer"]) == (422, parameter)


def test_a_method_that_there_is_not(programs: Programs) -> None:
    """405, and which there are."""
    answer = programs.of("alpha").ask("DELETE", "/tenants/alpha/calls")
    assert (answer.status_int, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_box_that_does_not_answer_is_told(programs: Programs) -> None:
    """Live figures need the running b2bua: 503, and when to ask again."""
    answer = programs.of("alpha").ask("GET", "/tenants/alpha/live-calls")
    assert (answer.status_int, answer.headers["Retry-After"]) == (503, "2")


def test_a_body_that_is_no_json(programs: Programs) -> None:
    """400; and 415 for something else."""
    program = programs.of("alpha")
    path = "/tenants/alpha/configuration"
    broken = program._app.patch(
        f"/api/v1{path}", b"{", headers={**program._headers, "Content-Type": "application/json"}, status="*"
    )
    assert broken.status_int == 400
    form = program._app.patch(f"/api/v1{path}", {"a": "b"}, headers=program._headers, status="*")
    assert form.status_int == 415


def test_every_operation_is_done_and_asks_for_a_scope() -> None:
    """The document and the code name the same operations, the document only scopes that there are."""
    found = operations(read_spec())
    assert {each.id for each in found} == set(DO)
    assert {each.scope for each in found} == {str(each) for each in Scope}
