"""Every form refuses bad input with a word of why; none breaks, and nothing comes back as markup."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from webtest.forms import Checkbox, File, Hidden, Radio, Select

from tests.unit.webui.site import HOSTILE, Browser, Site
from tests.unit.webui.test_boundaries import ask, views

LOGINS: Final = {"anna": 12, "4001003721": 12, "8001": 2}
"""Who signs in, and how many forms he has at least."""
BAD: Final = {
    "nothing": "",
    "markup": HOSTILE,
    "long": "很" * 6000,
    "digits": "９９９９９９９９９９９９９９９９",
    "control": "a\x00b\x1b[31m\r\nX: 1",
    "formula": "=1+1",
    "below zero": "-1",
}
_LEAVES: Final = re.compile(r"logout|sign-out|/account|sign-in-as|/language|/theme|first-password")
_FILTERS: Final = re.compile(r"excel|recording|audio|pcap|/static/|ticket")
MOST_PAGES: Final = 150


def browser_of(site: Site, login: str) -> tuple[Browser, str]:
    """Return who is signed in, and where his pages begin."""
    if login == "8001":
        return site.agent("alpha", login, supervisor=True), "/desk"
    return site.browser(login), "/operator" if login == "anna" else "/t/alpha"


def pages(browser: Browser, start: str) -> Iterator[Any]:
    """Yield the pages that links lead to, one of each kind."""
    waiting, known = [start], {start}
    while waiting and len(known) < MOST_PAGES:
        answer = browser.get(waiting.pop(0), status="*")
        if answer.status_int != 200 or answer.content_type != "text/html":
            continue
        yield answer
        for link in answer.html.select("a[href^='/']"):
            path = link["href"].split("?")[0].split("#")[0]
            if path not in known and not _FILTERS.search(path):
                known.add(path)
                waiting.append(path)


# Long texts of forms with files lie in temporary files until they are collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("login", LOGINS)
def test_no_form_breaks_and_each_says_why(site: Site, login: str) -> None:
    """Whatever is typed into all its fields at once: stored or refused, and a refusal is told."""
    browser, start = browser_of(site, login)
    tried: set[Any] = set()
    broken: list[str] = []
    for page in list(pages(browser, start)):
        for form in page.forms.values():
            action = re.sub(r"\d{5,}|[0-9A-Z]{26}", "*", form.action or page.request.path)
            shape = (action, tuple(sorted(name for name in form.fields if name)))
            if form.method.upper() != "POST" or _LEAVES.search(action) or shape in tried:
                continue
            tried.add(shape)
            for kind, text in BAD.items():
                where = f"{action} with {kind}"
                broken += trouble(where, lambda form=form, text=text: typed(form, text))  # type: ignore[misc]
    assert broken == []
    assert len(tried) >= LOGINS[login]
    gc.collect()


def typed(form: Any, text: str) -> Any:
    """Type the same into everything that takes text, and send it."""
    for name, fields in form.fields.items():
        for field in fields:
            if isinstance(field, Hidden | Checkbox | Radio | File) or not name:
                continue
            if isinstance(field, Select):
                field.force_value(text) if text else None
            else:
                field.force_value(text)
    return form.submit(status="*")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("login", ["anna"])
def test_nothing_but_a_token_breaks_nothing(site: Site, login: str) -> None:
    """A post without any field, to every address there is."""
    browser, _ = browser_of(site, login)
    broken = []
    for view in views(site, "alpha"):
        if view.method == "POST" and not _LEAVES.search(view.path):
            broken += trouble(view.path, lambda view=view: ask(browser, view, "POST"))  # type: ignore[misc]
    assert broken == []


def trouble(where: str, work: Callable[[], Any]) -> list[str]:
    """Return what is wrong with how a request was answered."""
    try:
        answer = work()
    except Exception as error:  # every break is told at once, not the first alone
        return [f"{where}: {type(error).__name__} {error}"]
    if answer.status_int not in (200, 303, 400, 403, 404, 409, 413, 422):
        return [f"{where}: {answer.status_int}"]
    if answer.content_type == "text/html" and HOSTILE in answer.text:
        return [f"{where}: markup"]
    refused = answer.status_int == 422 and "html" in answer.content_type
    if refused and not answer.html.select(".invalid-feedback, [role=alert]"):
        return [f"{where}: refused without a word"]
    return []
