"""The roster: who is covered, off line, in one SQLite file that names nobody.

Theory of operation. The insurer delivers a CSV file and a manifest (:mod:`.lines`, :mod:`.manifest`). An import turns
each line into keyed tags and a row of 17 bytes (:mod:`.layout`) in a stage of its own (:mod:`.stage`), which an
interrupted import takes up again; the stage becomes a new file (:mod:`.full`), or changes a copy of the present one
(:mod:`.delta`), and one rename puts it in the old one's place (:mod:`.importing`). A person is found by personal
number and by insurance number (:mod:`.reader`); the key of the tags lies in a file of its own, so whoever has only the
roster learns dates and no person. Names are kept for the clinic's own people only, and only the staff's process opens
them (:mod:`.names`). A file that is not exactly a roster of this format, or was made with another key, is refused at
start and not in the middle of a visit.
"""

from kiosk.insurance.roster.building import RosterEntry, build_roster
from kiosk.insurance.roster.file import RosterInfo
from kiosk.insurance.roster.reader import Roster

__all__ = ["Roster", "RosterEntry", "RosterInfo", "build_roster"]
