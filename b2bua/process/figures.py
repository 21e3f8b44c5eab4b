"""What the process tells of itself: the status for the command line, the metrics for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily

from b2bua.control import ListenerState, Status, TrunkState, WorkerState
from b2bua.metrics import Source, call_metrics, counters, gauge, rate_metrics
from b2bua.process.tuning import resident_kib

if TYPE_CHECKING:
    from b2bua.process.process import Process


class Figures:
    """Gathers when asked."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def status(self) -> Status:
        """Describe the process."""
        process = self._process
        switchboard = process.switchboard
        return Status(
            pid=os.getpid(),
            uptime_seconds=process.clock.mono() - process.started_mono,
            memory_kib=resident_kib(),
            calls=len(switchboard.calls),
            draining=switchboard.draining,
            box_version=process.directory.versions.box,
            tenants=len(process.directory.versions.tenants),
            registrations=process.sip.registrations(),
            reactor_lag_ms=process.lag.worst_recent() * 1000,
            trunks=self.trunks(),
            workers=self.workers(),
            listeners=self.listeners(),
            counters=self.counters(),
            alarms=process.alarms.up(),
        )

    def trunks(self) -> list[TrunkState]:
        """Describe the trunks."""
        calls_in = self._process.switchboard.admission.by_trunk
        return [
            TrunkState(
                name=trunk.name,
                state=trunk.state,
                detail=trunk.why,
                calls=trunk.calls_out + calls_in[trunk.name],
            )
            for trunk in self._process.sip.peers.table.trunks.values()
        ]

    def workers(self) -> list[WorkerState]:
        """Describe the media workers."""
        return [
            WorkerState(
                index=home.process.index,
                pid=home.process.pid,
                alive=home.process.up,
                endpoints=len(home.endpoints),
            )
            for home in self._process.media.homes
        ]

    def listeners(self) -> list[ListenerState]:
        """Describe the places where SIP is spoken."""
        return self._process.sip.listener_states()

    def counters(self) -> dict[str, int]:
        """Gather everything that only grows."""
        process = self._process
        counts = process.switchboard.counts
        return {
            "calls_started": counts.started,
            "calls_answered": counts.answered,
            "calls_bridged": counts.bridged,
            "call_faults": counts.faults,
            "trace_dropped": process.trace.dropped,
            "alarms_raised": process.alarms.raised,
            "sip_faults": process.sip.driver.faults,
            **self.sip_counters(),
        }

    def sip_counters(self) -> dict[str, int]:
        """Gather what the SIP core and the transports counted."""
        sip = self._process.sip
        core = sip.driver.core.counters
        gathered = {f"sip_{name}": int(getattr(core, name)) for name in core.__slots__}
        for counts in sip.listeners.counts().values():
            for name in counts.__slots__:
                key = f"sip_{name}"
                gathered[key] = gathered.get(key, 0) + int(getattr(counts, name))
        return gathered

    def sources(self) -> list[Source]:
        """Return what the metrics page gathers from."""
        return [self._calls, self._sip, self._rest, self._process.floor_desk.metrics]

    def _calls(self) -> Iterable[Metric]:
        switchboard = self._process.switchboard
        yield from call_metrics(switchboard.counts, len(switchboard.calls))
        yield from rate_metrics(switchboard.ports.rates)

    def _sip(self) -> Iterable[Metric]:
        return counters("box400_sip", "What SIP core and transports counted", self.sip_counters())

    def _rest(self) -> Iterable[Metric]:
        process = self._process
        yield gauge("box400_reactor_lag_seconds", "Worst of the last minute", process.lag.worst_recent())
        yield gauge("box400_disk_used_ratio", "Part of the disk that is used", process.disk.used)
        yield gauge("box400_alarms_up", "Alarms that are up", len(process.alarms.up()))
        yield gauge("box400_registrations", "Phones registered", process.sip.registrations())
        yield SummaryMetricFamily(
            "box400_journal_sync_seconds",
            "What making the journal durable took",
            count_value=process.journal.syncs,
            sum_value=process.journal.sync_seconds,
        )
        yield gauge("box400_journal_failing", "1 while the disk takes no lines", process.journal.failing)
        workers = GaugeMetricFamily("box400_media_worker_up", "1 while the worker runs", labels=["worker"])
        endpoints = GaugeMetricFamily(
            "box400_media_endpoints", "Media endpoints open in a worker", labels=["worker"]
        )
        for worker in self.workers():
            workers.add_metric([str(worker.index)], int(worker.alive))
            endpoints.add_metric([str(worker.index)], worker.endpoints)
        yield workers
        yield endpoints
        trunks = GaugeMetricFamily("box400_trunk_up", "1 while calls leave by the trunk", labels=["trunk"])
        calls = GaugeMetricFamily("box400_trunk_calls", "Calls on the trunk, both ways", labels=["trunk"])
        for trunk in self.trunks():
            trunks.add_metric([trunk.name], int(trunk.state == "up"))
            calls.add_metric([trunk.name], trunk.calls)
        yield trunks
        yield calls
