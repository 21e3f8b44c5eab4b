"""A tenant's prompts: upload, the operator's review, versions, quota; and packs of system prompts."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from BTrees.OOBTree import OOBTree
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot
from storage.connection import open_main_in_memory
from storage.evolution import step003_prompts
from storage.models import (
    Number,
    PromptInfo,
    PromptPack,
    PromptState,
    PromptVersion,
    Root,
    Tenant,
    TenantConfig,
    TenantPrompt,
)
from storage.models.root import ROOT_KEY
from storage.provisioning import (
    Applied,
    ProvisioningError,
    apply_file,
    export_database,
    read_configuration,
    write_configuration,
)
from storage.serving.snapshots import build
from storage.voice import own_prompts, prompt_packs
from storage.voice.own_prompts import MEBIBYTE, Upload
from storage.voice.prompt_addresses import addresses_in_use
from storage.voice.prompt_faults import MESSAGES, PromptFault
from tests.unit.storage.test_provisioning import MemoryPrompts

T = TypeVar("T")
NAMES = st.sampled_from(["greeting", "menu"])
AUDIO = st.sampled_from(["aa" * 32, "bb" * 32, "cc" * 32])
NUMBER = "4001003721"
OLD, NEW = "aa" * 32, "bb" * 32


class Box:
    """A box with the tenant acme, whose number welcomes with `prompt:greeting`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = open_main_in_memory()
        self.clock = 1000.0
        self.known = MemoryPrompts()

        def set_up(root: Root) -> None:
            root.tenants["acme"] = Tenant(TenantConfig("acme", "Acme", prompt_minutes=10))
            root.tenants["rival"] = Tenant(TenantConfig("rival", "Rival"))
            root.tenants["acme"].numbers[NUMBER] = Number(NumberPlan(NUMBER, welcome="prompt:greeting"))
            root.numbers[NUMBER] = "acme"

        self.database.transact(set_up)

    def do(self, work: Callable[[Root], T]) -> T:
        return self.database.transact(work)

    def upload(self, address: str, *, approved: bool, name: str = "greeting", octets: int = 1000,
               seconds: float = 2.0) -> PromptVersion:  # fmt: skip
        """Upload as the operator (approved) or as the tenant."""
        self.clock += 1
        audio = Upload(address, seconds, octets, "greeting.wav")
        self.known.prepared[address] = PromptInfo(address, "greeting.wav", seconds, octets)
        by = "operator" if approved else "acme"
        upload = own_prompts.upload
        return self.do(
            lambda root: upload(root, "acme", name, audio, by=by, at=self.clock, approved=approved)
        )

    def review(self, number: int | None = None, *, reason: str | None = None) -> PromptVersion:
        """Review as the operator."""
        self.clock += 1
        return self.do(
            lambda root: own_prompts.review(
                root, "acme", "greeting", number, reason=reason, by="operator", at=self.clock
            )
        )

    def tenant(self) -> TenantSnapshot:
        """Return what calls of acme are served by."""
        return self.database.read(build).tenants[0]

    def box(self) -> BoxSnapshot:
        return self.database.read(build).box

    def welcome(self) -> str | None:
        """Return what a caller of acme hears."""
        return self.tenant().numbers[0].welcome

    def prompt(self) -> TenantPrompt:
        return self.database.read(lambda root: own_prompts.prompts_of(root, "acme"))[0]

    def faulty(self, work: Callable[[Root], object]) -> str:
        """Return the code of the fault; nothing may have changed."""
        before = self.database.read(lambda root: (root.version, build(root)))
        with pytest.raises(PromptFault) as caught:
            self.do(work)
        assert caught.value.en
        assert caught.value.zh
        assert self.database.read(lambda root: (root.version, build(root))) == before
        return caught.value.code

    def apply(self, text: str) -> Applied:
        file = self.folder / "box.yaml"
        file.write_text(text, encoding="utf-8")
        return apply_file(self.database, file, self.known)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_what_a_tenant_uploads_is_not_heard_before_it_is_approved(box: Box) -> None:
    """Pending: no welcome at all. Approved: heard, and the snapshot says so by its version."""
    version = box.upload(OLD, approved=False)
    assert (version.version, version.state) == (1, PromptState.PENDING)
    assert (box.welcome(), box.tenant().prompts, box.tenant().version) == (None, {}, 0)
    reviewed = box.review()
    assert (reviewed.state, reviewed.uploaded_by, reviewed.reviewed_by) == (
        PromptState.APPROVED, "acme", "operator",
    )  # fmt: skip
    assert reviewed.reviewed_at == reviewed.uploaded_at + 1
    assert (box.welcome(), box.tenant().prompts) == (OLD, {"greeting": OLD})
    assert box.tenant().version == 1


def test_the_operators_own_upload_is_heard_at_once(box: Box) -> None:
    """He need not review himself; a new version takes the place of the old one."""
    assert box.upload(OLD, approved=True).state is PromptState.APPROVED
    assert box.welcome() == OLD
    assert box.upload(NEW, approved=True).version == 2
    assert box.welcome() == NEW


def test_callers_hear_the_old_version_while_a_new_one_waits(box: Box) -> None:
    """And when it is rejected, with the reason kept for the tenant."""
    box.upload(OLD, approved=True)
    before = box.tenant()
    box.upload(NEW, approved=False)
    waiting = box.database.read(own_prompts.pending)
    assert [(tenant, prompt.name, version.version) for tenant, prompt, version in waiting] == [
        ("acme", "greeting", 2)
    ]
    rejected = box.review(reason=" names another company ")
    assert (rejected.state, rejected.reason) == (PromptState.REJECTED, "names another company")
    assert box.tenant() == before
    assert box.database.read(own_prompts.pending) == []


def test_what_was_rejected_can_be_approved_after_all(box: Box) -> None:
    """The operator may change his mind; uploading the same audio again asks him again."""
    box.upload(OLD, approved=False)
    box.review(reason="too loud")
    assert box.upload(OLD, approved=False).version == 2
    box.review(1)
    assert box.welcome() == OLD


def test_uploading_the_same_audio_again_makes_no_version(box: Box) -> None:
    """Neither for the tenant, nor when the operator uploads what waits: that approves it."""
    box.upload(OLD, approved=False)
    assert box.upload(OLD, approved=False).version == 1
    assert box.upload(OLD, approved=True).version == 1
    assert box.prompt().in_force == 1
    version = box.tenant().version
    box.upload(OLD, approved=True)
    assert box.tenant().version == version


def test_rolling_back_and_forth(box: Box) -> None:
    """By default to the approved version before; to a named one in either direction."""
    box.upload(OLD, approved=True)
    box.upload(NEW, approved=False)
    box.review(reason="no")
    box.upload("cc" * 32, approved=True)
    assert box.do(lambda root: own_prompts.roll_back(root, "acme", "greeting", None)).version == 1
    assert box.welcome() == OLD
    box.do(lambda root: own_prompts.roll_back(root, "acme", "greeting", 3))
    assert box.welcome() == "cc" * 32
    roll_back = own_prompts.roll_back
    assert box.faulty(lambda root: roll_back(root, "acme", "greeting", 2)) == "not-approved"
    assert box.faulty(lambda root: roll_back(root, "acme", "greeting", 9)) == "no-version"
    box.do(lambda root: roll_back(root, "acme", "greeting", 1))
    assert box.faulty(lambda root: roll_back(root, "acme", "greeting", None)) == "none-before"


def test_removing(box: Box) -> None:
    """Nothing that is used or heard goes; numbers of versions are never used again."""
    box.upload(OLD, approved=True)
    box.upload(NEW, approved=True)
    remove = own_prompts.remove
    assert box.faulty(lambda root: remove(root, "acme", "greeting", 2)) == "in-force"
    assert box.faulty(lambda root: remove(root, "acme", "greeting", None)) == "in-use"
    assert [each.version for each in box.do(lambda root: remove(root, "acme", "greeting", 1))] == [1]
    assert box.upload("cc" * 32, approved=False).version == 3
    box.do(lambda root: remove(root, "acme", "greeting", 3))
    assert box.upload("cc" * 32, approved=False).version == 4
    with pytest.raises(PromptFault, match=f"number {NUMBER}"):
        box.do(lambda root: remove(root, "acme", "greeting", None))
    box.apply(f"tenants: {{acme: {{numbers: {{{NUMBER}: {{welcome: null}}}}}}}}")
    gone = box.do(lambda root: remove(root, "acme", "greeting", None))
    assert [each.version for each in gone] == [2, 4]
    assert box.tenant().prompts == {}
    assert box.database.read(lambda root: own_prompts.prompts_of(root, "acme")) == []
    assert box.faulty(lambda root: remove(root, "acme", "greeting", None)) == "no-prompt"
    with pytest.raises(ProvisioningError, match="has no prompt 'greeting'"):
        box.apply(f"tenants: {{acme: {{numbers: {{{NUMBER}: {{welcome: 'prompt:greeting'}}}}}}}}")
    assert box.upload(OLD, approved=True).version == 5


def test_what_is_heard_is_not_rejected(box: Box) -> None:
    """It is taken out of force first; a rejection has a reason."""
    box.upload(OLD, approved=True)
    assert box.faulty(lambda root: _reject(root, 1, "no")) == "in-force"
    assert box.faulty(lambda root: _reject(root, None, "no")) == "nothing-waits"
    box.upload(NEW, approved=False)
    assert box.faulty(lambda root: _reject(root, 2, "  ")) == "reason"
    box.upload("cc" * 32, approved=False)
    assert box.faulty(lambda root: _reject(root, None, "no")) == "several-wait"


def _reject(root: Root, number: int | None, reason: str) -> PromptVersion:
    return own_prompts.review(root, "acme", "greeting", number, reason=reason, by="operator", at=1.0)


def test_the_quota_counts_every_version(box: Box) -> None:
    """By octets uploaded and by minutes; removing one makes room."""
    box.upload(OLD, approved=True, octets=30 * MEBIBYTE)
    with pytest.raises(PromptFault) as caught:
        box.upload(NEW, approved=False, octets=21 * MEBIBYTE)
    assert caught.value.en.startswith("over the tenant's quota: 51.0 of 50 MiB, 0.1 of 10 minutes")
    box.upload(NEW, approved=True, octets=20 * MEBIBYTE)
    box.do(lambda root: own_prompts.remove(root, "acme", "greeting", 1))
    box.upload(OLD, approved=False, octets=30 * MEBIBYTE)
    used = box.database.read(lambda root: own_prompts.usage(root, "acme"))
    assert used == (50 * MEBIBYTE, 4.0, 50 * MEBIBYTE, 600.0)


def test_the_quota_of_minutes(box: Box) -> None:
    """Small files may be long."""
    box.upload(OLD, approved=True, seconds=590.0)
    with pytest.raises(PromptFault, match=r"10\.2 of 10 minutes"):
        box.upload(NEW, approved=False, seconds=20.0)
    box.apply("tenants: {acme: {prompt_minutes: 11}}")
    box.upload(NEW, approved=False, seconds=20.0)


@pytest.mark.parametrize(
    ("tenant", "name", "code"),
    [
        ("nobody", "hi", "no-tenant"),
        ("acme", "", "name"),
        ("acme", "../x", "name"),
        ("acme", "问候 一", "name"),
    ],
)
def test_names(box: Box, tenant: str, name: str, code: str) -> None:
    """A tenant that is there, a name that can be written in configuration."""
    audio = Upload(OLD, 1.0, 10, "a.wav")
    assert (
        box.faulty(lambda root: own_prompts.upload(root, tenant, name, audio, by="x", at=1.0, approved=True))
        == code
    )


def test_a_tenant_has_his_own_prompts_only(box: Box) -> None:
    """Another tenant's greeting is nobody else's."""
    box.upload(OLD, approved=True)
    assert box.faulty(lambda root: own_prompts.find(root, "rival", "greeting")) == "no-prompt"
    assert box.database.read(build).tenants[1].prompts == {}


def test_bounds_on_numbers_of_prompts(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills the database with tiny prompts."""
    monkeypatch.setattr(own_prompts, "MOST_PROMPTS", 1)
    monkeypatch.setattr(own_prompts, "MOST_VERSIONS", 2)
    box.upload(OLD, approved=True)
    box.upload(NEW, approved=True)
    with pytest.raises(PromptFault, match="has 2 versions"):
        box.upload("cc" * 32, approved=True)
    with pytest.raises(PromptFault, match="has had 1 prompts"):
        box.upload(OLD, approved=True, name="other")


def test_every_fault_has_both_languages() -> None:
    """Each tells the same facts in both."""
    for en, zh in MESSAGES.values():
        facts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (en, zh)]
        assert facts[0] == facts[1]
        assert any("\u4e00" <= char <= "\u9fff" for char in zh)


def test_audio_in_use(box: Box) -> None:
    """Every version of every tenant, packs, and what configuration names: none of it may be deleted."""
    box.upload(OLD, approved=True)
    box.upload(NEW, approved=False)
    box.do(lambda root: prompt_packs.put(root, PromptPack("lady", {"busy": "cc" * 32})))
    sound = box.folder / "ring.wav"
    sound.write_bytes(b"sound of ringing")
    box.apply(f"tenants: {{acme: {{numbers: {{{NUMBER}: {{ringback: ring.wav}}}}}}}}")
    ringback = box.tenant().numbers[0].ringback
    assert box.database.read(addresses_in_use) == {OLD, NEW, "cc" * 32, ringback}


class Desk(RuleBasedStateMachine):
    """Tenant and operator at once, in any order; whatever they do, nobody hears what was not approved."""

    def __init__(self) -> None:
        super().__init__()
        self.database = open_main_in_memory()
        acme = Tenant(TenantConfig("acme", "Acme"))
        self.database.transact(lambda root: root.tenants.__setitem__("acme", acme))
        self.approved: set[str] = set()
        self.numbers: set[tuple[str, int]] = set()
        self.clock = 0.0

    def attempt(self, work: Callable[[Root], T]) -> T | None:
        """Do it unless it does not fit."""
        self.clock += 1
        try:
            return self.database.transact(work)
        except PromptFault:
            return None

    @rule(name=NAMES, audio=AUDIO, operator=st.booleans())
    def upload(self, name: str, audio: str, operator: bool) -> None:
        sound = Upload(audio, 1.0, 1, "a.wav")
        before = {each.version for each in self.versions(name)}
        upload = own_prompts.upload
        made = self.attempt(
            lambda root: upload(root, "acme", name, sound, by="x", at=self.clock, approved=operator)
        )
        assert made is not None
        if operator:
            self.approved.add(audio)
        if made.version not in before:
            assert (name, made.version) not in self.numbers, "a version number was used again"
            self.numbers.add((name, made.version))

    @rule(name=NAMES, number=st.none() | st.integers(1, 4), reason=st.none() | st.just("no"))
    def review(self, name: str, number: int | None, reason: str | None) -> None:
        done = self.attempt(
            lambda root: own_prompts.review(
                root, "acme", name, number, reason=reason, by="boss", at=self.clock
            )
        )
        if done is not None and reason is None:
            self.approved.add(done.address)

    @rule(name=NAMES, number=st.none() | st.integers(1, 4))
    def roll_back(self, name: str, number: int | None) -> None:
        self.attempt(lambda root: own_prompts.roll_back(root, "acme", name, number))

    @rule(name=NAMES, number=st.integers(1, 4))
    def remove_version(self, name: str, number: int) -> None:
        self.attempt(lambda root: own_prompts.remove(root, "acme", name, number))

    def versions(self, name: str) -> tuple[PromptVersion, ...]:
        """Return what there is of a prompt."""
        own = self.database.read(lambda root: own_prompts.prompts_of(root, "acme"))
        return next((prompt.versions for prompt in own if prompt.name == name), ())

    @invariant()
    def callers_hear_approved_audio_only(self) -> None:
        own = self.database.read(lambda root: own_prompts.prompts_of(root, "acme"))
        for prompt in own:
            heard = prompt.heard
            assert (heard is None) == (prompt.in_force == 0)
            assert heard is None or heard.state is PromptState.APPROVED
        heard_by_callers = self.database.read(build).tenants[0].prompts
        assert heard_by_callers == {each.name: each.heard.address for each in own if each.heard is not None}
        assert set(heard_by_callers.values()) <= self.approved


Desk.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestDesk = Desk.TestCase


# -- provisioning ----------------------------------------------------------------------------------


def test_configuration_names_a_prompt_that_was_uploaded(box: Box) -> None:
    """`welcome: prompt:NAME` stays written so; whoever mistypes it is told what to do."""
    box.upload(OLD, approved=True, name="hello")
    text = f"tenants: {{acme: {{numbers: {{{NUMBER}: {{welcome: 'prompt:hello'}}}}}}}}"
    box.apply(text)
    assert box.welcome() == OLD
    assert box.apply(text).changes == ()
    assert 'welcome: "prompt:hello"' in export_database(box.database)
    with pytest.raises(ProvisioningError) as caught:
        box.apply(text.replace("hello", "helo"))
    assert "tenant acme has no prompt 'helo'; upload it first" in caught.value.text("en")
    assert "没有提示音 'helo'" in caught.value.text("zh")


def test_an_announcement_may_be_a_system_prompt_or_an_own_one(box: Box) -> None:
    """As a destination: spoken in the tenant's voice, or his own words."""
    box.upload(OLD, approved=True)
    box.known.names = ("after-hours",)
    box.apply(f"tenants: {{acme: {{numbers: {{{NUMBER}: {{entry: 'announcement:after-hours'}}}}}}}}")
    entry = box.tenant().numbers[0].entry
    assert entry is not None
    assert entry.name == "after-hours"
    box.apply(f"tenants: {{acme: {{numbers: {{{NUMBER}: {{entry: 'announcement:prompt:greeting'}}}}}}}}")
    entry = box.tenant().numbers[0].entry
    assert entry is not None
    assert entry.name == OLD
    exported = export_database(box.database)
    assert "announcement:prompt:greeting" in exported
    assert box.apply(exported).changes == ()


def test_a_tenants_settings_may_name_his_prompts(box: Box) -> None:
    """Hold music, for instance: while nothing is approved, the box's own plays."""
    box.upload(OLD, approved=True)
    with pytest.raises(ProvisioningError, match="has no prompt 'songs'"):
        box.apply("tenants: {acme: {hold_music: 'prompt:songs'}}")
    box.upload(NEW, approved=False, name="songs")
    box.apply("tenants: {acme: {hold_music: 'prompt:songs'}}")
    assert box.tenant().hold_music is None
    box.do(
        lambda root: own_prompts.review(root, "acme", "songs", None, reason=None, by="operator", at=box.clock)
    )
    assert box.tenant().hold_music == NEW
    with pytest.raises(PromptFault, match="used by the tenant's settings"):
        box.do(lambda root: own_prompts.remove(root, "acme", "songs", None))


PROVIDED = f"""\
tenants:
  acme:
    prompts:
      hello: hello.wav
    numbers:
      {NUMBER}: {{welcome: 'prompt:hello'}}
"""


def test_a_file_brings_prompts_and_what_names_them(box: Box) -> None:
    """The operator's own, so heard at once; applying it twice changes nothing, other audio is a version."""
    (box.folder / "hello.wav").write_bytes(b"sound of hello")
    (box.folder / "other.wav").write_bytes(b"sound of others")
    told = box.apply(PROVIDED)
    assert [(each.what, each.kind, each.key) for each in told.changes] == [
        ("changed", "number", NUMBER), ("added", "prompt", "hello"),
    ]  # fmt: skip
    hello = box.welcome()
    assert hello in box.known.prepared
    (made,) = box.prompt().versions
    assert (made.uploaded_by, made.octets, made.seconds, made.file) == ("apply", 14, 1.5, "hello.wav")
    again = box.apply(PROVIDED)
    assert (again.changes, again.version) == ((), 0)
    box.apply(PROVIDED.replace("hello.wav", "other.wav"))
    assert (box.prompt().in_force, box.welcome() != hello) == (2, True)
    back = box.apply(PROVIDED)
    assert back.version == box.tenant().version
    assert (box.prompt().in_force, len(box.prompt().versions), box.welcome()) == (1, 2, hello)


def test_an_export_names_the_prompts_in_force(box: Box) -> None:
    """What waits for review is the tenant's, and stays whatever file is applied."""
    (box.folder / "hello.wav").write_bytes(b"sound of hello")
    box.apply(PROVIDED)
    box.upload(NEW, approved=False, name="waiting")
    before = box.database.read(lambda root: own_prompts.prompts_of(root, "acme"))
    exported = export_database(box.database)
    assert f'audio: "address:{box.welcome()}"' in exported
    assert "waiting" not in exported
    file = box.folder / "all.yaml"
    file.write_text(exported, encoding="utf-8")
    assert apply_file(box.database, file, box.known, prune=True).changes == ()
    assert box.database.read(lambda root: own_prompts.prompts_of(root, "acme")) == before
    assert box.database.read(lambda root: own_prompts.pending(root))[0][1].name == "waiting"


def test_pruning_takes_no_prompts_away(box: Box) -> None:
    """A file that was written before a tenant uploaded cannot know of it."""
    box.upload(OLD, approved=True)
    file = box.folder / "old.yaml"
    file.write_text("tenants: {acme: {prompts: {}}, rival: {}}", encoding="utf-8")
    apply_file(box.database, file, box.known, prune=True)
    assert box.tenant().prompts == {"greeting": OLD}


def test_a_file_takes_a_prompt_away_that_nothing_names(box: Box) -> None:
    """Told at what still names it; gone with its last user."""
    (box.folder / "hello.wav").write_bytes(b"sound of hello")
    box.apply(PROVIDED)
    with pytest.raises(ProvisioningError, match=f"{NUMBER}.welcome: tenant acme has no prompt 'hello'"):
        box.apply("tenants: {acme: {prompts: {hello: {absent: true}}}}")
    gone = "prompts: {hello: {absent: true}}"
    told = box.apply(f"tenants: {{acme: {{{gone}, numbers: {{{NUMBER}: {{welcome: null}}}}}}}}")
    assert ("removed", "prompt", "hello") in [(each.what, each.kind, each.key) for each in told.changes]
    assert box.tenant().prompts == {}


def test_what_is_wrong_with_prompts_in_a_file(box: Box) -> None:
    """No audio, lying audio, more than the quota: each at its line; nothing is changed."""
    (box.folder / "noise.wav").write_bytes(b"noise")
    (box.folder / "long.wav").write_bytes(b"sound" * 300_000)
    box.apply(f"tenants: {{acme: {{prompt_mebibytes: 1, numbers: {{{NUMBER}: {{welcome: null}}}}}}}}")
    for audio, words in (
        ("", "prompts.hello.audio: must not be empty"),
        (" noise.wav", "noise.wav is no audio"),
        (" {audio: nowhere.wav}", "there is no file 'nowhere.wav'"),
        (" long.wav", "box.yaml:4: tenants.acme.prompts.hello.audio: over the tenant's quota: 1.4 of 1 MiB"),
    ):
        with pytest.raises(ProvisioningError) as caught:
            box.apply(PROVIDED.replace(" hello.wav", audio))
        assert words in caught.value.text("en")
        assert box.tenant().prompts == {}


def test_the_box_has_no_prompts_of_its_own(box: Box) -> None:
    """`system_prompts` are for every tenant: audio, of a name that is there."""
    with pytest.raises(ProvisioningError) as caught:
        box.apply("box: {system_prompts: {bussy: prompt:greeting}}")
    told = caught.value.text("en")
    assert "there is no system prompt 'bussy'" in told
    assert "there is no file 'prompt:greeting'" in told


def test_a_tenant_that_goes_takes_its_prompts_along(box: Box) -> None:
    """Another one of the same name begins anew."""
    box.upload(OLD, approved=True)
    box.apply("tenants: {acme: {absent: true}}")
    box.apply("tenants: {acme: {}}")
    assert box.database.read(lambda root: own_prompts.prompts_of(root, "acme")) == []


def test_provisioning_leaves_prompts_alone(box: Box) -> None:
    """Writing back what was read changes nothing, prompts and packs included."""
    box.upload(OLD, approved=True)
    box.do(lambda root: prompt_packs.put(root, PromptPack("lady", {"busy": OLD})))
    before = box.database.read(build)
    assert box.do(lambda root: write_configuration(root, read_configuration(root))) == 0
    assert box.database.read(build) == before


# -- packs -----------------------------------------------------------------------------------------


def test_a_pack_is_chosen_for_the_box_or_a_tenant(box: Box) -> None:
    """And cannot go while somebody uses it."""
    box.upload(OLD, approved=True)
    with pytest.raises(ProvisioningError, match="no prompt pack 'lady'; import it first"):
        box.apply("box: {prompt_pack: lady}")
    box.do(lambda root: prompt_packs.put(root, PromptPack("lady", {"busy": OLD})))
    assert box.box().prompt_packs == {"lady": {"busy": OLD}}
    version = box.box().version
    box.apply("box: {prompt_pack: lady}\ntenants: {acme: {prompt_pack: zh_CN}, rival: {prompt_pack: lady}}")
    assert (box.box().prompt_pack, box.tenant().prompt_pack) == ("lady", "zh_CN")
    assert box.box().version > version
    with pytest.raises(PromptFault, match="tenant rival, the box"):
        box.do(lambda root: prompt_packs.remove(root, "lady"))
    box.apply("box: {prompt_pack: null}\ntenants: {rival: {prompt_pack: null}}")
    box.do(lambda root: prompt_packs.remove(root, "lady"))
    assert box.box().prompt_packs == {}
    assert box.faulty(lambda root: prompt_packs.remove(root, "lady")) == "no-pack"


def test_a_pack_that_is_imported_again_is_replaced(box: Box) -> None:
    """With a new version of the box's snapshot only when a prompt is another one."""
    box.do(lambda root: prompt_packs.put(root, PromptPack("lady", {"busy": OLD}, 1.0, "me", "a.zip")))
    version = box.box().version
    box.do(lambda root: prompt_packs.put(root, PromptPack("lady", {"busy": OLD}, 2.0, "me", "b.zip")))
    assert box.box().version == version
    assert box.database.read(prompt_packs.packs)[0].source == "b.zip"
    box.do(lambda root: prompt_packs.put(root, PromptPack("lady", {"busy": NEW}, 3.0, "me", "c.zip")))
    assert (box.box().version, box.box().prompt_packs["lady"]) == (version + 1, {"busy": NEW})


@pytest.mark.parametrize(
    ("name", "code"), [("zh_CN", "pack-name"), ("a/b", "identifier"), ("女声", "identifier")]
)
def test_names_of_packs(box: Box, name: str, code: str) -> None:
    """The shipped voice keeps its name."""
    assert box.faulty(lambda root: prompt_packs.put(root, PromptPack(name))) == code


def test_a_database_of_before_gets_its_places() -> None:
    """The evolution step finds its work done without harm."""
    root = Root()
    root.tenants["acme"] = Tenant(TenantConfig("acme", "Acme"))
    del root.prompt_packs
    del root.tenants["acme"].prompts
    for _ in range(2):
        step003_prompts.run({ROOT_KEY: root})
        assert isinstance(root.prompt_packs, OOBTree)
        assert root.tenants["acme"].snapshot().prompts == {}
