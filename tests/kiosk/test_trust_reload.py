"""From an officer's command to the lane of a kiosk: over a real hub, through real files, without a restart."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from idcard import ConfigurationError, TrustStore
from kiosk.cli import app
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.provision import Options, Place, provision
from kiosk.devices.clock import SystemClock
from kiosk.hub.app import create_hub_app
from kiosk.hub.config import HubConfig
from kiosk.hub.serving import HubServer
from kiosk.patient_process import open_parts
from kiosk.province.identity import ROOT, Identity
from kiosk.province.install_parts import InstallThread, install_thread
from kiosk.province.settings import ProvinceSettings
from kiosk.services.reader_thread import ReaderThread
from kiosk.services.trust_reload import TrustReload
from kiosk.staff_process import open_parts as open_staff
from kiosk.store.database import Database
from kiosk.trust import Trust, marks_of, trust_of

SECRET = "a passphrase\n"
VECTORS = Path(__file__).parents[1] / "vectors" / "trust"


class Office:
    """An officer at the command line."""

    def __init__(self, folder: Path) -> None:
        self.released, self.keys = folder / "released", folder / "keys"
        self.run("init", "--keys", str(self.keys), said=SECRET * 2 * 5)

    def run(self, command: str, *arguments: str, said: str = "", code: int = 0) -> str:
        done = CliRunner().invoke(app, ["release", command, str(self.released), *arguments], input=said)
        assert done.exit_code == code, done.output
        return done.output

    def signed(self, command: str, role: str, *arguments: str, said: str = SECRET, code: int = 0) -> str:
        keys = ("--key", str(self.keys / f"{role}.pem"), "--online", str(self.keys / "online.pem"))
        return self.run(command, *arguments, *keys, said=said, code=code)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def hub(tmp_path: Path, office: Office) -> Iterator[str]:
    """The hub's own app and server on loopback; nothing but releases is asked of it here."""
    settings: dict[str, Any] = {"mode": "demo", "keys": tmp_path, "store": tmp_path / "unused", "port": 1}
    config = HubConfig(**settings, releases=office.released).model_copy(update={"port": 0})
    server = HubServer(create_hub_app(None, config, probe=lambda: None), config)  # type: ignore[arg-type]
    thread = Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.close()
    thread.join(20)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return provision(tmp_path / "demo", Options())


@pytest.fixture
def patient(place: Place, tmp_path: Path) -> PatientConfig:
    config = load(PatientConfig, place.config("patient"))
    return config.model_copy(update={"releases": tmp_path / "installed"})


@pytest.fixture
def staff(place: Place, tmp_path: Path, hub: str, office: Office) -> Iterator[InstallThread]:
    """The staff's thread, to be stepped by hand."""
    identity = tmp_path / "identity"
    identity.mkdir()
    (identity / ROOT).write_bytes((office.keys / "root.json").read_bytes())
    settings = ProvinceSettings(
        hub=hub, identity=identity, person_key=tmp_path / "p", releases=tmp_path / "installed", ask_every_s=1e-3
    )
    config = load(StaffConfig, place.config("staff"))
    database = Database.open(config.store)
    made = install_thread(config, settings, database, SystemClock(), device="desk-1")
    assert made is not None
    assert Identity(identity).root()
    yield made
    made.stop()
    database.close()


def opened(config: PatientConfig) -> Trust:
    found = trust_of(config)
    assert isinstance(found, Trust)
    return found


def test_what_an_officer_distrusts_counts_for_nothing_at_the_next_visit(
    office: Office, staff: InstallThread, patient: PatientConfig
) -> None:
    staff.round()
    taken, refused, busy = [opened(patient)], list[ConfigurationError](), [True]
    assert taken[0].distrusted is None
    reload = TrustReload[Trust](
        opens=lambda: trust_of(patient),
        marks=lambda: marks_of(patient),
        is_idle=lambda: not busy[0],
        take=taken.append,
        refused=refused.append,
    )
    office.signed("distrust", "emergency", "ab" * 32)
    staff.round()
    reload.look()
    assert len(taken) == 1, "a visit is under way"
    busy[0] = False
    reload.look()
    reload.look()
    assert len(taken) == 2
    assert (taken[1].distrusted, taken[1].store.distrusted) == (1, frozenset({"ab" * 32}))
    assert taken[1].store.version != taken[0].store.version
    again = ("distrust", "emergency", "cd" * 32, "--again", "ab" * 32, "--close-lanes")
    office.signed(*again, code=1)
    office.signed("withdraw", "targets", "trust/relaxed.json", code=2)
    office.signed(*again, "--targets", str(office.keys / "targets.pem"), said=SECRET * 2)
    staff.round()
    reload.look()
    assert (taken[2].distrusted, taken[2].store.distrusted) == (2, frozenset({"cd" * 32}))
    installed = patient.releases
    assert installed is not None
    (installed / "installed.json").unlink()
    reload.look()
    assert [problem.reason for problem in refused] == ["rolled_back"]
    assert len(taken) == 3


def test_a_kiosk_that_runs_takes_what_came_and_says_so(
    office: Office, staff: InstallThread, patient: PatientConfig, place: Place
) -> None:
    staff.round()
    with open_parts(patient) as parts, open_staff(load(StaffConfig, place.config("staff"))) as at_desk:
        reader = parts.threads[0]
        assert isinstance(reader, ReaderThread)

        def told(part: str) -> dict[str, object]:
            [row] = [row for row in at_desk.desk.devices() if row.part == part and row.device == "kiosk-1"]
            return dict(row.state)

        assert told("province") == {"ok": True}
        assert "distrusted" not in told("trust")
        office.signed("distrust", "emergency", "ab" * 32)
        staff.round()
        reader._upkeep()
        assert told("trust")["distrusted"] == 1
        assert reader._card_reader._trust.distrusted == {"ab" * 32}
        assert [dict(row.state) for row in at_desk.desk.devices() if row.part == "releases"] == [{"ok": True}]


def test_an_emergency_waits_for_nothing_else_to_be_in_order(
    office: Office, staff: InstallThread, patient: PatientConfig
) -> None:
    staff.round()
    with open_parts(patient) as parts:
        reader = parts.threads[0]
        assert isinstance(reader, ReaderThread)
        reader._upkeep()
        patient.trust_state_of(patient.device).write_text("garbage", "utf-8")
        office.signed("distrust", "emergency", "ab" * 32)
        staff.round()
        reader._upkeep()
        assert reader._card_reader._trust.distrusted == {"ab" * 32}
        signed = parts.desk._signed
        assert signed is not None
        assert "ab" * 32 in signed._trust.distrusted


def test_signers_of_codes_are_distrusted_where_their_list_is_gone(
    office: Office, staff: InstallThread, patient: PatientConfig, place: Place, tmp_path: Path
) -> None:
    staff.round()
    bare = shutil.copytree(place.trust, tmp_path / "bare")
    shutil.rmtree(bare / "qr")
    with open_parts(patient) as parts:
        reader, signed = parts.threads[0], parts.desk._signed
        assert isinstance(reader, ReaderThread)
        assert signed is not None
        office.signed("publish", "targets", "trust/store.zip", str(bare))
        office.signed("distrust", "emergency", "ab" * 32)
        staff.round()
        reader._upkeep()
        assert "ab" * 32 in signed._trust.distrusted


def test_what_came_while_a_kiosk_started_is_not_passed_over(
    office: Office, staff: InstallThread, patient: PatientConfig
) -> None:
    staff.round()
    seen, taken = marks_of(patient), [opened(patient)]
    office.signed("distrust", "emergency", "ab" * 32)
    staff.round()
    reload = TrustReload[Trust](
        opens=lambda: trust_of(patient),
        marks=lambda: marks_of(patient),
        is_idle=lambda: True,
        take=taken.append,
        refused=lambda problem: None,
        seen=seen,
    )
    reload.look()
    assert taken[-1].distrusted == 1


def test_a_certificate_is_distrusted_with_its_key(
    office: Office, staff: InstallThread, patient: PatientConfig, tmp_path: Path
) -> None:
    anchor = VECTORS / "csca_austria_2019.cer"
    found = TrustStore.of([anchor.read_bytes()]).anchors[0]
    office.signed("distrust", "emergency", str(anchor))
    staff.round()
    distrusted = opened(patient).store.distrusted
    assert distrusted == {found.fingerprint, found.key_fingerprint}
    (tmp_path / "no.cer").write_bytes(b"no certificate")
    assert "no certificate" in office.signed("distrust", "emergency", str(tmp_path / "no.cer"), code=1)


def test_a_store_comes_down_and_an_older_one_is_never_taken(
    office: Office, staff: InstallThread, patient: PatientConfig, place: Place, tmp_path: Path
) -> None:
    certificate, other = VECTORS / "csca_vietnam_passport_2022.cer", VECTORS / "csca_austria_2019.cer"
    own = opened(patient)
    done = CliRunner().invoke(_idcard(), ["trust", "add", "--trust", str(place.trust), str(certificate)])
    assert done.exit_code == 0, done.output
    office.signed("publish", "targets", "trust/store.zip", str(place.trust))
    staff.round()
    newer = opened(patient)
    assert newer.folder != patient.trust
    assert len(newer.store.anchors) == len(own.store.anchors) + 1
    backup = shutil.copytree(place.trust, tmp_path / "backup")
    done = CliRunner().invoke(_idcard(), ["trust", "add", "--trust", str(place.trust), str(other)])
    assert done.exit_code == 0, done.output
    for folder in (place.trust, backup):
        office.signed("publish", "targets", "trust/store.zip", str(folder))
        staff.round()
        assert opened(patient).store.sequence == 2
    assert newer.store.sequence == TrustStore.from_directory(newer.folder, accept_demonstration=True).sequence == 1


def test_the_hub_shows_files_and_no_lists(office: Office, hub: str) -> None:
    import httpx

    office.signed("distrust", "emergency", "ab" * 32)
    first = httpx.get(f"{hub}/v1/releases/metadata/timestamp.json")
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    again = httpx.get(str(first.url), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    root = httpx.get(f"{hub}/v1/releases/metadata/1.root.json")
    assert "immutable" in root.headers["Cache-Control"]
    for path in ("", "metadata", "metadata/", "../keys/online.pem", "%2e%2e/keys/online.pem", "metadata/9.root.json"):
        assert httpx.get(f"{hub}/v1/releases/{path}").status_code == 404
    assert httpx.post(str(first.url)).status_code == 405


def test_status_and_mistakes_are_told(office: Office, tmp_path: Path) -> None:
    assert "timestamp" in office.run("status")
    office.run("refresh", "--online", str(office.keys / "online.pem"))
    version = json.loads((office.released / "metadata" / "timestamp.json").read_bytes())["signed"]["version"]
    assert version == 2
    assert "passphrase is wrong" in office.signed("distrust", "emergency", "ab" * 32, said="wrong\n", code=1)
    assert "SHA-256" in office.signed("distrust", "emergency", "ab", code=1)
    assert "Too few keys" in office.signed("publish", "emergency", "data/routes.toml", __file__, code=1)
    assert "cannot be read" in office.signed("publish", "targets", "data/routes.toml", str(tmp_path / "no"), code=1)
    office.signed("publish", "targets", "emergency/distrusted.json", __file__, code=2)
    assert b"ENCRYPTED" in (office.keys / "targets.pem").read_bytes()
    assert (office.keys / "targets.pem").stat().st_mode & 0o777 == 0o600


def _idcard() -> Any:
    from idcard.cli import app as command

    return command


def test_after_a_theft_other_keys_count_and_the_stolen_ones_do_not(office: Office, tmp_path: Path) -> None:
    fresh, roots = tmp_path / "fresh", [str(office.keys / f"root-{number}.pem") for number in (1, 3)]
    given = ("--root", roots[0], "--root", roots[1], "--keys", str(fresh))
    office.signed("change-keys", "targets", "emergency", "online", "root", *given, said=SECRET * (3 + 2 + 6))
    assert sorted(path.name for path in fresh.iterdir()) == [
        *("emergency.pem", "online.pem", "root-1.pem", "root-2.pem", "root-3.pem", "root.json"),
    ]
    office.signed("distrust", "emergency", "ab" * 32, code=1)
    stolen, office.keys = office.keys, fresh
    office.signed("distrust", "emergency", "ab" * 32)
    office.run("refresh", "--online", str(stolen / "online.pem"), code=1)
    office.run("refresh", "--online", str(fresh / "online.pem"))
    said = office.signed("change-keys", "targets", "nobody", *given, code=2)
    assert "not a role" in said
