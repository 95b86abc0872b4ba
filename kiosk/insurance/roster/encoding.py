"""From one person's numbers and cover to a staged line: tags instead of numbers."""

from kiosk.insurance.roster.file import RosterFile, damage_told
from kiosk.insurance.roster.layout import Row, check_of, hide, key_of, link_of, pack_row, reveal
from kiosk.insurance.roster.names import Described, NameSealer, insured_only_tag
from kiosk.insurance.roster.stage import ROW, StagedLine
from kiosk.keys import PersonTags


class Encoder:
    """Makes staged lines under one key.

    :param salt: 0 to 255; another for each roster, so that a number that changed is hidden anew.
    :param base: the roster that is changed: only whoever has the personal number can tell which insurance number it
        leads to there, and later nobody has it any more.
    """

    def __init__(self, tags: PersonTags, *, salt: int, base: RosterFile | None = None) -> None:
        self._tags = tags
        self._salt = salt
        self._base = base

    def row_tag(self, personal: str, digits: str) -> bytes:
        """The tag under which a person's row lies: of the personal number, where there is one."""
        return self._tags.roster_tag(personal) if personal else insured_only_tag(self._tags, digits)

    def staged(
        self, line: int, change: int, personal: str, digits: str, kind: int, valid_from: int, valid_to: int
    ) -> StagedLine:
        """The staged line of a person; numbers of days as :func:`.layout.day_number` gives them."""
        tags = self._tags
        tag = tags.roster_tag(personal) if personal else insured_only_tag(tags, digits)
        check = check_of(tag)
        if change == ROW:
            hidden = hide(digits, tags.pad(personal or digits, self._salt))
            row = pack_row(check, valid_from, valid_to, kind, self._salt, hidden)
        else:
            row = check
        before = None if self._base is None else self._number_before(self._base, personal, digits, tag)
        if not digits:
            return line, change, key_of(tag), row, None, link_of(bytes(16), tag), before
        insured = tags.insurance_tag(digits)
        return line, change, key_of(tag), row, key_of(insured), link_of(insured, tag), before

    def _number_before(self, base: RosterFile, personal: str, digits: str, tag: bytes) -> int | None:
        """The key under which the roster that is changed has this person's insurance number, where it has one."""
        with damage_told():
            data = base.row(tag)
            if data is None:
                return None
            if personal:
                row = Row.from_bytes(data)
                digits = reveal(row.hidden, self._tags.pad(personal, row.salt))
            return key_of(self._tags.insurance_tag(digits)) if digits else None

    def sealed_name(self, sealer: NameSealer, personal: str, digits: str, described: Described) -> bytes:
        """Who the row is about, sealed."""
        return sealer.seal(described, self.row_tag(personal, digits))
