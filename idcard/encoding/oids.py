"""Object identifiers of the PKI of identity documents, in dotted form, and the names of hash algorithms.

Source: RFC 5280, RFC 5652, RFC 5754, RFC 4055; BSI TR-03111; ICAO Doc 9303-10 and 9303-12.
"""

SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
DATA = "1.2.840.113549.1.7.1"
LDS_SECURITY_OBJECT_TYPES = frozenset({LDS_SECURITY_OBJECT, "1.3.27.1.1.1", "1.2.528.1.1006.1.20.1", DATA})
"""ICAO's identifier, the two that early documents used for the same content (Belgium, France and the Netherlands among
them), and "data", which some Chinese documents say."""
MASTER_LIST = "2.23.136.1.1.2"
MASTER_LIST_SIGNER = "2.23.136.1.1.3"
DEVIATION_LIST = "2.23.136.1.1.7"
DEVIATION_LIST_SIGNER = "2.23.136.1.1.8"
LIST_PURPOSES = frozenset({MASTER_LIST_SIGNER, DEVIATION_LIST_SIGNER})
DOCUMENT_PURPOSES = frozenset({LDS_SECURITY_OBJECT, "1.3.6.1.5.5.7.3.36", "2.5.29.37.0"})
"""Extended key usages that a document signer may have: ICAO's identifier of what it signs, "document signing" (RFC
9336), and "any"."""

HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

RSA = "1.2.840.113549.1.1.1"
RSA_PSS = "1.2.840.113549.1.1.10"
MGF1 = "1.2.840.113549.1.1.8"
RSA_PKCS1 = {
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}

EC_PUBLIC_KEY = "1.2.840.10045.2.1"
EC_PUBLIC_KEY_ALGORITHMS = frozenset({EC_PUBLIC_KEY, "1.3.132.1.12"})
"""Unrestricted keys, and keys marked for Diffie-Hellman, which some states put into signer certificates."""
PRIME_FIELD = "1.2.840.10045.1.1"
ECDSA_DER = {
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
"""Signatures written as SEQUENCE { r, s }. Source: RFC 5480."""
ECDSA_WITH_SPECIFIED = "1.2.840.10045.4.3"
"""ECDSA whose hash is in the parameters, or goes without saying in signed data. Source: ANSI X9.62."""
ECDSA_PLAIN = {
    "0.4.0.127.0.7.1.1.4.1.1": "sha1",
    "0.4.0.127.0.7.1.1.4.1.2": "sha224",
    "0.4.0.127.0.7.1.1.4.1.3": "sha256",
    "0.4.0.127.0.7.1.1.4.1.4": "sha384",
    "0.4.0.127.0.7.1.1.4.1.5": "sha512",
}
"""Signatures written as r and s, one after the other. Source: BSI TR-03111, "Plain format"."""

COMMON_NAME = "2.5.4.3"
COUNTRY = "2.5.4.6"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
KEY_USAGE = "2.5.29.15"
PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16"
SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
ISSUER_ALTERNATIVE_NAME = "2.5.29.18"
BASIC_CONSTRAINTS = "2.5.29.19"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
CERTIFICATE_POLICIES = "2.5.29.32"
CRL_NUMBER = "2.5.29.20"
CRL_REASON = "2.5.29.21"
INVALIDITY_DATE = "2.5.29.24"
CERTIFICATE_ISSUER = "2.5.29.29"
DELTA_CRL = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
EXTENDED_KEY_USAGE = "2.5.29.37"
VDS_NC_SIGNER = "2.23.136.1.1.14.2"
"""The extended key usage of those who sign VDS-NC. Source: ICAO TR "VDS-NC"."""
NAME_CHANGE = "2.23.136.1.1.6.1"
DOCUMENT_TYPE_LIST = "2.23.136.1.1.6.2"
DEMONSTRATION = "2.25.275834212871340019457719284451893315217"
"""The critical extension of this project's demonstration certificates, so that nobody ever trusts one by mistake."""
