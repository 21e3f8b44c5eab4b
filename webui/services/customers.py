"""Customers for pages: found, shown as their reader may see them, changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from domain.acd.configuration import Agent
from domain.calling.caller import canonical_caller
from domain.calling.masking import masked, masked_mail
from domain.customers.contact import can_be_called_back
from domain.customers.customer import Customer, CustomerKind
from domain.customers.desk import DeskSettings
from domain.customers.timeline import Entry, EntryKind, number_stream
from storage.customers.desk import CustomerDesk, timeline_streams
from storage.models import Root
from storage.models.customers import Alike
from storage.models.timeline import Page
from storage.models.web import AuditEntry
from webui.services.box import BoxServices

SHOWN: Final = 50
MOST_ALIKE: Final = 100
"""Pairs of duplicates that are suggested at once."""
MOST_DUE: Final = 30
CALLS: Final = frozenset({EntryKind.CALL, EntryKind.MESSAGE})

T = TypeVar("T")


class Viewer(NamedTuple):
    """Who looks at customers."""

    tenant: str
    agent: str = ""
    """工号; empty: the tenant himself."""
    role: str = ""
    """``agent`` or ``wall`` (supervisor): what the tenant's masks name; empty: he sees everything."""
    hidden: bool = False
    """Whether it is an operator, seeing the tenant's pages, of a role that the box masks callers for."""

    def hide(self, text: str, settings: DeskSettings) -> str:
        """Return a number or an address as he may read it."""
        if self.sees(settings):
            return text
        return masked_mail(text) if "@" in text else masked(text)

    def sees(self, settings: DeskSettings) -> bool:
        """Tell whether he sees numbers and addresses whole."""
        return not self.hidden and self.role not in settings.masked


class Search(NamedTuple):
    """Which customers; empty: any."""

    text: str = ""
    tag: str = ""
    owner: str = ""
    kind: str = ""

    def takes(self, customer: Customer, companies: frozenset[str]) -> bool:
        """Tell whether a customer is wanted; ``companies`` are those whose name has the text."""
        return (
            (not self.tag or self.tag in customer.tags)
            and (not self.owner or self.owner == customer.owner)
            and (not self.kind or self.kind == customer.kind)
            and (not self.text or customer.company in companies or self._has(customer))
        )

    def _has(self, customer: Customer) -> bool:
        wanted = self.text.lower()
        return any(wanted in each.lower() for each in words_of(customer))


def words_of(customer: Customer) -> tuple[str, ...]:
    """Return what a customer is searched by."""
    return (
        customer.name, customer.note, *customer.numbers, *customer.mails, *customer.addresses,
        *customer.fields.values(),
    )  # fmt: skip


class Contact(NamedTuple):
    """A number of a customer's that may be rung, since there was a call with it."""

    number: str
    call: str
    """The latest."""


class Shown(NamedTuple):
    """A customer with everything that his page says."""

    customer: Customer
    company: Customer | None
    people: list[Customer]
    alike: list[Alike]
    settings: DeskSettings
    contacts: dict[str, Contact]
    """By number, those that may be rung."""


def find(
    root: Root, viewer: Viewer, wanted: Search, after: str, most: int = SHOWN
) -> tuple[list[Customer], str, int]:
    """Return a page of customers, changed last first, the cursor of the next one, and how many there are."""
    held = root.customers.find(viewer.tenant)
    number = canonical_caller(wanted.text).canonical if wanted.text[:1] in "+0123456789" else ""
    exact = [*held.by("number", number)] if number else []
    if exact and not after:
        return [each for each in exact if wanted._replace(text="").takes(each, frozenset())], "", len(held)
    companies = frozenset(_companies(root, viewer.tenant, wanted.text))
    found, following = held.page(lambda each: wanted.takes(each, companies), after, most)
    return found, following, len(held)


def _companies(root: Root, tenant: str, text: str) -> list[str]:
    if not text:
        return []
    wanted = Search(text=text, kind=CustomerKind.COMPANY)
    return [
        each.id for _, each in root.customers.find(tenant).newest_first() if wanted.takes(each, frozenset())
    ]


def shown(root: Root, viewer: Viewer, customer: Customer) -> Shown:
    """Return what a customer's page says beside his timeline."""
    held = root.customers.find(viewer.tenant)
    people = [one for _, one in zip(range(SHOWN), held.people_of(customer.id), strict=False)]
    return Shown(
        customer,
        held.get(customer.company) if customer.company else None,
        people,
        held.alike(customer),
        root.desk.find(viewer.tenant).settings.value,
        contacts(root, viewer.tenant, customer),
    )


def contacts(root: Root, tenant: str, customer: Customer) -> dict[str, Contact]:
    """Return the numbers of a customer that may be rung: those that a call was with (docs/customers.md)."""
    held, found = root.timeline(tenant), {}
    for number in filter(can_be_called_back, customer.numbers):
        for entry in held.page((number_stream(number),), most=1, kinds=CALLS).entries:
            found[number] = Contact(number, entry.id)
    return found


def timeline(
    root: Root, tenant: str, customer: Customer, after: str = "", kind: str = "", most: int = 30
) -> Page:
    """Return a page of a customer's timeline."""
    kinds = {EntryKind(kind)} if kind in set(EntryKind) else set()
    streams = timeline_streams(root, tenant, customer)
    return root.timeline(tenant).page(streams, after, most, kinds)


def latest(root: Root, tenant: str, caller: str, customer: Customer | None, most: int) -> list[Entry]:
    """Return the latest entries of a customer, or of a number that is nobody's."""
    if customer is not None:
        return timeline(root, tenant, customer, most=most).entries
    return root.timeline(tenant).page((number_stream(caller),), most=most).entries if caller else []


def due(root: Root, viewer: Viewer, moment: float) -> list[Customer]:
    """Return whose follow-up is due by a moment: his own, of nobody, or everybody's for who leads."""
    every = root.customers.find(viewer.tenant).due_by(moment)
    own = (each for each in every if viewer.role != "agent" or each.owner in ("", viewer.agent))
    return [each for _, each in zip(range(MOST_DUE), own, strict=False)]


def agents_of(root: Root, tenant: str) -> dict[str, str]:
    """Return 工号 -> label of a tenant's agents."""
    return {
        name: part.label for name, part in root.tenants[tenant].named("agents") if isinstance(part, Agent)
    }


def change(
    services: BoxServices, viewer: Viewer, entry: AuditEntry, work: Callable[[CustomerDesk], T], note: str
) -> T:
    """Change customers in one transaction; raises what the work raises, and StoreDown."""
    at = services.now()
    return services.change(
        lambda root: work(CustomerDesk(root, viewer.tenant, viewer.agent, at, entry)), note
    )
