"""Live pages: tickets, what each topic's viewers see, and many viewers on one thread."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from waitress.server import create_server

from b2bua.control import Calls, LiveCall
from b2bua.control_floor import Agents, Changed, LiveAgent, LiveQueue, Queues
from domain.calling.masking import masked
from storage.models.web import WebSession
from tests.unit.webui.site import Site
from webui.hand_over import serve_live
from webui.services.accounts import digest, open_session
from webui.services.live import look_at
from webui.services.picture import Around, Painter, Picture
from webui.services.stream_tickets import SECONDS, Ticket, make_ticket, read_ticket
from webui.services.streams import MOST_OF_SESSION, Known, Streams

SECRET = b"s" * 32
SESSION = "a" * 64
CALL = LiveCall(
    call="01", number="4001003721", tenant="alpha", caller="13800138000", state="ringing", who="8001",
    trunk="t", seconds=3.5, talk_seconds=None, place="广东 深圳",
)  # fmt: skip
AGENT = LiveAgent(
    tenant="alpha", agent="8001", label="张三", target="8001", state="ringing", reason="", seconds=2.0,
    call="01", queue="sales", queues=["sales"], missed=0, served=3,
)  # fmt: skip


def test_a_ticket_opens_its_topic_for_its_session_and_a_minute() -> None:
    """Forged, changed or old ones open nothing."""
    ticket = Ticket(SESSION, "agent:alpha:8001")
    text = make_ticket(SECRET, ticket, 1000.0)
    assert read_ticket(SECRET, text, 1000.0 + SECONDS - 1) == ticket
    assert read_ticket(SECRET, text, 1000.0 + SECONDS + 1) is None
    assert read_ticket(b"x" * 32, text, 1000.0) is None
    assert read_ticket(SECRET, text.replace("8001", "8002"), 1000.0) is None
    assert read_ticket(SECRET, "", 1000.0) is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800138000", "138****8000"), ("075512345678", "0755****5678"), ("01088886666", "010****6666"),
        ("88886666", "8*****66"), ("95588", "95588"), ("", ""),
    ],
)  # fmt: skip
def test_a_masked_number_keeps_what_tells_the_place(number: str, shown: str) -> None:
    """Short codes are nobody's own number."""
    assert masked(number) == shown


def paint(topic: str, masks: dict[str, frozenset[str]] | None = None) -> dict[str, Any]:
    """Return what a topic's viewers see of one call of alpha and one of beta."""
    foreign = msgspec.structs.replace(CALL, call="02", tenant="beta", caller="13911112222")
    agents = (AGENT, msgspec.structs.replace(AGENT, tenant="beta", label="外人"))
    picture = Picture((CALL, foreign), agents, (), 1000.0, up=True)
    shown: dict[str, Any] = json.loads(Painter().paint([topic], picture, Around({}, masks or {}))[topic])
    return shown


def test_nobody_sees_another_tenants_calls() -> None:
    """Whatever the topic, but for operators'."""
    assert {call["id"] for call in paint("box")["calls"]} == {"01", "02"}
    for topic in ("tenant:alpha", "wall:alpha", "agent:alpha:8001"):
        text = json.dumps(paint(topic), ensure_ascii=False)
        assert "13800138000" in text
        assert "13911112222" not in text
        assert "外人" not in text


def test_an_agent_sees_his_own_call_alone() -> None:
    """A colleague's caller is not his."""
    assert paint("agent:alpha:8001")["call"]["caller"] == "13800138000"
    shown = paint("agent:alpha:8002")
    assert (shown["me"], shown["call"]) == (None, None)
    assert "calls" not in shown


def test_callers_are_masked_where_the_tenant_says_so() -> None:
    """By role: agents, supervisors; never for the tenant himself."""
    masks = {"alpha": frozenset({"agent"})}
    assert paint("agent:alpha:8001", masks)["call"]["caller"] == "138****8000"
    assert paint("wall:alpha", masks)["calls"][0]["caller"] == "13800138000"
    assert paint("tenant:alpha", masks)["calls"][0]["caller"] == "13800138000"


def test_a_moment_that_is_told_again_changes_nothing() -> None:
    """What is seconds ago differs by how long the telling takes."""
    painter = Painter()
    before = painter.paint(["box"], Picture((CALL,), at=1000.0, up=True), Around())
    later = msgspec.structs.replace(CALL, seconds=13.9)
    assert painter.paint(["box"], Picture((later,), at=1010.0, up=True), Around()) == before


class Told:
    """A b2bua whose calls the test changes."""

    def __init__(self, path: Path) -> None:
        self.calls: list[LiveCall] = []
        self._changed = threading.Condition()
        self._count = 1
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def change(self, *calls: LiveCall) -> None:
        """Let these be up."""
        with self._changed:
            self.calls = list(calls)
            self._count += 1
            self._changed.notify_all()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with suppress(BrokenPipeError), connection, connection.makefile("rwb") as lines:
            for line in lines:
                lines.write(msgspec.json.encode(self._answer(json.loads(line))) + b"\n")
                lines.flush()

    def _answer(self, request: dict[str, Any]) -> Any:
        with self._changed:
            match request["do"]:
                case "await-change":
                    self._changed.wait_for(lambda: self._count != request["seen"], 20)
                    return Changed(self._count)
                case "calls":
                    return Calls(self.calls)
                case "agents":
                    return Agents([])
            return Queues([])

    def close(self) -> None:
        """End it."""
        self.change()
        self._listening.close()


class Pages:
    """Waitress with a page of its own and the streams."""

    def __init__(self, folder: Path) -> None:
        self._opened: list[HTTPConnection] = []
        self.told = Told(folder / "control.sock")
        self.alive = {SESSION}
        self.streams = Streams(folder / "control.sock", self._look)
        self._server = create_server(_page, host="127.0.0.1", port=0, threads=2, ident=None)
        serve_live(self._server, self.streams, SECRET)
        self.port = int(self._server.effective_port)
        self.streams.start()
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def _look(self, sessions: frozenset[str]) -> Known:
        return Known(sessions & self.alive, Around({"alpha": "企业"}, {}))

    def watch(self, topic: str, session: str = SESSION) -> Any:
        """Open a stream; return the answer."""
        ticket = make_ticket(SECRET, Ticket(session, topic), time.time())
        return self.get(f"/live?ticket={ticket}")

    def get(self, path: str) -> Any:
        """Ask for a page, by a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        self._opened.append(connection)
        connection.request("GET", path)
        return connection.getresponse()

    def close(self) -> None:
        """End it."""
        for connection in self._opened:
            connection.close()
        self.streams.stop()
        self._server.task_dispatcher.shutdown()
        self._server.close()
        self.told.close()


def _page(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    start("404 Not Found", [("Content-Length", "4")])
    return [b"none"]


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """Return pages on a port of their own."""
    pages = Pages(tmp_path)
    yield pages
    pages.close()


def event(answer: Any) -> dict[str, Any]:
    """Return the next content that comes by a stream."""
    while True:
        line = answer.readline()
        assert line, "the stream has ended"
        if line.startswith(b"data: {"):
            told: dict[str, Any] = json.loads(line[6:])
            if told["up"]:
                return told


def test_viewers_hold_no_thread_and_learn_of_each_change(pages: Pages) -> None:
    """More of them than the pages have threads, and pages are served all the while."""
    viewers = [pages.watch("tenant:alpha") for _ in range(12)]
    assert all(viewer.status == 200 for viewer in viewers)
    assert viewers[0].headers["X-Accel-Buffering"] == "no"
    assert [event(viewer)["calls"] for viewer in viewers] == [[]] * 12
    assert pages.get("/anything").read() == b"none"
    pages.told.change(CALL)
    assert {event(viewer)["calls"][0]["caller"] for viewer in viewers} == {"13800138000"}


def test_without_a_good_ticket_there_is_nothing(pages: Pages) -> None:
    """A ticket of a session that is over opens nothing either."""
    assert pages.get("/live?ticket=made-up").status == 404
    with pytest.raises(ConnectionError):
        pages.watch("box", session="b" * 64)


def test_a_stream_ends_with_its_session(pages: Pages) -> None:
    """Who is signed out sees no more, also by a page that is open."""
    viewer = pages.watch("box")
    event(viewer)
    pages.alive.clear()
    with pytest.raises(ConnectionError):  # whoever comes makes it look at sessions
        pages.watch("box", session="c" * 64)
    while line := viewer.readline():
        assert not line.startswith(b"data: {")


@pytest.mark.parametrize(("login", "path"), [("anna", "/operator/ticket"), ("4001003721", "/t/alpha/ticket")])
def test_a_page_gets_tickets_for_its_own_session(site: Site, login: str, path: str) -> None:
    """The ticket in the address is of the browser that asks."""
    browser = site.browser(login)
    text = browser.get(path).json["url"].removeprefix("/live?ticket=").replace("%3A", ":")
    ticket = read_ticket(site.services.secret, text, site.clock())
    assert ticket is not None
    assert site.read(lambda root: ticket.session in root.web.sessions)


def test_a_session_has_no_more_streams_than_somebody_looks_at(pages: Pages) -> None:
    """The next one is closed; those that are open stay."""
    viewers = [pages.watch("box") for _ in range(MOST_OF_SESSION)]
    with pytest.raises(ConnectionError):
        pages.watch("box")
    pages.told.change(CALL)
    for viewer in viewers:
        while not event(viewer)["calls"]:
            pass


def test_a_stream_of_an_operator_who_acts_ends_when_he_may_not_any_more(site: Site) -> None:
    """His own account counts as well as the tenant's."""
    site.allow("alpha")
    session = WebSession("tenant:alpha", site.clock(), site.clock(), "127.0.0.1", acting="anna")
    token = digest(site.change(lambda root: open_session(root, session)))
    assert look_at(site.services, frozenset({token})).sessions == {token}
    account = site.read(lambda root: root.web.account("operator:anna"))
    disabled = msgspec.structs.replace(account, enabled=False)
    site.change(lambda root: root.web.set_account("operator:anna", disabled))
    assert look_at(site.services, frozenset({token})).sessions == frozenset()


def test_a_waiting_call_shows_its_queue_by_name() -> None:
    """Supervisors read 销售热线, not ``queue:sales``; a queue without a label is called by its name."""
    queue = LiveQueue(
        tenant="alpha", name="sales", label="销售热线", strategy="ordered", open=True, waiting=1, kept=0,
        longest_wait=3.0, expected_wait=None, agents=1, logged_in=1, serving=1, free=0, entered=1, answered=0,
        abandoned=0, left=0, dismissed={}, average_wait=None, longest_answered=0.0,
    )  # fmt: skip
    waiting = msgspec.structs.replace(CALL, who="queue:sales", state="queued")
    picture = Picture((waiting, msgspec.structs.replace(waiting, who="queue:other")), (), (queue,), 1.0, True)
    told = Painter().paint(["wall:alpha", "box"], picture, Around())
    for topic in told:
        assert [each["who"] for each in json.loads(told[topic])["calls"]] == ["销售热线", "other"]
