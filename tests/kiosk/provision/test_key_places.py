"""What the kit writes for keys in a safe: handed over, the TPM within reach of who opens it, and of nobody else."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.key_safe.safe import Kind, Safe, Slot
from kiosk.provision.files import files_of, packages_of
from kiosk.provision.machine import Machine, machine_of
from kiosk.provision.settings import Profile

Change = Callable[[str, str, str], None]
SHARED = 'shared_safe = "keys/shared.safe"\n'
EXPOSURE = 17
"""In tenths of systemd's points; with a device of its own, a unit is a little more open than without."""


@pytest.fixture
def machine(config: Path, target: Path, change: Change) -> Callable[..., Machine]:
    """The machine whose staff's safe, and the shared one, are opened in these ways."""

    def made(own: Kind | None, shared: Kind | None) -> Machine:
        for name, line in (("staff", 'key_safe = "keys/staff.safe"\n'), ("staff", ""), ("patient", "")):
            change(name, "mode =", f"{line or SHARED}mode =")
        (config / "keys").mkdir()
        for name, kind in (("staff", own), ("shared", shared)):
            if kind is not None:
                safe, secret = Safe.new()
                safe.adding(Slot.of(kind, {}, bytes(32), secret, safe=safe.id)).save(config / f"keys/{name}.safe")
        return machine_of(Profile.BOTH, config, target)

    return made


def unit(machine: Machine, name: str) -> str:
    found = next(file for file in files_of(machine) if file.path.name == f"idcard-{name}.service")
    return found.content.decode()


def test_a_safe_is_handed_over_and_the_tpm_is_within_reach_of_both(machine: Callable[..., Machine]) -> None:
    made = machine(Kind.TPM, Kind.TPM)
    staff, patient = unit(made, "staff"), unit(made, "patient")
    assert "LoadCredential=key_safe:/etc/idcard/keys/staff.safe" in staff
    assert "key_safe" not in patient
    for text in (staff, patient):
        assert "LoadCredential=shared_safe:/etc/idcard/keys/shared.safe" in text
        assert "DeviceAllow=/dev/tpmrm0 rw" in text
    assert "SupplementaryGroups=tss\n" in staff
    assert "SupplementaryGroups=dialout lp tss\n" in patient
    assert "PrivateDevices=yes" not in staff
    assert "tpm2-tools" in packages_of(made)


def test_a_passphrase_needs_no_device_and_a_safe_that_is_not_there_holds_up_no_start(
    machine: Callable[..., Machine],
) -> None:
    made = machine(Kind.PASSPHRASE, None)
    staff = unit(made, "staff")
    assert "LoadCredential=key_safe:" in staff
    assert "shared_safe" not in staff + unit(made, "patient")
    assert "PrivateDevices=yes" in staff
    assert "tpm" not in staff + unit(made, "patient")
    assert "tpm2-tools" not in packages_of(made)


def test_a_token_is_reached_through_pcscd_by_who_opens_it(machine: Callable[..., Machine]) -> None:
    made = machine(Kind.PKCS11, None)
    assert "Wants=pcscd.socket" in unit(made, "staff")
    rules = next(file.content.decode() for file in files_of(made) if file.path.name == "50-idcard-reader.rules")
    assert 'subject.user == "idcard-patient" || subject.user == "idcard-staff" || subject.user == "root"' in rules


def test_systemd_understands_the_unit_and_it_is_as_closed_as_we_say(
    machine: Callable[..., Machine], tmp_path: Path
) -> None:
    place = tmp_path / "idcard-staff.service"
    place.write_text(unit(machine(Kind.TPM, Kind.TPM), "staff"), "utf-8")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(place)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert judged.returncode == 0, judged.stdout[-400:] + judged.stderr
