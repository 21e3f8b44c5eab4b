"""Prometheus metrics and the health page.

Hot paths count in plain integers; everything is gathered only when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import Site

from b2bua.calls.counts import SETUP_BOUNDS, CallCounts
from b2bua.calls.rates import DialRates, Limit

Source = Callable[[], Iterable[Metric]]


class Gathering(Collector):
    """Asks every source when it is scraped."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = tuple(sources)

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics."""
        for source in self._sources:
            yield from source()


def call_metrics(counts: CallCounts, up: int) -> Iterable[Metric]:
    """Describe calls: started, answered, bridged, ended by outcome, up, and how quickly phones were rung."""
    yield _counter("box400_calls_started", "Calls that arrived", counts.started)
    yield _counter("box400_calls_answered", "Calls answered to the caller", counts.answered)
    yield _counter("box400_calls_bridged", "Calls in which somebody picked up", counts.bridged)
    yield _counter("box400_call_faults", "Calls ended by a mistake of the program", counts.faults)
    ended = CounterMetricFamily("box400_calls_ended", "Calls that ended, by outcome", labels=["outcome"])
    for outcome, count in sorted(counts.ended.items()):
        ended.add_metric([outcome], count)
    yield ended
    yield GaugeMetricFamily("box400_calls_up", "Calls in progress", value=up)
    yield _setup(counts)


def rate_metrics(rates: DialRates) -> Iterable[Metric]:
    """Describe the legs that were refused because too many had been rung."""
    refused = CounterMetricFamily(
        "box400_rings_refused", "Legs refused by the limits of how often may be rung", labels=["limit"]
    )
    for limit in Limit:
        refused.add_metric([limit], rates.refused[limit])
    yield refused


def _setup(counts: CallCounts) -> Metric:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*SETUP_BOUNDS, float("inf")), counts.setup_buckets, strict=True):
        total += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), total))
    return HistogramMetricFamily(
        "box400_call_setup_seconds",
        "From the caller's INVITE to the first INVITE of the box",
        buckets=buckets,
        sum_value=counts.setup_sum,
    )


def counters(prefix: str, help_text: str, values: Mapping[str, int]) -> Iterable[Metric]:
    """Describe plain counters of one kind: ``{prefix}{what="..."}``."""
    family = CounterMetricFamily(prefix, help_text, labels=["what"])
    for name, value in values.items():
        family.add_metric([name], value)
    yield family


def gauge(name: str, help_text: str, value: float) -> Metric:
    """Describe one figure of now."""
    return GaugeMetricFamily(name, help_text, value=value)


def _counter(name: str, help_text: str, value: int) -> Metric:
    return CounterMetricFamily(name, help_text, value=value)


def make_registry(sources: Iterable[Source]) -> CollectorRegistry:
    """Make the registry of the process, with its CPU, memory and descriptors."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(Gathering(sources))
    return registry


class MetricsPage(Resource):
    """``/metrics``."""

    isLeaf = True

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._registry = registry

    def render_GET(self, request: Request) -> bytes:
        """Gather and write."""
        request.setHeader("Content-Type", CONTENT_TYPE_LATEST)
        return generate_latest(self._registry)


class HealthPage(Resource):
    """``/healthz``: 200 while calls are taken, else 503 with the reason."""

    isLeaf = True

    def __init__(self, why_not: Callable[[], str]) -> None:
        """``why_not``: the reason why no calls are taken, empty when they are."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._why_not = why_not

    def render_GET(self, request: Request) -> bytes:
        """Say how it is."""
        request.setHeader("Content-Type", "text/plain; charset=utf-8")
        reason = self._why_not()
        if reason:
            request.setResponseCode(503)
            return f"{reason}\n".encode()
        return b"ok\n"


def make_site(registry: CollectorRegistry, why_not: Callable[[], str]) -> Site:
    """Make the small web site of the process."""
    root: Any = Resource()
    root.putChild(b"metrics", MetricsPage(registry))
    root.putChild(b"healthz", HealthPage(why_not))
    site = Site(root)
    site.noisy = False
    return site
