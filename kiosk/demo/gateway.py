"""The demonstration's gateway: a stand-in that knows the invented citizens, and the clinic's account at it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from kiosk.demo.people import Citizen, Cover, everybody

USERNAME, PASSWORD = "36999_BV", "trinh-dien"
"""The account; it opens this demonstration and nothing else."""

_HEAD = "# Written at every start of `kiosk demo`.\n"


def write_gateway(script: Path, account: Path, *, port: int) -> None:
    """Write what the stand-in answers, and the account by which the staff process asks it."""
    script.write_text(_HEAD + "\n".join(_script()) + "\n", "utf-8")
    lines = [f'url = "http://127.0.0.1:{port}"', f'username = "{USERNAME}"', f'password = "{PASSWORD}"']
    account.unlink(missing_ok=True)
    with open(os.open(account, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(_HEAD + "\n".join(lines) + "\n")


def _script() -> Iterator[str]:
    yield f"[account]\nusername = {_text(USERNAME)}\npassword = {_text(PASSWORD)}"
    for citizen in everybody():
        if citizen.cover is not None or citizen.payer is not None:
            yield "\n[[people]]"
            yield from _person(citizen)


def _person(citizen: Citizen) -> Iterator[str]:
    holder, cover = citizen.holder, citizen.cover
    number = citizen.insurance_number
    linked = cover is None or cover.linked
    numbers = dict.fromkeys([*([holder.personal_number] if linked else []), number, citizen.card_number])
    fields = {"gioiTinh": "Nam" if holder.sex == "M" else "Nữ", **_dates(cover), "maSoBHXH": number}
    yield f"numbers = {json.dumps(list(numbers))}"
    yield f"name = {_text(holder.name)}"
    yield f'birth = "{holder.birth:%d/%m/%Y}"'
    yield f"result = {_text(citizen.payer_result)}"
    yield "fields = { " + ", ".join(f"{name} = {_text(value)}" for name, value in fields.items()) + " }"


def _dates(cover: Cover | None) -> dict[str, str]:
    if cover is None:
        return {}
    until = f"{cover.until:%d/%m/%Y}" if cover.until else ""
    return {"maDKBD": cover.home_clinic, "gtTheTu": f"{cover.since:%d/%m/%Y}", "gtTheDen": until}


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
