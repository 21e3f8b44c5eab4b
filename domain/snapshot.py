"""Frozen configuration, as the b2bua serves calls from it.

``box.json`` holds a :class:`BoxSnapshot`, ``tenants/<id>.json`` a :class:`TenantSnapshot`; both are written
by the process that committed the change (see ``docs/architecture.md``). All durations are seconds, numbers
are ASCII digits.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from domain.acd.configuration import Agent, Queue
from domain.calling.prefix_rule import PrefixRule as PrefixRule
from domain.days.calendar import EnteredDay
from domain.flow.document import Flow
from domain.money.funds import Terms
from domain.outcomes import Outcome
from domain.routing.destination import Destination
from domain.routing.plan import RoutePlan
from domain.routing.target import BoundNumber as BoundNumber
from domain.routing.target import RingStrategy as RingStrategy
from domain.routing.target import TargetGroup as TargetGroup
from domain.routing.target import TargetKind as TargetKind
from domain.voice.voicemail import Voicemail


class TenantState(StrEnum):
    """Whether a tenant's calls are connected."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class AnswerPolicy(StrEnum):
    """When the caller is answered: at once (prompts are charged) or when somebody picks up."""

    AT_ONCE = "at-once"
    ON_PICKUP = "on-pickup"


class NumberPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens on a call to one 400 number, first edition."""

    number: str
    bound: tuple[BoundNumber, ...] = ()
    strategy: RingStrategy = RingStrategy.SEQUENTIAL
    answer: AnswerPolicy = AnswerPolicy.ON_PICKUP
    welcome: str | None = None
    """Content address (SHA-256, hex) of the pre-encoded welcome prompt; implies answering at once."""
    recording_notice: str | None = None
    """Content address of the prompt played before connection when calls are recorded."""
    ringback: str | None = None
    """Content address of 企业彩铃, played as early media instead of the ring tone."""
    record: bool = True
    no_answer_seconds: float = 25.0
    busy_tone_seconds: float = 3.0
    active: bool = True
    entry: Destination | None = None
    """Where its calls go first; None: to the bound numbers."""
    otherwise: Destination | None = None
    """Where a call goes that no bound number answered; None: it ends with an announcement."""
    pin: str = ""
    """专用密码: digits that callers must key before they are connected; empty: none."""
    routing: RoutePlan | None = None
    """Who may call, when, and where calls go; None: everybody, always, to ``entry``."""


class TenantSnapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of one tenant that calls need."""

    id: str
    name: str
    state: TenantState = TenantState.ACTIVE
    max_calls: int | None = None
    """Concurrent calls, or None without limit."""
    rings_per_second: float | None = None
    """Legs rung a second; None: ``BoxSnapshot.tenant_rings_per_second``."""
    outbound_trunks: tuple[str, ...] = ()
    """Names of trunks to reach bound numbers by, in order of preference; empty: every trunk that takes
    calls out."""
    hold_music: str | None = None
    """Content address of what a party on hold hears; None: the box's ``hold-music``."""
    numbers: tuple[NumberPlan, ...] = ()
    groups: tuple[TargetGroup, ...] = ()
    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    voicemails: tuple[Voicemail, ...] = ()
    message_quota: int = 1000
    """Messages kept in all its voicemail boxes."""
    blacklist: dict[str, str] = {}
    """黑名单 of all its numbers: pattern (``domain.routing.plan``) -> note."""
    vip: dict[str, str] = {}
    """VIP callers of all its numbers: whole number -> note."""
    prompt_pack: str = ""
    """The voice of its system prompts; empty: the box's."""
    prompts: dict[str, str] = {}
    """Its own approved prompts: name -> content address; ``domain.voice.prompts`` finds them."""
    days: dict[str, EnteredDay] = {}
    """Date (``2027-01-01``) -> the tenant's own word on it."""
    flows: tuple[Flow, ...] = ()
    """Published voice menus."""
    web_secret: str = ""
    """Signs what menus send to the tenant's web servers; empty: unsigned."""
    terms: Terms = Terms()
    """What its calls cost and how far they may go."""
    halted: dict[str, Outcome] = {}
    """Its numbers that are suspended or frozen -> how their calls end."""
    version: int = 0


class TrunkKind(StrEnum):
    """How a trunk's peer is known."""

    IP = "ip"
    REGISTER = "register"


class CallerHeader(StrEnum):
    """The header that names the caller on a trunk."""

    FROM = "From"
    P_ASSERTED_IDENTITY = "P-Asserted-Identity"
    REMOTE_PARTY_ID = "Remote-Party-ID"


class CalledHeader(StrEnum):
    """The header that names the called number on a trunk."""

    REQUEST_URI = "Request-URI"
    TO = "To"
    P_CALLED_PARTY_ID = "P-Called-Party-ID"
    DIVERSION = "Diversion"
    HISTORY_INFO = "History-Info"


class ShownCaller(StrEnum):
    """The caller number shown on legs that leave by a trunk."""

    CALLER = "caller"
    TENANT_NUMBER = "400"
    TRUNK_NUMBER = "trunk"


class TrunkSnapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One carrier trunk (中继)."""

    name: str
    kind: TrunkKind = TrunkKind.IP
    enabled: bool = True
    sources: tuple[str, ...] = ()
    """Networks in CIDR notation from which its requests arrive; source ports are free."""
    target: str = ""
    """``host[:port]`` that calls leave to; a name without a port is resolved by RFC 3263."""
    transport: str = "udp"
    """``udp``, ``tcp`` or ``tls``."""
    listener: str = "carrier"
    tls_authorities: str = ""
    """PEM file of who vouches for the peer's TLS certificate; empty: the system's authorities."""
    inbound: bool = True
    outbound: bool = True
    # registration (IMS profile)
    username: str = ""
    password: str = ""
    realm: str = ""
    domain: str = ""
    """From/To domain and registrar; empty: the host of ``target``."""
    outbound_proxy: str = ""
    register_seconds: int = 3600
    # health, limits
    options_seconds: float = 30.0
    """Interval of OPTIONS probes; 0: none."""
    failover_seconds: float = 2.5
    """No provisional answer within this time: the next trunk is tried."""
    channels: int | None = None
    calls_per_second: float | None = None
    early_media_seconds: float = 60.0
    # numbers
    caller_header: CallerHeader = CallerHeader.FROM
    caller_prefixes: tuple[PrefixRule, ...] = ()
    restore_zero: bool = False
    """The carrier drops the 0 of area codes (``10…`` for ``010…``)."""
    caller_area_code: str = ""
    """Of callers that come with their local number alone; empty: such have no place."""
    called_header: CalledHeader = CalledHeader.REQUEST_URI
    called_prefixes: tuple[PrefixRule, ...] = ()
    landing_numbers: dict[str, str] = {}
    """落地号 -> 400 number."""
    dialled_prefixes: tuple[PrefixRule, ...] = ()
    """Applied to the number dialled on outbound legs."""
    shown_caller: ShownCaller = ShownCaller.TRUNK_NUMBER
    trunk_number: str = ""
    tel_uri: bool = False
    tenant: str = ""
    """The tenant whose PBX or call centre it leads to; nobody else's calls leave by it. Empty: a
    carrier's."""
    # media
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    srtp: bool = False
    play_early_media: bool = False
    """Let the caller hear a single outbound leg's own 183 audio."""
    reliable_provisional: bool = True
    """Offer and use 100rel (RFC 3262)."""
    session_seconds: int = 1800
    """Session-Expires offered (RFC 4028); 0: none."""


class ListenerSnapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place where SIP is spoken: one network card or one role of it."""

    name: str
    bind: str = "127.0.0.1"
    port: int = 5060
    transports: tuple[str, ...] = ("udp", "tcp")
    tls_port: int = 5061
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_authorities: str = ""
    """PEM file of the authorities whose certificates TLS peers must show (mutual TLS); empty: none asked."""
    advertise: str = ""
    """Host written into Via and Contact; empty: ``bind``."""
    rtp_bind: str = ""
    """Address of media sockets; empty: ``bind``."""
    rtp_advertise: str = ""
    """Address written into SDP; empty: ``advertise``, else ``rtp_bind``."""


class ExtensionSnapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A SIP phone of an agent that registers here."""

    name: str
    """Its number inside the tenant, as bound numbers and transfers name it; two tenants may both have it."""
    tenant: str
    secret: str
    login: str = ""
    """User name that its phones register by, its own on the whole box; empty: ``name``."""
    listener: str = "carrier"
    max_bindings: int = 5
    ringback: str | None = None
    """Content address of what callers hear while it is rung alone; None: as its group or number says."""
    codecs: tuple[str, ...] = ("PCMA", "PCMU", "G722", "opus")
    srtp: bool = False
    supervisor: bool = False
    """Whether it may listen to its tenant's talks, whisper and barge in by dialling a star code."""

    @property
    def account(self) -> str:
        """The name that is its own on the whole box: what bindings, records and logs call it."""
        return self.login or self.name

    @property
    def qualified(self) -> str:
        """The name with its tenant, which phones may always register by."""
        return f"{self.name}.{self.tenant}"


class BackupPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backup each night."""

    to: str
    """Directory, best on another machine; it must be there."""
    at: str = "02:30"
    """``HH:MM`` in Beijing."""
    keep: int = 7
    """Generations to keep."""


class OffsitePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Encrypted backups off the machine, several an hour."""

    to: str
    """Where restic's repository is: ``/mnt/disk``, ``sftp:user@host:/path``, ``s3:https://host/bucket``."""
    password: str
    """It is encrypted by this; without it nothing can be restored."""
    minutes: int = 10
    """From one beginning to the next; what is younger is lost with the box."""
    keep_days: int = 14
    """All of the last two days, then one a day for so long."""
    access_key: str = ""
    secret_key: str = ""
    """Of S3."""
    host_key: str = ""
    """The line of ``known_hosts`` by which the SFTP server is known."""


class BoxSnapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Configuration that belongs to no tenant."""

    listeners: tuple[ListenerSnapshot, ...] = (ListenerSnapshot(name="carrier"),)
    trunks: tuple[TrunkSnapshot, ...] = ()
    extensions: tuple[ExtensionSnapshot, ...] = ()
    realm: str = "box400"
    phone_domain: str = ""
    """Phones may register in ``TENANT.phone_domain``; empty: only in ``TENANT``."""
    stranger_status: int = 0
    """SIP status that the first INVITE of a strange host gets, statelessly; 0: silence."""
    system_prompts: dict[str, str] = {}
    """Name (``busy``, ``no-answer``, ``number-unknown`` ...) -> content address, instead of the pack's."""
    prompt_pack: str = ""
    """The voice of the box's system prompts; empty: the one that ships."""
    prompt_packs: dict[str, dict[str, str]] = {}
    """Imported packs: name -> name of a prompt -> content address."""
    announcements: bool = True
    """Whether callers who are not connected hear why, in early media; without it only by those prompts that
    ``system_prompts`` names."""
    max_calls: int = 300
    tenant_rings_per_second: float | None = 50.0
    """Legs that one tenant may ring a second, four seconds' worth at once; None: no limit."""
    number_rings_per_minute: int | None = 1200
    """How often one number may be rung within a minute, by all calls together; None: no limit."""
    backup: BackupPlan | None = None
    offsite: OffsitePlan | None = None
    calendar: dict[str, EnteredDay] = {}
    """Date (``2027-01-01``) -> the operator's word on it."""
    region_groups: dict[str, str] = {}
    """Province -> region group, where it is not the shipped one."""
    web_networks: tuple[str, ...] = ()
    """Private networks (CIDR) in which menus may ask web servers; all others must be public addresses."""
    reclaimed: tuple[str, ...] = ()
    """400 numbers that nobody has any more, but had."""
    version: int = 0
