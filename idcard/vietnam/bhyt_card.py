"""The QR of the health-insurance card (thẻ bảo hiểm y tế): recognised by how it begins.

Number of 15 characters (group, benefit level, province, ten digits) or of ten digits; then, after ``|``, the name as
hexadecimal UTF-8. The code is unsigned.
"""

import re

_LOOKS = re.compile(rb"(?:[A-Z]{2}[1-5][0-9]{12}|[0-9]{10})\|(?:[0-9A-Fa-f]{2})+\|")


def looks_like_bhyt_card(payload: bytes) -> bool:
    """Whether ``payload`` begins as the code of a health-insurance card does."""
    return _LOOKS.match(payload.removeprefix(b"\xef\xbb\xbf")) is not None
