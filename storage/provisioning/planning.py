"""From what is and what a file wishes to what shall be. Pure, but for the secrets it is given a maker of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.money.tariff import Tariff
from domain.notices.template import Template
from domain.notices.ways import Gateway
from domain.recipient import MOBILE
from domain.snapshot import ExtensionSnapshot, ListenerSnapshot, NumberPlan, TargetKind, TrunkSnapshot
from storage.models import OWN_PROMPTS, BoxConfig, TenantConfig
from storage.provisioning import schema
from storage.provisioning.changes import Change, differences
from storage.provisioning.checks import PHONE
from storage.provisioning.consequences import hides_objects, unexplained
from storage.provisioning.consistency import check_consistency
from storage.provisioning.consistency_routing import no_area_code
from storage.provisioning.fields import RESET
from storage.provisioning.flow_checks import check_flows
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wish, Wishes
from storage.provisioning.state import Configuration, Parts

_LANDLINE = re.compile(r"0[1-9][0-9]{8,10}|[2-8][0-9]{6,7}", re.ASCII)


@dataclass
class Plan:
    """What applying a file would make of the configuration."""

    after: Configuration
    changes: tuple[Change, ...]
    problems: list[Problem]
    generated: dict[str, str] = field(default_factory=dict)
    """Login of an extension -> the password that was made for it, to be told once."""


def make_plan(wishes: Wishes, before: Configuration, *, prune: bool, make_secret: Callable[[], str]) -> Plan:
    """Return what ``wishes`` make of ``before``; with problems, what would change means nothing.

    All that is wrong is told at once, the faults of the file as well as what does not fit together.

    A field that is not named stays as it is; null brings its default back. Nothing is removed but by
    ``absent: true``. With ``prune`` a file is the whole truth of the sections it has: objects it does not
    name go, fields it does not name are back at their defaults (passwords stay).
    """
    planning = _Planning(wishes, before, prune, make_secret)
    planning.remove()
    planning.set_all()
    after = planning.after
    used = after.used_prompts()
    known = {**before.prompts, **wishes.prompts}
    after.prompts = {address: known[address] for address in sorted(used) if address in known}
    problems = [*wishes.faults, *planning.problems]
    if not any(hides_objects(fault) for fault in wishes.faults):
        made = wishes.without(planning.unmade)
        found = [*check_consistency(made, before, after), *check_flows(made, after)]
        problems += unexplained(found, problems, planning.unmade)
    return Plan(after, differences(before, after), problems, planning.generated)


class _Planning:
    def __init__(
        self, wishes: Wishes, before: Configuration, prune: bool, make_secret: Callable[[], str]
    ) -> None:
        self.wishes = wishes
        self.before = before
        self.after = before.copy()
        self.prune = prune
        self.make_secret = make_secret
        self.problems: list[Problem] = []
        self.generated: dict[str, str] = {}
        self.unmade: list[Wish] = []
        """What could not be made because of a fault."""
        self._new: list[tuple[str, str]] = []
        """Extensions that a password was made for."""

    def remove(self) -> None:
        """Take away what is absent or pruned, before anything is set: a number may move to another tenant."""
        wishes, after = self.wishes, self.after
        for name, objects, wished in (
            ("listeners", after.listeners, wishes.listeners),
            ("trunks", after.trunks, wishes.trunks),
            ("tariffs", after.tariffs, wishes.tariffs),
            ("gateways", after.gateways, wishes.gateways),
            ("templates", after.templates, wishes.templates),
            ("tenants", after.tenants, wishes.tenants),
        ):
            for key in list(objects):
                wish = wished.get(key)
                if wish.absent if wish is not None else self.prune and name in wishes.named:
                    del objects[key]
        self._remove_owned("numbers", wishes.numbers, lambda number: after.numbers[number][0])
        named: list[tuple[str, dict[Any, Any], list[Wish]]] = [
            ("extensions", after.extensions, wishes.extensions),
            *((each.plural, after.parts[each.plural], wishes.parts[each.plural]) for each in schema.PARTS),
        ]
        for kind, objects_of_kind, wished_of_kind in named:
            self._remove_from(objects_of_kind, kind, wished_of_kind, lambda key: key[0], lambda key: key[1])

    def _remove_owned(self, name: str, wished: list[Wish], owner_of: Callable[[str], str]) -> None:
        objects: dict[str, Any] = getattr(self.after, name)
        self._remove_from(objects, name, wished, owner_of, lambda key: key)

    def _remove_from(
        self,
        objects: dict[Any, Any],
        name: str,
        wished: list[Wish],
        owner_of: Callable[[Any], str],
        name_of: Callable[[Any], str],
    ) -> None:
        stay = {(wish.tenant, wish.key) for wish in wished if not wish.absent}
        go = {(wish.tenant, wish.key) for wish in wished if wish.absent}
        for key in list(objects):
            owner = owner_of(key)
            owned = (owner, name_of(key))
            # What tenants uploaded since a file was written is not for it to take away.
            prunes = self.prune and name != OWN_PROMPTS
            pruned = prunes and f"{name} {owner}" in self.wishes.named and owned not in stay
            if owner not in self.after.tenants or owned in go or pruned:
                del objects[key]

    def set_all(self) -> None:
        """Set what is wished for; tenants before what they own."""
        wishes, after = self.wishes, self.after
        if wishes.box is not None:
            after.box = self._value(wishes.box, after.box, BoxConfig, {}) or after.box
        self._set(wishes.listeners, after.listeners, ListenerSnapshot)
        self._set(wishes.trunks, after.trunks, TrunkSnapshot)
        self._set(wishes.tariffs, after.tariffs, Tariff)
        self._set(wishes.gateways, after.gateways, Gateway)
        self._set(wishes.templates, after.templates, Template)
        for wish in wishes.tenants.values():
            if not wish.absent:
                held = after.tenants.get(wish.key)
                self._put(after.tenants, wish.key, self._value(wish, held, TenantConfig, {"id": wish.key}))
        for wish in wishes.extensions:
            self._set_extension(wish)
        self._set_logins()
        for section in schema.PARTS:
            for wish in wishes.parts[section.plural]:
                self._set_part(wish, after.parts[section.plural])
        for wish in wishes.numbers:
            self._set_number(wish)

    def _set(self, wished: dict[str, Wish], objects: dict[str, Any], kind: type[Any]) -> None:
        for wish in wished.values():
            if not wish.absent:
                fixed = {wish.section.key: wish.key}
                self._put(objects, wish.key, self._value(wish, objects.get(wish.key), kind, fixed))

    def _put(self, objects: dict[Any, Any], key: Any, value: Any) -> None:
        if value is not None:
            objects[key] = value

    def _value(self, wish: Wish, held: msgspec.Struct | None, kind: type[Any], fixed: dict[str, Any]) -> Any:
        """Return an object as it is wished for; None where a fault of the file has left too little of it."""
        values: dict[str, Any] = {} if held is None else msgspec.to_builtins(held)
        if self.prune and wish.section is not schema.OWN_PROMPT:
            for each in wish.section.fields:
                if not each.secret and each.name not in wish.given:
                    values.pop(each.name, None)
        for name, value in wish.given.items():
            if value is RESET:
                values.pop(name, None)
            else:
                values[name] = value
        if kind is TenantConfig:
            values.setdefault("name", wish.key)
        try:
            return msgspec.convert({**values, **fixed}, kind)
        except msgspec.ValidationError:
            if not any(fault.path.startswith(wish.path) for fault in self.wishes.faults):
                raise
            self.unmade.append(wish)
            return None

    def _set_extension(self, wish: Wish) -> None:
        if wish.absent or wish.tenant not in self.after.tenants:
            return
        place = (wish.tenant, wish.key)
        held = self.after.extensions.get(place)
        given = wish.given.get("secret", RESET)
        if given is RESET:
            wish.given.pop("secret", None)
            if held is None:
                wish.given["secret"] = self.make_secret()
                self._new.append(place)
        fixed = {"name": wish.key, "tenant": wish.tenant}
        self._put(self.after.extensions, place, self._value(wish, held, ExtensionSnapshot, fixed))

    def _set_logins(self) -> None:
        """Give a login with its tenant to each extension whose name is another one's login already.

        Who had a login keeps it: no tenant's phones fall silent because another one takes the same name.
        """
        extensions = self.after.extensions
        was = {place: each.account for place, each in self.before.extensions.items()}
        kept_first = sorted(
            extensions,
            key=lambda place: (was.get(place) != extensions[place].account, not extensions[place].login),
        )
        taken: dict[str, tuple[str, str]] = {}
        for place in kept_first:
            extension = extensions[place]
            if not extension.login and extension.name in taken:
                extension = msgspec.structs.replace(extension, login=extension.qualified)
                extensions[place] = extension
            for login in (extension.account, extension.qualified):
                other = taken.setdefault(login, place)
                if other != place:
                    self._login_taken(place, login, other)
        self.generated = {
            extensions[place].account: extensions[place].secret for place in self._new if place in extensions
        }

    def _login_taken(self, place: tuple[str, str], login: str, other: tuple[str, str]) -> None:
        for wish in self.wishes.extensions:
            if (wish.tenant, wish.key) == place:
                self.problems.append(
                    wish.problem("login-taken", "login", value=login, other=other[1], tenant=other[0])
                )

    def _set_number(self, wish: Wish) -> None:
        if wish.absent or wish.tenant not in self.after.tenants:
            return
        owner, held = self.after.numbers.get(wish.key, (wish.tenant, None))
        if owner != wish.tenant:
            self.problems.append(wish.problem("two-tenants", number=wish.key, other=owner))
            self.unmade.append(wish)
            return
        if not self._tell_kinds(wish, "bound") or not self._tell_forwards(wish):
            self.unmade.append(wish)
            return
        value = self._value(wish, held, NumberPlan, {"number": wish.key})
        if value is not None:
            self.after.numbers[wish.key] = (wish.tenant, value)

    def _set_part(self, wish: Wish, parts: Parts) -> None:
        if wish.absent or wish.tenant not in self.after.tenants:
            return
        if not self._tell_kinds(wish, "targets"):
            self.unmade.append(wish)
            return
        place = (wish.tenant, wish.key)
        fixed = {wish.section.key: wish.key}
        self._put(parts, place, self._value(wish, parts.get(place), wish.section.type, fixed))

    def _tell_kinds(self, wish: Wish, field: str) -> bool:
        """Write down what each bound number is, where the file does not say."""
        bound = wish.given.get(field, RESET)
        if bound is RESET:
            return True
        told = self._with_kinds(wish, field, bound)
        if told is not None:
            wish.given[field] = told
        return told is not None

    def _tell_forwards(self, wish: Wish) -> bool:
        """Do the same for the forward numbers of a route plan."""
        routing = wish.given.get("routing", RESET)
        if routing is RESET or routing is None:
            return True
        for name in ("when_busy", "when_no_answer"):
            told = self._with_kinds(wish, "routing", routing.get(name, []))
            if told is None:
                return False
            routing[name] = told
        return True

    def _with_kinds(self, wish: Wish, field: str, bound: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        told = []
        for each in bound:
            kind = each.get("kind") or self._kind_of(each["number"], wish.tenant)
            if kind is None:
                self.problems.append(wish.problem("kind-needed", field, value=each["number"]))
                return None
            if kind != TargetKind.EXTENSION and PHONE.fullmatch(each["number"]) is None:
                self.problems.append(wish.problem("phone", field, value=each["number"]))
                return None
            if kind in (TargetKind.LANDLINE, TargetKind.PHS):
                problem = no_area_code(wish, field, each["number"], self.before, self.after)
                if problem is not None:
                    self.problems.append(problem)
                    return None
            told.append({**each, "kind": str(kind)})
        return told

    def _kind_of(self, number: str, tenant: str) -> TargetKind | None:
        if (tenant, number) in self.after.extensions:
            return TargetKind.EXTENSION
        if MOBILE.fullmatch(number):
            return TargetKind.MOBILE
        if _LANDLINE.fullmatch(number):
            return TargetKind.LANDLINE
        return None
