"""What nginx before the hub says and keeps."""

from pathlib import Path
from typing import Any

from cryptography import x509

from kiosk.province.joining import Joining


def test_nothing_secret_is_in_the_proxys_log(province: Any, tmp_path: Path) -> None:
    code = province.code("desk-18")
    joining = Joining(province.url, code, tmp_path)
    joining.begin()
    joining.look()
    joining.close()
    log = (province.folder / "nginx.log").read_text()
    assert code[:8] not in log
    assert code.replace("-", "")[3:11] not in log


def test_the_hubs_certificates_say_what_they_may_prove(province: Any) -> None:
    served = x509.load_pem_x509_certificate((province.config.tls / "server.pem").read_bytes())
    (use,) = served.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert use == x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
