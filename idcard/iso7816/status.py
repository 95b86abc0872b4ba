"""Status words by their names in the standard.

Source: ISO/IEC 7816-4, "Status bytes"; ICAO Doc 9303-11, the tables of status words.
"""

from enum import IntEnum


class StatusWord(IntEnum):
    """The status words this library reacts to."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    FILE_DEACTIVATED = 0x6283
    AUTHENTICATION_FAILED = 0x6300
    WRONG_LENGTH = 0x6700
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    SECURE_MESSAGING_OBJECT_MISSING = 0x6987
    SECURE_MESSAGING_OBJECT_WRONG = 0x6988
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    WRONG_P1_P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    INSTRUCTION_NOT_SUPPORTED = 0x6D00
    CLASS_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00


def tries_left(sw: int) -> int | None:
    """How many tries ``63Cx`` says are left, or None for any other status word."""
    return sw & 0x0F if sw & 0xFFF0 == 0x63C0 else None
