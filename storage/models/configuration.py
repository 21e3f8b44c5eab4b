"""Persistent configuration: what the box itself knows, tenants and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.acd.configuration import Agent, Queue
from domain.brand import Brand
from domain.customers.conversation import Mailbox, SmsLine
from domain.days.calendar import EnteredDay
from domain.features import Feature, ProductEdition, features_of, served
from domain.money.fees import Agreement
from domain.money.funds import Terms
from domain.money.tariff import Tariff
from domain.notices.template import Template
from domain.notices.ways import Gateway, Recipients, Robot, Webhook
from domain.numbers.numbering import Numbering
from domain.numbers.terms import ClassTerms
from domain.numbers.vanity import VanityRule
from domain.outcomes import Outcome
from domain.snapshot import (
    BackupPlan,
    ExtensionSnapshot,
    ListenerSnapshot,
    NumberPlan,
    OffsitePlan,
    TargetGroup,
    TenantSnapshot,
    TenantState,
    TrunkSnapshot,
)
from domain.voice.prompts import resolved
from domain.voice.voicemail import Voicemail
from storage.models.document import Document
from storage.models.flows import PublishedFlow
from storage.models.prompts import TenantPrompt
from storage.models.web import Role

BOUND_LIMIT: Final = 20
"""Bound numbers a 400 number may have unless the operator raised the tenant's limit (features.md 2)."""

PROMPT_MEBIBYTES: Final = 50
PROMPT_MINUTES: Final = 60
"""What a tenant's own prompts, all versions together, may have uploaded and play."""


class BoxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the box that belong to no trunk, listener or tenant."""

    realm: str = "box400"
    phone_domain: str = ""
    max_calls: int = 300
    stranger_status: int = 0
    tenant_rings_per_second: float | None = 50.0
    number_rings_per_minute: int | None = 1200
    backup: BackupPlan | None = None
    system_prompts: dict[str, str] = {}
    """Name (``busy``, ``no-answer`` ...) -> content address."""
    announcements: bool = True
    alarm_mobiles: tuple[str, ...] = ()
    alarm_emails: tuple[str, ...] = ()
    alarm_warnings: bool = True
    """Whether those are told of warnings too."""
    prompt_pack: str = ""
    calendar: dict[str, EnteredDay] = {}
    """Date (``2027-01-01``) -> what it is."""
    web_networks: tuple[str, ...] = ()
    region_groups: dict[str, str] = {}
    """Province -> region group, where it is not the shipped one."""
    number_carriers: dict[str, str] = {}
    vanity_rules: tuple[VanityRule, ...] = ()
    class_terms: dict[str, ClassTerms] = {}
    reservation_days: int = 7
    activation_days: int = 7
    renewal_days: tuple[int, ...] = (60, 30, 7)
    offsite_to: str = ""
    offsite_password: str = ""
    offsite_minutes: int = 10
    offsite_keep_days: int = 14
    offsite_access_key: str = ""
    offsite_secret_key: str = ""
    offsite_host_key: str = ""
    masked_roles: tuple[Role, ...] = ()
    """Operators of these roles see callers' numbers without their middle."""
    brand_name: str = ""
    brand_colour: str = ""
    brand_logo: str = ""

    @property
    def offsite(self) -> OffsitePlan | None:
        """Encrypted backups off the machine; None: none are wanted."""
        if not self.offsite_to:
            return None
        return OffsitePlan(
            **{name: getattr(self, f"offsite_{name}") for name in OffsitePlan.__struct_fields__}
        )

    @property
    def brand(self) -> Brand:
        """What pages show in the place of the product's own."""
        return Brand(self.brand_name, self.brand_colour, self.brand_logo)

    @property
    def numbering(self) -> Numbering:
        """How numbers are sold."""
        return Numbering(**{name: getattr(self, name) for name in Numbering.__struct_fields__})


class TenantConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant without its numbers."""

    id: str
    name: str
    state: TenantState = TenantState.ACTIVE
    max_calls: int | None = None
    rings_per_second: float | None = None
    outbound_trunks: tuple[str, ...] = ()
    bound_limit: int = BOUND_LIMIT
    prompt_pack: str = ""
    prompt_mebibytes: int = PROMPT_MEBIBYTES
    prompt_minutes: int = PROMPT_MINUTES
    hold_music: str | None = None
    tariff: str = ""
    """Name of its tariff; empty: calls are not charged."""
    area_code: str = ""
    """Where the tenant is (``010``): which calls are local ones."""
    credit_li: int | None = None
    """How far below zero its balance may go, in 厘; 0: prepaid; None: no limit."""
    monthly_cap_li: int | None = None
    """费用控制: what its calls of a month may cost; None: no limit."""
    monthly_cap_calls: int | None = None
    agreements: tuple[Agreement, ...] = ()
    """What was agreed for its numbers: fees and minimum spend."""
    days: dict[str, EnteredDay] = {}
    """Date -> what it is for this tenant."""
    message_quota: int = 1000
    record_months: int = 3
    """How far back it looks its calls up; they are kept thirteen months, or as long as this if longer."""
    recording_months: int = 3
    recording_days: int = 0
    recording_mebibytes: int | None = None
    blacklist: dict[str, str] = {}
    vip: dict[str, str] = {}
    web_secret: str = ""
    edition: ProductEdition = ProductEdition.NETWORK
    features: dict[Feature, bool] = {}
    """What was switched by hand, whatever the edition includes."""

    def has(self, feature: Feature) -> bool:
        """Tell whether the tenant has a feature."""
        return feature in features_of(self.edition, self.features)


class PromptInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people want to know of a prompt."""

    address: str
    name: str
    """File name of the upload."""
    seconds: float = 0.0
    octets: int = 0
    """Size of the upload; 0: not known."""


class Box(Document[BoxConfig]):
    """The box's own settings."""

    TYPE = BoxConfig


class Listener(Document[ListenerSnapshot]):
    """A place where SIP is spoken."""

    TYPE = ListenerSnapshot


class Trunk(Document[TrunkSnapshot]):
    """A carrier trunk."""

    TYPE = TrunkSnapshot


class TariffDocument(Document[Tariff]):
    """A tariff with its editions."""

    TYPE = Tariff


class GatewayDocument(Document[Gateway]):
    """A way out for SMS or e-mail."""

    TYPE = Gateway


class TemplateDocument(Document[Template]):
    """The words of a kind of notice."""

    TYPE = Template


class Extension(Document[ExtensionSnapshot]):
    """A SIP phone of an agent."""

    TYPE = ExtensionSnapshot


class Number(Document[NumberPlan]):
    """A 400 number with what happens on a call to it."""

    TYPE = NumberPlan


class Group(Document[TargetGroup]):
    """A group of targets."""

    TYPE = TargetGroup


class QueueDocument(Document[Queue]):
    """A queue."""

    TYPE = Queue


class AgentDocument(Document[Agent]):
    """An agent of queues."""

    TYPE = Agent


class VoicemailBox(Document[Voicemail]):
    """A voicemail box."""

    TYPE = Voicemail


class RecipientsDocument(Document[Recipients]):
    """Who is told of a kind of notice."""

    TYPE = Recipients


class RobotDocument(Document[Robot]):
    """A robot of a group."""

    TYPE = Robot


class WebhookDocument(Document[Webhook]):
    """A web server that is told of calls."""

    TYPE = Webhook


class MailboxDocument(Document[Mailbox]):
    """An e-mail address that customers write to."""

    TYPE = Mailbox


class SmsLineDocument(Document[SmsLine]):
    """A number that customers write SMS to."""

    TYPE = SmsLine


PARTS: Final[dict[str, type[Document[Any]]]] = {
    "groups": Group,
    "flows": PublishedFlow,
    "voicemails": VoicemailBox,
    "queues": QueueDocument,
    "agents": AgentDocument,
    "notices": RecipientsDocument,
    "robots": RobotDocument,
    "webhooks": WebhookDocument,
    "mailboxes": MailboxDocument,
    "sms_lines": SmsLineDocument,
}
"""What a tenant owns by name besides numbers and extensions: field of the tenant's snapshot -> model. A kind
more is a line here, a section in ``storage.provisioning.schema``, and a field of ``TenantSnapshot`` unless no
call is served by it."""
NOT_SERVED: Final = frozenset(("notices", "robots", "webhooks", "mailboxes", "sms_lines"))
"""Parts that no call needs: they are in no snapshot."""


class Prompt(Document[PromptInfo]):
    """A pre-encoded prompt; its audio lies in the data directory."""

    TYPE = PromptInfo


class TenantDocument(Document[TenantConfig]):
    """A tenant's own settings."""

    TYPE = TenantConfig


class Tenant(Persistent):  # type: ignore[misc]
    """A tenant: configuration here, balances and records elsewhere, so that they never conflict."""

    def __init__(self, config: TenantConfig) -> None:
        self.config = TenantDocument(config)
        self.numbers: Any = OOBTree()
        """Number (10 digits) -> :class:`Number`."""
        self.parts: Any = OOBTree()
        """Key of :data:`PARTS` -> name -> its model."""
        self.prompts: Any = OOBTree()
        """Name -> :class:`storage.models.prompts.OwnPrompt`."""
        self.version = 0
        """``Root.version`` at the last change of anything in the snapshot."""

    def named(self, kind: str) -> Iterator[tuple[str, msgspec.Struct]]:
        """Return name and value of every part of a kind."""
        return ((name, part.value) for name, part in self.parts.get(kind, {}).items())

    def own_prompts(self) -> dict[str, TenantPrompt]:
        """Return the prompts it uploaded and did not remove, by name."""
        held = {name: prompt.value for name, prompt in self.prompts.items()}
        return {name: prompt for name, prompt in held.items() if prompt.versions}

    def snapshot(
        self,
        tariffs: Mapping[str, TariffDocument] = MappingProxyType({}),
        halted: Mapping[str, Outcome] = MappingProxyType({}),
    ) -> TenantSnapshot:
        """Return the frozen value that calls are served from; ``prompt:NAME`` has become an address.

        ``halted``: numbers out of service -> how their calls end.
        """
        config = self.config.value
        heard = {name: prompt.heard for name, prompt in self.own_prompts().items()}
        own = {name: version.address for name, version in heard.items() if version is not None}
        parts: dict[str, Any] = {
            kind: tuple(value for _, value in self.named(kind)) for kind in PARTS if kind not in NOT_SERVED
        }
        written = TenantSnapshot(
            id=config.id,
            name=config.name,
            state=config.state,
            max_calls=config.max_calls,
            rings_per_second=config.rings_per_second,
            outbound_trunks=config.outbound_trunks,
            hold_music=config.hold_music,
            numbers=tuple(number.value for number in self.numbers.values()),
            prompt_pack=config.prompt_pack,
            prompts=own,
            days=config.days,
            message_quota=config.message_quota,
            blacklist=config.blacklist,
            vip=config.vip,
            web_secret=config.web_secret,
            terms=Terms(
                tariff=tariffs[config.tariff].value if config.tariff in tariffs else None,
                area_code=config.area_code,
                credit_li=config.credit_li,
                monthly_cap_li=config.monthly_cap_li,
                monthly_cap_calls=config.monthly_cap_calls,
            ),
            halted={number: halted[number] for number in self.numbers if number in halted},
            version=self.version,
            **parts,
        )
        return served(resolved(written, own), features_of(config.edition, config.features))
