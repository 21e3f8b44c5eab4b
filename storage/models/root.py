"""The root of the main storage."""

from __future__ import annotations

from typing import Any, Final

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.numbers.lifecycle import NumberState
from domain.snapshot import BoxSnapshot
from storage.models.call_records import CallRecords
from storage.models.configuration import Box, BoxConfig
from storage.models.conversations import ConversationBook
from storage.models.customers import CustomerBook
from storage.models.desk import DeskBook
from storage.models.inspection import InspectionBook
from storage.models.inventory import Inventory
from storage.models.knowledge import KnowledgeBook
from storage.models.mailings import Mailings
from storage.models.missed import MissedBook
from storage.models.money import Money
from storage.models.notices import NoticeBook
from storage.models.service import ServiceBook
from storage.models.tickets import TicketBook
from storage.models.timeline import TimelineBook, WholeTimeline
from storage.models.web import WebBook

ROOT_KEY: Final = "box400"


class Root(Persistent):  # type: ignore[misc]
    """Everything box400 keeps except recordings; made by evolution step 1."""

    def __init__(self) -> None:
        self.schema = 0
        """Number of the last evolution step that ran."""
        self.steps: Any = OOBTree()
        """Evolution step (int) -> UTC POSIX seconds when it ran."""
        self.box = Box(BoxConfig())
        self.version = 0
        """Counts changes of configuration; each snapshot carries the count of its own last change."""
        self.box_version = 0
        self.listeners: Any = OOBTree()
        """Name -> Listener."""
        self.trunks: Any = OOBTree()
        """Name -> Trunk."""
        self.extensions: Any = OOBTree()
        """``tenant/name`` -> Extension."""
        self.tenants: Any = OOBTree()
        """Id -> Tenant."""
        self.numbers: Any = OOBTree()
        """400 number -> id of the one tenant that owns it."""
        self.prompts: Any = OOBTree()
        """Content address -> Prompt."""
        self.prompt_packs: Any = OOBTree()
        """Name -> :class:`storage.models.prompts.Pack`."""
        self.tariffs: Any = OOBTree()
        """Name -> TariffDocument."""
        self.gateways: Any = OOBTree()
        """Name -> GatewayDocument."""
        self.templates: Any = OOBTree()
        """Kind of notice -> TemplateDocument."""
        self.records = CallRecords()
        self.missed = MissedBook()
        self.money = Money()
        self.web = WebBook()
        self.notices = NoticeBook()
        self.desk = DeskBook()
        self.mailings = Mailings()
        self.inventory = Inventory()
        self.timelines = TimelineBook()
        self.tickets = TicketBook()
        self.inspection = InspectionBook()
        self.customers = CustomerBook()
        self.knowledge = KnowledgeBook()
        self.conversations = ConversationBook()
        self.service = ServiceBook()

    def timeline(self, tenant: str) -> WholeTimeline:
        """Return what the timelines of a tenant's customers show."""
        return WholeTimeline(self.timelines.find(tenant), self.records.owners.get(tenant))

    def box_snapshot(self) -> BoxSnapshot:
        """Return the frozen configuration that belongs to no tenant."""
        config = self.box.value
        return BoxSnapshot(
            listeners=tuple(listener.value for listener in self.listeners.values()),
            trunks=tuple(trunk.value for trunk in self.trunks.values()),
            extensions=tuple(extension.value for extension in self.extensions.values()),
            realm=config.realm,
            phone_domain=config.phone_domain,
            stranger_status=config.stranger_status,
            system_prompts=config.system_prompts,
            announcements=config.announcements,
            prompt_pack=config.prompt_pack,
            prompt_packs={name: pack.value.prompts for name, pack in self.prompt_packs.items()},
            max_calls=config.max_calls,
            tenant_rings_per_second=config.tenant_rings_per_second,
            number_rings_per_minute=config.number_rings_per_minute,
            backup=config.backup,
            offsite=config.offsite,
            calendar=config.calendar,
            region_groups=config.region_groups,
            web_networks=config.web_networks,
            reclaimed=tuple(self.inventory.in_state(NumberState.RECLAIMED)),
            version=self.box_version,
        )
