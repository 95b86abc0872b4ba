"""A PKI of every algorithm and encoding, made by openssl; its own verdict stands beside ours where it gives one.

CSCA, document signer, revocation list and signed data for each kind of key: named and explicit parameters, RSA with
both paddings, SHA-1 to SHA-512, DER and BER.
"""

import subprocess
from pathlib import Path

import pytest

from idcard.crypto.signature import EcPublicKey
from idcard.encoding.cms import SignedData
from idcard.trust.certificates import Certificate
from idcard.trust.crl import Crl
from idcard.trust.judgement import Signed, judge
from idcard.trust.signed_data import find_signer, verify_signed_data

CURVES = {
    "prime192v1": "P-192",
    "secp224r1": "P-224",
    "prime256v1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
    "brainpoolP192r1": "brainpoolP192r1",
    "brainpoolP224r1": "brainpoolP224r1",
    "brainpoolP256r1": "brainpoolP256r1",
    "brainpoolP320r1": "brainpoolP320r1",
    "brainpoolP384r1": "brainpoolP384r1",
    "brainpoolP512r1": "brainpoolP512r1",
}
RSA = ["rsa:2048"]
PSS = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
KEYS: dict[str, list[str]] = {"rsa": RSA, "rsa-pss": RSA}
for _name in CURVES:
    for _form in ("named_curve", "explicit"):
        KEYS[f"{_name} {_form}"] = ["ec", "-pkeyopt", f"ec_paramgen_curve:{_name}", "-pkeyopt", f"ec_param_enc:{_form}"]
CASES = [
    *((key, "sha256") for key in KEYS),
    *(("rsa", digest) for digest in ("sha1", "sha224", "sha384", "sha512")),
    *(("rsa-pss", digest) for digest in ("sha1", "sha384", "sha512")),
    *(("secp521r1 explicit", digest) for digest in ("sha1", "sha224", "sha384", "sha512")),
]


def openssl(folder: Path, *arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, input=data).stdout


def build(folder: Path, key: str, digest: str) -> None:
    """A root, a signer that it issued, and a revocation list that names the signer."""
    options = PSS if key == "rsa-pss" else []
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\ndefault_crl_days=30\nunique_subject=no\ncrlnumber=number\n"
        "crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n[req]\ndistinguished_name=d\n[d]\n"
        "[signer]\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nkeyUsage=critical,digitalSignature\n"
        "[root]\nsubjectKeyIdentifier=hash\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
    )
    (folder / "index").write_text("")
    (folder / "number").write_text("01")
    new = ["req", "-config", "ca.cnf", f"-{digest}", "-nodes", "-newkey", *KEYS[key], *options]
    root = ["-x509", "-extensions", "root", "-subj", "/C=AA/CN=Root", "-keyout", "root.key", "-out", "root.pem"]
    openssl(folder, *new, *root)
    openssl(folder, *new, "-subj", "/C=AA/CN=Signer", "-keyout", "signer.key", "-out", "signer.csr")
    issue = ["x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7"]
    extensions = ["-extfile", "ca.cnf", "-extensions", "signer", "-out", "signer.pem", f"-{digest}", *options]
    openssl(folder, *issue, *extensions)
    ca = ["ca", "-config", "ca.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-md", digest, *options]
    openssl(folder, *ca, "-revoke", "signer.pem")
    openssl(folder, *ca, "-gencrl", "-out", "crl.pem")
    for name, kind in (("root", "x509"), ("signer", "x509"), ("crl", "crl")):
        openssl(folder, kind, "-in", f"{name}.pem", "-outform", "DER", "-out", f"{name}.der")


@pytest.mark.parametrize(("key", "digest"), CASES)
def test_every_algorithm(tmp_path: Path, key: str, digest: str) -> None:
    build(tmp_path, key, digest)
    root, signer = (Certificate.from_bytes((tmp_path / f"{name}.der").read_bytes()) for name in ("root", "signer"))
    assert [one.signed for one in judge([root, signer])] == [Signed.BY_ITSELF, Signed.BY_ANOTHER]
    if "explicit" not in key and digest != "sha1":
        # Openssl refuses explicit parameters in a chain, which is why this library is needed.
        openssl(tmp_path, "verify", "-CAfile", "root.pem", "signer.pem")
    crl = Crl.from_bytes((tmp_path / "crl.der").read_bytes())
    assert crl.issued_by(root)
    assert crl.revoked.keys() == {7}
    public = signer.public_key
    assert not isinstance(public, EcPublicKey) or public.curve.name == CURVES[key.split()[0]]
    padding = ["-keyopt", "rsa_padding_mode:pss"] if key == "rsa-pss" else []
    # Openssl cannot write PSS as a stream.
    for encoding in ([],) if padding else ([], ["-stream"]):
        sign = [
            "cms",
            "-sign",
            "-binary",
            "-nodetach",
            "-outform",
            "DER",
            "-signer",
            "signer.pem",
            "-inkey",
            "signer.key",
        ]
        made = openssl(tmp_path, *sign, "-md", digest, *padding, *encoding, data=b"content" * 1000)
        assert (made[1] == 0x80) is bool(encoding)
        signed = SignedData.from_bytes(made)
        assert signed.content == b"content" * 1000
        info = signed.signers[0]
        assert find_signer(info, map(Certificate.from_bytes, signed.certificates)) == signer
        verify_signed_data(signed, info, signer)
        out = openssl(tmp_path, "cms", "-verify", "-inform", "DER", "-noverify", "-binary", data=made)
        assert out == signed.content
