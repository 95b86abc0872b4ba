"""EF.CardSecurity: the security infos, signed, in the master file: what proves PACE with chip authentication mapping.

Source: ICAO Doc 9303-10, "EF.CardSecurity"; ICAO Doc 9303-11, "SecurityInfos"; BSI TR-03110-3, "SignedData".
"""

from dataclasses import dataclass

from idcard.encoding.cms import SignedData
from idcard.errors import MalformedData
from idcard.lds.security_infos import SecurityInfos

SECURITY_OBJECT_TYPE = "0.4.0.127.0.7.3.2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSecurity:
    """What was signed, and its signed data. Nothing of it is verified yet."""

    signed_data: SignedData
    security_infos: SecurityInfos

    @classmethod
    def from_bytes(cls, data: bytes) -> "CardSecurity":
        """EF.CardSecurity as the chip holds it.

        :raises MalformedData: if it is not well formed, or signs something else than security infos.
        """
        signed = SignedData.from_bytes(data, where="EF.CardSecurity")
        if signed.content_type != SECURITY_OBJECT_TYPE:
            raise MalformedData("does not hold security infos", where="EF.CardSecurity")
        return cls(
            signed_data=signed,
            security_infos=SecurityInfos.from_bytes(signed.content, where="EF.CardSecurity"),
        )

    @property
    def signer_certificates(self) -> tuple[bytes, ...]:
        """The certificates that came with the signature, in DER."""
        return self.signed_data.certificates
