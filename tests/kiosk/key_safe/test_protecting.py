"""``kiosk keys``: files wrapped in place, opened by each place, changed and taken back; what a cut leaves."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.day_key import DayKey, DayTags
from kiosk.durable import replace_secret
from kiosk.key_safe import staff_files
from kiosk.key_safe.safe import PlaceTrouble, Safe
from kiosk.key_safe.staff_files import safes_of
from kiosk.key_safe.state import Resists
from kiosk.key_safe.wrapped import OPENED, Wrapped, is_wrapped
from kiosk.keys import load_clinic_private_key, load_secret
from kiosk.payer import account_of

HSM, PIN = Path("/usr/lib/softhsm/libsofthsm2.so"), "4711"
OFFICER, WORDS = "lan.nguyen", "gà gáy trước bình minh"
OWN = ("clinic.key", "desk_receipt.key", "gateway.toml")
AsRoot = Callable[..., Any]


def contents(machine: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (machine / "keys").iterdir()}


def wrapped_in(machine: Path) -> set[str]:
    return {name for name, content in contents(machine).items() if is_wrapped(content)}


def by_passphrase(as_root: AsRoot, machine: Path, *, officer: str = OFFICER, words: str = WORDS, said: str = "") -> Any:
    arguments = ("--config", machine / "staff.toml", "--with", "passphrase", "--officer", officer, "--stdin")
    return as_root("protect", *arguments, said=f"{said}{words}\n")


def test_a_passphrase_from_the_first_wrapping_to_plain_files_again(
    machine: Path, staff: StaffConfig, as_root: AsRoot
) -> None:
    before, account = contents(machine), account_of(staff)
    made = by_passphrase(as_root, machine)
    assert made.exit_code == 0, made.output
    code = made.stdout.splitlines()[-1]
    assert wrapped_in(machine) == set(OWN)
    seen = b"".join(contents(machine).values()) + (machine / "keys/staff.safe").read_bytes()
    for name in OWN:
        assert not any(line in seen for line in before[name].splitlines() if len(line) > 30), name
    OPENED.forget()
    with pytest.raises(ConfigurationError) as closed:
        load_clinic_private_key(staff.clinic_private_key)
    assert closed.value.reason == "safe_closed"
    safes = safes_of(staff)
    problem = safes.open_alone()
    assert problem is not None
    assert problem.reason == "safe_closed"
    safes.open_by(OFFICER, WORDS)
    assert load_clinic_private_key(staff.clinic_private_key).private_bytes_raw()
    assert account_of(staff) == account
    assert [(state.place, state.resists, state.officer) for state in safes.states()] == [
        ("passphrase", Resists.MACHINE, OFFICER),
        ("file", Resists.NOTHING, ""),
    ]
    back = as_root("unprotect", "--config", machine / "staff.toml", "--stdin", said=f"\n{code}\n")
    assert back.exit_code == 0, back.output
    assert {name: contents(machine)[name] for name in before} == before


def test_officers_come_and_go_and_a_passphrase_changes(machine: Path, staff: StaffConfig, as_root: AsRoot) -> None:
    code = by_passphrase(as_root, machine).stdout.splitlines()[-1]
    other = "thuyền về bến cũ chiều nay"
    assert by_passphrase(as_root, machine, officer="hung", words=other, said=f"{OFFICER}\n{WORDS}\n").exit_code == 0
    config = ("--config", machine / "staff.toml")
    changed = as_root("change-passphrase", *config, "--officer", "hung", "--stdin", said=f"\n{code}\n{WORDS} hai\n")
    assert changed.exit_code == 0, changed.output
    safe = Safe.load(machine / "keys/staff.safe")
    assert len(safe.slots) == 3
    for name, words, right in (("hung", other, False), ("hung", f"{WORDS} hai", True), (OFFICER, WORDS, True)):
        OPENED.forget()
        safes = safes_of(staff)
        if right:
            safes.open_by(name, words)
        else:
            with pytest.raises(PlaceTrouble):
                safes.open_by(name, words)
    assert as_root("remove-officer", *config, "--officer", OFFICER).exit_code == 0
    last = as_root("remove-officer", *config, "--officer", "hung")
    assert last.exit_code == 2
    assert "last officer" in last.stderr
    listed = json.loads(as_root("status", *config, "--json").stdout)
    assert [row["officers"] for row in listed] == [["hung"], []]
    told = as_root("status", *config, "--lang", "vi").stdout
    assert "người mở: hung" in told
    assert "tệp thường" in told


def test_another_recoverys_code_ends_the_first(machine: Path, staff: StaffConfig, as_root: AsRoot) -> None:
    first = by_passphrase(as_root, machine).stdout.splitlines()[-1]
    said = f"\n{first}\n"
    second = as_root("recovery", "--config", machine / "staff.toml", "--stdin", said=said).stdout.strip()
    OPENED.forget()
    with pytest.raises(PlaceTrouble):
        safes_of(staff).open_by("", first)
    assert safes_of(staff).open_by("", second) == ""


def test_both_safes_by_the_tpm_and_what_is_left_when_it_dies(
    tpm: Any, machine: Path, staff: StaffConfig, as_root: AsRoot, tmp_path: Path
) -> None:
    patient = load(PatientConfig, machine / "patient.toml")
    own = as_root("protect", "--config", machine / "staff.toml", "--with", "tpm")
    shared = as_root("protect", "--config", machine / "patient.toml", "--with", "tpm")
    assert (own.exit_code, shared.exit_code) == (0, 0), own.output + shared.output
    assert wrapped_in(machine) == {*OWN, "roster.key", "person_day.key", "receipt.key"}
    assert all(is_wrapped(file.path.read_bytes()) for file in staff_files.files_of(staff, "shared_safe")), (
        "both processes read the same files"
    )
    tpm.restart()
    OPENED.forget()
    assert safes_of(patient).open_alone() is None
    assert len(load_secret(patient.roster_key)) == 32
    with pytest.raises(ConfigurationError):
        load_clinic_private_key(staff.clinic_private_key)
    assert safes_of(staff).open_alone() is None
    assert {state.resists for state in safes_of(staff).states()} == {Resists.DISK}
    tpm.stop()
    tpm.state = tmp_path / "a new board"
    tpm.start()
    OPENED.forget()
    refused = safes_of(staff).open_alone()
    assert refused is not None
    assert refused.reason == "place_refused"
    codes = [done.stdout.splitlines()[-1] for done in (own, shared)]
    moved = as_root(
        "protect",
        "--config",
        machine / "staff.toml",
        "--with",
        "tpm",
        "--stdin",
        said="".join(f"\n{c}\n" for c in codes),
    )
    assert moved.exit_code == 0, moved.output
    anew = as_root("protect", "--config", machine / "patient.toml", "--with", "tpm", "--stdin", said=f"\n{codes[1]}\n")
    assert anew.exit_code == 0, anew.output
    OPENED.forget()
    assert safes_of(staff).open_alone() is None
    assert load_clinic_private_key(staff.clinic_private_key).private_bytes_raw()


def test_a_token_whose_pin_lies_in_a_file_opens_alone_and_one_whose_pin_is_typed_waits(
    hsm: str, machine: Path, as_root: AsRoot
) -> None:
    config, where = machine / "staff.toml", ("--module", HSM, "--token", hsm)
    typed = as_root("protect", "--config", config, "--with", "pkcs11", *where, "--stdin", said=f"{PIN}\n")
    assert typed.exit_code == 0, typed.output
    OPENED.forget()
    safes = safes_of(load(StaffConfig, config))
    problem = safes.open_alone()
    assert problem is not None
    assert problem.reason == "safe_closed"
    safes.open_by("", PIN)
    assert safes.states()[0].resists is Resists.MACHINE
    config.write_text(config.read_text("utf-8").replace("key_safe =", 'key_pin = "keys/pin"\nkey_safe =', 1), "utf-8")
    (machine / "keys/pin").write_text(PIN + "\n", "ascii")
    alone = as_root("protect", "--config", config, "--with", "pkcs11", *where, "--stdin", said=f"\n{PIN}\n")
    assert alone.exit_code == 0, alone.output
    OPENED.forget()
    safes = safes_of(load(StaffConfig, config))
    assert safes.open_alone() is None
    assert safes.states()[0].resists is Resists.DISK


def test_the_key_of_the_day_is_turned_under_its_safe(tpm: Any, machine: Path, as_root: AsRoot) -> None:
    assert as_root("protect", "--config", machine / "patient.toml", "--with", "tpm").exit_code == 0
    path, day = machine / "keys/person_day.key", date(2026, 11, 24)
    before = DayKey.load(path)
    DayTags(path).turn(day)
    assert is_wrapped(path.read_bytes())
    assert DayKey.load(path) == before.on(day)
    assert before.on(day).secret.hex().encode() not in path.read_bytes()
    OPENED.forget()
    with pytest.raises(ConfigurationError) as thief:
        DayKey.load(path)
    assert thief.value.reason == "safe_closed", "no number can be tried against today's visits"


def test_nobody_can_open_the_patients_process_by_hand(hsm: str, machine: Path, as_root: AsRoot) -> None:
    config = ("--config", machine / "patient.toml", "--stdin")
    before = contents(machine)
    words = as_root("protect", *config, "--with", "passphrase", "--officer", OFFICER, said=f"{WORDS}\n")
    pin = as_root("protect", *config, "--with", "pkcs11", "--module", HSM, "--token", hsm, said=f"{PIN}\n")
    for refused in (words, pin):
        assert refused.exit_code == 2
        assert "by hand" in refused.stderr
    assert contents(machine) == before


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("--with", "passphrase", "--officer", OFFICER), "kurz\n", 3),
        (("--with", "passphrase"), f"{WORDS}\n", 3),
        (("--with", "passphrase", "--officer", "Lan Nguyễn"), f"{WORDS}\n", 3),
        (("--with", "pkcs11"), f"{PIN}\n", 3),
        (("--with", "tpm"), "", 2),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    machine: Path, as_root: AsRoot, arguments: tuple[str, ...], said: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPM2TOOLS_TCTI", "swtpm:host=127.0.0.1,port=9")
    before = contents(machine)
    done = as_root("protect", "--config", machine / "staff.toml", *arguments, "--stdin", said=said)
    assert done.exit_code == code, done.output
    assert contents(machine) == before
    assert WORDS not in done.output


def test_a_configuration_that_names_no_safe_is_told(machine: Path, as_root: AsRoot) -> None:
    config = machine / "staff.toml"
    lines = [line for line in config.read_text("utf-8").splitlines() if not line.startswith("key_safe")]
    config.write_text("\n".join(lines), "utf-8")
    refused = by_passphrase(as_root, machine)
    assert refused.exit_code == 3
    assert "key_safe" in refused.stderr


def test_a_cut_amid_it_leaves_every_file_readable_and_a_second_run_ends_it(
    machine: Path, staff: StaffConfig, as_root: AsRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiosk.key_safe import protecting

    done: list[Path] = []

    def cut(path: Path, content: bytes) -> None:
        if done:
            raise KeyboardInterrupt
        replace_secret(path, content)
        done.append(path)

    with monkeypatch.context() as patch:
        patch.setattr(protecting, "replace_secret", cut)
        by_passphrase(as_root, machine)
    assert len(wrapped_in(machine)) == 1
    OPENED.forget()
    safes = safes_of(staff)
    safes.open_by(OFFICER, WORDS)
    load_clinic_private_key(staff.clinic_private_key)
    account_of(staff)
    assert safes.states()[0].resists is Resists.NOTHING, "some lie there plain still"
    assert by_passphrase(as_root, machine, said=f"{OFFICER}\n{WORDS}\n").exit_code == 0
    assert wrapped_in(machine) == set(OWN)


def test_a_file_in_the_place_of_another_or_of_another_safe_does_not_open(
    machine: Path, staff: StaffConfig, as_root: AsRoot
) -> None:
    by_passphrase(as_root, machine)
    keys = machine / "keys"
    safes_of(staff).open_by(OFFICER, WORDS)
    right = (keys / "clinic.key").read_bytes()
    handed_over = keys / "clinic_private_key"
    handed_over.write_bytes(right)
    load_clinic_private_key(handed_over)
    flipped = Wrapped.from_bytes(right)
    for content in (
        (keys / "desk_receipt.key").read_bytes(),
        Wrapped.of(b"x", bytes(32), safe=flipped.safe, file="clinic.key", setting="x").to_bytes(),
        right.replace(b'"file":"clinic.key"', b'"file":"klinik.key"'),
        right[:40],
    ):
        (keys / "clinic.key").write_bytes(content)
        with pytest.raises(ConfigurationError) as damaged:
            load_clinic_private_key(staff.clinic_private_key)
        assert damaged.value.reason == "damaged"
    (keys / "clinic.key").write_bytes(right)
    (keys / "staff.safe").unlink()
    other = by_passphrase(as_root, machine)
    assert other.exit_code == 2
    assert "another key safe" in other.stderr
    assert not (keys / "staff.safe").exists()
    with pytest.raises(ConfigurationError) as lost:
        safes_of(staff).open_alone()
    assert lost.value.reason == "safe_missing"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
def test_who_may_read_a_file_stays_as_it_was_and_the_plain_bytes_are_overwritten(
    machine: Path, staff: StaffConfig, as_root: AsRoot
) -> None:
    key = staff.clinic_private_key
    key.chmod(0o400)
    twin = key.with_name("same bytes on the disk")
    os.link(key, twin)
    assert by_passphrase(as_root, machine).exit_code == 0
    assert key.stat().st_mode & 0o777 == 0o400
    assert set(twin.read_bytes()) == {0}, "the old file itself, which had two names"


def test_every_safe_that_is_damaged_is_said_to_be(machine: Path, staff: StaffConfig, as_root: AsRoot) -> None:
    by_passphrase(as_root, machine)
    path = machine / "keys/staff.safe"
    for content in (b"", b"{}", b"[]", b'{"kiosk_safe": 2, "id": "x", "slots": []}', path.read_bytes()[:200]):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError) as damaged:
            safes_of(staff).open_alone()
        assert damaged.value.reason == "damaged"


def test_every_reason_of_a_place_is_in_the_catalogue_and_has_words_for_the_page(root: Path) -> None:
    import re

    sources = "".join(path.read_text("utf-8") for path in (root / "kiosk/key_safe").glob("*.py"))
    reasons = set(re.findall(r'reason="(\w+)"', sources))
    catalogue = (root / "docs/failures.md").read_text("utf-8")
    assert {"place_refused", "wrong_pin", "safe_closed"} <= reasons
    assert not {reason for reason in reasons if f"| `{reason}` |" not in catalogue}


def test_every_other_command_asks_who_opens_the_keys(machine: Path, as_root: AsRoot) -> None:
    from typer.testing import CliRunner

    from kiosk.cli import app

    by_passphrase(as_root, machine)
    config = ["--config", str(machine / "staff.toml")]
    for said, code in ((f"{OFFICER}\n{WORDS}\n", 0), (f"{OFFICER}\nkeine Ahnung was\n", 2)):
        OPENED.forget()
        listed = CliRunner().invoke(app, ["staff-account", "list", *config], input=said)
        assert listed.exit_code == code, listed.output
        assert WORDS not in listed.output
    OPENED.forget()
    checked = CliRunner().invoke(app, ["check", *config], input=f"{OFFICER}\n{WORDS}\n")
    assert checked.exit_code == 0, checked.output
