"""语音与彩铃: uploads, versions, review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from pyramid.response import Response

from b2bua.recorder.prompts import PromptError
from storage.models import PromptVersion, Root
from storage.models.web import AuditEntry
from storage.voice import own_prompts
from storage.voice.prompt_faults import PromptFault
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, named, query, version_of
from webui.api.configuration import stored
from webui.api.problems import ApiProblem, Fault
from webui.services import prompts

NOT_THERE = ("no-tenant", "no-prompt", "no-version")


class UploadQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is uploaded."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[^\s/\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,59}\Z")] = "audio"


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says of an upload."""

    approve: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


def waiting(caller: Caller) -> Mapping[str, Any]:
    """Return what waits for review."""
    query(caller, NoQuery)
    return {
        "items": [
            {
                "tenant": each.tenant, "company": each.company, "name": each.prompt.name,
                "version": _version(each.version),
            }
            for each in caller.services.read(prompts.waiting)
        ]
    }  # fmt: skip


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a tenant's prompts."""
    query(caller, NoQuery)
    caller.config()

    def read(root: Root) -> dict[str, Any]:
        found = prompts.listed(root, caller.tenant)
        return {
            "items": [
                {
                    "name": each.prompt.name, "in_force": each.prompt.in_force, "users": each.users,
                    "versions": [_version(version) for version in each.prompt.versions],
                }
                for each in found
            ],
            **own_prompts.usage(root, caller.tenant)._asdict(),
        }  # fmt: skip

    return caller.services.read(read)


def upload(caller: Caller) -> Mapping[str, Any]:
    """Take a file; the operator reviews it, unless it is he."""
    asked, request = query(caller, UploadQuery), caller.request
    name = named(caller, "prompt")
    caller.config()
    if request.content_type != "application/octet-stream":
        raise ApiProblem(415)
    entry, by = caller.entry("prompt-uploaded", name), caller.who
    try:
        done = prompts.upload(
            caller.services, caller.tenant, name, request.body_file, asked.file, entry,
            by=by, approved=caller.is_operator,
        )  # fmt: skip
    except PromptError as error:
        if error.code == "too-big":
            raise ApiProblem(413, error.chinese, error.english) from error
        text = error.chinese if caller.language == "zh" else error.english
        raise ApiProblem(422, errors=(Fault("", text),)) from error
    except PromptFault as fault:
        raise _refused(caller, fault) from fault
    return stored(done)


def audio(caller: Caller) -> Response:
    """Send a version as callers hear it."""
    query(caller, NoQuery)
    name, number = named(caller, "prompt"), version_of(caller)
    try:
        version = caller.services.read(lambda root: own_prompts.find(root, caller.tenant, name, number))
    except PromptFault as fault:
        raise _refused(caller, fault) from fault
    content = prompts.sound(caller.services, version)
    if content is None:
        raise ApiProblem(404)
    return Response(content, content_type="audio/wav")


def delete(caller: Caller) -> Mapping[str, Any]:
    """Remove a prompt."""
    query(caller, NoQuery)
    name = named(caller, "prompt")
    entry = caller.entry("prompt-removed", name)
    return _changed(caller, entry, lambda root: own_prompts.remove(root, caller.tenant, name, None))


def delete_version(caller: Caller) -> Mapping[str, Any]:
    """Remove a version that nobody hears."""
    query(caller, NoQuery)
    name, number = named(caller, "prompt"), version_of(caller)
    entry = caller.entry("prompt-removed", f"{name} {number}")
    return _changed(caller, entry, lambda root: own_prompts.remove(root, caller.tenant, name, number))


def choose(caller: Caller) -> Mapping[str, Any]:
    """Let callers hear an approved version again."""
    query(caller, NoQuery)
    name, number = named(caller, "prompt"), version_of(caller)
    entry = caller.entry("prompt-rolled-back", f"{name} {number}")
    return _changed(caller, entry, lambda root: own_prompts.roll_back(root, caller.tenant, name, number))


def review(caller: Caller) -> Mapping[str, Any]:
    """Approve an upload, or refuse it with a reason."""
    query(caller, NoQuery)
    name, number, wish = named(caller, "prompt"), version_of(caller), body(caller, Review)
    reason = None if wish.approve else wish.reason.strip()
    action = "prompt-approved" if wish.approve else "prompt-refused"
    entry = caller.entry(action, f"{name} {number} {reason or ''}".rstrip())
    who, now = caller.who, caller.services.now()
    return _changed(
        caller,
        entry,
        lambda root: own_prompts.review(root, caller.tenant, name, number, reason=reason, by=who, at=now),
    )


def _changed(caller: Caller, entry: AuditEntry, work: Callable[[Root], object]) -> Mapping[str, Any]:
    try:
        return stored(prompts.change(caller.services, entry, work))
    except PromptFault as fault:
        raise _refused(caller, fault) from fault


def _refused(caller: Caller, fault: PromptFault) -> ApiProblem:
    if fault.code in NOT_THERE:
        return ApiProblem(404)
    if fault.code == "reason":
        return caller.wrong(fault, "reason")
    return ApiProblem(409, fault.zh, fault.en)


def _version(version: PromptVersion) -> dict[str, Any]:
    plain = msgspec.structs.asdict(version)
    del plain["address"]  # names a file of the box
    return plain
