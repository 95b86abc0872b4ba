"""Provisioning: whole the first time, kept the second, and left alone where something else is."""

import shutil
import stat
from pathlib import Path

import pytest

from idcard import ConfigurationError, TrustStore
from kiosk.call_config import CallConfig
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.demo.config import BenchConfig
from kiosk.demo.people import citizens
from kiosk.demo.provision import Options, Place, provision
from kiosk.patient_process import receipts_of, roster_of
from kiosk.staff_process import open_parts

CONFIGS = tuple(f"{name}.toml" for name in ("patient", "staff", "bench", "gateway", "calls", "assisted"))


def contents(place: Place, *without: str) -> dict[str, bytes]:
    files = (file for file in place.root.rglob("*") if file.is_file() and file.name not in without)
    return {str(file.relative_to(place.root)): file.read_bytes() for file in files}


def patient(place: Place) -> PatientConfig:
    return load(PatientConfig, place.config("patient"))


def test_the_configurations_are_valid(place: Place) -> None:
    devices = {patient(place).reader, patient(place).camera, patient(place).scanner}
    assert devices == {"simulated:127.0.0.1:8003"}
    assert load(StaffConfig, place.config("staff")).port == 8001
    bench = load(BenchConfig, place.config("bench"))
    assert (bench.port, bench.card_port, bench.patient_port, bench.staff_port) == (8002, 8003, 8000, 8001)
    assert (bench.call_port, load(CallConfig, place.config("calls")).port) == (8006, 8006)
    assisted = load(PatientConfig, place.config("assisted"))
    assert (assisted.assisted, assisted.port, assisted.reader) == (True, 8008, "simulated:127.0.0.1:8009")
    assert (bench.assist_port, bench.assist_card_port) == (8008, 8009)


def test_a_closed_reader_is_the_bench_s_twin_and_its_word_admits_here(tmp_path: Path) -> None:
    place = provision(tmp_path / "demo", Options(reader="hn212"))
    assert (patient(place).reader, patient(place).closed_reader) == ("hn212:127.0.0.1:8010", "admit")
    bench = load(BenchConfig, place.config("bench"))
    assert (bench.has_cards, bench.takes_cards, bench.closed_reader) == (False, True, ("127.0.0.1", 8010))


def test_only_the_owner_reads_keys(place: Place) -> None:
    secret = [file for file in place.root.rglob("*.key") if file.is_file()]
    assert len(secret) >= 6
    assert {stat.S_IMODE(file.stat().st_mode) for file in secret} == {0o600}


def test_the_patient_s_process_is_told_of_no_private_key(place: Place) -> None:
    text = place.config("patient").read_text("utf-8")
    assert place.key("clinic.key").name not in text
    assert str(place.issuer) not in text


def test_the_roster_knows_the_covered_and_names_nobody(place: Place) -> None:
    roster = roster_of(patient(place))
    covered = {name for name, citizen in citizens().items() if roster.find(citizen.holder.personal_number) is not None}
    assert covered == {
        name for name, citizen in citizens().items() if citizen.cover is not None and citizen.cover.linked
    }
    content = place.roster.read_bytes()
    for citizen in citizens().values():
        assert citizen.holder.personal_number.encode() not in content
        assert citizen.holder.name.encode() not in content


def test_production_refuses_the_demonstration_s_anchor(place: Place) -> None:
    assert len(TrustStore.from_directory(place.trust, accept_demonstration=True).anchors) == 1
    with pytest.raises(ConfigurationError) as caught:
        TrustStore.from_directory(place.trust)
    assert caught.value.reason == "demonstration_anchor"


@pytest.mark.parametrize(("process", "cls"), [("patient", PatientConfig), ("bench", BenchConfig)])
def test_production_refuses_bench_and_simulated_devices(
    place: Place, tmp_path: Path, process: str, cls: type[PatientConfig] | type[BenchConfig]
) -> None:
    path = tmp_path / "production.toml"
    text = place.config(process).read_text("utf-8")
    path.write_text(text.replace('mode = "demo"', 'mode = "production"'), "utf-8")
    with pytest.raises(ConfigurationError, match="no place in production"):
        load(cls, path)


def test_a_second_time_keeps_everything(tmp_path: Path) -> None:
    first = provision(tmp_path / "demo", Options())
    before = contents(first, "roster.db")
    assert contents(provision(tmp_path / "demo", Options()), "roster.db") == before


def test_other_ports_and_reader_change_the_configurations_only(tmp_path: Path) -> None:
    place = provision(tmp_path / "demo", Options())
    before = contents(place, "roster.db", *CONFIGS)
    (place.root / "store.db").write_bytes(b"kept")
    provision(tmp_path / "demo", Options(reader="pcsc:Reader 1", camera="browser", port_base=9100))
    assert (patient(place).reader, patient(place).camera, patient(place).port) == ("pcsc:Reader 1", "browser", 9100)
    assert contents(place, "roster.db", *CONFIGS) == before | {"store.db": b"kept"}


def test_what_was_begun_is_finished(tmp_path: Path) -> None:
    place = provision(tmp_path / "demo", Options())
    place.key("roster.key").unlink()
    place.key("clinic.pub").unlink()
    place.key("receipt.pub").unlink()
    shutil.rmtree(place.trust)
    provision(tmp_path / "demo", Options())
    assert roster_of(patient(place)).version
    assert TrustStore.from_directory(place.trust, accept_demonstration=True).anchors
    assert receipts_of(patient(place)) is not None


def test_kiosk_and_desk_sign_receipts_with_keys_that_the_trust_store_lists(place: Place) -> None:
    config = load(StaffConfig, place.config("staff"))
    listed = {file.stem: file.read_bytes() for file in (place.trust / "qr" / "keys").glob("*.pem")}
    names = ("receipt", "desk_receipt", "assist_receipt")
    kiosk, desk, assisted = (place.key(f"{name}.pub").read_bytes() for name in names)
    code = config.clinic.code
    assert listed == {f"{code}@kiosk-1": kiosk, f"{code}@desk": desk, f"{code}@assist-1": assisted}
    with open_parts(config) as parts:
        by_desk = parts.desk._admission._receipts, parts.corrections._admission._receipts
    by_kiosk = receipts_of(patient(place))
    assert len({kiosk, desk, assisted}) == 3
    assert by_kiosk is not None
    assert None not in by_desk


def test_a_production_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "patient.toml").write_text('mode = "production"\n', "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        provision(tmp_path, Options())
    assert caught.value.reason == "not_a_demonstration"
    assert [file.name for file in tmp_path.iterdir()] == ["patient.toml"]


def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(ConfigurationError, match="--dir"):
        provision(tmp_path / "demo", Options())


def test_a_path_with_quotes_and_accents(tmp_path: Path) -> None:
    place = provision(tmp_path / 'Bản "thử" \\ một', Options())
    assert patient(place).store.parent == place.root
