"""A trunk as it lives in this process: its configuration with its health, its limits, its registration."""

from __future__ import annotations

from b2bua.stack.trunks.circuit import Circuit
from domain.calling.called import called_rules
from domain.calling.caller import CallerRules
from domain.snapshot import TrunkKind, TrunkSnapshot
from domain.token_bucket import TokenBucket


class Registration:
    """What the registrar of a registering trunk granted; empty while it has not."""

    __slots__ = ("address", "identity", "registered", "service_routes", "why")

    def __init__(self) -> None:
        self.registered = False
        self.why = ""
        """Why not, for people."""
        self.service_routes: tuple[str, ...] = ()
        """Service-Route values (RFC 3608), put before requests that leave by the trunk."""
        self.identity = ""
        """The first P-Associated-URI (RFC 7315), by which the network knows us."""
        self.address: tuple[str, int] | None = None
        """Where the registration went; requests of the line come from there."""


class Trunk:
    """One trunk; it survives a reload, calls keep counting on it."""

    __slots__ = (
        "_bucket",
        "called_rules",
        "caller_rules",
        "calls_out",
        "circuit",
        "registration",
        "resolved",
        "snapshot",
    )

    def __init__(self, snapshot: TrunkSnapshot) -> None:
        self.circuit = Circuit()
        self.registration = Registration()
        self.calls_out = 0
        self.resolved: frozenset[str] = frozenset()
        """Addresses that the target's name stands for, as last resolved."""
        self.take(snapshot)

    def take(self, snapshot: TrunkSnapshot) -> None:
        """Put a configuration in force, for calls from now on."""
        self.snapshot = snapshot
        self.caller_rules = CallerRules(
            snapshot.caller_prefixes, snapshot.restore_zero, snapshot.caller_area_code
        )
        self.called_rules = called_rules(snapshot.called_prefixes, snapshot.landing_numbers)
        rate = snapshot.calls_per_second
        self._bucket = None if rate is None else TokenBucket(rate, max(1.0, rate))

    @property
    def name(self) -> str:
        """Name in the configuration."""
        return self.snapshot.name

    @property
    def registers(self) -> bool:
        """Whether we register with its peer."""
        return self.snapshot.kind is TrunkKind.REGISTER

    @property
    def probed(self) -> bool:
        """Whether OPTIONS tell about its health (a registration does so by itself)."""
        return self.snapshot.options_seconds > 0

    @property
    def line_user(self) -> str:
        """User part of our Contact on it: what its peer puts into the Request-URI of calls to the line."""
        if self.registers:
            # An IMS private identity (user@realm) names the public one by its user part.
            return self.snapshot.username.partition("@")[0]
        return self.snapshot.trunk_number

    @property
    def state(self) -> str:
        """``off``, ``down``, ``trying`` or ``up``."""
        if not self.snapshot.enabled:
            return "off"
        if self.registers and not self.registration.registered:
            return "down"
        return self.circuit.state.value

    @property
    def why(self) -> str:
        """Why it is not up, for people; empty when it is."""
        if self.registers and not self.registration.registered:
            return self.registration.why or "not registered yet"
        return self.circuit.why

    def usable(self) -> bool:
        """Whether calls may leave by it at all."""
        return (
            self.snapshot.enabled
            and self.snapshot.outbound
            and (not self.registers or self.registration.registered)
        )

    def begin_call(self, now: float, calls_in: int) -> bool:
        """Take a channel; False when all are busy or calls come too fast."""
        channels = self.snapshot.channels
        if channels is not None and self.calls_out + calls_in >= channels:
            return False
        if self._bucket is not None and not self._bucket.take(now):
            return False
        self.calls_out += 1
        return True

    def end_call(self) -> None:
        """Give the channel back."""
        self.calls_out = max(0, self.calls_out - 1)

    def has_room(self, calls_in: int) -> bool:
        """Tell whether a channel is free."""
        channels = self.snapshot.channels
        return channels is None or self.calls_out + calls_in < channels
