"""EF.SOD: the document security object, a signed list of the data groups' hashes.

Source: ICAO Doc 9303-10, "Document Security Object (EF.SOD)".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idcard.encoding.cms import LdsSecurityObject, SignedData
from idcard.encoding.oids import HASHES, LDS_SECURITY_OBJECT_TYPES
from idcard.encoding.tlv import parse_one
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.lds.layout import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Sod:
    """The document security object: what was signed, and its signed data. Nothing of it is verified yet."""

    signed_data: SignedData
    security_object: LdsSecurityObject

    @classmethod
    def from_bytes(cls, ef_sod: bytes) -> "Sod":
        """EF.SOD as the chip holds it, with its outer tag 77.

        :raises MalformedData: if it is not well formed, or signs something else than data group hashes.
        """
        signed = SignedData.from_bytes(parse_one(ef_sod, File.SOD.tag, where="EF.SOD").value, where="EF.SOD")
        if signed.content_type not in LDS_SECURITY_OBJECT_TYPES:
            raise MalformedData("does not hold an LDS security object", where="EF.SOD")
        return cls(signed_data=signed, security_object=LdsSecurityObject.from_bytes(signed.content))

    @property
    def data_group_hashes(self) -> Mapping[int, bytes]:
        """The hash of each data group, by its number."""
        return self.security_object.hashes

    @property
    def hash_algorithm(self) -> str:
        """The hashes' algorithm: ``sha1``, ``sha224``, ``sha256``, ``sha384`` or ``sha512``.

        :raises UnsupportedAlgorithm: if it is none of these.
        """
        oid = self.security_object.hash_algorithm
        try:
            return HASHES[oid]
        except KeyError:
            raise UnsupportedAlgorithm("the data groups are hashed with an unknown algorithm", oid=oid) from None

    @property
    def lds_version(self) -> str | None:
        """The signed LDS version, for example ``"0108"``; None in security objects of version 0."""
        return self.security_object.lds_version

    @property
    def signer_certificates(self) -> tuple[bytes, ...]:
        """The certificates that came with the signature, in DER."""
        return self.signed_data.certificates
