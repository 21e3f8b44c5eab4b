"""Write the configuration as a provisioning file; applying it changes nothing."""

from __future__ import annotations

import io
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from domain.calling.masking import veiled
from domain.days.calendar import EnteredDay
from domain.days.schedule import Schedule
from domain.days.schedule_text import schedule_lines
from domain.routing.destination import Destination
from domain.structures import fields_of
from storage.models import TenantConfig
from storage.provisioning import schema
from storage.provisioning.checks import ADDRESS, MASK
from storage.provisioning.schema import Section
from storage.provisioning.state import Configuration


def export(configuration: Configuration, *, secrets: bool = True) -> str:
    """Return YAML of what is not at its default. Without ``secrets`` it has masks and cannot be applied."""
    names = {address: info.name for address, info in configuration.prompts.items()}
    writing = _Writing(secrets)
    document = _of_box(configuration, writing)
    if configuration.tenants:
        document["tenants"] = {
            _key(name): _tenant(configuration, tenant, writing)
            for name, tenant in configuration.tenants.items()
        }
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.allow_unicode = True
    stream = io.StringIO()
    if document:
        yaml.dump(document, stream)
    comments = "".join(f"# address:{address} = {name}\n" for address, name in sorted(names.items()))
    return stream.getvalue() + comments


def _of_box(configuration: Configuration, writing: _Writing) -> dict[str, Any]:
    document: dict[str, Any] = {}
    box = writing.fields(schema.BOX, configuration.box)
    if box:
        document["box"] = box
    for plural, section, objects in (
        ("listeners", schema.LISTENER, configuration.listeners),
        ("trunks", schema.TRUNK, configuration.trunks),
        ("tariffs", schema.TARIFF, configuration.tariffs),
        ("gateways", schema.GATEWAY, configuration.gateways),
        ("templates", schema.TEMPLATE, configuration.templates),
    ):
        if objects:
            document[plural] = {_key(name): writing.fields(section, value) for name, value in objects.items()}
    return document


def as_written(section: Section, value: msgspec.Struct) -> dict[str, Any]:
    """Return what a file would say of one object, secrets included, in plain types: a start for changes."""
    return {name: _unquoted(each) for name, each in _Writing(True).fields(section, value).items()}


def _unquoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _unquoted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_unquoted(each) for each in value]
    return str(value) if isinstance(value, str) else value


def box_object(configuration: Configuration) -> dict[str, Any]:
    """Return what a file says beside the tenants, secrets masked, in plain types."""
    found: dict[str, Any] = _unquoted(_of_box(configuration, _Writing(secrets=False)))
    return found


def tenant_object(configuration: Configuration, tenant: TenantConfig) -> dict[str, Any]:
    """Return what a file says below one tenant, secrets masked, in plain types."""
    found: dict[str, Any] = _unquoted(_tenant(configuration, tenant, _Writing(secrets=False)))
    return found


def _tenant(configuration: Configuration, tenant: TenantConfig, writing: _Writing) -> dict[str, Any]:
    fields = writing.fields(schema.TENANT, tenant)
    extensions = {
        _key(name): writing.fields(schema.EXTENSION, extension)
        for (owner, name), extension in configuration.extensions.items()
        if owner == tenant.id
    }
    numbers = {
        _key(number): writing.fields(schema.NUMBER, plan)
        for number, (owner, plan) in configuration.numbers.items()
        if owner == tenant.id
    }
    for section in schema.PARTS:
        parts = {
            _key(name): writing.fields(section, value)
            for (owner, name), value in configuration.parts[section.plural].items()
            if owner == tenant.id
        }
        if parts:
            fields[section.plural] = parts
    if extensions:
        fields["extensions"] = extensions
    if numbers:
        fields["numbers"] = numbers
    return fields


class _Writing:
    def __init__(self, secrets: bool) -> None:
        self.secrets = secrets

    def fields(self, section: Section, value: msgspec.Struct) -> dict[str, Any]:
        """Return the fields that are not at their default."""
        found: dict[str, Any] = {}
        for each in section.fields:
            content = getattr(value, each.name)
            if content == section.default(each.name):
                continue
            if each.secret and not self.secrets:
                found[each.name] = _text(MASK)
            elif each.has_keys and not self.secrets:
                found[each.name] = _text(veiled(content))
            else:
                found[each.name] = self._plain(content)
        return found

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Destination):
            kind, name = value.kind, value.name
            return _text(f"{kind}:address:{name}" if ADDRESS.fullmatch(name) else str(value))
        if isinstance(value, Schedule):
            return [_text(line) for line in schedule_lines(value)]
        if isinstance(value, EnteredDay):
            return _text(f"{value.kind} {value.name}".rstrip())
        if isinstance(value, msgspec.Struct):
            config = value.__struct_config__
            tag = {str(config.tag_field): _text(str(config.tag))} if config.tag is not None else {}
            return tag | {
                each.name: self._plain(getattr(value, each.name))
                for each in fields_of(type(value))
                if each.name == "kind" or getattr(value, each.name) not in (_default(each), {})
            }
        if isinstance(value, dict):
            return {_key(key): self._plain(each) for key, each in value.items()}
        if isinstance(value, (tuple, list)):
            return [self._plain(each) for each in value]
        if isinstance(value, str):
            return _text(f"address:{value}" if ADDRESS.fullmatch(value) else str(value))
        return value


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


def _text(value: str) -> Any:
    """Quote every text: no reader of YAML may take a phone number for a number."""
    return DoubleQuotedScalarString(value)


def _key(value: str) -> Any:
    """Quote keys that somebody could take for a number or a truth value."""
    return DoubleQuotedScalarString(value) if not value[:1].isalpha() or len(value) < 4 else value
