"""Structured logs: one JSON object a line on standard error, from Twisted's and the standard library's
loggers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    globalLogBeginner,
)
from twisted.python.failure import Failure
from zope.interface import implementer

LEVELS = {LogLevel.debug: "debug", LogLevel.info: "info", LogLevel.warn: "warning", LogLevel.error: "error"}

Write = Callable[[bytes], object]


@implementer(ILogObserver)
class JsonLines:
    """Writes ``{"t": UTC seconds, "level", "from", "text", "call", "trace"}``; ``call`` where one is
    concerned."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self.errors = 0
        """Events of level error and above."""

    def __call__(self, event: LogEvent) -> None:
        """Write one of Twisted's events."""
        level = event.get("log_level", LogLevel.info)
        failure = event.get("log_failure")
        fields: dict[str, Any] = {
            "t": round(event.get("log_time", 0.0), 6),
            "level": LEVELS.get(level, "critical"),
            "from": event.get("log_namespace", ""),
            "text": formatEvent(event),
        }
        if "call" in event:
            fields["call"] = str(event["call"])
        if isinstance(failure, Failure):
            fields["trace"] = failure.getTraceback()
        self.put(fields)

    def put(self, fields: Mapping[str, Any]) -> None:
        """Write one line; a log that takes nothing never stops a call."""
        if fields["level"] in ("error", "critical"):
            self.errors += 1
        try:
            self._write(msgspec.json.encode(fields, enc_hook=repr) + b"\n")
        except (OSError, ValueError, UnicodeEncodeError):
            self.errors += 1


class StandardLines(logging.Handler):
    """Passes the standard library's log records to the same lines."""

    def __init__(self, lines: JsonLines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        fields: dict[str, Any] = {
            "t": round(record.created, 6),
            "level": record.levelname.lower(),
            "from": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            fields["trace"] = logging.Formatter().formatException(record.exc_info)
        self._lines.put(fields)


def begin_logging(level: LogLevel = LogLevel.info) -> JsonLines:
    """Send all logs of this process to standard error."""
    lines = JsonLines(_to_stderr)
    wanted: Any = LogLevelFilterPredicate(defaultLogLevel=level)
    observer: Any = FilteringLogObserver(cast(ILogObserver, lines), [wanted])
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=False)
    logging.basicConfig(level=logging.INFO, handlers=[StandardLines(lines)], force=True)
    return lines


def _to_stderr(data: bytes) -> None:
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()
