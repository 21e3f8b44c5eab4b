"""The roles that make a box of a Debian: well written, and what they write is understood by who reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from appliance import role_pages
from box400.programs import MODULES
from storage.data_directory import Settings
from tests.appliance.roles import ROLES, ansible, render


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the roles write with their defaults, by path."""
    return render(tmp_path_factory.mktemp("rendered"))


def test_lint_finds_nothing_at_the_production_profile() -> None:
    """A technician who reads the roles finds what he knows from other well-kept roles."""
    done = ansible("ansible-lint", "--offline", "--profile", "production", "--strict", "--nocolor", "-q")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_play_names_every_role() -> None:
    """No role is forgotten."""
    books = [YAML(typ="safe").load(ROLES.parent / name) for name in ("site.yml", "image.yml")]
    plays = [play for book in books for play in book]
    named = {each["role"] for play in plays for each in play.get("roles", ())}
    assert named == {role.name for role in role_pages.roles()}


def test_every_process_of_the_box_has_a_unit(written: dict[str, str]) -> None:
    """What `box400 run` starts, the appliance starts too."""
    for name, module in MODULES.items():
        assert f"python -m {module} --data " in written[f"/etc/systemd/system/box400-{name}.service"]


@pytest.mark.parametrize("role", role_pages.roles(), ids=lambda role: role.name)
def test_every_variable_of_a_role_is_typed_and_told(role: Path) -> None:
    """What may be set is in the argument specification with the default that holds, and in the README."""
    yaml = YAML(typ="safe")
    options = yaml.load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = yaml.load(role / "defaults" / "main.yml")
    assert set(defaults) == {name for name in options if name.startswith(f"{role.name}_")}
    for name, value in defaults.items():
        told = options[name].get("default")
        assert told == value or (told is None and "{{" in str(value)), name
    assert (role / "README.md").read_text(encoding="utf-8") == role_pages.page(role)


@pytest.mark.parametrize("role", role_pages.roles(), ids=lambda role: role.name)
def test_every_template_is_written_where_its_path_says(role: Path) -> None:
    """Who looks for the source of a file on the box finds it by its path."""
    tasks = "".join(file.read_text() for file in (role / "tasks").glob("*.yml"))
    for template in (role / "templates").rglob("*.j2"):
        path = str(template.relative_to(role / "templates")).removesuffix(".j2")
        directory, _, name = path.rpartition("/")
        assert path in tasks or (name in tasks and directory in tasks), path


def test_the_program_understands_its_settings(written: dict[str, str]) -> None:
    """What the roles write is what the program reads."""
    settings = msgspec.json.decode(written["/etc/box400/settings.json"], type=Settings)
    assert settings.trusted_proxy == "127.0.0.1"
    assert [each.bind for each in settings.listeners] == ["auto"]


def test_scripts_are_shell(written: dict[str, str]) -> None:
    """Every script parses."""
    scripts = {path: text for path, text in written.items() if text.startswith("#!/bin/sh")}
    assert "/usr/local/bin/box400" in scripts
    for path, text in scripts.items():
        done = subprocess.run(["/bin/sh", "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, path + done.stderr


@pytest.mark.parametrize("before", [(), ("--lang", "en"), ("--lang=en",)])
def test_an_upgrade_stays_root_whatever_its_language(
    written: dict[str, str], tmp_path: Path, before: tuple[str, ...]
) -> None:
    """All other commands become the account of the data."""
    said = "#!/bin/sh\necho $(basename $0)\n"
    for name in ("bin/id", "bin/setpriv", "current/bin/python"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("#!/bin/sh\necho 0\n" if name == "bin/id" else said)
        (tmp_path / name).chmod(0o755)
    script = written["/usr/local/bin/box400"].replace("/opt/box400", str(tmp_path))

    def run(*words: str) -> str:
        return subprocess.run(
            ["/bin/sh", "-c", script, "box400", *words], env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"},
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    assert run(*before, "upgrade", "--status") == "python"
    assert run(*before, "status") == "setpriv"


@pytest.mark.parametrize(
    ("owner", "cut_short", "changes"),
    [("box400:box400", False, 0), ("995:991", False, 1), ("box400:box400", True, 1)],
)
def test_data_that_lay_there_before_become_the_accounts(
    written: dict[str, str], tmp_path: Path, owner: str, cut_short: bool, changes: int
) -> None:
    """The system may number the account otherwise: nothing could be read. The power may be cut in it."""
    data, tools, calls, mark = (tmp_path / name for name in ("box400", "tools", "calls", "renumbering"))
    for directory in (data, tools):
        directory.mkdir()
    if cut_short:
        mark.touch()
    for name, does in (
        ("stat", f"echo {owner}"),
        ("chown", f'echo "$PWD $*" >>{calls}; [ ! -e {tmp_path}/cut ]'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    script = written["/usr/local/lib/box400/own-data"].replace("/data/", f"{tmp_path}/")

    def run() -> bool:
        path = {"PATH": f"{tools}:/usr/bin:/bin"}
        return subprocess.run(["/bin/sh", "-c", script], env=path, check=False).returncode == 0

    (tmp_path / "cut").touch()
    assert (run(), mark.exists()) == (not changes, bool(changes))
    (tmp_path / "cut").unlink()
    assert (run(), mark.exists()) == (True, False)
    asked = calls.read_text().splitlines() if calls.exists() else []
    assert asked == [f"{data} -R -h box400:box400 ."] * changes * 2


def test_kept_data_change_their_owner_before_anybody_uses_them(written: dict[str, str]) -> None:
    """Neither the box, nor who puts data back after a power cut."""
    for unit in ("box400-settings", "appliance-recover"):
        lines = written[f"/etc/systemd/system/{unit}.service"]
        assert re.search(r"^ExecStartPre=[+-]/usr/local/lib/box400/own-data$", lines, re.M)


@pytest.mark.parametrize(("active", "upgrading"), [(True, False), (False, False), (True, True)])
def test_the_watch_starts_what_was_not_started(
    written: dict[str, str], tmp_path: Path, active: bool, upgrading: bool
) -> None:
    """SIP was dead for good after the unit before it had once been too slow; upgrades are left alone."""
    (tmp_path / "upgrade").mkdir()
    if upgrading:
        (tmp_path / "upgrade/runner").symlink_to("/opt/box400/old")
    calls = tmp_path / "calls"
    systemctl = f"""#!/bin/sh
echo "$*" >>{calls}
case "$*" in "is-active -q box400.target") exit {0 if active else 3} ;; esac
"""
    tools = {"systemctl": systemctl, "logger": "#!/bin/sh\n", "python": "#!/bin/sh\nexit 1\n"}
    for name, text in tools.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    script = written["/usr/local/lib/box400/watch"].replace("/opt/box400/current/bin/", f"{tmp_path}/")
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["/bin/sh", "-c", script.replace("/data/", f"{tmp_path}/")], env=path, check=True)
    asked = set(calls.read_text().splitlines())
    wanted = {"start --no-block box400.target", "restart box400-settings.service"}
    assert asked & wanted == (wanted if active and not upgrading else set())


def test_the_rest_of_an_upgrade_waits_for_what_comes_before_the_box(written: dict[str, str]) -> None:
    """The watch starts it each minute; where it was first, what should go back before the box was refused."""
    rest = written["/etc/systemd/system/appliance-upgrade.service"]
    assert "appliance-recover.service" in re.findall(r"^After=(.*)$", rest, re.M)[0].split()


def test_an_inspection_that_meets_an_upgrade_is_repeated(written: dict[str, str]) -> None:
    """The store is down in it; a unit that lay failed after each such upgrade was an alarm of nothing."""
    unit = written["/etc/systemd/system/appliance-inspect.service"]
    found = dict(re.findall(r"^(Restart|RestartSec|StartLimitBurst|StartLimitIntervalSec)=(.*)$", unit, re.M))
    assert found["Restart"] == "on-failure"
    assert int(found["StartLimitBurst"]) * minutes(found["RestartSec"]) < minutes(
        found["StartLimitIntervalSec"]
    )


def minutes(span: str) -> int:
    """Read a span of systemd."""
    number, unit = re.fullmatch(r"(\d+)(min|h)", span).groups()  # type: ignore[union-attr]
    return int(number) * {"min": 1, "h": 60}[unit]


def test_the_firewall_opens_what_is_configured_and_nothing_else(
    written: dict[str, str], tmp_path: Path
) -> None:
    """Another listener opens its port, a list of networks closes it to all others."""
    plain = written["/etc/nftables.conf"]
    assert opened(plain) == {"20000-29999", "5060", "80, 443", "22", "68", "546"}
    listeners = [
        {"name": "carrier", "bind": "auto", "port": 5080, "transports": ["udp"]},
        {"name": "phones", "bind": "auto", "transports": ["tls"], "tls_port": 5061},
    ]
    narrow = render(
        tmp_path, box400_listeners=listeners, box400_rtp_ports=[30000, 30099], firewall_ssh_networks=[],
        firewall_web_networks=["198.51.100.0/24", "2001:db8::/32"], firewall_trunk_networks=["192.0.2.0/28"],
    )["/etc/nftables.conf"]  # fmt: skip
    assert opened(narrow) == {"30000-30099", "5080", "5061", "80, 443", "68", "546"}
    assert "ip6 saddr { 2001:db8::/32 } tcp dport { 80, 443 }" in narrow
    assert narrow.index("192.0.2.0/28") < narrow.index("banned4 counter drop")
    for rules in (plain, narrow):
        check_rules(rules)


def opened(rules: str) -> set[str]:
    """Return the ports that the input chain lets in."""
    chain = rules.partition("chain input {")[2].partition("chain forward")[0]
    return {each.strip("{} ") for each in re.findall(r"dport (\{[^}]*\}|[0-9-]+)", chain)}


def check_rules(rules: str) -> None:
    """Let nft itself read the rules, in a network of their own: this machine's stay as they are."""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "nft", "--check", "--file", "/dev/stdin"],
        input=rules, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_units_are_units_and_confined(written: dict[str, str], tmp_path: Path) -> None:
    """Systemd knows every setting, and finds each process of the program exposed by 3.0 at most."""
    units = [path for path in written if path.startswith("/etc/systemd/system/")]
    for path in units:
        file = tmp_path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(written[path])
    system = tmp_path / "etc/systemd/system"
    ours = [path.name for path in system.glob("box400-*.service")]
    assert len(ours) >= 7
    exposures = exposure_table(tmp_path, ours)
    assert max(exposures.values()) <= 3.0, exposures


def exposure_table(root: Path, units: list[str]) -> dict[str, float]:
    """Return what systemd thinks of each unit."""
    found = {}
    for unit in units:
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", f"--root={root}", "--no-pager", unit],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        assert level, done.stdout + done.stderr
        found[unit] = float(level[1])
    return found
