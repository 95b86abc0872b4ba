"""The content of a chip's files, as named fields: what a program shows once a verdict has said what to believe.

Theory of operation. Every file has one parser. What DG13 (and other files that ICAO leaves to the states) holds depends
on the issuing state: for the states in :data:`NATIONAL` it is parsed, for all others it stays bytes. A file that does
not follow its format is an error of that file alone; the others are there.

Nothing here is verified. Names, numbers and pictures come out as the chip gave them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from idcard.encoding.mrz import Mrz
from idcard.errors import IdCardError
from idcard.evidence import Evidence
from idcard.iso7816.atr_info import AtrInfo
from idcard.iso7816.directory import parse_directory
from idcard.lds.biometrics import parse_dg2, parse_dg3, parse_dg4
from idcard.lds.card_security import CardSecurity
from idcard.lds.com import Com
from idcard.lds.details import Dg11, Dg12
from idcard.lds.dg1 import parse_dg1
from idcard.lds.dg15 import parse_dg15
from idcard.lds.dg16 import parse_dg16
from idcard.lds.layout import File
from idcard.lds.pictures import parse_displayed_images, parse_features
from idcard.lds.security_infos import SecurityInfos
from idcard.lds.sod import Sod
from idcard.vietnam.dg13 import Dg13

Parser = Callable[[bytes], Any]

_PARSERS: Final[Mapping[File, Parser]] = MappingProxyType(
    {
        File.CARD_ACCESS: lambda data: SecurityInfos.from_bytes(data, where="EF.CardAccess"),
        File.CARD_SECURITY: CardSecurity.from_bytes,
        File.ATR_INFO: AtrInfo.from_bytes,
        File.DIR: parse_directory,
        File.COM: Com.from_bytes,
        File.SOD: Sod.from_bytes,
        File.DG1: parse_dg1,
        File.DG2: parse_dg2,
        File.DG3: parse_dg3,
        File.DG4: parse_dg4,
        File.DG5: lambda data: parse_displayed_images(data, File.DG5),
        File.DG7: lambda data: parse_displayed_images(data, File.DG7),
        File.DG8: lambda data: parse_features(data, File.DG8),
        File.DG9: lambda data: parse_features(data, File.DG9),
        File.DG10: lambda data: parse_features(data, File.DG10),
        File.DG11: Dg11.parse,
        File.DG12: Dg12.parse,
        File.DG14: SecurityInfos.from_dg14,
        File.DG15: parse_dg15,
        File.DG16: parse_dg16,
    }
)

NATIONAL: Final[Mapping[str, Mapping[File, Parser]]] = MappingProxyType(
    {"VNM": MappingProxyType({File.DG13: Dg13.parse})}
)
"""The files that ICAO leaves to the states, by the issuing state's three letters in the MRZ."""


def content_of(file: File, data: bytes, *, issuing_state: str | None = None) -> Any:
    """What ``data``, a whole file, says: a frozen value of the file's own type; bytes where no format is known.

    :param issuing_state: three letters as in the MRZ, for the files that states define.
    :raises MalformedData: if it does not follow the format.
    """
    parse = _PARSERS.get(file) or NATIONAL.get(issuing_state or "", {}).get(file)
    return bytes(data) if parse is None else parse(data)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contents:
    """The content of all files of a chip: values, and the errors of files that do not follow their format."""

    values: Mapping[File, Any]
    errors: Mapping[File, IdCardError]

    def __repr__(self) -> str:
        return f"Contents({', '.join(file.label for file in self.values)})"


def contents(evidence: Evidence) -> Contents:
    """The content of every file that was read; a file with an error hides no other."""
    values: dict[File, Any] = {}
    errors: dict[File, IdCardError] = {}
    state: str | None = None
    for file in sorted(evidence.files, key=lambda each: each is not File.DG1):
        try:
            values[file] = content_of(file, evidence.files[file], issuing_state=state)
        except IdCardError as error:
            errors[file] = error
        else:
            mrz = values[file]
            state = mrz.issuing_state if isinstance(mrz, Mrz) else state
    return Contents(values=MappingProxyType(values), errors=MappingProxyType(errors))
