"""The files of a simulated card: SELECT and READ BINARY, with the manners of real cards where they differ.

Source: ISO/IEC 7816-4, "SELECT", "READ BINARY"; ICAO Doc 9303-10, "File structure".
"""

from collections.abc import Callable
from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.status import StatusWord
from idcard.lds.layout import EMRTD_APPLICATION, File
from idcard.testing.behaviour import Behaviour
from idcard.testing.chip_crypto import Refused, SecureChannel

NO_CURRENT_FILE = 0x6986
_GUARDED = (File.DG3, File.DG4)
_OUTSIDE = (File.CARD_ACCESS, File.CARD_SECURITY, File.ATR_INFO, File.DIR)
_UNBOUNDED = (256, 65536)
_OFFSET, _DISCRETIONARY = 0x54, 0x53


class BareRefusal(Exception):
    """A refusal that leaves secure messaging: the session is over."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(slots=True)
class FileSystem:
    """What is there, and what is selected; ``channel`` is the chip's end of the session, or None.

    ``opened`` are files that stand open beyond the usual: fingerprints after terminal authentication.
    """

    files: dict[File, bytes]
    behaviour: Behaviour
    application: bool = False
    selected: File | None = None
    opened: frozenset[File] = frozenset()

    def leave(self) -> None:
        """Forget what is selected, as at the end of a session."""
        self.selected, self.opened = None, frozenset()

    def select(self, command: CommandApdu, channel: SecureChannel | None) -> ResponseApdu:
        """SELECT, of an application, a file, or (where the card lets it) the master file."""
        if command.p1 == 0x04:
            return self._select_application(command)
        if command.data == b"\x3f\x00" and self.behaviour.master_file:
            self.application, self.selected = False, None
            return ResponseApdu(sw=StatusWord.OK)
        if command.p1 != 0x02:
            raise Refused(StatusWord.INSTRUCTION_NOT_SUPPORTED)
        if len(command.data) != 2:
            raise Refused(StatusWord.WRONG_DATA)
        fid = int.from_bytes(command.data)
        self.selected = self._visible(lambda file: file.fid == fid, channel)
        return ResponseApdu(sw=StatusWord.OK)

    def _select_application(self, command: CommandApdu) -> ResponseApdu:
        wanted = self.behaviour.select_takes_le
        if wanted is not None and wanted is not (command.le is not None):
            raise Refused(StatusWord.WRONG_LENGTH)
        if command.data != EMRTD_APPLICATION:
            raise Refused(StatusWord.FILE_NOT_FOUND)
        self.application, self.selected = True, None
        return ResponseApdu(sw=StatusWord.OK)

    def _visible(self, wanted: Callable[[File], bool], channel: SecureChannel | None) -> File:
        """The file here that is wanted, if it may be read."""
        if self.application and channel is None:
            raise Refused(StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        here = (file for file in File if (file in _OUTSIDE) is not self.application)
        found = next((file for file in here if wanted(file) and self._exists(file)), None)
        if found is File.CARD_ACCESS and self.behaviour.card_access_refused_sw is not None:
            raise Refused(self.behaviour.card_access_refused_sw)
        if found is None:
            raise self._refusal(StatusWord.FILE_NOT_FOUND)
        needs_more = channel is None if found is File.CARD_SECURITY else found in _GUARDED and found not in self.opened
        if needs_more:
            raise self._refusal(StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        return found

    def _exists(self, file: File) -> bool:
        return file in self.files or file in _GUARDED

    def _refusal(self, sw: int) -> Exception:
        return BareRefusal(sw) if self.behaviour.refuses_files_bare else Refused(sw)

    def read_binary(self, command: CommandApdu, channel: SecureChannel | None) -> ResponseApdu:
        """READ BINARY with an even instruction byte."""
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:
            if not self.behaviour.short_identifiers:
                raise Refused(StatusWord.WRONG_P1_P2)
            sfi, offset = command.p1 & 0x1F, command.p2
            self.selected = self._visible(lambda file: file.sfi == sfi, channel)
        return self._part(offset, command.le, channel)

    def read_binary_odd(self, command: CommandApdu, channel: SecureChannel | None) -> ResponseApdu:
        """READ BINARY with the odd instruction byte: the offset comes in a data object, and so does the answer."""
        offset = int.from_bytes(tlv.parse_one(command.data, _OFFSET, where="READ BINARY").value)
        if command.le is None:
            raise Refused(StatusWord.WRONG_LENGTH)
        room = min(command.le, self._capacity(channel)) - 4
        part = self._part(offset, room, channel)
        return ResponseApdu(data=tlv.build(_DISCRETIONARY, part.data), sw=part.sw)

    def _part(self, offset: int, le: int | None, channel: SecureChannel | None) -> ResponseApdu:
        if self.selected is None:
            raise Refused(NO_CURRENT_FILE)
        if le is None:
            raise Refused(StatusWord.WRONG_LENGTH)
        self._mind_length(le, channel)
        content = self.files[self.selected]
        if offset >= len(content):
            raise Refused(StatusWord.WRONG_OFFSET)
        past = offset + le > len(content)
        if past and self.behaviour.past_end_sw is not None:
            raise Refused(self.behaviour.past_end_sw)
        chunk = content[offset : offset + min(le, self._capacity(channel))]
        at_end = past and le not in _UNBOUNDED and offset + len(chunk) == len(content)
        return ResponseApdu(data=chunk, sw=self.behaviour.end_of_file_sw if at_end else StatusWord.OK)

    def _mind_length(self, le: int, channel: SecureChannel | None) -> None:
        longest = self.behaviour.longest_le
        if longest is None or le <= longest:
            return
        if self.behaviour.refuses_length_bare:
            if channel is None:
                return
            raise BareRefusal(StatusWord.WRONG_LENGTH)
        raise Refused(StatusWord.WRONG_LENGTH)

    def _capacity(self, channel: SecureChannel | None) -> int:
        limit = self.behaviour.max_response
        return limit if channel is None else channel.capacity(limit)
