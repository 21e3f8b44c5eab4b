"""An agent's desk: who calls him, what is known of the caller, what he writes, and what he has done today."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from b2bua.control import AskCalls, Calls, ControlDown, ControlFailed, LiveCall
from b2bua.control_floor import Agents, AskAgents
from domain.acd.configuration import Agent
from domain.customers.customer import Customer
from domain.customers.desk import CallNote, DeskSettings
from domain.customers.timeline import Entry, number_stream
from domain.knowledge import Article
from domain.tickets.ticket import Ticket
from storage.models import Root
from storage.models.timeline import note_entry
from storage.records.call_id import BEIJING
from storage.records.query import Filter, search
from webui.services.agents import agent_named
from webui.services.box import BoxServices
from webui.services.customers import Viewer, latest
from webui.services.knowledge import about_call
from webui.services.picture import call_of

RECENT: Final = 8
"""Entries of a caller's timeline that are shown."""
MOST_REMEMBERED: Final = 5000
MOST_ROWS: Final = 2000
"""An agent's calls of one day that his figures are made of."""


class NotHis(Exception):
    """The call is not this agent's, or is not there."""


class Desk(NamedTuple):
    """Whose desk it is."""

    tenant: str
    agent: str
    supervisor: bool = False


class Shown(NamedTuple):
    """A caller as an agent sees him."""

    call: str
    caller: str
    """Canonical digits; only for our own use."""
    told: str
    """What the agent reads: masked if his tenant says so; empty when withheld."""
    place: str
    customer: Customer | None
    company: str
    entries: list[Entry]
    note: CallNote | None
    """What was written of this call."""
    settings: DeskSettings
    tickets: list[Ticket]
    """What he asked, the latest first."""
    articles: list[Article]
    """About what he chose: his queue, what was noted."""


class Figures(NamedTuple):
    """An agent's day."""

    answered: int
    talk_seconds: float
    rated: int
    average_rating: float | None
    noted: int


class Desks:
    """What desks ask of the box; remembers who called whom until the record is there."""

    def __init__(self, services: BoxServices) -> None:
        self._services = services
        self._seen: OrderedDict[tuple[str, str, str], tuple[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    # -- calls -------------------------------------------------------------------------------------

    def agent(self, desk: Desk) -> Agent:
        """Return who sits there; raises NotHis when he is no more."""
        found = self._services.read(lambda root: agent_named(root, desk.tenant, desk.agent))
        if found is None:
            raise NotHis
        return found

    def live_call(self, desk: Desk, call: str) -> LiveCall:
        """Return a call that is up and his; raises NotHis, ControlDown, ControlFailed."""
        calls = self._services.ask(AskCalls(), Calls).calls
        agents = self._services.ask(AskAgents(), Agents).agents
        me = next((each for each in agents if (each.tenant, each.agent) == (desk.tenant, desk.agent)), None)
        own = [each for each in calls if each.tenant == desk.tenant]
        found = None if me is None else call_of(me, own)
        if found is None or found.call != call:
            raise NotHis
        return found

    def tenants_call(self, desk: Desk, call: str) -> LiveCall:
        """Return a call of his tenant's that is up, for supervisors; raises as ``live_call`` does."""
        for each in self._services.ask(AskCalls(), Calls).calls:
            if (each.tenant, each.call) == (desk.tenant, call):
                return each
        raise NotHis

    def shown(self, desk: Desk, call: str) -> Shown:
        """Return who calls, or called, and what is known of him; raises NotHis."""
        caller, place = self._caller_of(desk, call)
        queue = self._queue_of(desk)

        def read(root: Root) -> Shown:
            held = root.desk.find(desk.tenant)
            settings = held.settings.value
            customers = root.customers.find(desk.tenant)
            customer = customers.of_number(caller)
            company = customers.get(customer.company) if customer is not None and customer.company else None
            entries = latest(root, desk.tenant, caller, customer, RECENT + 2)
            return Shown(
                call, caller, hide(caller, settings, desk), place, customer,
                "" if company is None else company.name,
                [entry for entry in entries if entry.id != call][:RECENT], held.note(call), settings,
                list(islice(root.tickets.read(desk.tenant).tickets_of(caller), RECENT)),
                about_call(root, desk.tenant, call, queue),
            )  # fmt: skip

        return self._services.read(read)

    def _queue_of(self, desk: Desk) -> str:
        """Return the queue whose call he has, empty for none."""
        try:
            agents = self._services.ask(AskAgents(), Agents).agents
        except (ControlDown, ControlFailed):
            return ""
        return next((each.queue for each in agents if (each.tenant, each.agent) == desk[:2]), "")

    def write(self, desk: Desk, call: str, code: str, text: str) -> None:
        """Keep what he writes of a call of his; raises NotHis."""
        caller, _ = self._caller_of(desk, call)
        note = CallNote(call, caller, desk.agent, self._services.now(), code, text)

        def work(root: Root) -> None:
            root.desk.of(desk.tenant).put_note(note)
            if caller:
                root.timelines.of(desk.tenant).put((number_stream(caller),), note_entry(note))

        self._services.change(work, "call note")

    def _caller_of(self, desk: Desk, call: str) -> tuple[str, str]:
        """Return caller and place of a call that was his: up, remembered, or in the records."""
        key = (desk.tenant, desk.agent, call)
        try:
            found = self.live_call(desk, call)
        except (NotHis, ControlDown, ControlFailed):
            with self._lock:
                known = self._seen.get(key)
            return known if known is not None else self._recorded(desk, call)
        told = (found.caller, found.place)
        with self._lock:
            self._seen[key] = told
            while len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
        return told

    def _recorded(self, desk: Desk, call: str) -> tuple[str, str]:
        def read(root: Root) -> tuple[str, str] | None:
            agent, record = agent_named(root, desk.tenant, desk.agent), root.records.find(call, desk.tenant)
            if agent is None or record is None:
                return None
            his = record.job_number == desk.agent or any(leg.target == agent.target for leg in record.legs)
            return (record.caller, record.place.name) if his else None

        found = self._services.read(read)
        if found is None:
            raise NotHis
        return found

    # -- his day -----------------------------------------------------------------------------------

    def figures(self, desk: Desk) -> Figures:
        """Return what he has done today."""
        now = datetime.fromtimestamp(self._services.now(), BEIJING)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

        def read(root: Root) -> Figures:
            wanted = Filter(tenant=desk.tenant, job_number=desk.agent, since=midnight)
            rows = [each.row for each in search(root, wanted, MOST_ROWS)]
            ratings = [row.rating for row in rows if row.rating]
            held = root.desk.find(desk.tenant)
            return Figures(
                len(rows), sum(row.talk_ms for row in rows) / 1000, len(ratings),
                sum(ratings) / len(ratings) if ratings else None,
                sum(held.note(row.id) is not None for row in rows),
            )  # fmt: skip

        return self._services.read(read)


def hide(number: str, settings: DeskSettings, desk: Desk) -> str:
    """Return a number as somebody at a desk may read it: a supervisor by his own setting."""
    return viewer_of(desk).hide(number, settings)


def viewer_of(desk: Desk) -> Viewer:
    """Return who sits there as one who looks at customers."""
    return Viewer(desk.tenant, desk.agent, "wall" if desk.supervisor else "agent")
