"""Words for values of the box: kinds, states, actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from domain.features import WORDS as FEATURES
from domain.features import Feature
from domain.money.amounts import KIND_WORDS, EntryKind
from domain.money.invoice import INVOICE_WORDS, KIND_NAMES, InvoiceKind, InvoiceState
from webui.presenters.formats import HANG_UP
from webui.presenters.texts import N_, Texts

KINDS: Final = {
    "mobile": N_("Mobile"),
    "landline": N_("Landline"),
    "phs": N_("PHS"),
    "extension": N_("Extension"),
    "pbx": N_("Own exchange"),
}
OWNERS: Final = {
    "number": N_("Number"),
    "groups": N_("Ring group"),
    "flows": N_("Voice menu"),
    "queues": N_("Queue"),
    "voicemails": N_("Voicemail box"),
    "the tenant's settings": N_("the tenant's settings"),
}
"""Kinds of what may name a prompt, as ``storage.voice.own_prompts.users_of`` writes them."""
RINGING: Final = {
    "sequential": N_("One after another"),
    "simultaneous": N_("All at once"),
    "rotating": N_("In turn"),
    "least-recent": N_("Least recently rung first"),
    "longest-idle": N_("Longest idle first"),
    "weighted": N_("By weight"),
}
OFFERING: Final = {
    "longest-idle": N_("Longest idle first"),
    "rotating": N_("In turn"),
    "fewest-calls": N_("Fewest calls first"),
    "skills": N_("Best skill first"),
    "ring-all": N_("All at once"),
    "sticky": N_("Who served the caller last"),
    "ordered": N_("First free one in order"),
}
STATES: Final = {
    "arrived": N_("Arrived"),
    "welcome": N_("Welcome prompt"),
    "ringing": N_("Ringing"),
    "talking": N_("Talking"),
    "held": N_("On hold"),
    "consulting": N_("Consulting"),
    "transferring": N_("Transferring"),
    "rating": N_("Rating the service"),
    "menu": N_("Voice menu"),
    "queued": N_("Queueing"),
    "voicemail": N_("Voicemail"),
    "message": N_("Voicemail"),
    "pin": N_("PIN"),
    "ending": N_("Ending"),
}
AGENT_STATES: Final = {
    "offline": N_("Offline"),
    "idle": N_("Idle"),
    "wrap-up": N_("Wrap-up"),
    "paused": N_("Paused"),
}
PARTS: Final = {
    "consult": N_("Consulted"),
    "listen": N_("Listens"),
    "whisper": N_("Whispers"),
    "barge": N_("Barges in"),
}
TRUNKS: Final = {"up": N_("Up"), "down": N_("Down"), "off": N_("Off"), "unknown": N_("Not probed")}
_SPECIAL: Final = N_("Special")
_CLASS: Final = N_("Class {name}")
SETTINGS: Final = {
    "admin": N_("Administrator"),
    "finance": N_("Finance"),
    "support": N_("Customer service"),
    "basic": N_("Basic edition"),
    "network": N_("Network edition"),
    "ip": N_("By address"),
    "register": N_("Registers"),
    "caller": N_("The caller's"),
    "400": N_("The 400 number"),
    "trunk": N_("The trunk's own"),
    "aliyun": N_("Aliyun"),
    "tencent": N_("Tencent Cloud"),
    "none": N_("None"),
    "draft": N_("Draft"),
    "submitted": N_("With the provider"),
    "approved": N_("Cleared"),
    "rejected": N_("Turned down"),
}
"""Values that settings have; headers of SIP are shown as they are."""
ACTIONS: Final = {
    "sign-in": N_("Signed in"),
    "sign-out": N_("Signed out"),
    "sign-in-wrong": N_("Wrong password"),
    "code-wrong": N_("Wrong second factor"),
    "password-changed": N_("Password changed"),
    "second-factor-on": N_("Second factor switched on"),
    "second-factor-off": N_("Second factor switched off"),
    "signed-out-elsewhere": N_("Signed out elsewhere"),
    "bound-added": N_("Bound number added"),
    "bound-changed": N_("Bound number changed"),
    "bound-switched": N_("Bound number switched"),
    "bound-removed": N_("Bound number removed"),
    "bound-ordered": N_("Bound numbers ordered"),
    "routing-changed": N_("Routing changed"),
    "rule-changed": N_("Routing rule changed"),
    "rule-removed": N_("Routing rule removed"),
    "rules-ordered": N_("Routing rules ordered"),
    "missed-claimed": N_("Missed call claimed"),
    "missed-closed": N_("Missed call closed"),
    "missed-called-back": N_("Missed call called back"),
    "notices-changed": N_("Notices changed"),
    "message-heard": N_("Message heard"),
    "message-marked": N_("Message marked"),
    "message-deleted": N_("Message deleted"),
    "messages-exported": N_("Messages exported"),
    "prompt-uploaded": N_("Prompt uploaded"),
    "prompt-rolled-back": N_("Earlier prompt put in force"),
    "prompt-removed": N_("Prompt removed"),
    "prompt-approved": N_("Prompt approved"),
    "prompt-refused": N_("Prompt refused"),
    "flow-drafted": N_("Voice menu draft saved"),
    "flow-test-called": N_("Test call of a voice menu"),
    "flow-published": N_("Voice menu published"),
    "flow-rolled-back": N_("Earlier voice menu put in force"),
    "flow-removed": N_("Voice menu removed"),
    "report-exported": N_("Report exported"),
    "satisfaction-exported": N_("Satisfaction exported"),
    "part-changed": N_("Queue, agent, group or voicemail box changed"),
    "part-removed": N_("Queue, agent, group or voicemail box removed"),
    "limits-changed": N_("Lists and limits changed"),
    "ringing-changed": N_("Ringing changed"),
    "calls-exported": N_("Calls exported"),
    "recording-downloaded": N_("Recording downloaded"),
    "recording-heard": N_("Recording heard"),
    "call-seen": N_("Call looked at"),
    "call-taken-down": N_("Call taken down"),
    "tenant-opened": N_("Tenant opened"),
    "tenant-suspended": N_("Tenant suspended"),
    "tenant-active": N_("Tenant resumed"),
    "tenant-password": N_("New first password"),
    "tenant-changed": N_("Tenant changed"),
    "recharge": N_("Recharge"),
    "money-asked": N_("Change of an account asked for"),
    "money-approved": N_("Change of an account approved"),
    "money-declined": N_("Change of an account declined"),
    "invoice-asked": N_("Invoice requested"),
    "invoice-issued": N_("Invoice issued"),
    "invoice-refused": N_("Invoice refused"),
    "bill-exported": N_("Bill exported"),
    "tariff-edition": N_("Tariff edition added"),
    "acted-as-tenant": N_("Acted as the tenant"),
    "password-code": N_("Code for a new password asked for"),
    "password-reset": N_("Password set by a code"),
    "agent-password": N_("New first password of an agent"),
    "agent-signed-out": N_("Agent signed out"),
    "supervisor-on": N_("Agent made supervisor"),
    "supervisor-off": N_("Agent no longer supervisor"),
    "desk-settings": N_("Settings of the workbench changed"),
    "customer-added": N_("Customer added"),
    "customer-called": N_("Customer called back"),
    "customer-changed": N_("Customer changed"),
    "customer-merged": N_("Customers merged"),
    "customer-removed": N_("Customer removed"),
    "customer-follow-up": N_("Follow-up of a customer set"),
    "customers-imported": N_("Customers imported"),
    "customers-exported": N_("Customers exported"),
    "conversation-begin": N_("Conversation begun"),
    "conversation-answer": N_("Conversation answered"),
    "conversation-note": N_("Note in a conversation"),
    "conversation-take": N_("Conversation taken"),
    "conversation-give": N_("Conversation handed over"),
    "conversation-close": N_("Conversation closed"),
    "supervised": N_("Supervisor joined a call"),
    "agent-set": N_("Supervisor changed an agent's state"),
    "calendar-entered": N_("Days entered in the calendar"),
    "calendar-removed": N_("Days removed from the calendar"),
    "places-imported": N_("Place data imported"),
    "places-forgotten": N_("Back to the shipped place data"),
    "backup-asked": N_("Backup asked for"),
    "trunk-added": N_("Trunk added"),
    "trunk-changed": N_("Trunk changed"),
    "trunk-test-called": N_("Test call through a trunk"),
    "trunk-removed": N_("Trunk removed"),
    "assistance-asked": N_("Remote assistance asked for"),
    "assistance-ended": N_("Remote assistance ended"),
    "assistance-given": N_("Remote assistance allowed"),
    "go-live-imported": N_("Data imported at the start"),
    "inspection-answered": N_("Inspection: point answered"),
    "inspection-assigned": N_("Inspection: point assigned"),
    "inspection-begun": N_("Inspection begun"),
    "inspection-checked": N_("Inspection: checked again"),
    "inspection-closed": N_("Inspection: finding closed"),
    "inspection-ended": N_("Inspection ended"),
    "inspection-photo": N_("Inspection: photo added"),
    "inspection-plan": N_("Inspection: plan changed"),
    "number-given": N_("A further 400 number given"),
    "report-mail-removed": N_("Report by e-mail removed"),
    "report-mail-sent": N_("Report by e-mail sent now"),
    "report-mail-wished": N_("Report by e-mail set"),
    "tunnel-closed": N_("Support tunnel closed"),
    "tunnel-key": N_("Key of the support tunnel made"),
    "tunnel-opened": N_("Support tunnel opened"),
    "upgrade-asked": N_("Upgrade asked for"),
    "upgrade-brought": N_("Upgrade uploaded"),
    "upgrade-removed": N_("Uploaded upgrade removed"),
    "audit-exported": N_("Audit log exported"),
    "settings-changed": N_("Settings changed"),
    "api-key-added": N_("API key made"),
    "api-key-revoked": N_("API key revoked"),
    "configuration-changed": N_("Configuration changed"),
    "tenant-put": N_("Tenant changed"),
    "operator-added": N_("Operator added"),
    "alarm-acknowledged": N_("Alarm acknowledged"),
    "gateway-added": N_("Gateway added"),
    "gateway-changed": N_("Gateway changed"),
    "gateway-removed": N_("Gateway removed"),
    "template-changed": N_("Template changed"),
    "notice-again": N_("Notice sent again"),
    "notice-test": N_("Test notice"),
    "ticket-opened": N_("Ticket opened"),
    "ticket-answered": N_("Ticket answered"),
    "ticket-noted": N_("Note on a ticket"),
    "ticket-assigned": N_("Ticket assigned"),
    "ticket-filed": N_("Ticket filed"),
    "ticket-asked": N_("Question on a ticket"),
    "ticket-reopened": N_("Ticket opened again"),
    "ticket-closed": N_("Ticket closed"),
    "ticket-rated": N_("Ticket rated"),
    "ticket-settings-changed": N_("Settings of tickets changed"),
    "article-written": N_("Article written"),
    "article-submit": N_("Article submitted for review"),
    "article-publish": N_("Article published"),
    "article-back": N_("Article sent back"),
    "article-retire": N_("Article withdrawn"),
    "operator-role": N_("Role of an operator changed"),
    "operator-on": N_("Operator switched on"),
    "operator-off": N_("Operator switched off"),
    "operator-password": N_("New first password of an operator"),
    "operator-signed-out": N_("Sessions of an operator ended"),
    "number-added": N_("Number taken into stock"),
    "number-removed": N_("Number removed from the inventory"),
    "number-set": N_("Terms of a number set"),
    "number-reserve": N_("Number reserved"),
    "number-reserved": N_("Number reserved"),
    "number-release": N_("Number released"),
    "number-released": N_("Number released"),
    "number-suspend": N_("Number suspended"),
    "number-suspended": N_("Number suspended"),
    "number-resume": N_("Number resumed"),
    "number-resumed": N_("Number resumed"),
    "number-freeze": N_("Number frozen"),
    "number-frozen": N_("Number frozen"),
    "number-reclaimed": N_("Number reclaimed"),
    "number-restock": N_("Number returned to stock"),
    "number-restocked": N_("Number returned to stock"),
    "numbers-imported": N_("Numbers imported"),
    "numbers-exported": N_("Numbers exported"),
    "register-exported": N_("Register of applications exported"),
    "class-terms": N_("Terms of a class set"),
    "reconciled": N_("Carrier's list compared"),
    "reconciliation-exported": N_("Differences to a carrier's list downloaded"),
    "vanity-rules": N_("Rules of vanity classes changed"),
    "application-opened": N_("Application received"),
    "application-document": N_("Document of an application uploaded"),
    "application-reviewed": N_("Document of an application checked"),
    "application-packed": N_("Pack for the carrier made"),
    "document-read": N_("Document of an application looked at"),
    "number-application-submit": N_("Application: submit"),
    "number-application-return": N_("Application: return"),
    "number-application-approve": N_("Application: approve"),
    "number-application-withdraw": N_("Application: withdraw"),
}


class Words:
    """Says values in the reader's language; a value without words is shown as it is."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def _say(self, table: dict[str, str], value: str) -> str:
        return self._texts(table[value]) if value in table else value

    def kind_words(self, value: str) -> str:
        """Say what a bound number is."""
        return self._say(KINDS, value)

    def used_by(self, users: Iterable[str]) -> str:
        """Say what uses a prompt: each such as ``flows main``."""
        parted = [(each, *each.partition(" ")[::2]) for each in users]
        return self._texts(", ").join(
            f"{self._texts(OWNERS[kind])} {name}" if kind in OWNERS else self._say(OWNERS, each)
            for each, kind, name in parted
        )

    def ring_words(self, value: str) -> str:
        """Say how bound numbers are rung."""
        return self._say(RINGING, value)

    def offer_words(self, value: str) -> str:
        """Say which agent a queue offers its calls."""
        return self._say(OFFERING, value)

    def state_words(self, value: str) -> str:
        """Say how far a live call is."""
        return self._say(STATES, value)

    def live_words(self) -> str:
        """Return the words that live pages need, as JSON."""
        words = {
            "states": {value: self._texts(text) for value, text in {**AGENT_STATES, **STATES}.items()},
            "parts": {value: self._texts(text) for value, text in PARTS.items()},
            "withheld": self._texts("Withheld"),
            "unknown": self._texts("Unknown"),
            "away": self._texts("The SIP process does not answer."),
            "threeWay": self._texts("Three-way"),
        }
        return msgspec.json.encode(words).decode()

    def trunk_words(self, value: str) -> str:
        """Say how a trunk is."""
        return self._say(TRUNKS, value)

    def setting_words(self, value: str) -> str:
        """Say a value that a setting may have."""
        return self._say(SETTINGS, value)

    def switch_words(self, value: str) -> str:
        """Say a feature of an edition."""
        en, zh = FEATURES[Feature(value)]
        return self._texts.either(zh, en)

    def action_words(self, value: str) -> str:
        """Say what an entry of the audit log is about."""
        return self._say(ACTIONS, value)

    def vanity(self, value: str) -> str:
        """Say a class of numbers: 特号, A 类 ..."""
        if value == "special":
            return self._texts(_SPECIAL)
        return self._texts(_CLASS, name=value) if value else "—"

    def hang_up(self, value: str) -> str:
        """Say who hung up."""
        return self._say(HANG_UP, value)

    def entry_kind(self, value: str) -> str:
        """Say what an entry of an account is."""
        return self._texts.either(*KIND_WORDS[EntryKind(value)])

    def invoice_state(self, value: str) -> str:
        """Say how far an invoice is."""
        return self._texts.either(*INVOICE_WORDS[InvoiceState(value)])

    def invoice_kind(self, value: str) -> str:
        """Say what kind of invoice it is."""
        return self._texts.either(*KIND_NAMES[InvoiceKind(value)])

    def all(self) -> dict[str, object]:
        """Return them by name, for templates."""
        names = (
            "kind_words", "ring_words", "offer_words", "state_words", "trunk_words", "setting_words",
            "used_by", "switch_words", "action_words", "hang_up", "entry_kind", "invoice_state",
            "invoice_kind", "live_words", "vanity",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}
