"""What the stand-in knows and answers, apart from the wire: accounts, tokens, officers and people."""

import hashlib
import secrets
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from kiosk.insurance.stand_in.checkin import taken
from kiosk.insurance.stand_in.moods import Behaviour, Mood
from kiosk.insurance.stand_in.script import Person, Script

_FIELDS = [
    "maThe",
    "hoTen",
    "ngaySinh",
    "gioiTinh",
    "diaChi",
    "maDKBD",
    "tenDKBD",
    "cqBHXH",
    "gtTheTu",
    "gtTheDen",
    "maKV",
    "ngayDu5Nam",
    "maSoBHXH",
    "maTheCu",
    "maTheMoi",
    "gtTheTuMoi",
    "gtTheDenMoi",
    "maDKBDMoi",
    "tenDKBDMoi",
    "dsLichSuKCB2018",
    "dsLichSuKT2018",
]
_WITH_FIELDS = frozenset({"000", "001", "002", "003", "004", "010", "110", "120", "121", "122", "123", "124"})
_NOTES = {
    "000": "Thông tin thẻ chính xác",
    "050": "Không thấy thông tin thẻ",
    "060": "Sai họ tên",
    "070": "Sai ngày sinh",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issued:
    """A token that was given out: to which address, and until when."""

    identity: str
    address: str
    until: float


class GatewayDesk:
    """The stand-in's memory; safe to use from several threads."""

    def __init__(self, script: Script, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._script = script
        self._monotonic = monotonic
        self._tokens: dict[str, _Issued] = {}
        self._codes: dict[str, str] = {}
        self._behaviour = Behaviour()
        self._counts = {"tokens": 0, "look_ups": 0, "histories": 0, "check_ins": 0, "refused": 0}
        self._checked_in: dict[str, str] = {}
        self._lock = Lock()

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from now on."""
        with self._lock:
            self._behaviour = behaviour

    def behaviour(self, step: str) -> Behaviour:
        """How this request is treated; a behaviour for so many requests is used up by it."""
        with self._lock:
            now = self._behaviour
            if now.mood is Mood.OK or (now.only and now.only != step):
                return Behaviour()
            if now.times is not None:
                left = now.times - 1
                self._behaviour = replace(now, times=left) if left > 0 else Behaviour()
            return now

    def forget_tokens(self) -> None:
        """Refuse every token that was given out, as after a restart or on another line."""
        with self._lock:
            self._tokens.clear()

    def change(self, number: str, code: str) -> None:
        """Answer with another result code for a person from now on; KeyError for an unknown one."""
        if self._person(number) is None:
            raise KeyError
        with self._lock:
            self._codes[number] = code

    def state(self) -> dict[str, Any]:
        """The mood, and how often each thing was asked."""
        with self._lock:
            return {"mood": self._behaviour.mood, **self._counts}

    def take_token(self, account: Mapping[str, str], address: str) -> dict[str, Any]:
        """The answer to taking a token."""
        if not self._knows(account):
            return {"maKetQua": "401", "APIKey": None}
        issued = _Issued(identity=secrets.token_urlsafe(16), address=address, until=self._until())
        access = secrets.token_urlsafe(24)
        with self._lock:
            self._counts["tokens"] += 1
            self._tokens[access] = issued
        key = {"access_token": access, "id_token": issued.identity, "token_type": "Bearer"}
        return {"maKetQua": "200", "APIKey": {**key, "username": account.get("username"), "expires_in": None}}

    def lets_in(self, query: Mapping[str, str], address: str) -> bool:
        """Whether a request with this query, from this address, has a good token."""
        with self._lock:
            issued = self._tokens.get(query.get("token", ""))
        good = (
            issued is not None
            and issued.identity == query.get("id_token")
            and issued.address == address
            and self._monotonic() < issued.until
            and self._knows(query)
        )
        if not good:
            self._count("refused")
        return good

    def check_in(self, sent: Mapping[str, str], said: Mapping[str, str], address: str) -> dict[str, Any]:
        """The answer to a check-in table; ``said`` are the headers that carry the token."""
        account = {"username": sent.get("username", ""), "password": said.get("passwordHash", "")}
        token = {"token": said.get("accessToken", ""), "id_token": said.get("tokenId", "")}
        if not self.lets_in({**account, **token}, address):
            return {"maKetQua": "401", "maGiaoDich": None, "thongDiep": "Lỗi xác thực"}
        found = taken(sent)
        if found is None:
            return {"maKetQua": "205", "maGiaoDich": None, "thongDiep": "Sai định dạng"}
        receipt = secrets.token_hex(16)
        with self._lock:
            self._counts["check_ins"] += 1
            self._checked_in |= dict.fromkeys(found.visits, receipt)
        at = time.strftime("%Y%m%d%H%M%S")
        return {"maKetQua": "200", "maGiaoDich": receipt, "thoiGianTiepNhan": at, "thongDiep": "Thành công"}

    def checked_in(self) -> dict[str, str]:
        """For each visit (MA_LK) that was reported the number of the last message that did."""
        with self._lock:
            return dict(self._checked_in)

    def look_up(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The answer to a look-up."""
        self._count("look_ups")
        code, person = self._result(asked)
        answer: dict[str, Any] = dict.fromkeys(_FIELDS)
        if person is not None and code in _WITH_FIELDS:
            answer |= {"maThe": person.numbers[-1], "hoTen": person.name, "ngaySinh": person.birth} | person.fields
        return {"maKetQua": code, "ghiChu": _NOTES.get(code, "")} | answer

    def history(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The answer to a question for somebody's visits."""
        self._count("histories")
        code, person = self._result(asked)
        rows = list(person.history) if person is not None and code in _WITH_FIELDS else None
        return {"maKetQua": code, "ghiChu": _NOTES.get(code, ""), "dsLichSuKCB2025": rows}

    def _result(self, asked: Mapping[str, str]) -> tuple[str, Person | None]:
        if any(not asked.get(name, "").strip() for name in ("maThe", "hoTen", "ngaySinh", "hoTenCb", "cccdCb")):
            return "205", None
        officer = self._officer_fault(asked)
        if officer:
            return officer, None
        number = asked["maThe"].strip().upper()
        person = self._person(number)
        if person is None:
            return ("050" if len(number) in (10, 12, 15) else "051"), None
        fault = _differs(person, asked["hoTen"], asked["ngaySinh"])
        return (fault or self._code(person)), person

    def _officer_fault(self, asked: Mapping[str, str]) -> str:
        if not self._script.officers:
            return ""
        names = {officer.number: officer.name for officer in self._script.officers}
        if asked["cccdCb"] not in names:
            return "054"
        return "" if _plain(names[asked["cccdCb"]]) == _plain(asked["hoTenCb"]) else "055"

    def _person(self, number: str) -> Person | None:
        return next((person for person in self._script.people if number in person.numbers), None)

    def _code(self, person: Person) -> str:
        with self._lock:
            return next((self._codes[number] for number in person.numbers if number in self._codes), person.result)

    def _knows(self, account: Mapping[str, str]) -> bool:
        digest = hashlib.md5(self._script.account.password.encode(), usedforsecurity=False).hexdigest()
        same = secrets.compare_digest(account.get("password", "").lower().encode(), digest.encode())
        return same and account.get("username") == self._script.account.username

    def _until(self) -> float:
        return self._monotonic() + self._script.token_s

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1


def _differs(person: Person, name: str, birth: str) -> str:
    """060 or 061 for another name, 070 for another birth; nothing where both are the person's."""
    if _plain(name) != _plain(person.name):
        initials = [[word[0] for word in _plain(text).split()] for text in (name, person.name)]
        return "061" if initials[0] == initials[1] else "060"
    return "" if birth.strip() == person.birth else "070"


def _plain(text: str) -> str:
    """A name as the gateway compares it: its accents count, its case and spaces do not."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
