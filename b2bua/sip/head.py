"""The head of a message: its start line and header rows (RFC 3261 7)."""

from __future__ import annotations

import re
from typing import NamedTuple

from b2bua.sip.errors import SipError
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.names import KEYS, header_key
from b2bua.sip.text import BLANK, read_number

MAX_HEAD = 65536
MAX_ROWS = 512

_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]++) ([^\x00-\x20\x7f]++) ([Ss][Ii][Pp]/[0-9]++\.[0-9]++)")
_STATUS_LINE = re.compile(r"[Ss][Ii][Pp]/2\.0 ([1-6][0-9][0-9])(?: ([^\0\r]*+))?")
_REQUEST_IN_RUINS = re.compile(
    r"([A-Za-z0-9\-.!%*_+`'~]++)[ \t]++[^\n]*[ \t][Ss][Ii][Pp]/[0-9]++\.[0-9]++[ \t]*+"
)
HEAD_END = re.compile(rb"\r?\n\r?\n")
_BAD_ROW = "Malformed Header"

Rows = list[tuple[str, str]]
Index = dict[str, list[str]]


class Head(NamedTuple):
    """A start line with its header rows, read as far as possible."""

    message: Message | None
    """None where the start line is hopeless."""
    error: SipError | None
    length: int | None
    """Content-Length, None when absent; where it cannot be trusted ``error`` is set and it is -1."""


def cut_plain(head: bytes) -> list[str] | None:
    """Cut a head into lines; None where it holds lone CRs or LFs."""
    text = head.decode("utf-8", "surrogateescape")
    lines = text.split("\r\n")
    breaks = len(lines) - 1
    return lines if text.count("\n") == breaks and text.count("\r") == breaks else None


def cut_lines(head: bytes) -> list[str]:
    """Cut a head with lone LFs or CRs into lines."""
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    return [line[:-1] if line[-1:] == "\r" else line for line in lines]


def _unfold(lines: list[str]) -> list[str]:
    """Join folded lines: a line end followed by blanks is one blank (RFC 3261 7.3.1)."""
    rows: list[list[str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and rows:
            rows[-1].append(line.strip(BLANK))
        else:
            rows.append([line])
    return [" ".join([row[0].rstrip(BLANK), *row[1:]]) if len(row) > 1 else row[0] for row in rows]


def parse_head(lines: list[str]) -> Head:
    """Parse the start line and the header rows (without the empty line).

    What has more than ``MAX_ROWS`` is not looked at any further: it gets no answer.
    """
    if len(lines) > MAX_ROWS + 1:
        lines = _unfold(lines)
        if len(lines) > MAX_ROWS + 1:
            return Head(None, SipError(400, "Too Many Headers"), -1)
    headers: Rows = []
    index: Index = {}
    wrong: str | None = None
    usual = KEYS.get
    rows = iter(lines)
    start = next(rows)
    for line in rows:
        name, colon, value = line.partition(":")
        key = usual(name)
        if key is None or not colon:
            if line[:1] in (" ", "\t"):
                return parse_head(_unfold(lines))
            key = header_key(name) if colon else None
            if key is None:
                wrong = _BAD_ROW
                continue
            name = name.rstrip(BLANK)
        value = value.strip(BLANK)
        if key in index:
            index[key].append(value)
        else:
            index[key] = [value]
        headers.append((name, value))
    stray = _find_stray("".join(lines), index)
    if stray is not None:
        wrong = stray
        _blank_out(headers, index)
    message, error = _start(start, headers, index)
    if wrong is _BAD_ROW and isinstance(message, Response):
        wrong = None  # a sloppy row must not cost us the answer to our request
    if wrong is not None and error is None:
        error = SipError(400, wrong)
    length = None
    if "content-length" in index:
        found = index["content-length"]
        length = read_number(found[0], 2**31 - 1) if len(found) == 1 else None
        if length is None:
            length = -1
            error = error or SipError(400, "Malformed Content-Length")
        _take_length(headers, len(found))
    if error is not None and message is not None:
        error = about(error, message)
    return Head(message, error, length)


def _start(line: str, headers: Rows, index: Index) -> tuple[Message | None, SipError | None]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is not None:
        return Request(match[1], match[2], headers, b"", index, match[3]), None
    match = _STATUS_LINE.fullmatch(line)
    if match is not None:
        return Response(int(match[1]), match[2] or "", headers, b"", index), None
    match = _REQUEST_IN_RUINS.fullmatch(line)
    if match is None:
        return None, SipError(400, "Malformed Start Line")
    return Request(match[1], "", headers, b"", index), SipError(400, "Malformed Request-Line")


def _take_length(headers: Rows, rows: int) -> None:
    usual = KEYS.get
    if rows == 1 and usual(headers[-1][0]) == "content-length":  # where it mostly is
        headers.pop()
    else:
        headers[:] = [row for row in headers if (usual(row[0]) or header_key(row[0])) != "content-length"]


def about(error: SipError, message: Message) -> SipError:
    """Return the error with its message, where that may be answered."""
    return error.about(message) if isinstance(message, Request) else error


def _find_stray(text: str, index: Index) -> str | None:
    """Find what must never be echoed or passed on: a lone CR, NUL."""
    if "\r" in text:
        return "Stray Carriage Return"
    if "\0" in text:
        # Escaped it is legal in a quoted display name (RFC 4475 3.1.1.2); elsewhere it would get into what
        # we send.
        for key, values in index.items():
            for value in values:
                if "\0" in (value.replace("\\\0", "") if key in ("from", "to") else value):
                    return "NUL in Header"
    return None


def _blank_out(headers: Rows, index: Index) -> None:
    """Make harmless what the refusal echoes."""
    headers[:] = [(name, value.replace("\r", " ").replace("\0", " ")) for name, value in headers]
    for rows in index.values():
        rows[:] = [row.replace("\r", " ").replace("\0", " ") for row in rows]
