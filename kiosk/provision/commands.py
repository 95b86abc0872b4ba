"""``kiosk provision | bundle | upgrade | rollback``.

Exit codes: 0 done, or nothing to do; 1 an upgrade or a way back failed: the message says which release is in use, and
whether everything is as before; 2 refused, with the remedy.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idcard import ConfigurationError
from kiosk.provision.settings import Profile

if TYPE_CHECKING:
    from kiosk.provision.release import Place

FAILED, USAGE = 1, 2
_CONFIG = Path("/etc/idcard")

ConfigFolder = Annotated[
    Path, typer.Option("--config", metavar="DIR", help="The folder of patient.toml, staff.toml and kit.toml.")
]
OfProfile = Annotated[Profile, typer.Option("--profile", help="What this machine is.")]
Root = Annotated[Path, typer.Option("--root", metavar="DIR", help="Where releases lie.")]
Backups = Annotated[Path, typer.Option(metavar="DIR", help="Where copies of the store go.")]
OwnWay = Annotated[bool, typer.Option("--without-systemd", help="Try the release as children of this command.")]


def add_to(app: typer.Typer) -> None:
    """Give the commands to ``kiosk``."""
    for command in (provision, bundle, upgrade, rollback):
        app.command()(command)


def provision(
    config: ConfigFolder = _CONFIG,
    profile: OfProfile = Profile.PATIENT,
    target: Annotated[Path, typer.Option(metavar="DIR", help="The root of the machine's files.")] = Path("/"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace files of others, too; each is kept, and --remove puts it back.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take back what was written, and only that.")] = False,
    learn: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what is plugged in now, for a person to look at.")
    ] = None,
) -> None:
    """Lock a Debian machine down: units, users, browser, USB, network, by its configurations."""
    with _errors_told():
        _only_debian(target)
        if learn is not None:
            _learn(learn)
        elif remove:
            _remove(target, as_json)
        else:
            _provision(config, profile, target, dry_run=dry_run, as_json=as_json, replace=replace)


def bundle(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="An empty folder.")],
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="The checkout.")] = Path("."),
    constraints: Annotated[Path | None, typer.Option(metavar="FILE", help="The pinned versions.")] = None,
) -> None:
    """Make a release for machines without a network: every wheel, with hashes."""
    with _errors_told():
        from kiosk.provision.bundle import build_bundle

        made = build_bundle(source, to, constraints=constraints)
        typer.echo(f"{to}: release {made.version}, {len(list(made.wheels.iterdir()))} wheels")


def upgrade(
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="The folder of the release.")],
    config: ConfigFolder = _CONFIG,
    profile: OfProfile = Profile.PATIENT,
    root: Root = Path("/opt/idcard"),
    backups: Backups = Path("/var/backups/idcard"),
    without_systemd: OwnWay = False,
) -> None:
    """Put a release in use: tried first, and everything put back where it does not work."""
    with _errors_told():
        from kiosk.provision.bundle import open_bundle
        from kiosk.provision.release import upgrade as put_in_use

        place = _place(config, profile, root, backups, without_systemd)
        put_in_use(place, open_bundle(source))


def rollback(
    config: ConfigFolder = _CONFIG,
    profile: OfProfile = Profile.PATIENT,
    root: Root = Path("/opt/idcard"),
    backups: Backups = Path("/var/backups/idcard"),
    without_systemd: OwnWay = False,
    restore_store: Annotated[
        bool, typer.Option("--restore-store", help="Put the store back, too; the newer one is kept aside.")
    ] = False,
    cut_off: Annotated[
        bool, typer.Option("--cut-off", help="Only put back what a power cut left; for the start of the machine.")
    ] = False,
) -> None:
    """Put the release of before the last upgrade back in use."""
    with _errors_told():
        from kiosk.provision.release import recover
        from kiosk.provision.release import rollback as put_back
        from kiosk.provision.services import NotYet

        place = _place(config, profile, root, backups, without_systemd)
        if cut_off:
            recover(changed(place, services=NotYet()))
        else:
            put_back(place, restore=restore_store)


def _provision(config: Path, profile: Profile, target: Path, *, dry_run: bool, as_json: bool, replace: bool) -> None:
    from rich.console import Console

    from kiosk.provision.files import files_of, packages_of
    from kiosk.provision.machine import machine_of
    from kiosk.provision.plan import plan_for
    from kiosk.provision.showing import as_json as json_of
    from kiosk.provision.showing import show
    from kiosk.provision.writing import write

    machine = machine_of(profile, config, target)
    plan = plan_for(files_of(machine), target)
    if as_json:
        typer.echo(json_of(plan, packages_of(machine)))
    else:
        show(Console(), plan, packages_of(machine), differences=dry_run or bool(plan.in_the_way))
    if dry_run:
        return
    write(plan, replace_foreign=replace)
    if not as_json:
        typer.echo("Nothing needed to be done." if plan.is_done else _NEXT)


_NEXT = """Written. Next, as root:
  systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload
  kiosk upgrade --from DIR, if no release is there yet; then start the machine again."""


def _remove(target: Path, as_json: bool) -> None:
    import json

    from kiosk.provision.writing import remove

    removed = remove(target)
    found = {name: [str(path) for path in getattr(removed, name)] for name in ("taken", "restored", "left")}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(f"{len(removed.taken)} files taken away, {len(removed.restored)} put back as they were before.")
    for path in removed.left:
        typer.echo(f"Left, for it was changed by hand: {path}")


def _learn(file: Path) -> None:
    from kiosk.provision.usb import plugged_in

    try:
        text = "\n".join(plugged_in())
        with file.open("x", encoding="utf-8") as draft:
            draft.write(f"# What was plugged in. Look at each, take out what does not belong here.\n\n{text}\n")
    except OSError as error:
        raise ConfigurationError(
            f"What is plugged in cannot be listed in {file}: {error.strerror}.",
            reason="learn",
            remedy="Name a new file; this needs the kernel's /sys/bus/usb.",
        ) from error
    typer.echo(f"{file}: look at it, then put it into kit.toml.")


def _place(config: Path, profile: Profile, root: Path, backups: Path, without_systemd: bool) -> "Place":
    from kiosk.config import PatientConfig, StaffConfig, load
    from kiosk.provision.release import Place
    from kiosk.provision.services import OwnProcesses, Served, SystemdServices

    _only_debian(Path("/"))
    patient, staff = config / "patient.toml", config / "staff.toml"
    served: list[Served] = []
    if profile.has_patient:
        served.append(Served(command="run", file=patient, config=load(PatientConfig, patient)))
    if profile.has_staff:
        served.append(Served(command="staff", file=staff, config=load(StaffConfig, staff)))
    services = OwnProcesses(served) if without_systemd else SystemdServices(served)
    return Place(
        root=root.absolute(), served=tuple(served), services=services, backups=backups.absolute(), say=typer.echo
    )


def _only_debian(target: Path) -> None:
    """Nothing, on Debian; ConfigurationError elsewhere: the kit would write files that mean nothing there."""
    if os.name != "posix" or not sys.platform.startswith("linux"):
        raise ConfigurationError(
            "The lock-down kit is for Debian.",
            reason="not_debian",
            remedy="Run the kiosk itself here (kiosk run), and see 'A Windows PC' in docs/kiosk-install.md.",
        )
    try:
        release = (target / "etc" / "os-release").read_text("utf-8")
    except OSError:
        return
    if not any(line.strip() in ("ID=debian", "ID_LIKE=debian") for line in release.splitlines()):
        raise ConfigurationError("This is another system than Debian.", reason="not_debian", remedy="Use Debian 12.")


@contextmanager
def _errors_told() -> Iterator[None]:
    """Tell an error in one line, with what to do, and exit with the code of its kind."""
    try:
        yield
    except ConfigurationError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        failed = error.facts.get("reason") in ("upgrade_failed", "rollback_failed", "put_back")
        raise typer.Exit(FAILED if failed else USAGE) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("idcard", "kiosk"):
            raise
        typer.echo(f"Error: the kiosk needs {error.name}: pip install 'idcard[kiosk]'", err=True)
        raise typer.Exit(USAGE) from error
