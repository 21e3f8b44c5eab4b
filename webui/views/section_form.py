"""A page with the fields of one provisioning section, and storing what was typed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pyramid.request import Request
from pyramid.response import Response

from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.schema import Section
from webui.services.provisioning import Refused, said, wish
from webui.services.sections import inputs, read_typed
from webui.views.bound import entry_of, said_in_force

Groups = tuple[tuple[str, tuple[str, ...]], ...]


class SectionForm(NamedTuple):
    """How a section is shown; texts are marked with ``N_``."""

    section: Section
    groups: Groups
    back: str
    """Where one is led after storing."""
    title: str = ""
    """Of the page; empty: the name of the object."""
    new: str = ""
    """Title of the page that makes one."""
    naming: str = ""
    """Label of its name; empty: it has none to be typed."""
    example: str = ""
    """A name."""
    remove: str = ""
    """What is asked before removing one, with ``{name}``; empty: it cannot be removed."""
    plural: str = ""
    """Under which key they stand in a file, and in the root; empty: there is but one."""
    taken: str = ""
    """What is said of a name that is there already."""
    long: tuple[str, ...] = ()
    """Fields whose texts have several lines."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, in their order."""
        return tuple(name for _, names in self.groups for name in names)

    def shown(
        self, request: Request, held: Any, name: str, errors: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return what the template needs; ``held`` None: a new one. With errors, what was typed stays."""
        _ = request.texts
        typed = {}
        if errors:
            request.response.status = 422
            if any(each in request.POST for each in self.names):
                typed = {**request.POST, **{each: request.POST.get(each, "") for each in self.names}}
        new = held is None
        return {
            "groups": [
                (_(title), inputs(self.section, names, held, _.language, typed, self.long))
                for title, names in self.groups
            ],
            "title": _(self.new) if new and self.new else _(self.title) if self.title else name,
            "naming": _(self.naming) if new and self.naming else "", "example": self.example,
            "remove": "" if new or not self.remove else _(self.remove, name=name),
            "back": self.back, "name": name, "new": new, "errors": errors or {}, "now": None,
            "choices": _choices(request), **more,
        }  # fmt: skip

    def stored(
        self,
        request: Request,
        document: Callable[[dict[str, Any]], dict[str, Any]],
        entry: AuditEntry,
        held: Any,
        name: str,
    ) -> Response | dict[str, Any]:
        """Store what was typed, wrapped by ``document`` as a file has it, or show what is wrong."""
        wanted = document(read_typed(self.section, self.names, request.POST, held))
        try:
            done = wish(request.services, lambda root: wanted, entry)
        except Refused as refused:
            return self.shown(request, held, name, self._by_field(refused, request.texts.language))
        return said_in_force(request, done, self.back)

    def added(
        self, request: Request, action: str, whole: Callable[[dict[str, Any]], dict[str, Any]] = dict
    ) -> Response | dict[str, Any]:
        """Add an object, ``whole`` of what was typed; one of its name that is there is not touched."""
        name = request.POST.get("name", "").strip()[:40]
        if request.services.read(lambda root: name in getattr(root, self.plural)):
            return self.shown(request, None, name, {"name": request.texts(self.taken)})
        return self.changed(request, action, None, name, whole)

    def changed(
        self, request: Request, action: str, held: Any, name: str,
        whole: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> Response | dict[str, Any]:  # fmt: skip
        """Store an object by its name."""
        entry = entry_of(request, action, name)
        return self.stored(request, lambda typed: {self.plural: {name: whole(typed)}}, entry, held, name)

    def removed(self, request: Request, action: str, held: Any, name: str) -> Response | dict[str, Any]:
        """Remove an object, or say why it cannot be."""
        document, entry = {self.plural: {name: {"absent": True}}}, entry_of(request, action, name)
        try:
            done = wish(request.services, lambda root: document, entry)
        except Refused as refused:
            why = {"": " ".join(each.words(request.texts.language) for each in refused.problems)}
            return self.shown(request, held, name, why)
        return said_in_force(request, done, self.back)

    def _by_field(self, refused: Refused, language: str) -> dict[str, str]:
        """Return the fields that are wrong, by the part of the path that names one; ``name`` for the rest."""
        known = set(self.names)
        found: dict[str, str] = {}
        for each in refused.problems:
            parts = [part.partition("[")[0] for part in each.path.split(".")]
            field = next((part for part in parts[1:] if part in known), "name" if self.naming else "")
            found[field] = said(each, language)
        return found


def _choices(request: Request) -> dict[str, list[str]]:
    """Return names that are there already, offered where one of them is wanted."""

    def read(root: Root) -> dict[str, list[str]]:
        return {
            "tenant": list(root.tenants), "listener": list(root.listeners),
            "prompt_pack": list(root.prompt_packs), "tariff": list(root.tariffs),
        }  # fmt: skip

    found: dict[str, list[str]] = request.services.read(read)
    return found
