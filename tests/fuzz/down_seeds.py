"""Where fuzzing of releases, rosters, tables and settings begins."""

import json
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from down_targets import DOWN, LINE, LISTS, ROLE_KEYS, line_of, province, roster, signed_of
from sync_targets import NOW, scratch

from idcard.trust.pins import Pin, draft_pins
from idcard.trust.signed_text import signature_line
from kiosk.insurance.roster.pack import make_pack
from kiosk.releases.contents import packed, signers_file
from kiosk.releases.names import Distrusted

DATA = Path("kiosk") / "data"


def _begin_of(table: Path) -> bytes:
    """The first rows of a table, as many as a seed may hold, and what is said of all others."""
    rows, others, unknown = table.read_bytes().partition(b"\n[unknown]")
    return rows[:3000].rpartition(b"\n[[")[0] + others + unknown


CLINIC_TABLE = (Path("kiosk") / "demo" / "clinic.toml").read_bytes()
SHARED = b'mode = "demo"\nsession_key = "s.key"\n'
PROCESS = SHARED + b'store = "k.db"\ntrust = "trust"\nperson_day_key = "d.key"\n'
CLAIMS = b'format = "dc+sd-jwt"\nkinds = ["https://pid.example"]\nclaims = [["family_name"]]\n'
CONFIGURATIONS = {
    "staff_configuration": PROCESS + b'clinic_private_key = "c.pem"\n' + CLINIC_TABLE,
    "wallet_configuration": SHARED + b'trust = "trust"\naddress = "https://kiosk.example"\n' + CLAIMS + CLINIC_TABLE,
    "call_configuration": b'mode = "demo"\ncalls_key = "c.key"\n' + CLINIC_TABLE,
    "bench_configuration": SHARED + b'issuer = "i"\nreader = "simulated:127.0.0.1:8003"\ncamera = "browser"\n',
    "hub_configuration": b'mode = "demo"\nkeys = "keys"\nstore = "hub.db"\nport = 8443\n[picture]\nport = 8444\n',
    "interop_configuration": (Path("kiosk") / "demo" / "interop.toml").read_bytes(),
    "province_configuration": b'hub = "https://hub.example"\nidentity = "identity"\nperson_key = "person.key"\n',
    "gateway_account": b'url = "https://gateway.example"\nusername = "36001"\npassword = "x"\n',
    "table_of_results": _begin_of(DATA / "gateway_results.toml"),
    "table_of_routes": _begin_of(DATA / "route_codes.toml"),
    "table_of_province": (DATA / "profiles" / "nam_dinh.toml").read_bytes(),
    "release_settings": b"roster_old_days = 3\nroster_flagged_days = 14\nroster_too_old_days = 30\n",
}
CARD = {"com": "YBY=", "sod": "dwA=", "dg13": "bQA=", "dg1": "YQA="}


def what_comes_down() -> Iterator[tuple[str, bytes]]:
    """Pairs of a target's name and an input."""
    assert CONFIGURATIONS.keys() <= DOWN.keys()
    yield from CONFIGURATIONS.items()
    yield from _rosters()
    yield from _releases()
    for told in ({"id": 1}, {"id": 4, "data": CARD}, {"id": 3}):
        yield "closed_reader", json.dumps(told).encode()
    pin = Pin(fingerprint="0" * 64, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31), note="x")
    draft = draft_pins([pin], 1)
    yield "pins", draft + b"".join(signature_line(draft, role, ROLE_KEYS[role]) for role in ("root", "targets"))


def _rosters() -> Iterator[tuple[str, bytes]]:
    folder = scratch() / "seeds"
    folder.mkdir(exist_ok=True)
    before, after = folder / "before.db", folder / "after.db"
    before.write_bytes(roster(LINE))
    after.write_bytes(
        roster(line_of(personal_number="036199000001", valid_to="2027-12-31"), line_of(personal_number="036199000002"))
    )
    for base in (None, before):
        pack = make_pack(base, after)
        yield "roster_pack", pack
        yield "roster_pack_put", zlib.decompress(pack)
    yield "roster_line", b"\x00" + LINE.encode()
    yield "roster_line", b"\x01" + line_of(personal_number="036199000001", status="dead", name="Mẫu").encode()
    said = {"format": 1, "kind": "full", "version": "v1", "sequence": 1, "as_of": NOW.isoformat(), "rows": 1}
    yield "roster_manifest", json.dumps(said | {"sha256": "0" * 64}).encode()


def _releases() -> Iterator[tuple[str, bytes]]:
    for number, role in enumerate(LISTS):
        (path,) = sorted((province() / "metadata").glob(f"*{role}.json"))[-1:]
        yield "release_list", bytes([number]) + path.read_bytes()
        yield "release_list_signed", bytes([number]) + signed_of(role)
    following = signed_of("root").replace(b'"version": 1', b'"version": 2')
    yield "release_list_signed", bytes([LISTS.index("root")]) + following
    yield "release_store", packed({"trust.toml": b"x = 1\n", "csca/a.cer": bytes(8), "qr/b/c.json": b"{}"})
    yield "release_signers", signers_file({"issuer.json": b"{}"})
    yield "release_distrusted", Distrusted(number=3, certificates=("0" * 64,), lane_closed=True).to_bytes()
    group = {"files": {"trust/store.zip": "0" * 64}, "current": f"trust-{'0' * 32}", "former": None}
    yield "release_installed", json.dumps({"v": 1, "groups": {"trust": group}}).encode()
    yield "release_contact", json.dumps({"since": NOW.isoformat(), "heard_at": NOW.isoformat()}).encode()
