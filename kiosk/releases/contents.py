"""What is in the files of a release: each is opened and checked before it counts, and written apart for its readers.

A file that is not exactly what its path promises is a :class:`Unusable`, and nothing of its group is put in place.
"""

import base64
import binascii
import io
import json
import re
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from idcard import IdCardError
from kiosk.releases.installed import STORE, Folder, Group, file_name
from kiosk.releases.names import PINS, SIGNERS, TRUST

STORE_LIMIT: Final = 1 << 26
"""How many bytes a trust store may have, unpacked."""
SETTINGS_FILE: Final = "kiosk.toml"
_MANY: Final = 4096
_PART = r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,127}"
_IN_STORE = re.compile(rf"trust\.toml|imported\.store|csca/{_PART}|qr/(?:{_PART}/){{0,2}}{_PART}")
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of others Python unpacks all there is, whatever is asked for."""
_NO_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    ValueError,
    IndexError,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OSError,
)
"""What Python says of archives that are none."""
_SIGNER_FILE = re.compile(rf"(?:{_PART}/){{0,2}}{_PART}")
Days = Annotated[int, Field(ge=1, le=3650)]
Hours = Annotated[float, Field(gt=0, le=24 * 60)]


class Unusable(IdCardError):
    """A file of a release is not what its path promises."""

    code = "release_unusable"


class Ages(BaseModel):
    """``kiosk.toml``: the settings that may come down, which are ages and nothing else.

    Whom to believe, addresses, keys, paths, devices and ways stay with whoever set the machine up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    roster_old_days: Days | None = None
    roster_flagged_days: Days | None = None
    roster_too_old_days: Days | None = None
    trust_old_days: Days | None = None
    trust_too_old_days: Days | None = None
    quiet_h: Hours | None = None
    silent_h: Hours | None = None

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The settings in these bytes; :class:`Unusable` for anything else."""
        try:
            return cls.model_validate(tomllib.loads(data.decode("utf-8")))
        except (ValueError, RecursionError, ValidationError) as error:
            raise Unusable("no settings that may come down") from error

    @model_validator(mode="after")
    def _whole_and_in_order(self) -> Self:
        for ages in (
            (self.roster_old_days, self.roster_flagged_days, self.roster_too_old_days),
            (self.trust_old_days, self.trust_too_old_days),
            (self.quiet_h, self.silent_h),
        ):
            given = [age for age in ages if age is not None]
            if given and (len(given) < len(ages) or given != sorted(given)):
                raise ValueError("ages that belong together come together, and rise")
        return self


def ages_in(folder: Folder) -> Ages | None:
    """The settings that came down and count, or None.

    :raises ConfigurationError: where ``installed.json`` is damaged. :raises Unusable: where they are.
    """
    found = folder.of(Group.SETTINGS)
    if found is None:
        return None
    try:
        return Ages.from_bytes((found / SETTINGS_FILE).read_bytes())
    except OSError as error:
        raise Unusable("the settings that came down cannot be read") from error


def store_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a group *trust* as they are laid down: the folder ``store``, and the pins beside it.

    :param files: what was released, by path.
    :raises Unusable: where an archive holds anything else than a trust store, or signers of codes come without one.
    """
    made = {f"{STORE}/{name}": data for name, data in unpacked(files[TRUST]).items()} if TRUST in files else {}
    if SIGNERS in files:
        if TRUST not in files:
            raise Unusable("signers of codes need a trust store beside them")
        made = {name: data for name, data in made.items() if not name.startswith(f"{STORE}/qr/")}
        made |= {f"{STORE}/qr/{name}": data for name, data in _signers(files[SIGNERS]).items()}
    return made | ({file_name(PINS): files[PINS]} if PINS in files else {})


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The files of a packed trust store; :class:`Unusable` for anything that is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            members = [one for one in packed.infolist() if not one.is_dir()]
            names = {one.filename for one in members}
            wrong = len(names) != len(members) or not all(map(_IN_STORE.fullmatch, names))
            wrong |= any(one.compress_type not in _PACKINGS for one in members)
            if wrong or len(members) > _MANY or sum(one.file_size for one in members) > STORE_LIMIT:
                raise Unusable("the archive holds something else than a trust store")
            return {one.filename: _unpacked(packed, one) for one in members}
    except _NO_ARCHIVE as error:
        raise Unusable("no archive") from error


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A file of an archive, and no byte more than the archive says that it has: ``read`` would unpack all there is."""
    with archive.open(member) as file:
        data = file.read(member.file_size)
        if len(data) != member.file_size:
            raise zipfile.BadZipFile("another length than it says")
        return data


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files of a trust store: the same files give the same bytes.

    :raises Unusable: for a file that has no place in a trust store.
    """
    if wrong := [name for name in files if not _IN_STORE.fullmatch(name)]:
        raise Unusable(f"no file of a trust store: {wrong[0]}")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def signers_file(files: Mapping[str, bytes]) -> bytes:
    """``code-signers.json`` of the files of a trust store's folder ``qr``, by their paths in it."""
    encoded = {name: base64.b64encode(data).decode() for name, data in sorted(files.items())}
    return json.dumps({"v": 1, "files": encoded}).encode()


def _signers(data: bytes) -> dict[str, bytes]:
    try:
        match json.loads(data):
            case {"v": 1, "files": dict(files), **more} if not more and len(files) <= _MANY:
                found = {str(name): base64.b64decode(text, validate=True) for name, text in files.items()}
            case _:
                raise Unusable("no list of signers of codes")
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise Unusable("no list of signers of codes") from error
    if not all(map(_SIGNER_FILE.fullmatch, found)):
        raise Unusable("a file in the list of signers of codes has no place there")
    return found
