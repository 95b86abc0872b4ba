"""MRV-A and MRV-B: the zones of visas."""

import pytest

from idcard.encoding.mrz import Mrz, MrzFormat
from idcard.errors import MalformedData

# ICAO Doc 9303-7, the specimens of MRV-A and MRV-B.
MRV_A = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"
MRV_B = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<"


@pytest.mark.parametrize(
    ("text", "layout", "optional"), [(MRV_A, MrzFormat.MRV_A, "6ZE184226B"), (MRV_B, MrzFormat.MRV_B, "")]
)
def test_the_specimens(text: str, layout: MrzFormat, optional: str) -> None:
    mrz = Mrz.parse(text)
    assert mrz.format is layout
    assert (mrz.document_code, mrz.issuing_state, mrz.document_number) == ("V", "UTO", "L8988901C")
    assert (mrz.surname, mrz.given_names, mrz.nationality) == ("ERIKSSON", "ANNA MARIA", "XXX")
    assert (mrz.birth, mrz.sex, mrz.expiry, mrz.optional_1) == ("400907", "F", "961210", optional)


@pytest.mark.parametrize("text", [MRV_A, MRV_B])
@pytest.mark.parametrize("at", [0, 13, 21])
def test_every_check_digit_counts(text: str, at: int) -> None:
    first, second = text.split("\n")
    changed = second[:at] + ("2" if second[at] != "2" else "3") + second[at + 1 :]
    with pytest.raises(MalformedData, match="check digit"):
        Mrz.parse(f"{first}\n{changed}")


def test_a_passport_is_no_visa() -> None:
    with pytest.raises(MalformedData):
        Mrz.parse("P" + MRV_A[1:])
