"""What the call services need from the world: SIP legs, media, journal, directory, clock.

Services import this module only. Every port has an in-memory twin in ``tests/twins`` and one contract suite
that runs on the twin and on the real thing. Deferreds are single-shot; cancelling one withdraws the wish
behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from b2bua.calls.floor import Floor
from b2bua.calls.live import Live
from b2bua.calls.rates import DialRates
from b2bua.calls.web import NoWeb, WebClient
from b2bua.calls.wishes import WishList
from b2bua.sdp import SessionDescription
from domain.calling.caller import Caller, CallerClass
from domain.calling.facts import FactsInForce
from domain.flow.dialling import DialPlan
from domain.money.funds import Funds
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from storage.journal import Event


class CallBackFacts(msgspec.Struct, frozen=True):
    """What a call-back is for."""

    contact: str
    """Id of the call that it answers."""
    agent: str
    """The phone that is rung first."""


class Invitation(msgspec.Struct, frozen=True):
    """The facts of an INVITE that asks for a new call."""

    trunk: str | None
    """Name of the trunk it came by, or None when an extension sent it."""
    extension: str | None
    """The account of the extension (``ExtensionSnapshot.account``), or None."""
    listener: str
    called_raw: str
    called: str
    """Called number after the trunk's header, prefix and landing-number rules."""
    caller_raw: str
    caller: str
    """Canonical caller digits; empty when withheld."""
    caller_display: str
    anonymous: bool
    sip_call_id: str
    source: str
    """``host:port`` the request came from."""
    user_agent: str
    offer: SessionDescription | None
    """None: late offer, the caller answers ours in his ACK."""
    call_back: CallBackFacts | None = None
    """The box itself begins the call: there is no INVITE, and what else is said here is made up of the
    contact."""
    test: bool = False
    """The box begins the call so that somebody can hear how it works; there is no INVITE either."""
    caller_class: CallerClass = CallerClass.UNKNOWN
    caller_header: str = ""
    """Header the caller was found in."""
    max_forwards: int = 70
    """How many hops the call may still take; legs rung for it get one less, so that a loop through carriers
    ends (RFC 7332)."""

    @property
    def who(self) -> Caller:
        """Who calls."""
        return Caller(self.caller_raw, self.caller, self.caller_class)


class LegEnd(msgspec.Struct, frozen=True):
    """How an established or early dialog came to its end."""

    by_peer: bool
    status: int
    """SIP status for a refused or cancelled leg (487 for CANCEL); 0 for a BYE."""
    reason: str
    """Reason header or phrase as received, hostile text."""


class DialFailed(Exception):
    """A leg we dialled was not answered.

    ``status`` is the SIP status (408 for silence, 503 for no usable trunk); ``outcome`` what it means for
    the record.
    """

    def __init__(self, status: int, reason: str, outcome: Outcome) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.outcome = outcome


Renegotiate = Callable[[SessionDescription], SessionDescription | None]
"""Takes the peer's new offer (hold, resume, new address), returns our answer, or None to refuse with 488."""

OnDialled = Callable[[str | None, str, bytes], None]
"""Takes the trunk's name (None for an extension), the listener's, and the JSON of the new dialog's
DialogState; called just before each INVITE is sent, so that no crash leaves a phone ringing that nobody
knows of."""


@dataclass(frozen=True, slots=True)
class Referral:
    """A registered phone's wish that the party it talks to be connected elsewhere (REFER, RFC 3515)."""

    target: str
    """Whom to reach, as the phone wrote it: the user part of Refer-To, hostile text."""
    attended: bool
    """It names a dialog in which the phone has asked the target before (RFC 3891)."""
    replaces: Leg | None
    """The leg of that dialog; None also when the box has no such dialog."""
    report: Callable[[int, bool], None]
    """Tells the phone how it goes (NOTIFY): a SIP status, and whether that is the last word."""


class Leg(Protocol):
    """What both kinds of legs share once a dialog exists."""

    id: str
    """``a``, ``b1`` ... (docs/architecture.md)."""
    ended: Deferred[LegEnd]
    """Fires once, when the dialog (early or confirmed) is over, whoever ended it."""
    on_reoffer: Renegotiate | None
    on_offer_wanted: Callable[[], SessionDescription] | None
    """Makes our offer for the answer to a re-INVITE without SDP."""
    on_answer: Callable[[SessionDescription], None] | None
    """Called with the peer's answer (in his ACK) to what ``on_offer_wanted`` made."""
    on_key: Callable[[str], None] | None
    """Called with each DTMF digit that arrives by SIP INFO."""
    on_refer: Callable[[Referral], int] | None
    """Judges a phone's REFER: 202, or the status to refuse it with (603 while unset). Trunks always get
    403."""
    on_referred: Callable[[Referral], None] | None
    """Carries out what was judged with 202, once the phone knows."""
    on_dialog: Callable[[bytes], None] | None
    """Called with the JSON of ``b2bua.sip.dialog.DialogState`` after each change that a later BYE would
    need: made (early or confirmed), target refreshed, our CSeq moved; before the box sends what follows
    from it."""

    def hang_up(self, reason: str = "") -> None:
        """End the dialog (BYE, CANCEL or final refusal, as its state asks); ``ended`` fires when done."""

    def reoffer(self, offer: SessionDescription) -> Deferred[SessionDescription]:
        """Send a new offer in the dialog; fires with the answer, errbacks DialFailed when refused."""


class InboundLeg(Leg, Protocol):
    """The caller's leg; box400 is the UAS."""

    invitation: Invitation

    @property
    def replaces(self) -> Leg | None:
        """The leg of ours that a phone asks to take the place of (INVITE with Replaces, RFC 3891)."""

    def ring(self) -> None:
        """Send 180 without SDP (once; later calls change nothing)."""

    def progress(self, answer: SessionDescription) -> None:
        """Open early media: 183 with this answer, reliably where the caller requires 100rel."""

    def answer(self, description: SessionDescription) -> Deferred[SessionDescription | None]:
        """Send 200; fires at the ACK, with the caller's answer when the offer was ours (late offer)."""

    def refuse(self, status: int, reason: str) -> None:
        """Send a final refusal; the leg is over."""


class OutboundLeg(Leg, Protocol):
    """A leg to a target; box400 is the UAC."""

    trunk: str | None
    """Name of the trunk it leaves by (it changes when a trunk fails over), None for an extension."""
    answered: Deferred[SessionDescription]
    """Fires with the answer at 200 (ACK is sent by the stack); errbacks DialFailed. Cancelling it sends
    CANCEL."""
    on_progress: Callable[[int, SessionDescription | None], None] | None
    """Called with each provisional answer above 100: status and early SDP."""


class Dialling(msgspec.Struct, frozen=True):
    """One target to ring and how to show the call there."""

    call: str
    leg: str
    tenant: str
    tenant_number: str
    """The 400 number the caller dialled."""
    target: str
    is_extension: bool
    caller: str
    anonymous: bool
    trunks: tuple[str, ...]
    """Trunk names in order of preference; empty for an extension."""
    max_forwards: int = 69
    """One less than the invitation's; below 1 the leg fails with 483."""


class Dialler(Protocol):
    """Places outbound legs. Only ``calls.authorise`` may call it."""

    def dial(
        self, dialling: Dialling, offer: Callable[[str], SessionDescription], on_dialled: OnDialled
    ) -> OutboundLeg:
        """Ring one target; ``offer(listener)`` makes our SDP for the listener the leg will leave by.

        All trunks of one ``dialling`` share a listener (``calls.authorise`` groups them so), because the
        media port is allocated on that listener's address before. An extension's phones all ring at once,
        as one leg; ``on_dialled`` is called for each. Both callbacks may run before ``dial`` returns.
        """


class Reception(Protocol):
    """Where the stack hands over what arrives; the call services implement it."""

    def arrive(self, leg: InboundLeg) -> None:
        """Take a new call; the leg is in state "trying" (100 sent or due), nothing else was answered."""

    def refused(self, invitation: Invitation, status: int, reason: str) -> None:
        """Note an INVITE of a trunk or an extension that the stack itself refused (malformed, 420, 482
        ...)."""


class Remote(msgspec.Struct, frozen=True):
    """Where and how a peer wants its media, out of its SDP."""

    host: str
    port: int
    codec: str
    """``PCMA``, ``PCMU``, or another encoding name passed through."""
    payload_type: int
    clock_rate: int = 8000
    event_payload_type: int | None = None
    """Payload type of telephone-event (RFC 4733), or None."""
    ptime: int = 20
    sending: bool = True
    """False: the peer must get nothing (hold: its direction is sendonly or inactive)."""
    receiving: bool = True
    """False: nothing is expected from the peer (recvonly, inactive); no dead-media alarm."""
    srtp_local_key: bytes = b""
    srtp_remote_key: bytes = b""
    srtp_suite: str = ""
    behind_nat: bool = False
    """His SDP names another address than his signalling comes from: media may come from elsewhere."""


class MediaStats(msgspec.Struct, frozen=True):
    """What a media endpoint measured, from its own view."""

    packets_in: int = 0
    packets_out: int = 0
    lost: int = 0
    """Packets of the peer that never came (RFC 3550 A.3)."""
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    mos: float | None = None
    """Estimate by the E-model (ITU-T G.107) from loss, jitter and delay; None without packets."""
    strangers: int = 0
    """Packets dropped because their sender was not the peer."""


class MediaEndpoint(Protocol):
    """One RTP socket pair of a call in a media worker."""

    host: str
    port: int
    srtp_key: bytes
    on_key: Callable[[str], None] | None
    """Called with each DTMF digit: RFC 4733, or in-band where that was not negotiated."""
    on_dead: Callable[[], None] | None
    """Called once when nothing has arrived for the dead-media time."""
    on_speech: Callable[[bool], None] | None
    """Called with True when the peer begins to speak, with False when he has been silent for so long, as
    ``hear_speech`` asks."""

    def connect(self, remote: Remote) -> None:
        """Set or change the peer; media flows from now on."""

    def bridge(self, other: MediaEndpoint) -> None:
        """Pass audio both ways between two endpoints of the same call; replaces playing."""

    def unbridge(self) -> None:
        """Stop passing audio to and from the other endpoint."""

    def hear(self, *others: MediaEndpoint) -> None:
        """Let the peer hear the sum of what these other endpoints of the call get, instead of his bridge.

        Without any he hears his bridge again. G.711 only: who speaks something else is not heard and hears
        nothing. What is played to him comes first.
        """

    def play(self, prompts: tuple[str, ...], *, repeat: bool = False) -> Deferred[None]:
        """Play content-addressed prompts one after the other; fires at the end; cancelling stops at once."""

    def play_back(self, seconds: float) -> Deferred[None]:
        """Play the first seconds of what the peer said while ``hear_speech`` kept it; as ``play`` otherwise.
        It ends at once where nothing is left of it."""

    def tone(self, name: str) -> Deferred[None]:
        """Play ``ringback``, ``busy`` or ``congestion`` until cancelled (450 Hz, Chinese cadences)."""

    def listen_for_keys(self, on: bool, *, withhold: bool = False) -> None:
        """Detect in-band DTMF while on, when the peer negotiated no telephone-event.

        With ``withhold`` the peer's keys, however they come as media, are told to ``on_key`` only and do not
        reach the endpoint he is bridged to.
        """

    def record(self) -> None:
        """Spool what the peer sends from now on, if ``open`` did not ask for it already."""

    def stop_recording(self) -> None:
        """Spool no more what the peer sends, whoever asked for it; what was heard is kept."""

    def hear_speech(self, on: bool, silence: float = 0.0, keep: float = 0.0) -> None:
        """Tell ``on_speech``, while on and each once, when the peer begins to speak and when nothing loud has
        come from him for ``silence`` seconds (0: that is not told; it may take a second more). ``keep``: so
        many seconds of what he says meanwhile are kept for ``play_back``."""

    def send_keys(self, digits: str) -> None:
        """Send digits as RFC 4733 events (in-band where not negotiated)."""

    def close(self) -> Deferred[MediaStats]:
        """Release the ports; fires with the final statistics (zeroes if the worker died)."""


class MediaRelay(Protocol):
    """Gives out media endpoints."""

    def open(
        self, call: str, leg: str, listener: str, *, record: bool, srtp: bool = False
    ) -> Deferred[MediaEndpoint]:
        """Allocate ports on the listener's media address; errbacks MediaUnavailable.

        With ``record`` the worker spools what this peer sends, from ``connect`` to ``close``, to
        ``spool/<call>/<leg>.spool``.
        """


class MediaUnavailable(Exception):
    """No worker or no port is free."""


class Journal(Protocol):
    """The append-only journal of calls."""

    @property
    def failing(self) -> bool:
        """Whether the disk takes no lines; new calls are refused then, those up go on."""

    @property
    def position(self) -> tuple[int, int]:
        """Where the next line will stand: (file's sequence, offset)."""

    def append(self, event: Event) -> None:
        """Write one event now (before the SIP message that it allows)."""


class Directory(Protocol):
    """Frozen configuration in force."""

    box: BoxSnapshot

    @property
    def facts(self) -> FactsInForce:
        """What the facts of calls follow from: places and calendars."""

    def find(self, number: str) -> tuple[TenantSnapshot, NumberPlan] | None:
        """Return who owns a 400 number and its plan, or None."""

    def tenant(self, name: str) -> TenantSnapshot | None:
        """Return a tenant by id."""

    def trunk(self, name: str) -> TrunkSnapshot | None:
        """Return a trunk by name."""

    def dial_plan(self, tenant: TenantSnapshot, plan: NumberPlan) -> DialPlan:
        """Return the extensions and job numbers (工号) that callers of a number may dial."""

    def prompt(self, tenant: str | None, name: str) -> str | None:
        """Return the content address of a prompt, or None when there is none (nothing to be played then).

        ``name`` is that of a system prompt (``b2bua/recorder/voice/zh_CN/words.toml``), spoken by the voice
        of the tenant (an id; None: of the box), or ``prompt:NAME``, the approved prompt that the tenant
        calls so; a content address is returned itself. Costs two look-ups; ask when the prompt is played,
        so that a new version is heard.
        """


class Clock(Protocol):
    """Time, as the services see it."""

    def mono(self) -> float:
        """Monotonic seconds."""

    def utc(self) -> float:
        """UTC POSIX seconds."""

    def after(self, seconds: float) -> Deferred[None]:
        """Fire after so long; cancellable."""


class CallEnd(msgspec.Struct, frozen=True):
    """The verdict on a call."""

    outcome: Outcome
    by: HungUpBy
    caller_up: bool = False
    """Whether the caller was still there when the talk with him ended; he may be served on."""


@dataclass(frozen=True, slots=True)
class CallPorts:
    """Everything a call service may touch."""

    dialler: Dialler
    """Used by ``calls.authorise`` alone; a test checks it."""
    media: MediaRelay
    journal: Journal
    directory: Directory
    clock: Clock
    randomness: Callable[[int], bytes]
    """Gives so many bytes that nobody can guess; fixed bytes in tests."""
    may_record: Callable[[], bool]
    """False while the disk is too full to record."""
    messages_full: Callable[[TenantSnapshot], bool] = lambda tenant: False
    """Whether a tenant's quota of messages is used up."""
    belongs: Callable[[str, str, str], None] = lambda sip_call_id, call, leg: None
    """Told (once for each) which SIP Call-IDs are of which call and leg, for the trace."""
    live: Live = field(default_factory=Live)
    """Which phones are used, whose turn it is, who answered whom."""
    wishes: WishList = field(default_factory=WishList)
    """Places kept in queues for call-backs."""
    web: WebClient = field(default_factory=NoWeb)
    """Asks web servers of tenants."""
    funds: Funds = field(default_factory=Funds)
    """What tenants may still spend."""
    rates: DialRates = field(default_factory=DialRates)
    """How often legs were rung; used by ``calls.authorise`` alone."""
    floor: Floor = field(default_factory=Floor)
    """Queues and agents."""

    def __post_init__(self) -> None:
        self.floor.connect(self.clock, self.directory)
