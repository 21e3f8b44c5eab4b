"""Voice menus of tenants: provisioned, drafted, published, taken back; what is wrong is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from domain.days.schedule import Schedule
from domain.flow.document import Flow, FlowDocument, Menu
from domain.flow.reading import as_document
from storage.models import Root
from storage.provisioning import export_database
from storage.serving.snapshots import build
from storage.voice import flows, own_prompts
from storage.voice.flows import MESSAGES, FlowFault, FlowRefused
from storage.voice.own_prompts import Upload
from tests.unit.storage.test_provisioning import Desk

T = TypeVar("T")
SHIPPED = ("welcome", "no-key", "wrong-key", "enter-extension", "extension-unknown")
TENANT = """\
tenants:
  acme:
    web_secret: a-long-enough-secret
    groups: {sales: {targets: [{number: "13900001111", job_number: "66"}]}}
    extensions: {"8001": {}}
"""
YAML = (
    TENANT
    + """\
    flows:
      main:
        title: 总机
        start: hours
        nodes:
          hours: {kind: hours, schedule: ["mon-fri 09:00-18:00"], open: main, closed: bye}
          main:
            kind: menu
            prompts: [audio/welcome.wav, shipped:welcome]
            keys: {1: sales, 0: dial}
            retries: 1
            first_key_seconds: 4.5
            interruptible: false
          dial: {kind: dial}
          sales: {kind: go, to: "group:sales"}
          bye: {kind: hang-up}
    numbers:
      "4001003721": {bound: ["13900001111"], entry: "flow:main"}
"""
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.prompts.names = SHIPPED
    return desk


def published(desk: Desk, name: str = "main") -> Flow:
    """Return a flow as calls are served by it."""
    (tenant,) = desk.database.read(build).tenants
    return next(flow for flow in tenant.flows if flow.name == name)


def document(**nodes: Any) -> FlowDocument:
    """Make a document that begins at its first node."""
    return as_document({"start": next(iter(nodes)), "nodes": nodes})


MENU = {"kind": "menu", "prompts": ["welcome"], "keys": {"1": "sales"}}
SALES = {"kind": "go", "to": "group:sales"}


# -- provisioning --------------------------------------------------------------------------------------


def test_a_flow_in_a_provisioning_file_is_published(desk: Desk) -> None:
    """Schedules as lines, audio by file name; applying it twice makes no second version."""
    desk.apply(YAML)
    flow = published(desk)
    assert (flow.version, flow.title, flow.start) == (1, "总机", "hours")
    menu = flow.nodes["main"]
    assert isinstance(menu, Menu)
    assert (menu.keys, menu.retries, menu.first_key_seconds, menu.interruptible) == (
        {"1": "sales", "0": "dial"}, 1, 4.5, False,
    )  # fmt: skip
    assert [len(prompt) for prompt in menu.prompts] == [64, 7]
    assert isinstance(flow.nodes["hours"].schedule, Schedule)  # type: ignore[union-attr]
    again = desk.apply(YAML)
    assert (again.changes, again.version) == ((), 0)
    assert published(desk).version == 1


def test_what_is_exported_applies_without_a_change(desk: Desk) -> None:
    """Kinds, lines of schedules, addresses of prompts and all."""
    desk.apply(YAML)
    text = export_database(desk.database)
    assert "mon-fri 09:00-18:00" in text
    assert desk.apply(text, prune=True).changes == ()


def test_a_change_of_a_flow_is_told_by_its_nodes(desk: Desk) -> None:
    """And is a version of its own."""
    desk.apply(YAML)
    changed = desk.apply(YAML.replace("retries: 1", "retries: 2"))
    (change,) = changed.changes
    assert (change.kind, change.key, [each.field for each in change.fields]) == (
        "flow",
        "main",
        ["nodes[main]"],
    )
    assert "语音导航 main" in change.text("zh")
    assert published(desk).version == 2
    state = desk.database.read(lambda root: flows.flow(root, "acme", "main"))
    assert [(each.version, each.by) for each in state.versions] == [(1, "apply"), (2, "apply")]


def test_a_flow_in_a_file_of_its_own(desk: Desk) -> None:
    """JSON, with audio beside it; its mistakes are told with its name."""
    (desk.folder / "menus").mkdir()
    (desk.folder / "menus" / "hello.wav").write_bytes(b"sound of hello")
    plain = {"start": "main", "nodes": {"main": {**MENU, "prompts": ["./hello.wav"]}, "sales": SALES}}
    file = desk.folder / "menus" / "main.json"
    file.write_text(json.dumps(plain, indent="\t"), encoding="utf-8")
    yaml = TENANT + "    flows: {main: menus/main.json}\n"
    desk.apply(yaml)
    assert len(published(desk).nodes["main"].prompts[0]) == 64  # type: ignore[union-attr]
    file.write_text(
        '{"start": "a", "nodes": {"a": {"kind": "hang-up", "kind": "go"}, "b": {}}}', encoding="utf-8"
    )
    told = desk.faults(yaml)
    assert len(told) == 3
    assert "menus/main.json: node a: 'kind' stands here twice" in told[0]
    assert "there is no file 'menus/gone.json'" in desk.faults(yaml.replace("main.json", "gone.json"))[0]


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("keys: {1: sales, 0: dial}", "keys: {1: sales, 0: gone}", 10, "leads by keys.0 to 'gone'"),
        ("group:sales", "group:gone", 10, "tenant acme has no group:gone"),
        ("shipped:welcome", "shipped:gone", 10, "names the prompt 'gone'"),
        ("shipped:welcome", "gone", 10, "names the prompt 'gone'"),
        ("shipped:welcome", "prompt:gone", 10, "gone"),
        ("retries: 1", "retries: 99", 12, "retries"),
        ("kind: menu", "kind: menue", 12, "menue"),
        ("mon-fri", "someday", 11, "is no day"),
        ("start: hours", "start: gone", 9, "no node 'gone' to start at"),
        ("audio/welcome.wav", "audio/gone.wav", 12, "there is no file 'audio/gone.wav'"),
    ],
)
def test_a_broken_flow_is_refused(desk: Desk, old: str, new: str, line: int, text: str) -> None:
    """With line, node and remedy; nothing is applied."""
    told = [each for each in desk.faults(YAML.replace(old, new)) if text in each]
    assert told
    assert told[0].startswith(f"box.yaml:{line}: "), told
    assert desk.faults(YAML.replace(old, new), "zh")


def test_what_a_flow_needs_cannot_be_taken_away(desk: Desk) -> None:
    """Neither the group it sends calls to nor the flow that a number begins with."""
    desk.apply(YAML)
    assert "no group:sales" in desk.faults("tenants: {acme: {groups: {sales: {absent: true}}}}")[0]
    assert "no flow:main" in desk.faults("tenants: {acme: {flows: {main: {absent: true}}}}")[0]


# -- drafts and versions -------------------------------------------------------------------------------


def do(desk: Desk, work: Callable[[Root], T]) -> T:
    """Do something in a transaction."""
    return desk.database.transact(work)


def publish(desk: Desk, made: FlowDocument | None, at: float = 1.0, **words: str) -> Flow:
    """Publish as ann."""
    return do(desk, lambda root: flows.publish(root, "acme", "menu", made, SHIPPED, by="ann", at=at, **words))


def test_a_draft_becomes_the_published_flow(desk: Desk) -> None:
    """A draft may be wrong; publishing tells why, and takes it once it is right."""
    desk.apply(TENANT)
    before = desk.database.read(build).version
    wrong = document(main=MENU, sales={"kind": "go", "to": "group:gone"})
    do(desk, lambda root: flows.save_draft(root, "acme", "menu", wrong, by="ann", at=1.0))
    with pytest.raises(FlowRefused, match="group:gone") as refused:
        publish(desk, None)
    assert [problem.node for problem in refused.value.problems] == ["sales"]
    assert desk.database.read(build).version == before, "a draft changes no call"
    right = document(main=MENU, sales=SALES)
    do(desk, lambda root: flows.save_draft(root, "acme", "menu", right, by="ann", at=2.0))
    assert publish(desk, None, note="first").version == 1
    state = do(desk, lambda root: flows.flow(root, "acme", "menu"))
    assert state.draft is None
    assert published(desk, "menu").document() == right
    assert desk.database.read(build).version == before + 1
    with pytest.raises(FlowFault, match="no draft"):
        publish(desk, None)


def test_versions_are_kept_and_rolled_back_to(desk: Desk) -> None:
    """Who, when and why; going back is a version more, and the same again is none."""
    desk.apply(TENANT)
    first, second = (document(main={**MENU, "retries": number}, sales=SALES) for number in (1, 2))
    publish(desk, first, 1.0, note="one")
    publish(desk, second, 2.0)
    assert publish(desk, second, 3.0).version == 2

    def back(number: int | None) -> Flow:
        return do(desk, lambda root: flows.roll_back(root, "acme", "menu", number, SHIPPED, by="bob", at=4.0))

    assert back(None).version == 3
    assert published(desk, "menu").document() == first
    assert back(2).version == 4
    state = do(desk, lambda root: flows.flow(root, "acme", "menu"))
    assert [(each.version, each.at, each.by, each.note) for each in state.versions] == [
        (1, 1.0, "ann", "one"), (2, 2.0, "ann", ""), (3, 4.0, "bob", "version 1 again"),
        (4, 4.0, "bob", "version 2 again"),
    ]  # fmt: skip
    with pytest.raises(FlowFault, match="no version 9"):
        back(9)


def test_what_an_old_version_names_must_still_be_there(desk: Desk) -> None:
    """Rolling back is checked like publishing."""
    desk.apply(TENANT)
    publish(desk, document(main=MENU, sales=SALES))
    publish(desk, document(main=MENU, sales={"kind": "go", "to": "extension:8001"}))
    desk.apply("tenants: {acme: {groups: {sales: {absent: true}}}}")
    with pytest.raises(FlowRefused, match="group:sales"):
        do(desk, lambda root: flows.roll_back(root, "acme", "menu", None, SHIPPED, by="bob", at=4.0))


def test_a_prompt_must_be_approved_before_a_flow_that_plays_it(desk: Desk) -> None:
    """Uploaded is not enough: nobody would hear it."""
    desk.apply(TENANT)
    made = document(main={**MENU, "prompts": ["prompt:hello"]}, sales=SALES)
    audio = Upload("ab" * 32, 1.0, 100, "hello.wav")

    def upload(approved: bool) -> None:
        do(desk, lambda root: own_prompts.upload(root, "acme", "hello", audio, by="ann", at=1.0,
                                                 approved=approved))  # fmt: skip

    upload(approved=False)
    with pytest.raises(FlowRefused, match="not there or not approved"):
        publish(desk, made)
    upload(approved=True)
    assert publish(desk, made).version == 1
    menu = published(desk, "menu").nodes["main"]
    assert isinstance(menu, Menu)
    assert menu.prompts == ("ab" * 32,), "calls are served by its address"


def test_a_flow_in_use_is_not_removed(desk: Desk) -> None:
    """The number first; its versions stay."""
    desk.apply(YAML)
    with pytest.raises(FlowFault, match="number 4001003721"):
        do(desk, lambda root: flows.remove(root, "acme", "main"))
    desk.apply('tenants: {acme: {numbers: {"4001003721": {entry: null}}}}')
    do(desk, lambda root: flows.remove(root, "acme", "main"))
    assert desk.database.read(build).tenants[0].flows == ()
    assert [state.name for state in do(desk, lambda root: flows.flows(root, "acme"))] == ["main"]
    again = do(desk, lambda root: flows.roll_back(root, "acme", "main", None, SHIPPED, by="bob", at=4.0))
    assert again.version == 2


@pytest.mark.parametrize(
    ("code", "work"),
    [
        ("no-tenant", lambda root: flows.flows(root, "nobody")),
        ("no-flow", lambda root: flows.flow(root, "acme", "none")),
        ("no-draft", lambda root: flows.drop_draft(root, "acme", "none")),
        ("name", lambda root: flows.save_draft(root, "acme", "a b", document(a=SALES), by="x", at=0.0)),
    ],
)
def test_what_cannot_be_done_says_why(desk: Desk, code: str, work: Callable[[Root], object]) -> None:
    """In both languages."""
    desk.apply(TENANT)
    with pytest.raises(FlowFault) as fault:
        do(desk, work)
    assert (fault.value.code, bool(fault.value.en), bool(fault.value.zh)) == (code, True, True)
    assert code in MESSAGES
