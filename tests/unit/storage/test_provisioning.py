"""Provisioning: a file says what should be there; twice changes nothing; faults are told at once."""

from __future__ import annotations

import hashlib
import json
import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.money.tariff import CallKind, Edition, Price, Tariff, never_reached
from domain.snapshot import (
    AnswerPolicy,
    BoundNumber,
    ExtensionSnapshot,
    ListenerSnapshot,
    NumberPlan,
    PrefixRule,
    TargetKind,
    TenantState,
    TrunkSnapshot,
)
from storage.connection import MainDatabase, StoreDown, open_main_in_memory
from storage.data_directory import DataDirectory
from storage.models import BoxConfig, PromptInfo, TenantConfig
from storage.provisioning import (
    Applied,
    Configuration,
    PromptRejected,
    ProvisioningError,
    apply_file,
    apply_wishes,
    export,
    export_database,
    make_plan,
    read_configuration,
    schema,
    write_configuration,
)
from storage.provisioning.changes import KINDS_ZH
from storage.provisioning.problems import MESSAGES
from storage.provisioning.reading import read_wishes
from storage.provisioning.reference import tables
from storage.serving.snapshots import build, publish, read_box, read_tenants, write


class MemoryPrompts:
    """Prompts that are their own content; audio must begin with ``sound``."""

    def __init__(self) -> None:
        self.prepared: dict[str, PromptInfo] = {}
        self.names: tuple[str, ...] = ("busy", "welcome")

    def ingest(self, path: Path) -> PromptInfo:
        data = path.read_bytes()
        if not data.startswith(b"sound"):
            raise PromptRejected(f"{path.name} is no audio; use WAV", f"{path.name} 不是音频；请使用 WAV")
        info = PromptInfo(hashlib.sha256(data).hexdigest(), path.name, 1.5, len(data))
        self.prepared[info.address] = info
        return info

    def known(self, address: str) -> PromptInfo | None:
        return self.prepared.get(address)

    def shipped(self) -> dict[str, Path]:
        return {name: Path(name) for name in self.names}


class Desk:
    """A technician's desk: a database, audio files, and files to apply."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database: MainDatabase = open_main_in_memory()
        self.prompts = MemoryPrompts()
        (folder / "audio").mkdir()
        (folder / "audio" / "welcome.wav").write_bytes(b"sound of welcome")
        (folder / "audio" / "notice.wav").write_bytes(b"sound of notice")
        (folder / "audio" / "broken.wav").write_bytes(b"noise")

    def apply(self, text: str, *, prune: bool = False, dry_run: bool = False) -> Applied:
        path = self.folder / "box.yaml"
        path.write_text(text, encoding="utf-8")
        return apply_file(self.database, path, self.prompts, prune=prune, dry_run=dry_run)

    def faults(self, text: str, language: str = "en") -> list[str]:
        before = self.configuration()
        with pytest.raises(ProvisioningError) as caught:
            self.apply(text)
        assert self.configuration() == before, "something was applied in spite of a fault"
        return caught.value.text(language).replace(str(self.folder) + "/", "").split("\n")

    def configuration(self) -> Configuration:
        return self.database.read(read_configuration)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


FIRST = """\
box:
  max_calls: 200
listeners:
  carrier:
    bind: 10.0.0.1
    advertise: sip.example.cn
trunks:
  unicom:
    sources: [192.0.2.0/24, 198.51.100.7]
    target: 192.0.2.10:5060
    landing_numbers: {"01088880000": 4001003721}
    called_prefixes: [{match: "86", replace: ""}]
tenants:
  acme:
    name: 示例公司
    max_calls: 30
    outbound_trunks: [unicom]
    extensions:
      "8001": {secret: correct-horse-battery}
    numbers:
      4001003721:
        welcome: audio/welcome.wav
        answer: at-once
        bound:
          - 13900001111
          - {number: 01061234567, label: 前台, job_number: "1001"}
          - {number: "8001", enabled: false}
"""


def test_a_first_file_sets_up_a_box(desk: Desk) -> None:
    """Trunk, tenant, number, phones and prompt are there afterwards, numbers exactly as typed."""
    desk.apply(FIRST)
    now = desk.configuration()
    tenant, plan = now.numbers["4001003721"]
    assert tenant == "acme"
    assert [(each.number, each.kind) for each in plan.bound] == [
        ("13900001111", TargetKind.MOBILE),
        ("01061234567", TargetKind.LANDLINE),
        ("8001", TargetKind.EXTENSION),
    ]
    assert plan.bound[2].enabled is False
    assert plan.answer is AnswerPolicy.AT_ONCE
    assert plan.welcome in desk.prompts.prepared
    assert now.trunks["unicom"].sources == ("192.0.2.0/24", "198.51.100.7/32")
    assert now.trunks["unicom"].called_prefixes == (PrefixRule("86", ""),)
    assert now.trunks["unicom"].landing_numbers == {"01088880000": "4001003721"}
    assert now.tenants["acme"].name == "示例公司"
    assert now.box.max_calls == 200


def test_applying_twice_changes_nothing(desk: Desk) -> None:
    """The second time there is nothing to tell and no new version."""
    first = desk.apply(FIRST)
    second = desk.apply(FIRST)
    assert first.version == 1
    assert (second.changes, second.version) == ((), 0)


def test_a_dry_run_tells_and_changes_nothing(desk: Desk) -> None:
    """What would change is told, and nothing is."""
    told = desk.apply(FIRST, dry_run=True)
    assert len(told.changes) == 6
    assert desk.configuration() == Configuration()
    assert desk.apply(FIRST).changes == told.changes


def test_changes_are_told_by_object_and_field(desk: Desk) -> None:
    """Old and new values, in English and Chinese, and never a password."""
    desk.apply(FIRST)
    changed = FIRST.replace("max_calls: 30", "max_calls: 40").replace("correct-horse", "wrong-donkey")
    changed = changed.replace("- 13900001111", "- 13800138000")
    told = desk.apply(changed).changes
    english = "\n".join(each.text() for each in told)
    assert english == (
        "~ changed tenant acme\n"
        "    max_calls: 30 -> 40\n"
        "~ changed extension 8001 (tenant acme)\n"
        "    secret: ******** -> ********\n"
        "~ changed number 4001003721 (tenant acme)\n"
        "    bound[13900001111]: 13900001111 mobile -> -\n"
        "    bound[13800138000]: - -> 13800138000 mobile"
    )
    assert "~ 修改 租户 acme" in "\n".join(each.text("zh") for each in told)
    assert "donkey" not in english


def test_a_field_that_is_not_named_stays(desk: Desk) -> None:
    """A file may say one thing only; null brings a default back."""
    desk.apply(FIRST)
    desk.apply("tenants: {acme: {state: suspended}}")
    tenant = desk.configuration().tenants["acme"]
    assert (tenant.state, tenant.max_calls, tenant.name) == (TenantState.SUSPENDED, 30, "示例公司")
    desk.apply("tenants: {acme: {max_calls: null, state: ~}}")
    tenant = desk.configuration().tenants["acme"]
    assert (tenant.state, tenant.max_calls) == (TenantState.ACTIVE, None)


def test_nothing_goes_unless_it_is_said_to_be_absent(desk: Desk) -> None:
    """An object that a file does not name stays; ``absent: true`` removes it."""
    desk.apply(FIRST)
    desk.apply("tenants: {other: {numbers: {4006000000: {}}}}")
    assert set(desk.configuration().tenants) == {"acme", "other"}
    told = desk.apply("tenants: {acme: {absent: true}}\ntrunks: {unicom: {absent: true}}").changes
    assert {each.what for each in told} == {"removed"}
    now = desk.configuration()
    assert (set(now.tenants), set(now.numbers), set(now.extensions), set(now.trunks)) == (
        {"other"},
        {"4006000000"},
        set(),
        set(),
    )


def test_pruning_makes_a_file_the_whole_truth_of_its_sections(desk: Desk) -> None:
    """Unnamed objects and fields of the sections a file has go; other sections and passwords stay."""
    desk.apply(FIRST)
    desk.apply(
        "tenants: {acme: {outbound_trunks: [unicom], extensions: {'8001': {}}, numbers: {4001003721: {}}}}",
        prune=True,
    )
    now = desk.configuration()
    assert now.numbers["4001003721"][1] == NumberPlan("4001003721")
    assert now.tenants["acme"] == TenantConfig("acme", "acme", outbound_trunks=("unicom",))
    assert now.extensions["acme", "8001"].secret == "correct-horse-battery"
    assert set(now.trunks) == {"unicom"}
    desk.apply("tenants: {acme: {extensions: {}}}", prune=True)
    assert not desk.configuration().extensions


def test_a_number_moves_when_it_is_taken_away_first(desk: Desk) -> None:
    """A number has exactly one tenant; it moves in one file that takes it away from the other."""
    desk.apply(FIRST)
    faults = desk.faults("tenants: {other: {numbers: {4001003721: {}}}}")
    assert faults == [
        "box.yaml:1: tenants.other.numbers.4001003721: 4001003721 belongs to tenant acme; a number has "
        "exactly one tenant: take it away there first (absent: true)"
    ]
    told = desk.apply(
        "tenants:\n  acme: {numbers: {4001003721: {absent: true}}}\n  other: {numbers: {4001003721: {}}}\n"
    ).changes
    assert desk.configuration().numbers["4001003721"][0] == "other"
    assert [(each.what, each.tenant) for each in told if each.kind == "number"] == [
        ("removed", "acme"),
        ("added", "other"),
    ]
    assert desk.database.read(lambda root: root.numbers["4001003721"]) == "other"
    assert desk.database.read(lambda root: len(root.tenants["acme"].numbers)) == 0


def test_one_number_in_two_tenants_of_one_file_is_refused(desk: Desk) -> None:
    """A number cannot be given to two tenants at once."""
    faults = desk.faults(
        "tenants:\n  a: {numbers: {4001003721: {}}}\n  b:\n    numbers:\n      4001003721: {}\n"
    )
    assert faults[0].startswith("box.yaml:5: tenants.b.numbers.4001003721: 4001003721 belongs to tenant a")


def test_more_than_20_bound_numbers_need_the_operator(desk: Desk) -> None:
    """20 is the limit until the tenant's own is raised."""
    bound = ", ".join(f"139000011{n:02d}" for n in range(21))
    file = f"tenants:\n  acme:\n    numbers:\n      4001003721:\n        bound: [{bound}]\n"
    assert desk.faults(file) == [
        "box.yaml:5: tenants.acme.numbers.4001003721.bound: has 21 bound numbers, the tenant may have 20; "
        "the operator can raise bound_limit of the tenant"
    ]
    raised = file.replace("  acme:\n", "  acme:\n    bound_limit: 21\n")
    desk.apply(raised)
    assert len(desk.configuration().numbers["4001003721"][1].bound) == 21
    assert "may have 20" in desk.faults("tenants: {acme: {bound_limit: 20}}")[0]


def test_passwords_are_made_once_and_kept(desk: Desk) -> None:
    """A phone without a password gets a long one, told once; later files do not change it."""
    file = "tenants: {acme: {extensions: {'8001': {}, '8002': {}}}}"
    first = desk.apply(file)
    assert set(first.generated) == {"8001", "8002"}
    assert all(len(secret) >= 20 for secret in first.generated.values())
    second = desk.apply(file)
    assert (second.generated, second.changes) == ({}, ())
    assert desk.configuration().extensions["acme", "8001"].secret == first.generated["8001"]


def test_two_tenants_may_have_the_same_extension(desk: Desk) -> None:
    """The second one's phones register with their tenant's name; the first one's notice nothing."""
    file = "tenants: {%s: {extensions: {'8001': {}}, numbers: {%s: {bound: ['8001']}}}}"
    first = desk.apply(file % ("beta", "4001003721"))
    second = desk.apply(file % ("acme", "4001003722"))
    assert (set(first.generated), set(second.generated)) == ({"8001"}, {"8001.acme"})
    now = desk.configuration().extensions
    assert [now[tenant, "8001"].account for tenant in ("beta", "acme")] == ["8001", "8001.acme"]
    (added,) = [change for change in second.changes if change.kind == "extension"]
    assert (added.key, added.tenant) == ("8001", "acme")
    assert "login: 8001.acme" in added.text()
    again = desk.apply(export(desk.configuration()), prune=True)
    assert again.changes == ()
    desk.apply("tenants: {beta: {extensions: {'8001': {absent: true}}, numbers: {4001003721: {bound: []}}}}")
    assert desk.configuration().extensions["acme", "8001"].account == "8001.acme"
    desk.apply("tenants: {acme: {extensions: {'8001': {login: null}}}}")
    assert desk.configuration().extensions["acme", "8001"].account == "8001"


def test_a_login_can_be_chosen_and_handed_over(desk: Desk) -> None:
    """One file may take it away from one tenant's phone and give it to another's."""
    desk.apply("tenants: {acme: {extensions: {'8001': {}}}, beta: {extensions: {'8001': {}}}}")
    assert desk.configuration().extensions["acme", "8001"].account == "8001"
    desk.apply(
        "tenants: {acme: {extensions: {'8001': {login: front-desk}}}, "
        "beta: {extensions: {'8001': {login: '8001'}}}}"
    )
    now = desk.configuration().extensions
    assert [now[tenant, "8001"].account for tenant in ("acme", "beta")] == ["front-desk", "8001"]


FAULTY = """\
box: {max_calls: many, colour: red}
trunks:
  unicom:
    sources: [192.0.2.5/24, 300.1.1.1]
    target: "192.0.2.10:99999"
    codecs: [PCMA, MP3]
    restore_zero: perhaps
  telecom: {kind: register, password: short}
tenants:
  acme:
    outbound_trunks: [mobile]
    extensions:
      "8001": {secret: short}
    numbers:
      4001003721:
        welcome: audio/none.wav
        ringback: audio/broken.wav
        no_answer_seconds: 1
        bound: [{label: nobody}, "12", 13900001111, 13900001111]
      400100372: {}
  bad tenant: {}
"""


def test_all_faults_are_told_at_once_with_line_and_field(desk: Desk) -> None:
    """One run tells everything that is wrong, where it stands and what to do, and applies nothing."""
    faults = desk.faults(FAULTY)
    places = [fault.split(": ", 2)[:2] for fault in faults]
    assert places == [
        ["box.yaml:1", "box.max_calls"],
        ["box.yaml:1", "box.colour"],
        ["box.yaml:4", "trunks.unicom.sources[1]"],
        ["box.yaml:4", "trunks.unicom.sources[2]"],
        ["box.yaml:5", "trunks.unicom.target"],
        ["box.yaml:6", "trunks.unicom.codecs[2]"],
        ["box.yaml:7", "trunks.unicom.restore_zero"],
        ["box.yaml:13", "tenants.acme.extensions.8001.secret"],
        ["box.yaml:16", "tenants.acme.numbers.4001003721.welcome"],
        ["box.yaml:17", "tenants.acme.numbers.4001003721.ringback"],
        ["box.yaml:18", "tenants.acme.numbers.4001003721.no_answer_seconds"],
        ["box.yaml:19", "tenants.acme.numbers.4001003721.bound[1].number"],
        ["box.yaml:20", "tenants.acme.numbers.400100372"],
        ["box.yaml:21", "tenants.bad tenant"],
    ]
    assert "write 192.0.2.0/24" in faults[2]
    assert "no audio; use WAV" in faults[9]


def test_faults_are_told_in_chinese(desk: Desk) -> None:
    """The same faults for a technician who reads Chinese."""
    faults = desk.faults(FAULTY, "zh")
    assert faults[0] == "box.yaml:1: box.max_calls: 'many' 不是 1 到 10000 的整数"
    assert faults[9].endswith("broken.wav 不是音频；请使用 WAV")


@pytest.mark.parametrize(
    ("file", "line", "says"),
    [
        ("trunks: {t: {target: 1.2.3.4, sources: [1.2.3.4], listener: office}}", 1, "no listener 'office'"),
        ("trunks: {t: {sources: [1.2.3.4]}}", 1, "has no target"),
        ("trunks: {t: {target: 1.2.3.4}}", 1, "has no sources"),
        ("trunks:\n  t: {kind: register, target: 1.2.3.4, username: u}", 2, "registers but has no password"),
        ("tenants: {a: {outbound_trunks: [x]}}", 1, "no trunk 'x'"),
        (
            "tenants: {a: {numbers: {4001003721: {bound: [{number: x1, kind: extension}]}}}}",
            1,
            "no extension",
        ),
        ("tenants: {a: {numbers: {4001003721: {bound: [13900001111, 13900001111]}}}}", 1, "stands twice"),
        ("tenants: {a: {numbers: {4001003721: {bound: [12345]}}}}", 1, "say the kind"),
        ("box: {backup: {at: '25:00', to: /}}", 1, "no time of day such as 02:30"),
        ("box: {backup: {to: backups}}", 1, "no directory 'backups'"),
        ("box: {backup: {keep: 3}}", 1, "box.backup.to"),
        (
            "tenants: {a: {extensions: {x: {login: z}, y: {login: z}}}}",
            1,
            "has the login 'z'; choose another",
        ),
        ("tenants: {a: {extensions: {x: {login: y.b}}}, b: {extensions: {y: {}}}}", 1, "has the login 'y.b'"),
        ("listeners: {a: {bind: 1.2.3.4}, b: {bind: 1.2.3.4}}", 1, "used by listener"),
        ("listeners: {a: {transports: [tls]}}", 1, "speaks TLS but has no tls_certificate"),
        (
            "trunks: {t: {target: h, sources: [1.2.3.4]}, u: {target: h, sources: [1.2.3.4]}}",
            1,
            "is a source of trunk",
        ),
        (
            "trunks: {t: {target: h, sources: [1.2.3.4], landing_numbers: {'010': 4001003721}}}",
            1,
            "no tenant owns",
        ),
        ("tenants: {a: {numbers: {4001003721: {entry: queue}}}}", 1, "is no destination"),
        ("tenants: {a: {numbers: {4001003721: {entry: 'group:x'}}}}", 1, "tenant a has no group:x"),
        ("tenants: {a: {groups: {x: {otherwise: 'extension:8001'}}}}", 1, "tenant a has no extension:8001"),
        ("tenants: {a: {groups: {x: {targets: [13900001111, 13900001111]}}}}", 1, "stands twice"),
        ("box: {stranger_status: 200}", 1, "neither 0 nor a whole number from 400 to 699"),
        ("trunks: {t: {session_seconds: 10}}", 1, "neither 0 nor a whole number from 90"),
        ("a: 1\na: 2\n", 2, "stands here again (first on line 1)"),
        ("box: [1", 1, "is no YAML"),
        ("box: &a [*a]", 1, "is nested too deeply"),
        ("box: !!python/object:os.system {}", 1, "has the tag"),
        ("trunks: [a, b]", 1, "must be `name: value` lines"),
        ("tenants: {a: {absent: true, name: x}}", 1, "nothing else may stand here"),
        ("tenants: {a: {name: [x]}}", 1, "must be a single value"),
        ("tenants: {a: {extensions: {x: {secret: '********'}}}}", 1, "masked secret"),
        ("tenants: {a: {numbers: {4001003721: {welcome: 'address:00'}}}}", 1, "not on this box"),
        ("tenants: {a: {numbers: {4001003721: {welcome: 'shipped:x'}}}}", 1, "no shipped prompt"),
        ("tenants: {a: {nmae: x}}", 1, "did you mean name?"),
    ],
)
def test_what_does_not_fit_is_told(desk: Desk, file: str, line: int, says: str) -> None:
    """Each fault has its line and its remedy."""
    faults = desk.faults(file)
    assert any(says in fault for fault in faults), faults
    assert faults[0].startswith(f"box.yaml:{line}: ")


def test_what_is_in_use_is_not_removed(desk: Desk) -> None:
    """A trunk, listener, extension or number that something needs cannot be taken away under it."""
    desk.apply(FIRST)
    assert "used by tenant acme" in desk.faults("trunks: {unicom: {absent: true}}")[0]
    assert (
        "used by number 4001003721"
        in desk.faults("tenants: {acme: {extensions: {'8001': {absent: true}}}}")[0]
    )
    assert (
        "used by trunk unicom" in desk.faults("tenants: {acme: {numbers: {4001003721: {absent: true}}}}")[0]
    )


GROUPS = """\
tenants:
  acme:
    groups:
      sales:
        strategy: simultaneous
        targets: [13900001111, {number: 01061234567, label: 前台}]
        otherwise: announcement:audio/notice.wav
    numbers:
      4001003721: {entry: "group:sales", otherwise: hang-up}
"""


def test_groups_belong_to_their_tenant(desk: Desk) -> None:
    """They are added, told, exported, served from, and changed without touching the numbers."""
    applied = desk.apply(GROUPS)
    assert [(change.what, change.kind, change.key, change.tenant) for change in applied.changes][-1] == (
        "added", "group", "sales", "acme",
    )  # fmt: skip
    (tenant,) = desk.database.read(build).tenants
    (group,) = tenant.groups
    assert [target.kind for target in group.targets] == [TargetKind.MOBILE, TargetKind.LANDLINE]
    assert str(tenant.numbers[0].entry) == "group:sales"
    assert desk.apply(GROUPS).changes == ()
    exported = export_database(desk.database)
    assert desk.apply(exported, prune=True).changes == ()
    (change,) = desk.apply("tenants: {acme: {groups: {sales: {targets: [13900001111]}}}}").changes
    assert change.text("zh") == (
        "~ 修改 振铃组 sales（租户 acme）\n    targets[01061234567]: 01061234567 landline 前台 -> -"
    )


def test_a_group_in_use_stays_and_one_out_of_use_goes(desk: Desk) -> None:
    """What a number leads to cannot be taken away under it."""
    desk.apply(GROUPS)
    gone = "tenants: {acme: {groups: {sales: {absent: true}}}}"
    assert "has no group:sales" in desk.faults(gone)[0]
    desk.apply("tenants: {acme: {numbers: {4001003721: {entry: null}}}}")
    assert [change.what for change in desk.apply(gone).changes] == ["removed"]
    assert not desk.configuration().parts["groups"]
    assert not desk.configuration().used_prompts()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"\x00",
        b"- 1\n- 2\n",
        b"a: b: c",
        b"{" * 5000,
        b"? [a]\n: b",
        b"%YAML 9.9\n---\n",
        b"'",
    ],
)
def test_any_bytes_give_a_list_of_faults_or_nothing(data: bytes, tmp_path: Path) -> None:
    """A file of any bytes never ends in a traceback."""
    problems = read_wishes(data, "x.yaml", tmp_path, MemoryPrompts()).faults
    assert bool(problems) is (data != b"")
    for problem in problems:
        assert problem.text("en")
        assert problem.text("zh")


def test_a_file_that_is_not_there(desk: Desk) -> None:
    """The name and the reason are told."""
    with pytest.raises(ProvisioningError, match="No such file"):
        apply_file(desk.database, desk.folder / "none.yaml", desk.prompts)


def test_every_message_is_in_both_languages_with_the_same_facts() -> None:
    """No message misses a translation or a fact."""
    for code, (english, chinese) in MESSAGES.items():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)
        ]
        if code not in ("prompt", "schedule", "flow", "template", "secret", "phone"):
            assert names[0] == names[1] or names[1] <= names[0], code


def test_the_tables_name_every_field() -> None:
    """A field that calls are served by can be provisioned, and has words in both languages."""
    for section in schema.SECTIONS:
        ours = {each.name for each in section.fields}
        theirs = set(section.type.__struct_fields__) - {section.key}
        if section is schema.EXTENSION:
            theirs.remove("tenant")
        if section is schema.FLOW:
            theirs.remove("version")
        assert ours == theirs, section.kind
        assert all(each.en and each.zh for each in section.fields)


def test_snapshots_are_written_when_they_changed(desk: Desk, tmp_path: Path) -> None:
    """b2bua serves from files: those that changed are written, and tenants that are gone disappear."""
    data = DataDirectory(tmp_path / "data")
    data.create()
    first = desk.apply(FIRST)
    assert sorted(write(data, desk.database.read(build))) == ["acme.json", "box.json"]
    assert read_box(data).version == read_tenants(data)["acme"].version == first.version == 1
    assert read_tenants(data)["acme"].numbers[0].bound[0] == BoundNumber("13900001111", TargetKind.MOBILE)
    second = desk.apply("tenants: {acme: {max_calls: 31}, other: {}}")
    assert sorted(write(data, desk.database.read(build))) == ["acme.json", "other.json"]
    assert read_tenants(data)["acme"].version == second.version == 2
    assert read_box(data).version == 1
    desk.apply("tenants: {other: {absent: true}}")
    publish(data, desk.database)
    assert set(read_tenants(data)) == {"acme"}
    assert write(data, desk.database.read(build)) == []


def test_a_restored_database_takes_the_snapshots_back_with_it(desk: Desk, tmp_path: Path) -> None:
    """After a restore calls are served by what was restored, though its versions are lower."""
    data = DataDirectory(tmp_path / "data")
    data.create()
    desk.apply(FIRST)
    backup = export_database(desk.database)
    desk.apply("tenants: {acme: {max_calls: 99}}")
    publish(data, desk.database)
    restored = open_main_in_memory()
    wishes = read_wishes(backup.encode(), "backup.yaml", tmp_path, desk.prompts)
    apply_wishes(restored, wishes)
    assert publish(data, restored).version == 1
    assert read_tenants(data)["acme"].max_calls == 30


# Export.

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
phones = st.from_regex(r"(1[3-9][0-9]{9}|0[1-9][0-9]{9})", fullmatch=True)
numbers_400 = st.from_regex(r"400[0-9]{7}", fullmatch=True)
prefixes = st.lists(st.builds(PrefixRule, st.from_regex(r"[0-9+]{0,4}", fullmatch=True)), max_size=2).map(
    tuple
)
trunks = st.builds(
    TrunkSnapshot,
    name=st.just(""),
    sources=st.just(("192.0.2.0/24",)),
    target=st.sampled_from(["192.0.2.1", "sip.example.cn:5070", "[2001:db8::1]:5060"]),
    inbound=st.just(False),
    username=texts,
    password=texts,
    options_seconds=st.sampled_from([0.0, 30.0, 12.5]),
    channels=st.none() | st.integers(1, 300),
    caller_prefixes=prefixes,
    restore_zero=st.booleans(),
    codecs=st.sampled_from([("PCMA", "PCMU"), ("PCMU",), ("G729", "PCMA")]),
    trunk_number=st.sampled_from(["", "01088880000", "0"]),
)
plans = st.builds(
    NumberPlan,
    number=st.just(""),
    bound=st.lists(
        st.builds(BoundNumber, phones, st.sampled_from(("landline", "mobile", "phs")).map(TargetKind), texts),
        max_size=4,
        unique_by=lambda bound: bound.number,
    ).map(tuple),
    welcome=st.none() | st.just("aa" * 32),
    record=st.booleans(),
    no_answer_seconds=st.sampled_from([25.0, 30.0, 12.5]),
)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    named = {
        name: msgspec.structs.replace(draw(trunks), name=name) for name in draw(st.sets(names, max_size=3))
    }
    tenants = {
        name: TenantConfig(
            name, draw(texts), max_calls=draw(st.none() | st.integers(1, 99)), outbound_trunks=tuple(named)
        )
        for name in draw(st.sets(names, max_size=3))
    }
    owners = sorted(tenants)
    numbers = {}
    extensions = {}
    if owners:
        for number in draw(st.sets(numbers_400, max_size=3)):
            plan = msgspec.structs.replace(draw(plans), number=number)
            numbers[number] = (draw(st.sampled_from(owners)), plan)
        taken: set[str] = set()
        for name in draw(st.sets(names, max_size=2)):
            for owner in draw(st.lists(st.sampled_from(owners), min_size=1, unique=True)):
                made = ExtensionSnapshot(name, owner, "s" * 20)
                if name in taken:
                    made = msgspec.structs.replace(made, login=made.qualified)
                if not taken & {made.account, made.qualified}:
                    taken |= {made.account, made.qualified}
                    extensions[owner, name] = made
    listeners = {}
    if draw(st.booleans()):
        listeners["carrier"] = ListenerSnapshot("carrier", "10.0.0.1", draw(st.integers(1, 65535)))
    price = st.builds(Price, first_li=st.integers(0, 999), kinds=st.sampled_from(((), (CallKind.LOCAL,))))
    prices = draw(st.lists(price, max_size=2).filter(lambda made: not never_reached(Edition(tuple(made)))))
    tariffs = {"standard": Tariff("standard", (Edition(tuple(prices), "2026-12-01"),))} if prices else {}
    whole = Configuration(
        BoxConfig(max_calls=draw(st.integers(1, 999))),
        listeners,
        named,
        tariffs,
        tenants,
        numbers,
        extensions,
    )
    whole.prompts = {address: PromptInfo(address, "w.wav", 1.0) for address in whole.used_prompts()}
    return whole


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configurations(), configurations())
def test_an_export_applied_changes_nothing_and_restores_everything(
    one: Configuration, other: Configuration
) -> None:
    """An export changes nothing where it came from, and makes an empty box the same."""
    prompts = MemoryPrompts()
    prompts.prepared = dict(one.prompts)
    text = export(one)
    wishes = read_wishes(text.encode(), "export.yaml", Path("."), prompts)
    problems = wishes.faults
    assert problems == []
    for prune in (False, True):
        plan = make_plan(wishes, one, prune=prune, make_secret=str)
        assert plan.problems == []
        assert plan.changes == ()
        assert plan.after == one
    onto_empty = make_plan(wishes, Configuration(), prune=False, make_secret=str)
    assert onto_empty.after == one

    database = open_main_in_memory()
    database.transact(lambda root: write_configuration(root, other))
    assert database.read(read_configuration) == other
    database.transact(lambda root: write_configuration(root, one))
    assert database.read(read_configuration) == one
    assert database.transact(lambda root: write_configuration(root, one)) == 0
    assert database.read(lambda root: dict(root.numbers)) == {
        number: owner for number, (owner, _) in one.numbers.items()
    }


def test_an_export_without_secrets_cannot_be_applied_by_mistake(desk: Desk) -> None:
    """A masked export is for showing; its masks never become passwords."""
    desk.apply(FIRST)
    text = export_database(desk.database, secrets=False)
    assert "battery" not in text
    assert "masked secret" in desk.faults(text)[0]
    assert desk.apply(export_database(desk.database)).changes == ()


def test_two_technicians_at_once(desk: Desk) -> None:
    """A plan is made anew when another file was applied in between: nothing of either is lost."""
    wishes = read_wishes(b"tenants: {a: {}}", "a.yaml", Path("."), desk.prompts)
    interfered = []

    def secret() -> str:
        if not interfered:
            interfered.append(True)
            desk.apply("tenants: {b: {extensions: {y: {}}}}")
        return "x" * 20

    wishes.extensions.extend(
        read_wishes(b"tenants: {a: {extensions: {x: {}}}}", "a.yaml", Path("."), desk.prompts).extensions
    )
    apply_wishes(desk.database, wishes, make_secret=secret)
    now = desk.configuration()
    assert set(now.tenants) == {"a", "b"}
    assert set(now.extensions) == {("a", "x"), ("b", "y")}


def test_the_reference_tells_every_field() -> None:
    """docs/provisioning.md shows the tables as the code has them."""
    page = Path(__file__).resolve().parents[3] / "docs" / "provisioning.md"
    assert tables() in page.read_text(encoding="utf-8")


def test_the_example_of_the_reference_can_be_applied(desk: Desk) -> None:
    """What people copy from the page works."""
    page = Path(__file__).resolve().parents[3] / "docs" / "provisioning.md"
    example = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert desk.apply(example).version == 1


words = st.sampled_from(
    [each.name for section in schema.SECTIONS for each in section.fields]
    + ["box", "trunks", "tenants", "numbers", "extensions", "absent", "4001003721", "acme", "carrier"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(words, inside, max_size=6),
    max_leaves=30,
)
objects = st.dictionaries(words, st.dictionaries(words, anything, max_size=5), max_size=3)
files = st.fixed_dictionaries(
    {}, optional={"box": anything, "trunks": objects, "listeners": objects, "tenants": objects}
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files | anything, st.booleans())
def test_a_file_of_any_content_gives_faults_or_a_plan(content: object, prune: bool) -> None:
    """Whatever somebody wrote under whatever name: faults in words or a plan, never a traceback."""
    data = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    wishes = read_wishes(data, "x.yaml", Path("/nowhere"), MemoryPrompts())
    problems = wishes.faults
    if not problems:
        plan = make_plan(wishes, Configuration(), prune=prune, make_secret=lambda: "s" * 20)
        problems = plan.problems
        assert all(each.text() and each.text("zh") for each in plan.changes)
    assert all(problem.text() and problem.text("zh") for problem in problems)


def test_every_kind_of_object_has_a_chinese_name() -> None:
    """What `apply` tells in Chinese must not end in a traceback."""
    kinds = {section.kind for section in (*schema.SECTIONS, schema.TARIFF)}
    inside = {
        "backup",
        "bound number",
        "routing",
        "rule",
        "share",
        "prefix rule",
        "edition",
        "price",
        "agreement",
        "spend step",
    }
    assert sorted(kinds - inside - set(KINDS_ZH)) == []


def test_faults_of_fields_and_of_references_are_told_together(desk: Desk) -> None:
    """One run tells all: wrong values, and what does not fit together elsewhere."""
    faults = desk.faults("""\
trunks:
  unicom: {target: "192.0.2.10:99999"}
  mobile: {listener: nowhere}
tenants:
  acme:
    outbound_trunks: [unicom, telecom]
    numbers:
      "4001003721":
        no_answer_seconds: soon
        entry: queue:sales
        bound: ["8001", "13900001111"]
      "4001003722": {entry: "queue:none"}
      "4001003723": {bound: [strange]}
    queues:
      sales: {strategy: wrong}
""")
    lines = [fault.split(": ")[0].removeprefix("box.yaml:") for fault in faults]
    assert lines == ["2", "2", "3", "3", "3", "6", "9", "11", "12", "13", "15"]
    assert "telecom" in faults[5]
    assert "unicom" not in faults[5]
    assert "queue:none" in faults[8]


def test_what_only_follows_from_a_fault_is_not_told(desk: Desk) -> None:
    """An object that could not be read is not missed by those that name it."""
    assert len(desk.faults("trunks: {unicom: 5}\ntenants: {acme: {outbound_trunks: [unicom]}}")) == 1
    misnamed = 'tenants: {acme: {groups: {"a b": {}}, numbers: {"4001003721": {entry: "group:a b"}}}}'
    assert all("a b" in fault for fault in desk.faults(misnamed))
    unread = 'tenants: {acme: {queus: {sales: {}}, numbers: {"4001003721": {entry: "queue:sales"}}}}'
    (fault,) = desk.faults(unread)
    assert "queus" in fault
    numbers = '"4001003721": {bound: ["77"]}, "4001003722": {entry: "number:4001003721"}'
    (fault,) = desk.faults(f"tenants: {{acme: {{numbers: {{{numbers}}}}}}}")
    assert "4001003721.bound" in fault


def test_faults_of_a_file_are_told_without_a_store(desk: Desk, tmp_path: Path) -> None:
    """They can be mended meanwhile; a file without any says that the store is down."""

    class Down:
        def transact(self, work: object, note: str = "") -> None:
            raise StoreDown("the store is down")

    path = tmp_path / "down.yaml"
    for text, error in (("box: {max_calls: many}", ProvisioningError), ("box: {max_calls: 5}", StoreDown)):
        path.write_text(text)
        with pytest.raises(error):
            apply_file(Down(), path, desk.prompts)  # type: ignore[arg-type]


NAMED = """\
tenants:
  acme:
    groups:
      ＶＩＰ组: {targets: ["13900001111"]}
    queues:
      客服 : {overflow: "group:ＶＩＰ组"}
    agents:
      "8001": {target: "13900002222", queues: [客服]}
    voicemails:
      留言箱: {otherwise: "queue:客服"}
    numbers:
      "4001003721": {entry: "voicemail:留言箱"}
"""


def test_names_are_in_the_tenants_own_script(desk: Desk) -> None:
    """Wherever one is written it is the same name; what is exported applies again."""
    desk.apply(NAMED)
    held = desk.configuration()
    assert list(held.parts["groups"]) == [("acme", "VIP组")]
    assert str(held.parts["queues"]["acme", "客服"].overflow) == "group:VIP组"
    assert not desk.apply(export(held)).changes
    assert not desk.apply(NAMED).changes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("groups: {VIP: {}, ＶＩＰ: {}}", "有两个都叫 VIP"),
        ("groups: {销售/部: {}}", "'销售/部' 不是合法名称"),
        ("groups: {.部: {}}", "'.部' 不是合法名称"),
        ("extensions: {小王: {}}", "'小王' 只能用英文字母"),
        ("agents: {小王: {}}", "'小王' 只能用英文字母"),
    ],
)
def test_what_nobody_may_be_called(desk: Desk, text: str, words: str) -> None:
    """Two of one name, what leads elsewhere, and names that phones must know."""
    assert words in "\n".join(desk.faults(f"tenants: {{acme: {{{text}}}}}", "zh"))
