"""A machine and a box where all is well; tests change what they are about."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.inspection.facts import (
    BoxFacts,
    Certificate,
    DiskHealth,
    Facts,
    FileSystem,
    MachineFacts,
    Operator,
    Ports,
    Socket,
    Trunk,
)

NOW = 1_795_000_000.0
DAY = 86400.0
MACHINE = MachineFacts(
    at=NOW, root=True, virtual=False, address="192.0.2.10", clock_synchronised=True, clock_offset=0.001,
    clock_source="ntp.example", file_systems=(FileSystem("/", 10**11, 0.4), FileSystem("/data", 10**12, 0.5)),
    disk_health=(DiskHealth("/dev/sda", True),), memory=8 * 1024**3, memory_available=4 * 1024**3, load=0.3,
    cores=4, temperature=45.0, certificates=(Certificate("server.crt", "CN=box", NOW + 200 * DAY),),
    firewall_refuses=True, listening=(Socket("tcp", 443, "0.0.0.0"), Socket("udp", 5060, "192.0.2.10")),
    ssh_passwords=False, superusers=("root",), with_passwords=(), empty_passwords=(), updates=0,
    security_updates=0, updated_at=NOW - DAY, failed_units=(), hardening=84, hardening_at=NOW - 10 * DAY,
    log_days=200.0, log_kept_days=190.0,
)  # fmt: skip
BOX = BoxFacts(
    version="0.1.0", declared=(Ports("tcp", 443, 443, "HTTPS"), Ports("udp", 5060, 5060, "SIP")),
    processes_down=(), trunks=(Trunk("unicom", "up"),), guessing=(), critical=(),
    operators=(Operator("anna", True, False, True, NOW - DAY),), backup_to="/mnt/backup",
    backup_at=NOW - 6 * 3600, drill_at=NOW - 20 * DAY, journal_lag=0, book_problems=(), recordings_failed=0,
)  # fmt: skip


def well(**changed: Any) -> Facts:
    """Return facts where all is well but for what is named, of the machine or the box."""
    of_machine = {name: value for name, value in changed.items() if name in MACHINE.__struct_fields__}
    of_box = {name: value for name, value in changed.items() if name not in of_machine}
    return Facts(NOW, msgspec.structs.replace(MACHINE, **of_machine), msgspec.structs.replace(BOX, **of_box))
