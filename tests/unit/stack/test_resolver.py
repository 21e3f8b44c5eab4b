"""RFC 3263: names of carriers become addresses, in the right order, without asking twice."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.names import dns
from twisted.names.client import Resolver as DnsClient
from twisted.names.common import ResolverBase
from twisted.names.error import DNSNameError, DNSServerError
from twisted.names.server import DNSServerFactory

from b2bua.stack.resolver import (
    LOOKUP_SECONDS,
    Destination,
    ResolveFailed,
    Resolver,
    Service,
    order_services,
    read_hosts,
    split_target,
)


class MemoryDns:
    """A DNS of records in a dictionary; counts what it is asked."""

    def __init__(self, **records):
        self.records = records
        self.asked = []
        self.failing = None

    def _look(self, kind, name):
        self.asked.append((kind, name))
        if self.failing == "silent":
            return Deferred()
        if self.failing is not None:
            return fail(self.failing)
        found = self.records.get(name, {}).get(kind)
        if not found:
            return fail(DNSNameError(name))
        return succeed(
            ([dns.RRHeader(name, record.TYPE, ttl=60, payload=record) for record in found], [], [])
        )

    def lookupAddress(self, name):
        """A."""
        return self._look("A", name)

    def lookupIPV6Address(self, name):
        """AAAA."""
        return self._look("AAAA", name)

    def lookupService(self, name):
        """SRV."""
        return self._look("SRV", name)

    def lookupNamingAuthorityPointer(self, name):
        """NAPTR."""
        return self._look("NAPTR", name)


CARRIER = {
    "carrier.example": {
        "NAPTR": [
            dns.Record_NAPTR(20, 0, b"s", b"SIP+D2U", b"", b"_sip._udp.carrier.example"),
            dns.Record_NAPTR(10, 0, b"s", b"SIP+D2T", b"", b"_sip._tcp.carrier.example"),
            dns.Record_NAPTR(5, 0, b"s", b"E2U+sip", b"", b"other.example"),
        ],
        "A": [dns.Record_A("192.0.2.9")],
    },
    "_sip._udp.carrier.example": {
        "SRV": [
            dns.Record_SRV(20, 1, 5080, b"c.carrier.example"),
            dns.Record_SRV(10, 1, 5060, b"a.carrier.example"),
        ]
    },
    "_sip._tcp.carrier.example": {"SRV": [dns.Record_SRV(10, 1, 5070, b"a.carrier.example")]},
    "a.carrier.example": {"A": [dns.Record_A("192.0.2.1"), dns.Record_A("192.0.2.2")]},
    "c.carrier.example": {"AAAA": [dns.Record_AAAA("2001:db8::3")]},
    "plain.example": {"A": [dns.Record_A("192.0.2.7")], "AAAA": [dns.Record_AAAA("2001:db8::7")]},
}


class MemoryZone(ResolverBase):
    """Answers a DNS server's questions from a dictionary."""

    def __init__(self, records):
        super().__init__()
        self.records = records

    def _lookup(self, name, cls, type, timeout):
        found = [record for record in self.records.get(name, ()) if type == record.TYPE]
        if not found:
            return fail(DNSNameError(name))
        return succeed(([dns.RRHeader(name, type, ttl=60, payload=record) for record in found], [], []))


def make(records=CARRIER, hosts=None):
    """Make a resolver on a memory DNS and a fake clock."""
    lookup, clock = MemoryDns(**records), Clock()
    return Resolver(lookup, clock, lambda: 0.0, hosts), lookup, clock


def result(deferred):
    """Take the result of a Deferred that has fired."""
    out, errors = [], []
    deferred.addCallbacks(out.append, errors.append)
    if errors:
        errors[0].raiseException()
    assert out, "it has not fired"
    return out[0]


def shown(destinations):
    """Write destinations shortly."""
    return [f"{d.transport}:{d.host}:{d.port}" for d in destinations]


@pytest.mark.parametrize(
    ("target", "transport", "expected"),
    [
        ("192.0.2.5", "udp", ["udp:192.0.2.5:5060"]),
        ("192.0.2.5:5080", "tcp", ["tcp:192.0.2.5:5080"]),
        ("192.0.2.5", "tls", ["tls:192.0.2.5:5061"]),
        ("[2001:db8::1]:5070", "udp", ["udp:2001:db8::1:5070"]),
        ("2001:db8::1", None, ["udp:2001:db8::1:5060"]),
        ("plain.example:5090", "udp", ["udp:192.0.2.7:5090", "udp:2001:db8::7:5090"]),
        ("plain.example", "tcp", ["tcp:192.0.2.7:5060", "tcp:2001:db8::7:5060"]),
        ("PLAIN.example.", "tls", ["tls:192.0.2.7:5061", "tls:2001:db8::7:5061"]),
        (
            "carrier.example",
            "udp",
            ["udp:192.0.2.1:5060", "udp:192.0.2.2:5060", "udp:2001:db8::3:5080"],
        ),
        (
            "carrier.example",
            None,
            [
                "tcp:192.0.2.1:5070",
                "tcp:192.0.2.2:5070",
                "udp:192.0.2.1:5060",
                "udp:192.0.2.2:5060",
                "udp:2001:db8::3:5080",
            ],
        ),
    ],
)
def test_a_target_becomes_addresses_in_order(target, transport, expected):
    """Literals, host:port, SRV by priority, NAPTR by order, else the plain address."""
    resolver, _, _ = make()
    assert shown(result(resolver.resolve(target, transport))) == expected


def test_the_name_for_tls_is_what_was_asked_for():
    """RFC 5922: a certificate must bear the configured domain, not the SRV target."""
    resolver, _, _ = make()
    found = result(resolver.resolve("carrier.example", "udp"))
    assert {one.name for one in found} == {"carrier.example"}
    assert result(resolver.resolve("192.0.2.5", "tls")) == (
        Destination("tls", "192.0.2.5", 5061, "192.0.2.5"),
    )


@pytest.mark.parametrize(
    "target",
    [
        "",
        "bad host",
        "a..b/c",
        "192.0.2.5:70000",
        "x" * 300,
        "nowhere.example",
        "127..79.2:5060",
        ".a",
        "a..",
        f"{'x' * 64}.example",
        ".".join(["x" * 60] * 5),
    ],
)
def test_what_leads_nowhere_is_an_error(target):
    """Malformed and unknown names fail, they do not hang."""
    resolver, _, _ = make()
    with pytest.raises(ResolveFailed):
        result(resolver.resolve(target, "udp"))


def test_a_record_that_leads_to_no_name_is_passed_over():
    """As Twisted says it of a label that is empty or too long."""
    resolver, lookup, _ = make()

    def none_can_be(name):
        raise UnicodeError("label empty or too long")

    lookup.lookupAddress = lookup.lookupIPV6Address = none_can_be
    with pytest.raises(ResolveFailed):
        result(resolver.resolve("carrier.example", "udp"))


def test_answers_are_kept_for_their_time():
    """Within the TTL nobody is asked again; after it, once."""
    resolver, lookup, clock = make()
    result(resolver.resolve("plain.example", "udp"))
    asked = len(lookup.asked)
    clock.advance(59)
    result(resolver.resolve("plain.example", "udp"))
    # Only the absent SRV record, which is remembered for 5 s, is asked for again.
    assert lookup.asked[asked:] == [("SRV", "_sip._udp.plain.example")]
    clock.advance(2)
    result(resolver.resolve("plain.example", "udp"))
    assert ("A", "plain.example") in lookup.asked[asked:]


def test_an_old_answer_beats_a_silent_dns():
    """Calls go on when the DNS server is down."""
    resolver, lookup, clock = make()
    result(resolver.resolve("plain.example:5060", "udp"))
    clock.advance(100)
    lookup.failing = DNSServerError("down")
    assert shown(result(resolver.resolve("plain.example:5060", "udp")))[0] == "udp:192.0.2.7:5060"
    clock.advance(4000)
    with pytest.raises(ResolveFailed):
        result(resolver.resolve("plain.example:5060", "udp"))


def test_a_dns_that_never_answers_fails_in_time():
    """A call goes on to the next trunk; nothing waits for ever."""
    resolver, lookup, clock = make()
    lookup.failing = "silent"
    waiting = resolver.resolve("plain.example:5060", "udp")
    clock.advance(LOOKUP_SECONDS + 0.1)
    with pytest.raises(ResolveFailed):
        result(waiting)
    assert not clock.getDelayedCalls()


def test_one_question_serves_all_who_wait():
    """A burst of calls asks the DNS once."""
    resolver, lookup, clock = make()
    lookup.failing = "silent"
    waiting = [resolver.resolve("plain.example:5060", "udp") for _ in range(5)]
    assert len(lookup.asked) == 2
    clock.advance(LOOKUP_SECONDS + 0.1)
    for one in waiting:
        with pytest.raises(ResolveFailed):
            result(one)


def test_the_hosts_file_comes_first(tmp_path):
    """A technician may name a carrier's address in the hosts file, and change it."""
    hosts = tmp_path / "hosts"
    hosts.write_text("# carriers\n192.0.2.77  carrier.example alias # main\nnonsense\n")
    resolver, lookup, _ = make(hosts=hosts)
    assert shown(result(resolver.resolve("carrier.example", "udp"))) == ["udp:192.0.2.77:5060"]
    assert not lookup.asked
    hosts.write_text("192.0.2.178 carrier.example\n")
    assert shown(result(resolver.resolve("carrier.example", "udp"))) == ["udp:192.0.2.178:5060"]
    hosts.unlink()
    assert shown(result(resolver.resolve("carrier.example", "udp")))[0] == "udp:192.0.2.1:5060"


def test_weights_decide_by_lot():
    """RFC 2782: within one priority the heavier is chosen more often, each once."""
    records = [Service(1, 0, 1, "zero"), Service(1, 10, 1, "ten"), Service(1, 30, 1, "thirty")]
    firsts = [order_services(records, lambda n=n: n / 41)[0].target for n in range(41)]
    assert firsts.count("zero") == 1
    assert firsts.count("ten") == 10
    assert firsts.count("thirty") == 30
    assert {one.target for one in order_services(records, lambda: 0.99)} == {"zero", "ten", "thirty"}


def test_a_hosts_file_is_read_as_it_is_written():
    """Comments, aliases, several addresses, junk."""
    text = "127.0.0.1 localhost\n::1 localhost ip6\nbad line\n#1.2.3.4 x\n300.1.1.1 y\n"
    assert read_hosts(text) == {"localhost": ("127.0.0.1", "::1"), "ip6": ("::1",)}


def test_targets_split():
    """Host and port, IPv6 with and without brackets."""
    assert split_target("a.b:5060") == ("a.b", 5060)
    assert split_target("[::1]:5061") == ("::1", 5061)
    assert split_target("::1") == ("::1", None)
    assert split_target("[::1]") == ("::1", None)
    assert split_target("a:99999") == ("a:99999", None)


@pytest_twisted.inlineCallbacks
def test_against_a_real_dns_server():
    """The same questions over loopback, as Twisted's own server and client speak."""
    zone = {
        b"carrier.test": [dns.Record_A("192.0.2.1", 60)],
        b"_sip._udp.carrier.test": [dns.Record_SRV(1, 1, 5066, b"carrier.test", 60)],
    }
    factory = DNSServerFactory(clients=[MemoryZone(zone)])
    factory.noisy = False
    port = reactor.listenUDP(0, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
    client = DnsClient(servers=[("127.0.0.1", port.getHost().port)], timeout=(1,))
    resolver = Resolver(client, reactor, lambda: 0.0, None)
    found = yield resolver.resolve("carrier.test", "udp")
    assert shown(found) == ["udp:192.0.2.1:5066"]
    yield port.stopListening()
