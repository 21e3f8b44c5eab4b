"""Make the pictures of ``docs/user-guide.zh-CN.md``: the demo's tenant on a box, real calls.

``.venv/bin/python -m tools.screens [operator] [tenant] [agent] [service] [PICTURE...]``: some five minutes,
one Chromium. Without a word all of ``docs/screens`` is made anew; with names of pictures only those of the
groups are kept. Needs what the tests need (``./test`` installs it).
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy
import soundfile
from PIL import Image
from playwright.sync_api import Page

from storage.backup_schedule import read_state
from storage.data_directory import DataDirectory
from tests.product.box import ROOT, Box, Place
from tests.product.browsing import Windows, chromium, operator_first, sign_in, tenant_first
from tests.product.waiting import wait_until
from tools import service_desk

SCREENS = ROOT / "docs/screens"
DEMO = ROOT / "box400/demo"
MENU, DIRECT, ROUTED = "4001003721", "4001003722", "4001003723"
CUSTOMER = "13501112222"
BOUND = (
    "[{number: '13900001111', label: 前台}, "
    "{number: '02088886666', label: 值班电话, schedule: [daily 18:00-24:00]}]"
)
WIDE, PHONE = (1280, 800), (390, 844)
TENANT_PHONE = {
    "tenant-home": "", "tenant-bound": f"/bound/{DIRECT}", "tenant-calls": "/calls",
    "tenant-missed": "/missed", "tenant-billing": "/billing",
}  # fmt: skip
TENANT_WIDE = {
    "tenant-routing": f"/routing/{ROUTED}",
    "tenant-simulate": f"/routing/{ROUTED}/simulate?caller=02461234567&at=2026-11-23T10:00",
    "tenant-flow": "/flows/main", "tenant-prompts": "/prompts", "tenant-queues": "/queues",
    "tenant-limits": "/limits", "tenant-messages": "/messages", "tenant-notices": "/notices",
    "tenant-desk": "/desk", "tenant-reports": "/reports",
}  # fmt: skip
OPERATOR = {
    "operator-dashboard": "", "operator-open": "/tenants/new", "operator-tenant": "/tenants/demo",
    "operator-tenants": "/tenants", "operator-numbers": "/numbers",
    "operator-application": "/numbers/4006128866", "operator-trunks": "/trunks",
    "operator-prompts": "/prompts", "operator-finance": "/finance",
    "operator-tariffs": "/tariffs?tariff=standard&call=long-distance&seconds=61#calculator",
    "operator-calls": "/calls", "operator-alarms": "/alarms", "operator-audit": "/audit",
    "operator-operators": "/operators", "operator-notices": "/notices",
    "operator-calendar": "/calendar", "operator-places": "/places?number=13800138000",
    "operator-trunk-guide": "/trunks/guide?kind=ip",
}  # fmt: skip


OPENED = {
    "name": "示例旅行社", "id": "travel", "number": "4006128868", "bound": "13922223333", "paid": "500",
    "credit": "0", "area_code": "010",
}  # fmt: skip


FILTERS = {"未接来电": "result=missed", "沈阳来电": "place=024", "移动客户": "caller=138&result=answered"}
GROUPS = ("operator", "tenant", "agent", "service")


class Camera:
    """Takes pictures, small ones, of what a page shows."""

    def __init__(self, only: frozenset[str]) -> None:
        """``only``: names of the pictures that are kept; empty: all."""
        self._only = only

    def take(self, page: Page, name: str, height: int = 1400) -> None:
        """Keep the page, ``height`` pixels of it at most, with 96 colours."""
        if self._only and name not in self._only:
            return
        if "/desk" in page.url:  # it keeps a stream open
            page.wait_for_timeout(600)
        else:
            page.wait_for_load_state("networkidle")
        assert (name == "login") == page.url.endswith("/login"), f"{name} is at {page.url}"
        size = page.viewport_size
        assert size is not None
        whole = int(page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": min(max(whole, size["height"]), height)})
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
        taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        taken.quantize(96, dither=Image.Dither.NONE).save(SCREENS / f"{name}.png", optimize=True)
        page.set_viewport_size(size)
        print(name, flush=True)


class Screens:
    """One box, one browser; each kind of user signs in once."""

    def __init__(self, box: Box, windows: Windows, camera: Camera) -> None:
        self.box = box
        self._windows = windows
        self._camera = camera

    def opened(self, size: tuple[int, int]) -> Page:
        """Return an empty window in Chinese."""
        return self._windows.open(size, language="zh-CN")

    @contextmanager
    def call(self, number: str, caller: str, *options: str) -> Iterator[None]:
        """Have a call up meanwhile."""
        place = self.box.place
        command = [
            sys.executable, "-m", "box400", "call", number, "--caller", caller, "--from", place.carrier,
            "--to", f"{place.box}:5060", "--answer-at", f"{place.gateway}:5080", "--data", str(self.box.data),
            *options,
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        try:
            yield
        finally:
            self.box.cli("hangup", "--all")
            self.box.quiet()
            process.wait()

    def past(self) -> None:
        """Make calls that are over: answered, busy, a message left; money, stock, an application."""
        cli, place = self.box.cli, self.box.place
        spoken = self.box.data.parent / "spoken.wav"
        sound, rate = soundfile.read(DEMO / "other.flac")
        soundfile.write(spoken, numpy.tile(sound, 6), rate)
        cli("money", "post", "recharge", "demo", "500", "--cause", "收据-20261122")
        cli("numbers", "add", "4006128860", "--count", "10", "--why", "号段采购")
        cli("numbers", "reserve", "4006128868", "--for", "示例旅行社")
        cli("numbers", "set-terms", "special", "--minimum", "500")
        cli(
            "numbers", "apply", "4006128866", "--kind", "enterprise", "--name", "示例贸易有限公司",
            "--licence", "91350100M000100Y43", "--contact", "王女士", "--phone", "13900001111",
            "--purpose", "售后服务热线",
        )  # fmt: skip
        for name, file in (("welcome", "greeting.flac"), ("holiday", "other.flac")):
            cli("prompts", "upload", "demo", name, str(DEMO / file), "--for-review", "--by", "tenant:demo")
        cli("prompts", "review", "demo", "welcome", "--approve")
        cli("agents", "login", "demo", "8001")
        for caller, number, *options in (
            ("13800138000", DIRECT, "--answer", "--seconds", "6"),
            ("02161234567", DIRECT, "--answer", "--seconds", "9"),
            (CUSTOMER, MENU, "--keys", "w3,1", "--answer", "--seconds", "12"),
            ("075583456789", DIRECT, "--answer-busy"),
            ("13922223333", DIRECT, "--answer", "--seconds", "4"),
            ("18601234567", ROUTED, "--answer", "--seconds", "5"),
            ("02461234567", MENU, "--keys", "w3,9", "--play", str(spoken), "--seconds", "24"),
        ):
            told = self.box.try_cli(
                "call", number, "--caller", caller, "--from", place.carrier, "--to", f"{place.box}:5060",
                "--answer-at", f"{place.gateway}:5080", *options,
            )  # fmt: skip
            print(number, caller, told.returncode, flush=True)

    def operator(self) -> None:
        """Take the operator's pages, wide; the live board with calls up."""
        first = operator_first(self.box, "wang")
        page = self.opened(WIDE)
        page.goto("/login")
        self._camera.take(page, "login")
        sign_in(page, "wang", first)
        for name, path in OPERATOR.items():
            page.goto(f"/operator{path}")
            if name == "operator-open":
                for field, value in OPENED.items():
                    page.fill(f"#{field}", value)
                page.select_option("#tariff", "standard")
            self._camera.take(page, name, 1000)
        self.backups(page)
        with (
            self.call(DIRECT, "13800138000", "--answer", "--seconds", "60"),
            self.call(MENU, "02161234567", "--seconds", "60"),
        ):
            page.goto("/operator/live")
            wait_until(lambda: len(self.box.calls()) == 2, "two calls are up")
            page.wait_for_timeout(6000)
            self._camera.take(page, "operator-live")
        page.context.close()

    def backups(self, page: Page) -> None:
        """Take the page of backups once one is made; its place is called as it usually is."""
        disk = self.box.data.parent / "disk"
        disk.mkdir()
        page.goto("/operator/backup/settings")
        page.fill("#backup", f"to = {disk}\nat = 02:30\nkeep = 7")
        page.click("main button.btn-primary")
        wait_until(
            lambda: bool((held := read_state(DataDirectory(self.box.data))) and held.good_at), "a backup", 60
        )
        page.goto("/operator/backup")
        page.evaluate(
            "path => document.querySelectorAll('dd').forEach(each => "
            "{ each.textContent = each.textContent.replace(path, '/mnt/backup') })", str(disk)
        )  # fmt: skip
        self._camera.take(page, "operator-backup", 1000)

    def filters(self, page: Page) -> None:
        """Save some filters of the calls, and take the list with them."""
        for name, query in FILTERS.items():
            page.goto(f"/t/demo/calls?{query}")
            page.click(".saved-filters summary")
            page.fill(".saved-form [name=name]", name)
            page.click(".saved-form [value=save]")
            page.wait_for_selector(f".saved-chips .active:has-text('{name}')")
        page.click(f".saved-chips >> text={next(iter(FILTERS))}")
        self._camera.take(page, "tenant-filters", 800)

    def tenant(self) -> Page:
        """Take the tenant's pages, five as on a telephone; return the browser, signed in."""
        page = self.opened(WIDE)
        sign_in(page, MENU, tenant_first(self.box, "demo"))
        for name, path in TENANT_WIDE.items():
            page.goto(f"/t/demo{path}")
            if name == "tenant-flow":
                page.wait_for_selector(".flow-box")
            self._camera.take(page, name, 1000)
        page.goto("/t/demo/calls")
        page.click(f"a.number:has-text('{CUSTOMER}')")
        page.wait_for_selector(".waveform canvas")
        self._camera.take(page, "tenant-call")
        self.filters(page)
        small = self._windows.twin(page, PHONE, scale=1.5)
        for name, path in TENANT_PHONE.items():
            small.goto(f"/t/demo{path}")
            self._camera.take(small, name, 1100)
        small.context.close()
        return page

    def service(self) -> None:
        """Take the service desk's pages: a conversation, a customer, a ticket, knowledge, satisfaction."""
        shown = service_desk.pages(*self.box.python(service_desk.FILLED).split())
        page = self.opened(WIDE)
        sign_in(page, MENU, tenant_first(self.box, "demo"))
        for name, path in shown.items():
            page.goto(f"/t/demo{path}")
            self._camera.take(page, name, 900)
        page.context.close()

    def agent(self, tenant: Page) -> None:
        """Take the workbench: the pop while the phone rings, a talk, contacts, the wall board."""
        tenant.goto("/t/demo/desk")
        tenant.click("form[action$=agent-password]:has(input[value='8001']) button")
        first = tenant.inner_text("#first-password")
        tenant.click("form[action$=agent-role]:has(input[value='8001']) button")
        for agent in ("8002", "8003"):
            self.box.cli("agents", "logout", "demo", agent)
        page = self.opened(WIDE)
        sign_in(page, MENU, first, "8001")
        page.goto("/desk/customers/new")
        for field, value in {
            "name": "陈经理", "numbers": CUSTOMER, "company": "示例物流有限公司",
            "addresses": "上海市浦东新区", "note": "老客户，每月对账一次。",
        }.items():  # fmt: skip
            page.fill(f"#{field}", value)
        page.click("main button.btn-primary")
        page.goto("/desk/customers")
        self._camera.take(page, "agent-customers")
        page.goto("/desk")
        page.wait_for_selector("#my-state:not(:has-text('…'))")
        self._camera.take(page, "agent-desk")
        options = ("--keys", "w3,1", "--answer", "--ring-seconds", "8", "--seconds", "90")
        with self.call(MENU, CUSTOMER, *options):
            page.wait_for_selector("#pop-caller:has-text('陈经理')")
            self._camera.take(page, "agent-pop")
            page.wait_for_selector(".desk-call [data-what=hold]:visible")
            page.click("label.desk-code:has-text('订单')")
            page.fill("#note", "要求本月发票与上月一起开。")
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#saved")
            self._camera.take(page, "agent-call")
            with self.call(MENU, "02161234567", "--keys", "w3,1", "--seconds", "90"):
                page.goto("/desk/wall")
                page.wait_for_selector("[data-mode=listen]:visible")
                page.wait_for_timeout(6000)
                self._camera.take(page, "agent-wall")
        page.context.close()


def main(wanted: Sequence[str]) -> None:
    """Start a box, fill it, and take the pictures of whom ``wanted`` names; an agent's with the tenant's."""
    begun = time.monotonic()
    configuration = (DEMO / "demo.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("127.0.0.2", "@CARRIER@"),
        ("127.0.0.3", "@GATEWAY@"),
        ("tariff: standard\n", "tariff: standard\n    credit_li: 0\n"),
        ("message_li: 60", "monthly_li: 100000\n        message_li: 60"),
        ("recorded\n        bound: ['13900001111']".replace("'", '"'), f"recorded\n        bound: {BOUND}"),
        ("[./", f"[{DEMO}/"),
    ):
        configuration = configuration.replace(old, new)
    SCREENS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Box(Path(folder) / "data", Place(), configuration).running() as box,
        chromium() as browser,
    ):
        windows = Windows(browser, box)
        screens = Screens(box, windows, Camera(frozenset(wanted) - frozenset(GROUPS)))
        screens.past()
        if "operator" in wanted:
            screens.operator()
        if "tenant" in wanted or "agent" in wanted:
            tenant = screens.tenant()
            if "agent" in wanted:
                screens.agent(tenant)
        if "service" in wanted:
            screens.service()
        windows.close()
        box.quiet()
    print(f"{len(list(SCREENS.glob('*.png')))} pictures, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:] or GROUPS)
