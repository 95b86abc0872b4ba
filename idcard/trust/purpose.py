"""What a certificate is for: to issue others, or to sign documents.

Theory of operation. A CSCA issues more than signers of documents: signers of lists, web servers, links. All of them
lead to its anchor, so that a path alone does not say who may sign a person. What a certificate says of its own purpose
does: its basic constraints, its key's usage, its extended usages and the types of documents it is for.

States break their profile, and nobody's document is a forgery for that. So what a certificate does *not* say is a
remark (:mod:`idcard.trust.profile`); what it does say is heeded.

Source: ICAO Doc 9303-12, "Certificate profiles" and "Document Type Extension"; RFC 5280, "Extended Key Usage";
RFC 9336.
"""

from enum import StrEnum

from idcard.encoding import oids
from idcard.encoding.ber import SEQUENCE, door, load
from idcard.errors import MalformedData
from idcard.trust.certificates import Certificate

_DIGITAL_SIGNATURE, _CERTIFICATE_SIGN = 0, 5
_FILLERS = "< "


class NotForDocuments(StrEnum):
    """What a certificate says that makes it no document signer's."""

    AUTHORITY = "authority"
    """It issues certificates, or holds the anchor's own key."""
    KEY_USAGE = "key_usage"
    """Its key is for something else than signatures."""
    EXTENDED_KEY_USAGE = "extended_key_usage"
    """It is for something else than documents: lists, say, or web servers."""
    DOCUMENT_TYPE = "document_type"
    """It is for documents of other types."""
    MALFORMED = "malformed_extension"
    """What it says cannot be read."""


def key_usage(certificate: Certificate) -> frozenset[int] | None:
    """The numbers of the key's usages, or None where the certificate does not name any.

    :raises MalformedData: if they are not well formed.
    """
    one = certificate.extensions.get(oids.KEY_USAGE)
    if one is None:
        return None
    with door("keyUsage"):
        return load(one.value, "keyUsage").flags()


def may_sign(certificate: Certificate) -> bool:
    """Whether the key's usage names signatures.

    :raises MalformedData: if it is not well formed.
    """
    return _DIGITAL_SIGNATURE in (key_usage(certificate) or ())


def may_issue(certificate: Certificate) -> bool:
    """Whether the key's usage names certificates.

    :raises MalformedData: if it is not well formed.
    """
    return _CERTIFICATE_SIGN in (key_usage(certificate) or ())


def purposes(certificate: Certificate) -> frozenset[str]:
    """The extended key usages, by object identifier; none where the certificate does not name any.

    :raises MalformedData: if they are not well formed.
    """
    one = certificate.extensions.get(oids.EXTENDED_KEY_USAGE)
    if one is None:
        return frozenset()
    with door("extendedKeyUsage"):
        return frozenset(node.oid() for node in load(one.value, "extendedKeyUsage").children(SEQUENCE))


def document_types(certificate: Certificate) -> frozenset[str] | None:
    """The types of documents, one or two letters each, or None where the certificate does not name any.

    :raises MalformedData: if they are not well formed.
    """
    one = certificate.extensions.get(oids.DOCUMENT_TYPE_LIST)
    if one is None:
        return None
    with door("documentTypeList"):
        # Some states write a SEQUENCE in the place of the SET.
        listed = load(one.value, "documentTypeList").children(SEQUENCE)[-1].children()
        return frozenset((node.text() or "").strip(_FILLERS) for node in listed)


def acts_as_authority(certificate: Certificate) -> bool:
    """Whether the certificate can be a CSCA's: it says so in one of two places, or is an old root that says nothing.

    CSCAs in the field leave out one of the two, or contradict themselves; a document signer says neither.
    """
    try:
        if certificate.is_authority or may_issue(certificate):
            return True
    except MalformedData:
        return False
    silent = not {oids.BASIC_CONSTRAINTS, oids.KEY_USAGE} & certificate.extensions.keys()
    return silent and certificate.names_itself


def not_for_documents(
    signer: Certificate, document_code: str | None, anchor: Certificate | None = None
) -> NotForDocuments | None:
    """What speaks against ``signer`` as a signer of this document; None where nothing does.

    :param document_code: the document's code as its MRZ has it (``I``, ``ID``, ``P``), None where that is not known.
    :param anchor: the anchor behind the signer, which signs no documents itself, even if it does not say what it is.
    """
    try:
        if signer.is_authority or (anchor is not None and signer.public_key_info == anchor.public_key_info):
            return NotForDocuments.AUTHORITY
        if oids.KEY_USAGE in signer.extensions and not may_sign(signer):
            return NotForDocuments.KEY_USAGE
        if _has_another_purpose(signer):
            return NotForDocuments.EXTENDED_KEY_USAGE
    except MalformedData:
        return NotForDocuments.MALFORMED
    return None if document_code is None else _type_problem(signer, document_code)


def _has_another_purpose(signer: Certificate) -> bool:
    """Whether the extended usages exclude documents: critical ones that do not name them, and those for lists."""
    named = purposes(signer)
    if not named or named & oids.DOCUMENT_PURPOSES:
        return False
    return signer.extensions[oids.EXTENDED_KEY_USAGE].critical or bool(named & oids.LIST_PURPOSES)


def _type_problem(signer: Certificate, document_code: str) -> NotForDocuments | None:
    try:
        types = document_types(signer)
    except MalformedData:
        critical = signer.extensions[oids.DOCUMENT_TYPE_LIST].critical
        return NotForDocuments.MALFORMED if critical else None
    code = document_code.strip(_FILLERS)
    # "A single letter denotes all document types starting with that letter."
    return None if types is None or types & {code, code[:1]} else NotForDocuments.DOCUMENT_TYPE
