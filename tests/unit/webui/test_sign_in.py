"""Signing in, and who is kept out."""

from __future__ import annotations

import pyotp
import pytest

from tests.unit.webui.site import PASSWORD, Browser, Site, form_of
from webui.services.accounts import give_first_password

NUMBER = "4001003721"


def test_each_lands_on_his_own_first_page(site: Site) -> None:
    """The operator on the dashboard, the tenant on his; the number may be written with dashes."""
    assert site.browser("anna").get("/").location.endswith("/operator")
    assert site.browser("400-100-3721").get("/").location.endswith("/t/alpha")


@pytest.mark.parametrize("login", ["nobody", "anna", NUMBER, "tenant:alpha", ""])
def test_whatever_is_wrong_is_told_in_the_same_words(site: Site, login: str) -> None:
    """Nobody learns which logins there are."""
    answer = site.browser().sign_in(login, "wrong")
    assert answer.status_int == 422
    assert "Login or password is wrong." in answer


def test_a_captcha_after_two_wrong_tries_and_a_pause_after_five(site: Site) -> None:
    """By account; the right password does not help before its time, and does after it."""
    browser = site.browser()
    browser.sign_in("anna", "wrong")
    assert 'name="captcha"' in browser.sign_in("anna", "wrong")
    assert browser.get("/captcha").body.startswith(b"\x89PNG")
    assert "Enter the characters" in browser.sign_in("anna", PASSWORD, captcha="nope")
    for _ in range(3):
        site.services.throttle.wrong("operator:anna", "192.0.2.9")
    assert "Too many tries" in browser.sign_in("anna", PASSWORD)
    site.moved = 1000
    assert browser.sign_in("anna", PASSWORD).status_int == 303


def test_a_captcha_is_good_once(site: Site) -> None:
    """And for its browser alone."""
    captchas = site.services.captchas
    captchas.draw("one")
    text = captchas._open["one"][0]
    assert not captchas.right("two", text)
    assert captchas.right("one", text.upper())
    assert not captchas.right("one", text)


def first_password(site: Site, password: str = "481726") -> Browser:
    """Give alpha a first password; return a browser that signed in with it."""
    site.change(lambda root: give_first_password(root, "alpha", password, site.clock()))
    return site.browser(NUMBER, password)


def test_the_first_password_is_changed_before_anything_else(site: Site) -> None:
    """Every page leads there; weak ones are refused with the reason at the field."""
    browser = first_password(site)
    for path in ("/t/alpha", "/t/alpha/calls", "/account"):
        assert browser.get(path).location.endswith("/account/first-password")
    for new, again, why in (
        ("1234567", "1234567", "Too weak"),
        ("99999999", "99999999", "Too weak"),
        ("23456789", "23456789", "Too weak"),
        ("hgfedcba", "hgfedcba", "Too weak"),
        (f"x{NUMBER}", f"x{NUMBER}", "Too weak"),
        ("quite good 1", "quite good 2", "differ"),
    ):
        form = form_of(browser.get("/account/first-password"), "/account/first-password")
        form["current"], form["new"], form["again"] = "481726", new, again
        assert why in form.submit(status=422)
    form = form_of(browser.get("/account/first-password"), "/account/first-password")
    form["current"], form["new"], form["again"] = "481726", "quite good 1", "quite good 1"
    form.submit(status=303)
    assert browser.get("/t/alpha").status_int == 200
    assert site.browser(NUMBER, "481726").landed.status_int == 422


def test_the_first_password_dies_after_ten_wrong_tries_or_three_days(site: Site) -> None:
    """Whoever tries, from wherever."""
    first_password(site)
    for _ in range(10):
        site.services.throttle.right("tenant:alpha")
        site.services.throttle._wrong.clear()
        site.browser().sign_in(NUMBER, "000000")
    site.services.throttle._wrong.clear()
    assert "used up" in site.browser().sign_in(NUMBER, "481726")
    site.services.throttle._wrong.clear()
    first_password(site)
    site.moved = 73 * 3600
    assert "used up" in site.browser().sign_in(NUMBER, "481726")


def test_the_second_factor(site: Site) -> None:
    """Switched on with the password and a code; then asked for; no code twice; a recovery code once."""
    browser = site.browser("anna")
    form = form_of(browser.get("/account"), "/account/second-factor")
    form["current"] = PASSWORD
    form = form_of(form.submit(), "/account/second-factor")
    totp = pyotp.TOTP(form["secret"].value)
    form["code"] = totp.at(int(site.clock()))
    codes = [each.text for each in form.submit().html.select(".codes code")]
    assert len(codes) == 8
    site.moved = 60
    for code, status in (
        (totp.at(int(site.clock())), 303),
        (totp.at(int(site.clock())), 200),
        (codes[0], 303),
    ):
        again = site.browser()
        assert again.sign_in("anna", PASSWORD).location.endswith("/login-code")
        form = form_of(again.get("/login-code"), "/login-code")
        form["code"] = code
        assert form.submit().status_int == status
        assert (again.get("/operator", status="*").status_int == 200) == (status == 303)


def test_a_second_factor_cannot_be_planted_without_the_password(site: Site) -> None:
    """A secret that the page did not hand out after the password is refused."""
    browser = site.browser("anna")
    secret = pyotp.random_base32()
    token = browser.token("/account")
    fields = {"csrf_token": token, "secret": secret, "proof": "0" * 64, "code": pyotp.TOTP(secret).now()}
    assert browser.post("/account/second-factor", fields, status="*").status_int == 422
    assert site.read(lambda root: root.web.account("operator:anna").credential.totp) == ""


def test_signing_out_everywhere(site: Site) -> None:
    """One browser ends the others; a new password does it too."""
    one, two = site.browser("anna"), site.browser("anna")
    form = next(f for f in one.get("/account").forms.values() if f.action == "/account/sign-out")
    form.submit(status=303)
    assert two.get("/operator").status_int == 303
    assert one.get("/operator").status_int == 200
    form_of(one.get("/operator"), "/logout").submit()
    assert one.get("/operator").location.endswith("/login")


def test_a_session_ends_by_itself(site: Site) -> None:
    """Two hours idle, twelve in all."""
    browser = site.browser("anna")
    site.moved = 3600
    assert browser.get("/operator").status_int == 200
    site.moved += 7300
    assert browser.get("/operator").status_int == 303


def test_acting_as_a_tenant_is_noted_and_announced(site: Site) -> None:
    """On every page, in the tenant's list of sessions, in the audit log; his account stays closed."""
    site.allow("alpha")
    browser = site.browser("anna")
    form_of(browser.get("/operator/tenants/alpha"), "/operator/tenants/alpha/sign-in-as").submit(status=303)
    page = browser.get("/t/alpha")
    assert "You act as alpha (operator anna)" in page
    assert browser.get("/account", status="*").status_int == 403
    assert browser.get("/t/beta", status="*").status_int == 404
    himself = site.browser(NUMBER)
    assert "Operator anna acts as you" in himself.get("/account")
    assert "Your operator anna signed in as you" in himself.get("/t/alpha")
    assert "Your operator" not in site.browser("4001003731").get("/t/beta")
    assert "acted-as-tenant" in site.actions()


def test_the_way_back_after_choosing_a_language_stays_here(site: Site) -> None:
    """No open redirect."""
    browser = site.browser()
    for back in ("//evil.example", "https://evil.example", "/\\evil.example"):
        fields = {"csrf_token": browser.token(), "language": "en", "back": back}
        assert browser.post("/language", fields).location == "http://localhost/"
