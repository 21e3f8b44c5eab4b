"""Debian's Chromium at a box's pages: windows that must complain of nothing, and people who sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.product.box import Box

WIDE, PHONE = (1280, 900), (360, 740)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium; its microphone beeps."""
    devices = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *devices]
        )
        yield browser
        browser.close()


class Windows:
    """Opens windows on a box, each with cookies of its own; what they complain of is kept."""

    def __init__(self, browser: Browser, box: Box) -> None:
        self._browser = browser
        self._home = f"http://{box.place.box}:8400"
        self.complaints: list[str] = []
        """Errors of scripts, and what the console calls an error (the policy, files that are missing)."""

    def open(
        self, size: tuple[int, int] = WIDE, *, language: str = "en-US", dark: bool = False, scale: float = 1
    ) -> Page:
        """Return an empty window; questions of the page are answered with yes."""
        context = self._browser.new_context(
            base_url=self._home, locale=language, timezone_id="Asia/Shanghai", device_scale_factor=scale,
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light",
        )  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._said(page, said.type, said.text))
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    def twin(self, page: Page, size: tuple[int, int] = PHONE, *, scale: float = 1) -> Page:
        """Return another window of who is signed in at ``page``, by default as small as a phone."""
        other = self.open(size, language=page.evaluate("navigator.language"), scale=scale)
        cookies = [
            {"name": each["name"], "value": each["value"], "url": self._home}
            for each in page.context.cookies()
        ]
        other.context.add_cookies(cookies)  # type: ignore[arg-type]
        return other

    def _said(self, page: Page, kind: str, text: str) -> None:
        if kind == "error" and "status of 422" not in text:  # a form's refusal is no fault
            self.complaints.append(f"{page.url}: {text}")

    def story(self) -> str:
        """Tell what each window shows, for who wonders why a test failed."""
        told = []
        for page in (page for context in self._browser.contexts for page in context.pages):
            with suppress(Error):  # of a window that is dead
                told.append(f"{page.url}\n{page.inner_text('body')[:3000]}")
        return "\n\n".join((*told, *self.complaints))

    def close(self) -> None:
        """Close all of them."""
        for context in self._browser.contexts:
            context.close()


@contextmanager
def windows(browser: Browser, box: Box) -> Iterator[Windows]:
    """Open windows; afterwards none may have complained."""
    opened = Windows(browser, box)
    try:
        yield opened
    finally:
        opened.close()
    assert not opened.complaints, "\n".join(opened.complaints)


def sign_in_first(page: Page, login: str, first: str, agent: str = "") -> None:
    """Sign in with a first password; it is to be changed then."""
    page.goto("/login?as=agent" if agent else "/login")
    page.fill("#login", login)
    if agent:
        page.fill("#agent", agent)
    page.fill("#password", first)
    page.click("button.btn-primary")
    page.wait_for_url("**/account/first-password")


def sign_in(page: Page, login: str, first: str, agent: str = "", *, password: str = "people know 7") -> None:
    """Sign in with a first password and change it."""
    sign_in_first(page, login, first, agent)
    for field, value in {"current": first, "new": password, "again": password}.items():
        page.fill(f"#{field}", value)
    page.click("button.btn-primary")
    page.wait_for_selector(".frame")


def tenant_first(box: Box, tenant: str) -> str:
    """Make a first password of a tenant."""
    return box.cli("tenant", "password", tenant).strip()[-6:]


def operator_first(box: Box, name: str, role: str = "admin") -> str:
    """Make an operator; return his first password."""
    return box.cli("operator", "add", name, "--role", role).rsplit(maxsplit=1)[-1]


def agent_page(tenant: Page, page: Page, name: str, number: str, *, supervisor: bool = False) -> Page:
    """Let a tenant, signed in at ``tenant``, make an agent's password; sign him in and go to his desk."""
    tenant.goto(f"/t/{tenant.url.split('/t/')[1].split('/')[0]}/desk")
    form = "form[action$=agent-{}]:has(input[value='{}'])"
    tenant.click(f"{form.format('password', name)} button")
    first = tenant.inner_text("#first-password")
    made = tenant.locator(f"{form.format('role', name)}:has(input[name=on][value='1']) button")
    if supervisor and made.count():  # else he is one already
        made.click()
    sign_in(page, number, first, name)
    page.goto("/desk")
    page.wait_for_selector("#my-state:not(:has-text('…'))")
    return page
