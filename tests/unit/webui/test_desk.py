"""The workbench without processes: who signs in, whose calls he sees, what he writes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.customers.desk import DeskSettings
from domain.outcomes import Outcome
from storage.records.record import CallRecord
from tests.unit.webui.site import HOSTILE, PASSWORD, Browser, Site, form_of, made_up

NUMBERS = {"alpha": "4001003721", "beta": "4001003731"}


def had(site: Site, tenant: str, agent: str, **fields: Any) -> str:
    """Let an agent have had a call; return its id."""
    record = made_up(tenant, NUMBERS[tenant], site.clock() - 30, job_number=agent, **fields)
    missing = msgspec.structs.replace(record, legs=())
    site.change(lambda root: root.records.add([missing]))
    return record.id


def missed(site: Site, tenant: str, caller: str) -> str:
    """Let a tenant miss a call; return the id of the item."""
    record: CallRecord = made_up(
        tenant, NUMBERS[tenant], site.clock() - 20, caller=caller, outcome=Outcome.NO_ANSWER, answered_by=""
    )
    site.change(lambda root: root.missed.take([record]))
    return record.id


def settings(site: Site, wanted: DeskSettings) -> None:
    """Let alpha's desks be so."""
    site.change(lambda root: setattr(root.desk.of("alpha").settings, "value", wanted))


def test_an_agent_signs_in_with_number_and_job_number(site: Site) -> None:
    """He is led to his desk; the tenant's password opens no desk, nor his the tenant's pages."""
    browser = site.agent("alpha", "8001")
    assert browser.landed.headers["Location"].endswith("/")
    assert "8001" in browser.get("/desk").text
    for login, agent in (("4001003721", "8002"), ("4001003731", "8001"), ("anna", "8001"), ("none", "8001")):
        answer = site.browser().sign_in(login, PASSWORD, agent=agent)
        assert answer.status_int == 422, (login, agent)
        site.services.throttle = type(site.services.throttle)(site.clock)


def test_the_tenant_makes_his_agents_passwords(site: Site) -> None:
    """A first password, shown once, changed at the first sign-in; the flag of a supervisor signs him out."""
    tenant = site.browser(NUMBERS["alpha"])
    page = tenant.get("/t/alpha/desk")
    shown = next(
        form for form in page.forms.values()
        if form.action.endswith("agent-password") and form["agent"].value == "8001"
    ).submit()  # fmt: skip
    password = shown.html.find(id="first-password").text
    agent = site.browser()
    assert agent.sign_in(NUMBERS["alpha"], password, agent="8001").status_int == 303
    assert agent.get("/desk").headers["Location"].endswith("/account/first-password")
    assert "/desk" not in agent.get("/account/first-password").text
    token = tenant.token("/t/alpha/desk")
    tenant.post("/t/alpha/agent-role", {"agent": "8001", "on": "1", "csrf_token": token})
    assert site.read(lambda root: root.web.account("agent:alpha/8001").supervisor)
    assert agent.get("/desk", status=303).headers["Location"].endswith("/login")
    assert {"agent-password", "supervisor-on"} <= set(site.actions())
    assert tenant.post("/t/alpha/agent-password", {"agent": "9", "csrf_token": token}, status=404)


def test_an_agent_who_is_no_more_is_signed_out(site: Site) -> None:
    """His session ends with him."""
    browser = site.agent("alpha", "8001")
    site.change(lambda root: root.tenants["alpha"].parts["agents"].pop("8001"))
    assert browser.get("/desk", status=303).headers["Location"].endswith("/login")


def test_what_he_writes_is_shown_when_the_caller_calls_again(site: Site) -> None:
    """On the next pop, and to his tenant with the call; hostile text is text."""
    browser = site.agent("alpha", "8001")
    call, again = had(site, "alpha", "8001"), had(site, "alpha", "8001")
    form = form_of(browser.get(f"/desk/pop?call={call}"), "")
    assert form["call"].value == call
    fields = {"call": call, "code": "订单", "text": HOSTILE, "csrf_token": browser.token("/desk")}
    assert "tag-good" in browser.post("/desk/note", fields).text
    shown = browser.get(f"/desk/pop?call={again}").text
    assert "订单" in shown
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown
    page = site.browser(NUMBERS["alpha"]).get(f"/t/alpha/calls/{call}").html
    assert HOSTILE in page.find(id="call-note").text


def test_a_pop_names_what_it_shows(site: Site) -> None:
    """Below the note stands what was with this caller before, under the trade's word for it."""
    browser = site.agent("alpha", "8001")
    call = had(site, "alpha", "8001")
    browser.set_cookie("box400-language", "zh")
    heads = [head.text for head in browser.get(f"/desk/pop?call={call}").html.select("h4")]
    assert heads[-1] == "往来记录"
    refreshed = browser.get("/desk").html.find(id="figures")["hx-trigger"]
    assert "delay" in refreshed, "a call's record is there a second after its end"


def test_an_agent_sees_neither_another_tenants_calls_nor_a_colleagues(site: Site) -> None:
    """The pop and the note of a call that was not his are not there."""
    browser = site.agent("alpha", "8001")
    token = browser.token("/desk")
    for call in (had(site, "beta", "8001"), had(site, "alpha", "8002"), "0" * 26, ""):
        assert browser.get(f"/desk/pop?call={call}", status="*").status_int == 404, call
        fields = {"call": call, "code": "", "text": "x", "csrf_token": token}
        assert browser.post("/desk/note", fields, status="*").status_int == 404, call


def test_missed_calls_are_his_tenants(site: Site) -> None:
    """Listed, closed; another tenant's cannot be touched."""
    browser = site.agent("alpha", "8001")
    own, foreign = missed(site, "alpha", "13311112222"), missed(site, "beta", "13344445555")
    page = browser.get("/desk/missed").text
    assert "13311112222" in page
    assert "13344445555" not in page
    token = browser.token("/desk")
    for path in ("/desk/close-missed", "/desk/call-back"):
        assert browser.post(path, {"item": foreign, "csrf_token": token}, status="*").status_int == 404
    assert "13311112222" not in browser.post("/desk/close-missed", {"item": own, "csrf_token": token}).text
    item = site.read(lambda root: root.missed.tenants["alpha"].find(own))
    assert (item.closed_by, site.read(lambda root: root.missed.tenants["beta"].find(foreign).is_open)) == (
        "8001", True,
    )  # fmt: skip


@pytest.mark.parametrize(("supervisor", "masks"), [(False, ("agent",)), (True, ("wall",))])
def test_callers_are_masked_by_role(site: Site, supervisor: bool, masks: tuple[str, ...]) -> None:
    """In the pop and in the list of missed calls, as the tenant has set it for the role."""
    browser: Browser = site.agent("alpha", "8001", supervisor=supervisor)
    call = had(site, "alpha", "8001", caller="13800138000")
    missed(site, "alpha", "13311112222")
    pages = (f"/desk/pop?call={call}", "/desk/missed")
    other = {"agent": "wall", "wall": "agent"}[masks[0]]
    settings(site, DeskSettings(masked=(other,)))
    assert "13800138000" in browser.get(pages[0]).text
    settings(site, DeskSettings(masked=masks))
    pop, items = (browser.get(page).text for page in pages)
    assert "138****8000" in pop
    assert "133****2222" in items
    assert "13800138000" not in pop
    assert "13311112222" not in items


def test_his_day_is_made_of_his_own_calls(site: Site) -> None:
    """Answered, talked, rated."""
    browser = site.agent("alpha", "8001")
    had(site, "alpha", "8001", rating=4)
    had(site, "alpha", "8002", rating=1)
    page = browser.get("/desk/figures").html
    assert page.find(id="answered").text == "1"
    assert "4.0" in page.text


def token_of(browser: Browser) -> dict[str, str]:
    """Return the field that every form has."""
    return {"csrf_token": browser.token("/desk")}


def test_a_supervisor_joins_calls_of_his_own_tenant_only(site: Site) -> None:
    """Another's call is over for him, another's agent not there; what he did is noted."""
    browser = site.agent("alpha", "8001", supervisor=True)
    assert browser.get("/desk/wall").status_int == 200
    fields = token_of(browser)
    answer = browser.post("/desk/supervise", {"call": site.calls["beta"], "mode": "listen", **fields})
    assert not answer.json["done"]
    assert browser.post("/desk/supervise", {"call": "x", "mode": "spy", **fields}, status=404)
    assert browser.post("/desk/set-agent", {"agent": "9999", "what": "logout", **fields}, status=404)
    browser.post("/desk/set-agent", {"agent": "8002", "what": "logout", **fields})
    assert site.actions()[0] == "agent-set"
