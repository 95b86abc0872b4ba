"""Where the files of the logical data structure lie: identifiers, short identifiers and tags.

Source: ICAO Doc 9303-10, "File structure" and "Elementary files".
"""

from enum import Enum

EMRTD_APPLICATION = bytes.fromhex("A0000002471001")


class File(Enum):
    """An elementary file: its name, file identifier, short file identifier (5 bits) and outer tag (0 where none)."""

    CARD_ACCESS = ("EF.CardAccess", 0x011C, 0x1C, 0x31)
    CARD_SECURITY = ("EF.CardSecurity", 0x011D, 0x1D, 0x30)
    ATR_INFO = ("EF.ATR/INFO", 0x2F01, 0x01, 0)
    DIR = ("EF.DIR", 0x2F00, 0x1E, 0)
    COM = ("EF.COM", 0x011E, 0x1E, 0x60)
    SOD = ("EF.SOD", 0x011D, 0x1D, 0x77)
    DG1 = ("DG1", 0x0101, 0x01, 0x61)
    DG2 = ("DG2", 0x0102, 0x02, 0x75)
    DG3 = ("DG3", 0x0103, 0x03, 0x63)
    DG4 = ("DG4", 0x0104, 0x04, 0x76)
    DG5 = ("DG5", 0x0105, 0x05, 0x65)
    DG6 = ("DG6", 0x0106, 0x06, 0x66)
    DG7 = ("DG7", 0x0107, 0x07, 0x67)
    DG8 = ("DG8", 0x0108, 0x08, 0x68)
    DG9 = ("DG9", 0x0109, 0x09, 0x69)
    DG10 = ("DG10", 0x010A, 0x0A, 0x6A)
    DG11 = ("DG11", 0x010B, 0x0B, 0x6B)
    DG12 = ("DG12", 0x010C, 0x0C, 0x6C)
    DG13 = ("DG13", 0x010D, 0x0D, 0x6D)
    DG14 = ("DG14", 0x010E, 0x0E, 0x6E)
    DG15 = ("DG15", 0x010F, 0x0F, 0x6F)
    DG16 = ("DG16", 0x0110, 0x10, 0x70)

    def __init__(self, label: str, fid: int, sfi: int, tag: int) -> None:
        self.label = label
        self.fid = fid
        self.sfi = sfi
        self.tag = tag
        self._data_group = int(label[2:]) if label.startswith("DG") else None

    @property
    def data_group(self) -> int | None:
        """The data group's number, 1 to 16, or None for the other files."""
        return self._data_group

    @classmethod
    def of_data_group(cls, number: int) -> "File":
        """The file of data group ``number``, 1 to 16."""
        if not 1 <= number <= 16:
            raise ValueError(f"no data group {number}")
        return cls[f"DG{number}"]

    @classmethod
    def of_tag(cls, tag: int) -> "File | None":
        """The file in the travel-document application whose outer tag is ``tag``, or None."""
        return _BY_TAG.get(tag)


_OUTSIDE = (File.CARD_ACCESS, File.CARD_SECURITY, File.ATR_INFO, File.DIR)
_BY_TAG = {file.tag: file for file in File if file not in _OUTSIDE}
