"""Looks for people in bytes: in every way in which programs, chips and forms write a name, a number or a date.

Not only what can be read: a number is few enough to be tried, so a hash of it without a key names the person as well.
"""

import base64
import hashlib
import json
import re
import struct
import subprocess
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote

from idcard.testing import Holder

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
BIRTHS = ("%d/%m/%Y", "%d%m%Y", "%Y-%m-%d", "%Y%m%d", "%d-%m-%Y", "%d.%m.%Y")
HASHES = ("md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")
_EMPTY = re.compile(rb"\x00{256,}")
"""Most of a disk, where nobody can be."""
PIECE = 40
"""How many bytes of a file of the chip are looked for, at several places of it."""


def plain(name: str) -> str:
    """A name without its marks."""
    bare = "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))
    return bare.replace("Đ", "D").replace("đ", "d")


def texts_of(holder: Holder, insurance: str | None = None) -> dict[str, str]:
    """What says who somebody is, by what it is; short parts are left out, which anything may hold."""
    bare = plain(holder.name)
    surname, *given = bare.upper().split()
    texts = {
        "name": holder.name,
        "name, capitals": holder.name.upper(),
        "name, small": holder.name.lower(),
        "name, bare": bare,
        "name, bare capitals": bare.upper(),
        "name, bare small": bare.lower(),
        "name, MRZ": f"{surname}<<{'<'.join(given)}",
        "name, given first": f"{' '.join(holder.name.split()[1:])} {holder.name.split()[0]}",
        "number": holder.personal_number,
        "number, grouped": " ".join(holder.personal_number[at : at + 4] for at in range(0, 12, 4)),
        "number, its end": holder.personal_number[-9:],
    }
    texts |= {f"birth {form}": f"{holder.birth:{form}}" for form in BIRTHS}
    if insurance is not None:
        texts["insurance"] = insurance
    return texts


@cache
def forms_of(text: str) -> Mapping[str, bytes]:
    """How programs write this text."""
    found: dict[str, bytes] = {}
    for normal in ("NFC", "NFD"):
        spelt = unicodedata.normalize(normal, text)
        raw = spelt.encode()
        found |= {f"{normal} {encoding}": spelt.encode(encoding) for encoding in ENCODINGS}
        found |= {f"{normal} backwards": spelt[::-1].encode(), f"{normal} address": quote(spelt).encode()}
        found |= {f"{normal} hex": raw.hex().encode(), f"{normal} HEX": raw.hex().upper().encode()}
        found |= {f"{normal} escapes": json.dumps(spelt).strip('"').encode()}
        found |= {f"{normal} base64 {at}": piece for at, piece in enumerate(_in_base64(raw))}
    return found


def _in_base64(data: bytes) -> Iterator[bytes]:
    """The letters that base64 certainly has for these bytes, wherever they begin in a longer text."""
    for before in range(3):
        letters = base64.b64encode(bytes(before) + data)
        first, after = -(-8 * before // 6), (before + len(data)) % 3
        yield letters[first : len(letters) - (4 if after else 0)]


def numbers_of(digits: str) -> dict[str, bytes]:
    """A number of twelve digits as machines keep it: packed, swapped as chips do, as an integer, turned round."""
    packed = bytes.fromhex(digits)
    value = int(digits)
    return {
        "BCD": packed,
        "BCD backwards": packed[::-1],
        "BCD swapped": bytes((byte >> 4 | byte << 4) & 0xFF for byte in packed),
        "integer, SQLite's": value.to_bytes(6, "big"),
        "integer, little": value.to_bytes(8, "little"),
        "integer, big": value.to_bytes(8, "big"),
        "double": struct.pack("<d", float(value)),
    }


def hashes_of(text: str) -> dict[str, bytes]:
    """Hashes of a text without any key, raw and as they are written: whoever can try all numbers can read them."""
    found: dict[str, bytes] = {}
    for name in HASHES:
        digest = hashlib.new(name, text.encode()).digest()
        found |= {f"{name}": digest[:16], f"{name} hex": digest.hex()[:32].encode()}
        found |= {f"{name} base64": base64.b64encode(digest)[:20]}
    short = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return found | {"blake2b-16": short, "blake2b-16 hex": short.hex().encode()}


def chip_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Pieces of what a chip holds of its owner, and the hashes by which its signature covers them."""
    found: dict[str, bytes] = {}
    for name, content in files.items():
        for at in (len(content) // 4, len(content) // 2, max(0, len(content) - PIECE - 8)):
            piece = content[at : at + PIECE]
            if len(set(piece)) > PIECE // 4:  # an empty stretch is in anything
                found[f"{name} at {at}"] = piece
        for hashed in ("sha1", "sha256", "sha384", "sha512"):
            found[f"{name} {hashed}"] = hashlib.new(hashed, content).digest()[:20]
    return found


def needles_of(
    holder: Holder, *, insurance: str | None = None, files: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Everything by which this person could be found, and what each thing is."""
    found: dict[str, bytes] = {}
    for what, text in texts_of(holder, insurance).items():
        found |= {f"{what}: {form}": raw for form, raw in forms_of(text).items()}
    found |= {f"number: {form}": raw for form, raw in numbers_of(holder.personal_number).items()}
    for what, text in (("number", holder.personal_number), ("name", holder.name), ("bare", plain(holder.name).upper())):
        found |= {f"hash of {what}: {form}": raw for form, raw in hashes_of(text).items()}
    if insurance is not None:
        found |= {f"hash of insurance: {form}": raw for form, raw in hashes_of(insurance).items()}
    return found | {f"chip: {what}": raw for what, raw in chip_of(files or {}).items()}


def traces(content: bytes, people: Mapping[str, Mapping[str, bytes]]) -> dict[str, list[str]]:
    """Who can be found in these bytes, and as what; nobody is named by what this gives but by the words of the test."""
    content = _EMPTY.sub(bytes(64), content)
    wanted = {raw for needles in people.values() for raw in needles.values()}
    there = {raw for raw in wanted if raw in content}
    found = {who: [what for what, raw in needles.items() if raw in there] for who, needles in people.items()}
    return {who: what for who, what in found.items() if what}


def disk_image(folder: Path, image: Path) -> bytes:
    """The bytes of an ext4 disk that holds this folder as it lies there: names, slack and all."""
    size = sum(path.stat().st_size + 8192 for path in folder.rglob("*")) // 2**20 + 4
    command = [
        "/usr/sbin/mke2fs",
        "-q",
        "-t",
        "ext4",
        "-b",
        "4096",
        "-O",
        "^has_journal",
        "-d",
        str(folder),
        str(image),
    ]
    subprocess.run([*command, f"{size}M"], check=True, capture_output=True)
    return image.read_bytes()
