"""TLS to others' servers: which authorities count, and how old a version may be.

Where both ends are this program's, nothing older than TLS 1.3 is spoken (:mod:`kiosk.province.link`). Others' servers
are as old as they are: what is asked of them stands in the settings of each.
"""

import ssl
from pathlib import Path
from typing import Final, Literal

import httpx

LeastTls = Literal["1.2", "1.3"]
_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client_context(authority: Path | str | None = None, *, least: LeastTls = "1.3") -> ssl.SSLContext:
    """How a server's certificate and version are judged.

    :param authority: the file of the certificate authorities to trust, or None for those that are usual.
    :raises OSError: where that file cannot be read or holds none.
    """
    context = httpx.create_ssl_context() if authority is None else ssl.create_default_context(cafile=str(authority))
    context.minimum_version = _VERSIONS[least]
    return context
