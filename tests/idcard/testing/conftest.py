"""A terminal for the simulated card, small enough to be read at one sitting, and OpenSSL's command line."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from idcard.encoding import tlv
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.testing import SPECIMEN, Holder, Issuer, Profile, SimulatedCard
from idcard.testing.chip_crypto import PASSWORD, SecureChannel, Suite, pad, retail_mac, unpad
from idcard.testing.chip_pace import authentication_token, oid_value, password_of_mrz

VECTORS = Path(__file__).parents[2] / "vectors" / "chip"


@pytest.fixture(scope="session")
def worked_examples() -> dict[str, Any]:
    return json.loads((VECTORS / "icao_9303_11_worked_examples.json").read_text())["vectors"]


@pytest.fixture
def row() -> Callable[..., Callable[[int], bytes]]:
    """Entropy that gives prepared values, one after the other."""

    def make(*values: bytes) -> Callable[[int], bytes]:
        rest = list(values)

        def draw(size: int) -> bytes:
            value = rest.pop(0)
            assert len(value) == size
            return value

        return draw

    return make


@pytest.fixture(scope="session")
def holder() -> Holder:
    return SPECIMEN


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@dataclass
class Terminal:
    """The reader's half, in tests only."""

    card: SimulatedCard
    channel: SecureChannel | None = None
    log: list[tuple[bytes, bytes]] = field(default_factory=list)

    def raw(self, command: str | bytes) -> ResponseApdu:
        sent = bytes.fromhex(command) if isinstance(command, str) else command
        answer = self.card.transmit(sent)
        self.log.append((sent, answer))
        return ResponseApdu.from_bytes(answer)

    def send(self, ins: int, p1: int, p2: int, data: bytes = b"", le: int | None = None, cla: int = 0) -> ResponseApdu:
        """A command, protected where there is a session."""
        command = CommandApdu(cla=cla, ins=ins, p1=p1, p2=p2, data=data, le=le)
        if self.channel is None:
            return self.raw(command.to_bytes())
        return self._open(self.raw(self.protect(command).to_bytes()))

    def protect(self, command: CommandApdu) -> CommandApdu:
        assert self.channel is not None
        channel, block = self.channel, self.channel.suite.block
        channel._count()
        header = CommandApdu(cla=command.cla | 0x0C, ins=command.ins, p1=command.p1, p2=command.p2)
        body = tlv.build(0x87, b"\x01", channel._encrypt(command.data)) if command.data else b""
        if command.le is not None:
            size = 1 if command.le <= 256 else 2
            body += tlv.build(0x97, (command.le % (1 << 8 * size)).to_bytes(size))
        checksum = channel._checksum(pad(header.header, block) + (pad(body, block) if body else b""))
        le = 256 if command.le is None or command.le <= 256 else 65536
        return CommandApdu(
            cla=header.cla,
            ins=header.ins,
            p1=header.p1,
            p2=header.p2,
            data=body + tlv.build(0x8E, checksum),
            le=le,
            extended=command.extended,
        )

    def _open(self, response: ResponseApdu) -> ResponseApdu:
        assert self.channel is not None
        if not response.data:
            self.channel = None
            return response
        self.channel._count()
        nodes = tlv.parse(response.data)
        assert nodes[-1].tag == 0x8E
        signed = b"".join(node.to_bytes() for node in nodes[:-1])
        assert nodes[-1].value == self.channel._checksum(pad(signed, self.channel.suite.block))
        status = tlv.require(nodes, 0x99, where="test").value
        assert int.from_bytes(status) == response.sw
        data = tlv.find(nodes, 0x87)
        if data is None:
            return ResponseApdu(sw=response.sw)
        suite = self.channel.suite
        plain = suite.decrypt(self.channel.ks_enc, self.channel._iv(), data.value[1:])
        return ResponseApdu(data=unpad(plain), sw=response.sw)

    def select_application(self) -> ResponseApdu:
        return self.send(0xA4, 0x04, 0x0C, bytes.fromhex("A0000002471001"))

    def bac(self, mrz_information: str) -> int:
        """Basic access control; the status word of its last command."""
        assert self.select_application().ok
        rnd_ic = self.raw("0084000008").data
        seed = hashlib.sha1(mrz_information.encode()).digest()[:16]
        k_enc, k_mac = Suite.DES3.derive(seed, 1), Suite.DES3.derive(seed, 2)
        rnd_ifd, k_ifd = bytes(range(8)), bytes(range(16))
        token = Suite.DES3.encrypt(k_enc, bytes(8), rnd_ifd + rnd_ic + k_ifd)
        answer = self.send(0x82, 0, 0, token + retail_mac(k_mac, pad(token, 8)), 40)
        if not answer.ok:
            return answer.sw
        assert answer.data[32:] == retail_mac(k_mac, pad(answer.data[:32], 8))
        plain = Suite.DES3.decrypt(k_enc, bytes(8), answer.data[:32])
        assert plain[:16] == rnd_ic + rnd_ifd
        secret = bytes(one ^ other for one, other in zip(k_ifd, plain[16:], strict=True))
        self.channel = SecureChannel.from_secret(Suite.DES3, secret, int.from_bytes(rnd_ic[4:] + rnd_ifd[4:]))
        return answer.sw

    def set_up_pace(self, reference: int, profile: Profile) -> ResponseApdu:
        data = tlv.build(0x80, oid_value(profile.pace_oid)) + tlv.build(0x83, bytes([reference]))
        return self.send(0x22, 0xC1, 0xA4, data + tlv.build(0x84, bytes([profile.parameter_id])))

    def pace(self, *, can: str | None = None, mrz: str | None = None, profile: Profile | None = None) -> int:
        """PACE; the status word of the first command that fails, or 9000."""
        profile = profile or Profile()
        answer = self.set_up_pace(2 if can is not None else 1, profile)
        if not answer.ok:
            return answer.sw
        password = can.encode() if can is not None else password_of_mrz(mrz or "")
        curve, suite = profile.curve, profile.suite
        encrypted = self._dynamic(b"", 0x80)
        nonce = suite.decrypt(suite.derive(password, PASSWORD), bytes(suite.block), encrypted)
        first, second = 0x1234567, 0x7654321
        chip_map = curve.decode(self._dynamic(tlv.build(0x81, curve.encode(curve.multiply(first))), 0x82))
        generator = curve.add(curve.multiply(int.from_bytes(nonce)), curve.multiply(first, chip_map))
        own = curve.encode(curve.multiply(second, generator))
        chip = self._dynamic(tlv.build(0x83, own), 0x84)
        secret = curve.multiply(second, curve.decode(chip)).x.to_bytes(curve.size)
        channel = SecureChannel.from_secret(suite, secret)
        token = tlv.build(0x85, authentication_token(profile, channel.ks_mac, chip))
        last = self.send(0x86, 0, 0, tlv.build(0x7C, token), 256)
        if last.ok:
            expected = tlv.build(0x86, authentication_token(profile, channel.ks_mac, own))
            assert last.data == tlv.build(0x7C, expected)
            self.channel = channel
        return last.sw

    def _dynamic(self, data: bytes, tag: int) -> bytes:
        answer = self.send(0x86, 0, 0, tlv.build(0x7C, data), 256, cla=0x10)
        assert answer.ok
        return tlv.parse_one(tlv.parse_one(answer.data, 0x7C).value, tag).value

    def read(self, sfi: int, size: int) -> bytes:
        """A whole file: the first block by its short identifier, the others by offset."""
        content = self.send(0xB0, 0x80 | sfi, 0, le=223).data
        while len(content) < size:
            answer = self.send(0xB0, len(content) >> 8, len(content) & 0xFF, le=min(223, size - len(content)))
            assert answer.ok
            content += answer.data
        return content


@pytest.fixture
def terminal_for() -> Callable[[SimulatedCard], Terminal]:
    return Terminal


@pytest.fixture
def terminal(issuer: Issuer, holder: Holder) -> Terminal:
    """A terminal before an honest card."""
    return Terminal(issuer.issue(holder))


@pytest.fixture(scope="session")
def openssl() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    def run(*arguments: str | Path, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["openssl", *map(str, arguments)], input=content, capture_output=True, check=False)

    return run


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes bytes into a file of its own and gives its path."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write
