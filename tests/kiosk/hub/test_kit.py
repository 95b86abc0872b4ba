"""What `kiosk hub init --nginx` writes, before the programs that it is written for: nginx and systemd."""

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idcard import ConfigurationError
from kiosk.cli import app
from kiosk.config import load
from kiosk.hub.config import HubConfig
from kiosk.hub.kit import write_kit
from kiosk.hub.setup import create_hub

UNITS = (
    *("kiosk-hub.service", "kiosk-hub-nginx.service", "kiosk-hub-reload.service", "kiosk-hub-reload.path"),
    *("kiosk-hub-picture.service", "kiosk-hub-refresh.service", "kiosk-hub-refresh.timer"),
)
EXPOSURE = {
    "kiosk-hub.service": 12,
    "kiosk-hub-nginx.service": 25,
    "kiosk-hub-reload.service": 25,
    "kiosk-hub-picture.service": 12,
    "kiosk-hub-refresh.service": 12,
}
MORE = """
releases = "/srv/releases"
online_key = "/etc/kiosk-hub/online.pem"

[picture]
socket = "/run/kiosk-hub-picture/picture.sock"
public = "https://picture.example"
"""
"""How open a unit may be, in tenths of systemd's points: 100 is no bound at all."""


def ran(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    command = ["hub", "init", str(tmp_path / "hub"), "--production", "--nginx", "hub.example"]
    done = CliRunner().invoke(app, [*command, "--postgres", "postgresql:///hub?host=/run/postgresql"])
    assert done.exit_code == 0, done.output
    bare = {path.name for path in (tmp_path / "hub" / "kit").iterdir()}
    assert not [name for name in bare if "picture" in name or "refresh" in name], "this hub has neither yet"
    config = tmp_path / "hub" / "hub.toml"
    config.write_text(config.read_text("utf-8") + MORE, "utf-8")
    write_kit(config, listen="443")
    return tmp_path / "hub" / "kit"


@pytest.fixture
def machine(kit: Path, tmp_path: Path) -> Path:
    """A root with the units, and the programs and users that they name."""
    root = tmp_path / "root"
    units = root / "etc/systemd/system"
    units.mkdir(parents=True)
    for unit in UNITS:
        (units / unit).write_bytes((kit / unit).read_bytes())
    hub = next(line for line in (kit / UNITS[0]).read_text().splitlines() if line.startswith("ExecStart="))
    for program in (hub.split("=")[1].split()[0], "/usr/sbin/nginx", "/usr/bin/systemctl", "/usr/bin/kill"):
        place = root / program.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("#!/bin/sh\n", "utf-8")
        place.chmod(0o755)
    done = ran("systemd-sysusers", f"--root={root}", kit / "sysusers.conf")
    assert done.returncode == 0, done.stderr
    assert "kiosk-hub-proxy" in (root / "etc/group").read_text()
    return root


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(machine: Path, unit: str) -> None:
    checked = ran("systemd-analyze", "verify", "--man=no", f"--root={machine}", unit)
    complaints = [line for line in checked.stderr.splitlines() if unit in line]
    # Debian's own units are not in this root.
    assert not [line for line in complaints if "not found" not in line], checked.stderr


@pytest.mark.parametrize("unit", EXPOSURE)
def test_every_unit_is_as_closed_as_we_say(kit: Path, unit: str) -> None:
    judged = ran(
        "systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[unit]}", "--no-pager", kit / unit
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_nginx_understands_every_line(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    conf = (kit / "nginx.conf").read_text("utf-8").replace("/run/kiosk-hub-nginx", str(tmp_path / "run"))
    (tmp_path / "nginx.conf").write_text(conf, "utf-8")
    own = "user root;" if os.geteuid() == 0 else ""
    checked = ran("nginx", "-e", "stderr", "-t", "-c", tmp_path / "nginx.conf", "-g", own)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


def test_what_is_secret_is_its_owners_and_the_hub_believes_the_proxy(kit: Path) -> None:
    config = load(HubConfig, kit.parent / "hub.toml")
    assert (config.identity, config.server_name) == ("proxy", "hub.example")
    assert str(config.socket) == "/run/kiosk-hub/hub.sock"
    assert config.authority is not None
    assert config.tls is not None
    assert (config.authority / "authority.key").stat().st_mode & 0o077 == 0
    assert (config.tls / "server.pem").stat().st_mode & 0o137 == 0
    tmpfiles = (kit / "tmpfiles.conf").read_text("utf-8")
    assert f"Z {config.authority} ~0700 kiosk-hub kiosk-hub" in tmpfiles


def test_once_more_changes_nothing_of_the_authority(kit: Path) -> None:
    kept = {path: path.read_bytes() for path in (kit.parent / "authority").iterdir()}
    kept |= {path: path.read_bytes() for path in (kit.parent / "tls").iterdir()}
    write_kit(kit.parent / "hub.toml", listen="443")
    assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.parametrize("listen", ["443; }", "hub.example:443", "x"])
def test_what_would_end_a_word_is_refused(kit: Path, listen: str) -> None:
    with pytest.raises(ConfigurationError, match="--listen"):
        write_kit(kit.parent / "hub.toml", listen=listen)


def test_a_path_with_a_blank_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a hub"
    path = create_hub(
        folder, postgres=None, socket=folder / "hub.sock", port=None, mode="demo", server_name="hub.example"
    )
    with pytest.raises(ConfigurationError, match="cannot stand"):
        write_kit(path, listen="443")


def test_a_hub_without_a_proxy_gets_no_kit(tmp_path: Path) -> None:
    path = create_hub(tmp_path, postgres=None, socket=None, port=8007, mode="demo")
    with pytest.raises(ConfigurationError, match="names no"):
        write_kit(path, listen="443")
