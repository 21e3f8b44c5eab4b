"""忘记密码: a code to whom the tenant has named, a new password, and nothing told to strangers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from storage.models.web import AuditEntry
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import PASSWORD, Browser, Site
from webui.security.csrf import BROWSER_COOKIE
from webui.services.provisioning import wish
from webui.services.throttle import Throttle

NUMBER = "4001003721"
NEW = "quite another 9"


@pytest.fixture
def named(site: Site) -> Site:
    """Return the site; alpha has named a mobile and an address for codes, and others for the rest."""
    document: dict[str, Any] = {
        "tenants": {
            "alpha": {
                "notices": {
                    "password-code": {"mobiles": ["13900001111"], "emails": ["boss@alpha.cn"]},
                    "all": {"mobiles": ["13922223333"]},
                }
            }
        }
    }
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    return site


def ask(site: Site, browser: Browser, number: str) -> Any:
    """Ask for a code, with the picture read well."""
    token = browser.token("/forgot")
    browser.get("/captcha")
    picture = site.services.captchas._open[browser.cookies[BROWSER_COOKIE]][0]
    return browser.post("/forgot", {"login": number, "captcha": picture, "csrf_token": token}, status="*")


def sent(site: Site) -> dict[str, str]:
    """Return recipient -> code of what waits to be sent."""
    told = site.read(lambda root: list(root.notices.newest_first()))
    return {each.to: re.findall("验证码([0-9]{6})", each.text)[0] for each in told}


def enter(browser: Browser, code: str, new: str = NEW) -> Any:
    """Enter code and new password."""
    fields = {"code": code, "new": new, "again": new, "csrf_token": browser.token("/reset")}
    return browser.post("/reset", fields, status="*")


def test_a_code_sets_a_new_password_once(named: Site) -> None:
    """All sessions end; the code is good no second time."""
    signed_in, browser = named.browser(NUMBER), named.browser()
    assert ask(named, browser, NUMBER).headers["Location"].endswith("/reset")
    codes = sent(named)
    assert set(codes) == {"13900001111", "boss@alpha.cn"}, "those named for it alone"
    code = codes["13900001111"]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert "wrong or too old" in enter(browser, wrong).text
    assert "Too weak" in enter(browser, code, "12345678").text
    assert enter(browser, code).status_int == 303
    assert signed_in.get("/t/alpha", status=303).headers["Location"].endswith("/login")
    assert named.browser().sign_in(NUMBER, PASSWORD).status_int == 422
    named.services.throttle = Throttle(named.clock)
    assert named.browser(NUMBER, NEW).landed.status_int == 303
    assert browser.get("/reset").status_int == 303, "the code was used"
    assert {"password-code", "password-reset"} <= set(named.actions())


def test_a_code_ends_after_five_minutes_and_five_tries(named: Site) -> None:
    """A right one too late is wrong."""
    browser = named.browser()
    ask(named, browser, NUMBER)
    code = sent(named)["13900001111"]
    key = "tenant:alpha"
    assert [named.services.resets.right(key, "x") for _ in range(5)] == [False] * 5
    assert not named.services.resets.right(key, code)
    named.moved += 61
    again = named.services.resets.new(key)
    named.moved += 301
    assert not named.services.resets.right(key, again)


@pytest.mark.parametrize("number", ["4001003731", "4009999999", "anna"])
def test_strangers_learn_nothing(named: Site, number: str) -> None:
    """Nobody named, no such number, an operator's name: the same answer, and nothing is sent."""
    browser = named.browser()
    answer = ask(named, browser, number)
    assert (answer.status_int, answer.headers["Location"][-6:]) == (303, "/reset")
    assert sent(named) == {}
    assert "wrong or too old" in enter(browser, "123456").text


def test_nobody_lets_us_send_without_end(named: Site) -> None:
    """The picture must be read; one code a minute; five times for a number."""
    browser = named.browser()
    fields = {"login": NUMBER, "captcha": "nope", "csrf_token": browser.token("/forgot")}
    assert browser.post("/forgot", fields, status=422)
    for _ in range(4):
        ask(named, browser, NUMBER)
    assert len(named.read(lambda root: list(root.notices.newest_first()))) == 2, "one code, two recipients"
    assert "quarter of an hour" in ask(named, browser, NUMBER).text


def test_who_is_signed_in_reads_no_codes(named: Site) -> None:
    """Neither on the tenant's page nor by a program's key: a code sets a new password."""
    signed_in = named.browser(NUMBER)
    ask(named, named.browser(), NUMBER)
    (code,) = set(sent(named).values())
    program = Programs(named).of("alpha")
    listed = program.ask("GET", "/tenants/alpha/notices")
    assert [each["kind"] for each in listed.json["items"]] == ["password-code"] * 2
    assert code not in signed_in.get("/t/alpha/notices").text
    assert code not in listed.text
