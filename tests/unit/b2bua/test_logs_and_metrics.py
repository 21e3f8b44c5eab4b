"""What the process writes for people and machines: JSON log lines, Prometheus metrics, the health page."""

from __future__ import annotations

import json
import logging

from prometheus_client import generate_latest
from twisted.logger import Logger
from twisted.web.test.requesthelper import DummyRequest

from b2bua.calls.counts import CallCounts
from b2bua.calls.rates import DialRates
from b2bua.metrics import HealthPage, call_metrics, counters, gauge, make_registry, rate_metrics
from b2bua.process.log import JsonLines, StandardLines


class Lines:
    """Log lines in memory."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.lines = JsonLines(self.raw.append)

    def read(self) -> list[dict[str, object]]:
        """Return what was written."""
        assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in self.raw)
        return [json.loads(line) for line in self.raw]


def test_a_log_line_names_its_call_and_shows_the_trace_of_a_failure() -> None:
    """So that everything about one call can be found."""
    log = Lines()
    logger = Logger(namespace="calls", observer=log.lines)
    logger.info("rang {who}", who="010\nInjected: line", call="01CALL")
    try:
        raise RuntimeError("a mistake")
    except RuntimeError:
        logger.failure("call {call} failed", call="01CALL")
    first, second = log.read()
    assert (first["level"], first["from"], first["call"]) == ("info", "calls", "01CALL")
    assert first["text"] == "rang 010\nInjected: line"
    assert second["level"] == "critical"
    assert "RuntimeError: a mistake" in str(second["trace"])
    assert log.lines.errors == 1


def test_the_standard_librarys_logs_go_the_same_way() -> None:
    """Storage and journal use them."""
    log = Lines()
    logger = logging.getLogger("test.storage")
    handler = StandardLines(log.lines)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        logger.error("journal cannot be written: %s", OSError(28, "full"))
    finally:
        logger.removeHandler(handler)
    (line,) = log.read()
    assert (line["level"], line["from"]) == ("error", "test.storage")
    assert "full" in str(line["text"])


def test_a_log_that_takes_nothing_stops_nobody() -> None:
    """A full disk, or text that is no UTF-8."""

    def broken(data: bytes) -> None:
        raise OSError(28, "full")

    JsonLines(broken).put({"level": "info", "text": "x"})
    log = Lines()
    log.lines.put({"level": "info", "text": "\udcff"})
    assert log.raw == []
    assert log.lines.errors == 1


def test_metrics_are_gathered_when_asked() -> None:
    """Histogram buckets add up; outcomes are labels."""
    counts = CallCounts(started=3, answered=2, bridged=1)
    counts.ended["answered"] += 2
    counts.ended["busy"] += 1
    for seconds in (0.001, 0.004, 9.0):
        counts.set_up(seconds)
    rates = DialRates()
    rates.take("acme", None, "13900001111", 1, 0.0)
    rates.take("acme", None, "13900001111", 1, 0.0)
    registry = make_registry(
        [
            lambda: call_metrics(counts, 7),
            lambda: rate_metrics(rates),
            lambda: counters("box400_sip", "SIP", {"sent": 5}),
            lambda: [gauge("box400_disk_used_ratio", "Disk", 0.5)],
        ]
    )
    text = generate_latest(registry).decode()
    for line in (
        "box400_calls_started_total 3.0",
        'box400_calls_ended_total{outcome="busy"} 1.0',
        "box400_calls_up 7.0",
        'box400_rings_refused_total{limit="number"} 1.0',
        'box400_rings_refused_total{limit="tenant"} 0.0',
        'box400_call_setup_seconds_bucket{le="0.002"} 1.0',
        'box400_call_setup_seconds_bucket{le="0.005"} 2.0',
        'box400_call_setup_seconds_bucket{le="+Inf"} 3.0',
        'box400_sip_total{what="sent"} 5.0',
        "box400_disk_used_ratio 0.5",
    ):
        assert line in text


def test_the_health_page_says_why_no_calls_are_taken() -> None:
    """503 with the reason, 200 otherwise."""
    reasons = iter(["", "draining"])
    page = HealthPage(lambda: next(reasons))
    well, ill = DummyRequest([b""]), DummyRequest([b""])
    assert page.render_GET(well) == b"ok\n"  # type: ignore[arg-type]
    assert well.responseCode is None
    assert page.render_GET(ill) == b"draining\n"  # type: ignore[arg-type]
    assert ill.responseCode == 503
