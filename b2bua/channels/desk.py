"""What channels do in the store: texts taken in, e-mails to be sent, conversations shared out."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from b2bua.channels.letter import MOST_OCTETS, LetterRead, read_letter
from b2bua.control_floor import LiveAgent
from b2bua.notices.arrived import Arrived
from domain.calling.caller import canonical_caller
from domain.customers.conversation import Attachment, Mailbox, Seat, SmsLine, Text, Way, loads_of, shared_out
from domain.notices.delivery import MESSAGE_RETRIES
from domain.notices.ways import Gateway
from domain.refusal import NotPossible
from storage.connection import MainDatabase
from storage.conversations.letters import NOTHING, Letter, letter_done, letters_due
from storage.conversations.writing import Incoming, Writing
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.documents import Documents

log = logging.getLogger(__name__)

MOST_AN_HOUR: Final = 60
"""E-mails of one sender to one tenant that are fetched in an hour; the others wait at the server."""
LETTERS_OF_ONE: Final = 2
"""E-mails of one tenant that are sent at a time: his slow servers keep nobody else waiting."""
MOST_SENDERS: Final = 20_000
PARTS_SECONDS: Final = 600.0
"""How long the missing parts of a long SMS are waited for."""
FREE: Final = frozenset({"idle"})


class Post(NamedTuple):
    """A mailbox and whose it is."""

    tenant: str
    mailbox: Mailbox


class ChannelDesk:
    """Reads and writes; every method may raise StoreDown, and is safe from threads."""

    def __init__(self, database: MainDatabase, files: Documents) -> None:
        self._database = database
        self._files = files
        self._counts: OrderedDict[tuple[str, str, int], int] = OrderedDict()
        self._lock = threading.Lock()
        self.looped = 0
        """E-mails that were our own; they are marked as seen and go nowhere."""

    # -- e-mail ------------------------------------------------------------------------------------

    def posts(self) -> list[Post]:
        """Return the mailboxes that are looked into."""

        def read(root: Root) -> list[Post]:
            return [
                Post(tenant, part.value)
                for tenant, model in root.tenants.items()
                for part in model.parts.get("mailboxes", {}).values()
                if part.value.enabled and part.value.imap_host
            ]

        return self._database.read(read)

    def may(self, post: Post, sender: str, now: float) -> bool:
        """Tell whether something of a sender is fetched now, and count it."""
        key = (post.tenant, sender, int(now // 3600))
        with self._lock:
            count = self._counts.pop(key, 0) + 1
            self._counts[key] = count
            while len(self._counts) > MOST_SENDERS:
                self._counts.popitem(last=False)
        return count <= MOST_AN_HOUR

    def take_letter(self, post: Post, data: bytes, size: int, now: float) -> bool:
        """Put an e-mail into its conversation, each once."""
        letter = read_letter(data)
        if letter.sender == post.mailbox.address.lower():
            self.looped += 1
            return True
        ours, known = self._database.read(lambda root: _known(root, post.tenant, letter))
        if known:
            return True
        text, files = letter.text, tuple(self._keep(letter, now))
        if size > MOST_OCTETS:
            text = f"（邮件共 {size // 1024 // 1024} MB，超过上限未收取正文，请到邮箱中查看）"
        incoming = Incoming(
            Way.MAIL, post.mailbox, letter.sender or "unknown@invalid",
            Text(
                new_id(now), now, "in", text, letter.html, auto=letter.by_machine,
                message_id=letter.message_id, attachments=files,
            ),
            letter.name, letter.subject, letter.references,
            answer=bool(letter.sender) and not letter.by_machine and letter.sender not in ours,
        )  # fmt: skip
        self._database.transact(lambda root: Writing(root, post.tenant, now).take_in(incoming), note="e-mail")
        return True

    def _keep(self, letter: LetterRead, now: float) -> Iterable[Attachment]:
        for told, content in letter.files:
            if not content:
                yield told
                continue
            filed = self._files.add(content, now, told.type)
            yield Attachment(told.name, told.type, told.octets, filed.id)

    def letters(
        self, now: float, most: int, busy: Mapping[str, str] = NOTHING
    ) -> list[tuple[Letter, list[bytes]]]:
        """Return the e-mails that are to be sent, with their files; one whose files are gone has failed.

        ``busy``: those that are being sent, id of the text -> tenant.
        """
        found = []
        for letter in self._database.read(
            lambda root: letters_due(root, now, most, each=LETTERS_OF_ONE, busy=busy)
        ):
            kept = [each.file for each in letter.text.attachments if each.file]
            try:
                found.append((letter, [self._files.read(each) for each in kept]))
            except NotPossible as gone:
                self.sent(letter, f"{gone.zh} {gone.en}", now, again=False)
        return found

    def sent(self, letter: Letter, why: str, now: float, *, again: bool) -> None:
        """Keep what became of an e-mail."""
        tries = letter.text.tries
        due = now + MESSAGE_RETRIES[tries] if why and again and tries < len(MESSAGE_RETRIES) else None
        self._database.transact(lambda root: letter_done(root, letter, why, due), note="e-mail sent")

    # -- SMS ---------------------------------------------------------------------------------------

    def receiving(self) -> list[Gateway]:
        """Return the gateways by which SMS come in."""
        return self._database.read(
            lambda root: [
                each.value for each in root.gateways.values() if each.value.enabled and each.value.receives
            ]
        )

    def take_sms(self, gateway: str, sms: Arrived, now: float) -> bool:
        """Put an SMS into its conversation when all its parts are there; one to nobody is forgotten."""
        return self._database.transact(lambda root: _take_sms(root, gateway, sms, now), note="SMS")

    def complete_parts(self, now: float) -> None:
        """Take in long SMS whose last parts never came."""

        def old(root: Root) -> list[tuple[str, str, str, int]]:
            return [key for key, held in root.conversations.parts.items() if held[0] < now - PARTS_SECONDS]

        if self._database.read(old):

            def take(root: Root) -> None:
                for key in old(root):
                    _take_whole(root, key, now)

            self._database.transact(take, note="parts of SMS")

    # -- agents ------------------------------------------------------------------------------------

    def share(self, agents: Iterable[LiveAgent], now: float) -> dict[str, dict[str, int]]:
        """Give waiting conversations to free agents, and return tenant -> 工号 -> load."""
        by_tenant: dict[str, list[LiveAgent]] = {}
        for agent in agents:
            by_tenant.setdefault(agent.tenant, []).append(agent)
        if self._database.read(lambda root: any(_to_share(root, tenant, by_tenant) for tenant in by_tenant)):

            def work(root: Root) -> None:
                for tenant, every in by_tenant.items():
                    _share(root, tenant, every, now)

            self._database.transact(work, note="share conversations")
        return self._database.read(lambda root: _loads(root))


def _known(root: Root, tenant: str, letter: LetterRead) -> tuple[frozenset[str], bool]:
    ours = frozenset(
        part.value.address.lower()
        for model in root.tenants.values()
        for part in model.parts.get("mailboxes", {}).values()
    )
    return ours, letter.message_id in root.conversations.find(tenant).message_ids


def _line_of(root: Root, number: str) -> tuple[str, SmsLine] | None:
    """Return whose number SMS are sent to."""
    for tenant, model in root.tenants.items():
        for part in model.parts.get("sms_lines", {}).values():
            if part.value.enabled and part.value.number == number:
                return tenant, part.value
    return None


def _take_sms(root: Root, gateway: str, sms: Arrived, now: float) -> bool:
    if sms.total == 1:
        _write_sms(root, sms.sender, sms.to, sms.text, now)
        return True
    key = (gateway, sms.sender, sms.to, sms.reference)
    began, parts = root.conversations.parts.get(key, (now, {}))
    root.conversations.parts[key] = (began, {**parts, sms.number: sms.text})
    if len(parts | {sms.number: ""}) == sms.total:
        _take_whole(root, key, now)
    return True


def _take_whole(root: Root, key: tuple[str, str, str, int], now: float) -> None:
    _, parts = root.conversations.parts.pop(key)
    _write_sms(root, key[1], key[2], "".join(text for _, text in sorted(parts.items())), now)


def _write_sms(root: Root, sender: str, to: str, words: str, now: float) -> None:
    found = _line_of(root, to)
    if found is None:
        log.warning("an SMS to %s is nobody's", to)
        return
    tenant, line = found
    peer = canonical_caller(sender).canonical
    text = Text(new_id(now), now, "in", words)
    person = len(peer) == 11 and peer.startswith("1")
    Writing(root, tenant, now).take_in(Incoming(Way.SMS, line, peer, text, answer=person))


def _weight(root: Root, tenant: str) -> int:
    return root.desk.find(tenant).settings.value.text_weight


def _to_share(root: Root, tenant: str, agents: dict[str, list[LiveAgent]]) -> bool:
    """Tell whether something waits that may be given, or is with somebody who went away."""
    book = root.conversations.find(tenant)
    if next(book.waiting(), None) is not None:
        return True
    there = {each.agent for each in agents[tenant] if each.state != "offline"}
    return any(agent not in there for agent in book.held_by())


def _share(root: Root, tenant: str, agents: list[LiveAgent], now: float) -> None:
    if tenant not in root.conversations.tenants:
        return
    writing, weight = Writing(root, tenant, now), _weight(root, tenant)
    there = {each.agent for each in agents if each.state != "offline"}
    for agent in writing.book.held_by():
        if agent not in there:
            for conversation in list(writing.book.of_agent(agent)):
                if conversation.unanswered:  # what was answered waits for the customer, not for an agent
                    writing.release(conversation.id)
    loads = loads_of(writing.book.held_by(), weight)
    seats = [
        Seat(
            each.agent, tuple(each.queues), each.state in FREE, loads.get(each.agent, 0),
            writing.book.given.get(each.agent, 0.0),
        )
        for each in agents
    ]  # fmt: skip
    for conversation, agent in shared_out(writing.book.waiting(), seats, weight):
        writing.take(conversation.id, agent)


def _loads(root: Root) -> dict[str, dict[str, int]]:
    return {
        tenant: loads
        for tenant, book in root.conversations.tenants.items()
        if (loads := loads_of(book.held_by(), _weight(root, tenant)))
    }
