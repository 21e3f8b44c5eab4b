"""What a request says, read strictly: parameters and bodies."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeVar

import msgspec

from domain.names import as_named, is_name
from webui.api.access import Caller
from webui.api.problems import ApiProblem, Fault

S = TypeVar("S", bound=msgspec.Struct)
MOST_OCTETS: Final = 1024 * 1024
CALL_ID: Final = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
NUMBER_400: Final = re.compile(r"400[0-9]{7}", re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
_WHERE: Final = re.compile(r"(?P<what>.*?)(?: - at `\$?\.?(?P<where>.*)`)?", re.DOTALL)

Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]
Text40 = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Moment = Annotated[float, msgspec.Meta(ge=0, le=99_999_999_999)]


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing may be asked."""


class ImportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a file is only looked at."""

    dry_run: bool = False


def query(caller: Caller, wanted: type[S]) -> S:
    """Read the parameters behind ``?``; raises 422, also for one that there is not, or twice."""
    given: dict[str, str] = {}
    for name, value in caller.request.GET.items():
        if name in given:
            raise ApiProblem(422, errors=(Fault(name, "more than once"),))
        given[name] = value
    try:
        found = msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error) from error
    for name in given:
        if getattr(found, name) is None:  # msgspec reads the word null so where a parameter may be left out
            raise ApiProblem(422, errors=(Fault(name, "null"),))
    return found


def body(caller: Caller, wanted: type[S]) -> S:
    """Read the body; raises 400, 413, 415, 422."""
    try:
        return msgspec.convert(document(caller), wanted)
    except msgspec.ValidationError as error:
        raise _refused(error) from error


def given(wish: msgspec.Struct) -> dict[str, Any]:
    """Return what a body says, without what it leaves out (UNSET)."""
    return {name: value for name, value in msgspec.structs.asdict(wish).items() if value is not msgspec.UNSET}


def document(caller: Caller) -> Any:
    """Read the body, whatever it is; raises 400, 413, 415."""
    try:
        return _DECODER.decode(octets(caller, kind="application/json"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiProblem(400, en=str(error), zh=str(error)) from error


def _number(text: str) -> int | float:
    """Read 5.0 as 5: JSON Schema knows no difference."""
    number = float(text)
    return int(number) if number.is_integer() else number


_DECODER: Final = msgspec.json.Decoder(float_hook=_number)


def octets(caller: Caller, most: int = MOST_OCTETS, kind: str = "application/octet-stream") -> bytes:
    """Return the body as it came; raises 413, 415."""
    request = caller.request
    if request.content_type != kind:
        raise ApiProblem(415, f"请求体应为 {kind}", f"The body must be {kind}")
    if (request.content_length or 0) > most:
        raise ApiProblem(413)
    data: bytes = request.body
    return data


def call_id(caller: Caller, name: str = "call") -> str:
    """Return the id of a call in the path; 404 for what is none."""
    found = caller.part(name)
    if CALL_ID.fullmatch(found) is None:
        raise ApiProblem(404)
    return found


def named(caller: Caller, part: str) -> str:
    """Return a name in the path; 404 for what is none."""
    found = as_named(caller.part(part))
    if not is_name(found):
        raise ApiProblem(404)
    return found


def number_400(caller: Caller) -> str:
    """Return the 400 number in the path; 404 for what is none."""
    found = caller.part("number")
    if NUMBER_400.fullmatch(found) is None:
        raise ApiProblem(404)
    return found


def version_of(caller: Caller) -> int:
    """Return a version in the path; 404 for what is none."""
    found = caller.part("version")
    if _VERSION.fullmatch(found) is None:
        raise ApiProblem(404)
    return int(found)


def _refused(error: msgspec.ValidationError) -> ApiProblem:
    found = _WHERE.fullmatch(str(error))
    assert found is not None
    return ApiProblem(422, errors=(Fault(found["where"] or "", found["what"]),))
