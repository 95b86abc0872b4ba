"""What comes down to a clinic from its province, and what a clinic is set up by: releases, rosters, tables, settings.

All of it is signed, or written by whoever set the machine up. Both may be wrong, and neither may stop a kiosk in
another way than by saying so.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel
from securesystemslib.signer import CryptoSigner, SSlibKey
from sync_targets import NOW, scratch
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata

from idcard import PinKeys, Pins
from idcard.errors import IdCardError
from idcard.evidence_file import EvidenceFile
from idcard.evidence_file.envelope import wrap
from kiosk.call_config import CallConfig
from kiosk.config import StaffConfig, load
from kiosk.demo.config import BenchConfig
from kiosk.device_config import EventShape
from kiosk.devices.hn212 import word_of
from kiosk.hub.config import HubConfig
from kiosk.insurance.account import load_account
from kiosk.insurance.roster.arriving import put_pack
from kiosk.insurance.roster.delivery import describe
from kiosk.insurance.roster.encoding import Encoder
from kiosk.insurance.roster.importing import Target as RosterTarget
from kiosk.insurance.roster.importing import import_roster
from kiosk.insurance.roster.lines import COLUMNS, LineReader
from kiosk.insurance.roster.manifest import read_manifest
from kiosk.insurance.roster.pack import read_pack
from kiosk.insurance.table_schema import Profile, Results, Routes
from kiosk.insurance.tables import load_table
from kiosk.interop.settings import load_settings
from kiosk.keys import PersonTags
from kiosk.province.settings import load_province
from kiosk.releases.contents import Ages, packed, store_files
from kiosk.releases.fetching import Looked, Releases
from kiosk.releases.installed import CONTACT, INSTALLED, Folder
from kiosk.releases.names import EMERGENCY, SIGNERS, TRUST, Distrusted
from kiosk.releases.repository import Repository, Signers, Thresholds
from kiosk.wallet_config import WalletConfig

Run = Callable[[bytes], Any]
TAGS = PersonTags(bytes(range(32)))
LISTS = ("timestamp", "snapshot", "targets", "root", "emergency")
ROLE_KEYS = {role: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number, role in enumerate(LISTS)}
ONLINE = ROLE_KEYS["timestamp"]
PACKED_STORE = packed({"trust.toml": b""})


def in_file(name: str, read: Callable[[Path], Any]) -> Run:
    """Reads a file with these bytes in it."""

    def run(data: bytes) -> None:
        path = scratch() / name
        path.write_bytes(data)
        path.chmod(0o600)
        read(path)

    return run


def configuration(kind: type[BaseModel]) -> Run:
    return in_file(f"{kind.__name__.lower()}.toml", lambda path: load(kind, path))


# Rosters.


def line_of(**values: str) -> str:
    """A line of an import file."""
    usual = {"valid_from": "2026-01-01", "valid_to": "2026-12-31", "benefit": "4", "home_clinic": "36001"}
    return ",".join((usual | {"status": "row"} | values).get(column, "") for column in COLUMNS)


@cache
def roster(*lines: str) -> bytes:
    """A roster of these lines, as it lies in its place."""
    folder = scratch() / f"roster-{abs(hash(lines))}"
    folder.mkdir()
    file = folder / "v1.csv"
    file.write_text("".join(f"{line}\n" for line in (",".join(COLUMNS), *lines)), "utf-8")
    describe(file, version="v1", sequence=1, as_of=NOW, base=None, key=None)
    target = RosterTarget(roster=folder / "roster.db", tags=TAGS)
    import_roster(file, target)
    return target.roster.read_bytes()


LINE = line_of(personal_number="036199000001", insurance_number="3600000001")


def put(data: bytes) -> None:
    """A pack, unpacked, put into a roster of one person."""
    pack = read_pack(zlib.compress(data, 1))
    path = scratch() / "present.db"
    path.write_bytes(roster(LINE))
    path.with_name("present.db.state").unlink(missing_ok=True)
    put_pack(pack, RosterTarget(roster=path, tags=TAGS, state=path.with_name("present.db.state")))


def roster_lines(data: bytes) -> None:
    """Lines of a delivery: the first byte says whether it is one of changes."""
    kinds: dict[Any, int] = {}
    reader = LineReader(
        Encoder(TAGS, salt=0),
        kind_id=lambda kind: kinds.setdefault(kind, len(kinds)),
        delta=bool(data and data[0] & 1),
    )
    lines = data[1:].split(b"\n")
    for number, line in enumerate(lines):
        reader.take_bytes(number, line)
    assert len(reader.block.lines) + len(reader.block.rejects) == len(lines)


# Releases.


@cache
def province() -> Path:
    """A folder with releases of a province."""
    folder = scratch() / "released"
    signers = Signers(
        root=(ROLE_KEYS["root"],),
        targets=(ROLE_KEYS["targets"],),
        emergency=(ROLE_KEYS["emergency"],),
        online=(ONLINE,),
    )
    made = Repository.create(folder, signers, now=NOW, thresholds=Thresholds(root=1))
    made.publish({EMERGENCY: Distrusted(number=1).to_bytes()}, signers)
    return folder


class WithOne:
    """Gives what is released, and made-up bytes in the place of one list."""

    def __init__(self, role: str, data: bytes) -> None:
        self._role, self._data = role, data

    def get(self, path: str) -> tuple[int, Iterator[bytes]]:
        inside = path.removeprefix("/v1/releases/")
        if inside == "metadata/2.root.json" and self._role == "root":
            return 200, iter((self._data,))
        place = province() / inside
        if not place.is_file():
            return 404, iter(())
        is_it = inside.startswith("metadata/") and inside.split(".")[-2].rpartition("/")[2] == self._role
        return 200, iter((self._data if is_it else place.read_bytes(),))


def looked_with(role: str, data: bytes) -> Looked:
    folder = scratch() / "looks"
    for each in sorted(folder.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() and not each.is_symlink() else each.unlink()
    root = (province() / "metadata" / "1.root.json").read_bytes()
    found = Releases(folder, root, WithOne(role, data), now=lambda: NOW).look()
    found.hash_of(TRUST)
    found.file(EMERGENCY)
    return found


def release_list(data: bytes) -> None:
    """A list of the hub's, as somebody may send it: the first byte says in the place of which."""
    looked_with(LISTS[data[0] % len(LISTS)] if data else LISTS[0], data[1:])


def signed_list(data: bytes) -> None:
    """The same, signed by whose keys count: what its officers, or the hub, may say by mistake."""
    role = LISTS[data[0] % len(LISTS)] if data else LISTS[0]
    key = ONLINE if role in ("timestamp", "snapshot") else ROLE_KEYS[role]
    whole = b'{"signatures": [], "signed": ' + data[1:] + b"}"
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(whole)
        metadata.sign(CryptoSigner(key, SSlibKey.from_crypto(key.public_key())))
        whole = metadata.to_bytes()
    except (RepositoryError, IdCardError):
        pass
    looked_with(role, whole)


def signed_of(role: str) -> bytes:
    """What a list of the province says, without its signatures."""
    name = "timestamp.json" if role == "timestamp" else f"{2 if role in ('snapshot', 'emergency') else 1}.{role}.json"
    return json.dumps(json.loads((province() / "metadata" / name).read_bytes())["signed"]).encode()


def distrusted(data: bytes) -> None:
    try:
        found = Distrusted.from_bytes(data)
    except ValueError:
        return
    assert Distrusted.from_bytes(found.to_bytes()) == found


def installed(data: bytes) -> None:
    folder = scratch() / "installed"
    folder.mkdir(exist_ok=True)
    (folder / INSTALLED).write_bytes(data)
    Folder(folder).installed()


def standing(data: bytes) -> None:
    folder = scratch() / "installed"
    folder.mkdir(exist_ok=True)
    (folder / CONTACT).write_bytes(data)
    found = Folder(folder).standing()
    assert found is not None
    found.contact(datetime(2026, 11, 2, tzinfo=UTC), lane_closed=False)


@cache
def pin_keys() -> PinKeys:
    """Of two people who signed nothing: what a list says is looked at before who signed it."""
    return PinKeys(keys={role: ROLE_KEYS[role].public_key() for role in ("root", "targets")})


DOWN: dict[str, Run] = {
    "staff_configuration": configuration(StaffConfig),
    "hub_configuration": configuration(HubConfig),
    "wallet_configuration": configuration(WalletConfig),
    "call_configuration": configuration(CallConfig),
    "bench_configuration": configuration(BenchConfig),
    "interop_configuration": in_file("interop.toml", load_settings),
    "province_configuration": in_file("province.toml", load_province),
    "gateway_account": in_file("gateway.toml", load_account),
    "table_of_results": in_file("results.toml", lambda path: load_table(Results, path)),
    "table_of_routes": in_file("routes.toml", lambda path: load_table(Routes, path)),
    "table_of_province": in_file("profile.toml", lambda path: load_table(Profile, path)),
    "roster_pack": read_pack,
    "roster_pack_put": put,
    "roster_line": roster_lines,
    "roster_manifest": in_file("v1.csv.manifest.json", lambda path: read_manifest(path, None)),
    "release_list": release_list,
    "release_list_signed": signed_list,
    "release_store": lambda data: store_files({TRUST: data}),
    "release_signers": lambda data: store_files({TRUST: PACKED_STORE, SIGNERS: data}),
    "release_settings": Ages.from_bytes,
    "release_distrusted": distrusted,
    "release_installed": installed,
    "release_contact": standing,
    "pins": lambda data: Pins.from_bytes(data, pin_keys()),
    "evidence_content": lambda data: EvidenceFile.from_bytes(wrap(data, sign_with=None, seal_to=None)),
    "closed_reader": lambda data: word_of(data.decode("latin-1"), EventShape()),
}
"""What takes each kind's bytes; nothing but an IdCardError may escape."""
