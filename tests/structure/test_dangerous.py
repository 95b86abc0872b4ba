"""What is dangerous stands in a few known places, or nowhere: code made at run time, shells, SQL put together, markup
that is not escaped, weak hashes, redirects that are followed. A new place must be looked at, and named here with why.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGES = ("idcard", "kiosk")
ROSTER = "kiosk/insurance/roster"
SQL = {
    **dict.fromkeys(
        (
            f"{ROSTER}/{name}.py"
            for name in ("arriving", "contested", "delta", "file", "full", "pack", "sides", "stage")
        ),
        "names of our own tables",
    ),
    f"{ROSTER}/verifying.py": "a constant",
    "kiosk/hub/store/partitions.py": "names of months, made from dates",
    "kiosk/hub/store/retention.py": "the same",
    **dict.fromkeys(
        ("kiosk/hub/store/database.py", "kiosk/store/database.py", "kiosk/lab/clinic.py"), "pragmas of ours"
    ),
    "kiosk/lab/account.py": "names of our own columns",
}
"""Where SQL has a part that is not a bound value, and what that part is: never what somebody sent."""
PATTERNS = {
    "kiosk/insurance/checkin_table.py",
    "kiosk/interop/checkin_table.py",
    "kiosk/insurance/table_schema.py",
    "kiosk/insurance/stand_in/checkin.py",
    "kiosk/releases/contents.py",
    "kiosk/domain/syllables.py",
    "kiosk/domain/scans.py",
    "kiosk/provision/usb.py",
    "kiosk/day_key.py",
    "idcard/qr/formats.py",
}
"""Where a regular expression is put together: from constants, or from a table that came with a release."""
WEAK = {
    "idcard/chip/access_keys.py": "the keys of basic access control, by the standard (SHA-1)",
    "idcard/crypto/cipher.py": "secure messaging of older chips, by the standard (3DES)",
    "idcard/crypto/domains.py": "the compressed point of PACE, by the standard (SHA-1)",
    "idcard/crypto/signature.py": "signatures of certificates of old (SHA-1): weak, and called so",
    "idcard/qr/idb.py": "which certificate is meant, by the standard (SHA-1)",
    "kiosk/insurance/account.py": "the payer's gateway takes its password this way (MD5)",
    "kiosk/insurance/stand_in/desk.py": "the same, on the other side",
}
"""Where a weak hash or cipher stands, and who demands it; the simulated card has them too."""
CHANCE = {
    **dict.fromkeys(
        (
            *("kiosk/insurance/bhxh.py", "kiosk/interop/delivery.py", "kiosk/province/installing.py"),
            *("kiosk/province/parts.py", "kiosk/province/renewal.py", "kiosk/province/sending.py"),
        ),
        "how long a pause is",
    ),
    **dict.fromkeys(
        (
            *("idcard/testing/portrait.py", "kiosk/demo/picture.py", "kiosk/hub/picture/invented.py"),
            *("kiosk/lab/faults.py", "kiosk/lab/province.py"),
        ),
        "what is invented",
    ),
}
"""Where the generator stands whose numbers can be guessed, and for what."""
MARKUP = {"kiosk/web/templates/picture/province.html": "a part of the page that our own template made"}
LIVE = {"call.js", "live.js", "patient.js", "picture.js", "wallet.js"}
"""The scripts that put in place what our own server made of a template, and nothing else."""
UNPROVED_TLS = {"kiosk/province/link.py": "the first question of a new clinic, whose answer the code on paper proves"}


Texts = dict[str, str]
Calls = list[tuple[str, str, ast.Call]]


@pytest.fixture(scope="module")
def texts(root: Path) -> Texts:
    """Every module of the packages by its path."""
    files = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture(scope="module")
def calls(texts: Texts) -> Calls:
    """Every call of the packages: its file, its name, and itself."""
    return [(path, _dotted(node.func), node) for path, text in texts.items() for node in _calls(text)]


def _calls(text: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def _dotted(name: ast.expr) -> str:
    """What is called, as it is written; what is no plain name ends in its last part."""
    if isinstance(name, ast.Attribute):
        return f"{_dotted(name.value)}.{name.attr}"
    return name.id if isinstance(name, ast.Name) else ""


def where(calls: Calls, is_one: Callable[[str, ast.Call], bool]) -> set[str]:
    return {path for path, name, call in calls if is_one(name, call)}


def test_no_code_is_made_while_we_run_and_no_shell_is_asked(calls: Calls) -> None:
    bad = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "Markup", "render_template_string"}
    assert not where(calls, lambda name, call: name in bad or any(each.arg == "shell" for each in call.keywords))


def test_nothing_that_came_becomes_an_object_by_itself(texts: Texts) -> None:
    bad = re.compile(r"^\s*(?:import|from) (?:pickle|marshal|shelve|dill|yaml|jsonpickle)\b", re.MULTILINE)
    assert not [path for path, text in texts.items() if bad.search(text)]


def test_sql_takes_values_as_values(calls: Calls) -> None:
    def is_put_together(name: str, call: ast.Call) -> bool:
        asks = name.rpartition(".")[2] in {"text", "execute", "executescript", "exec_driver_sql", "executemany"}
        return asks and bool(call.args) and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)

    assert where(calls, is_put_together) == set(SQL)


def test_no_regular_expression_is_made_of_what_was_typed(calls: Calls) -> None:
    asks = {f"re.{name}" for name in ("compile", "match", "search", "sub", "fullmatch", "findall", "split", "finditer")}
    found = where(calls, lambda name, call: name in asks and not isinstance(call.args[0], ast.Constant))
    assert found <= PATTERNS


def test_xml_is_read_by_what_opens_nothing_else(calls: Calls, root: Path) -> None:
    found = where(
        calls, lambda name, call: name.rpartition(".")[2] in {"fromstring", "XML", "iterparse", "parseString"}
    )
    assert found == {"kiosk/insurance/stand_in/checkin.py"}
    assert "from defusedxml.ElementTree import fromstring" in (root / found.pop()).read_text("utf-8")


def test_weak_hashes_and_ciphers_stand_where_a_standard_demands_them(calls: Calls) -> None:
    found = where(calls, lambda name, call: bool(re.search(r"(?i)md5|sha1\b|TripleDES|modes\.ECB|ARC4", name)))
    assert {path for path in found if not path.startswith("idcard/testing/")} == set(WEAK)


def test_no_answer_sends_us_elsewhere_and_no_certificate_is_waved_through(calls: Calls, texts: Texts) -> None:
    clients = [call for _, name, call in calls if name in {"httpx.Client", "httpx.AsyncClient"}]
    assert clients
    for call in clients:
        told = {each.arg: ast.unparse(each.value) for each in call.keywords}
        assert (told["follow_redirects"], told["trust_env"]) == ("False", "False")
        assert told["verify"] not in {"False", "None"}
    careless = {path for path, text in texts.items() if "CERT_NONE" in text}
    assert careless == set(UNPROVED_TLS)
    assert not where(calls, lambda name, call: name.endswith("_create_unverified_context"))


def test_chance_that_can_be_guessed_decides_no_secret(texts: Texts) -> None:
    guessed = re.compile(r"^\s*(?:import random\b|from random import)", re.MULTILINE)
    assert {path for path, text in texts.items() if guessed.search(text)} == set(CHANCE)


def test_templates_escape_what_they_show(root: Path) -> None:
    files = [path for kind in ("html", "svg") for path in (root / "kiosk" / "web" / "templates").rglob(f"*.{kind}")]
    assert len(files) > 40
    bare = re.compile(r"\|\s*safe\b|autoescape|\bjavascript:|\bstyle=|<[^>{]*\son[a-z]+=", re.IGNORECASE)
    found = {path.relative_to(root).as_posix() for path in files if bare.search(path.read_text("utf-8"))}
    assert found == set(MARKUP)


def test_links_lead_to_our_own_addresses(root: Path) -> None:
    """Every address in a page is made by the server's own table, or is a place on the same page."""
    pages = (root / "kiosk" / "web" / "templates").rglob("*.html")
    found = re.compile(r'\b(?:href|src|action|formaction)="(?!\{\{|#|\?|/(?!/))([^"]*)"')
    assert not {address for page in pages for address in found.findall(page.read_text("utf-8"))}


def test_scripts_make_no_code_and_keep_nothing(root: Path) -> None:
    scripts = sorted((root / "kiosk" / "web" / "static" / "js").glob("*.js"))
    text = {path.name: path.read_text("utf-8") for path in scripts}
    bad = r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML|postMessage|localStorage|sessionStorage"
    assert not {
        name for name, said in text.items() if re.search(rf"{bad}|indexedDB|__proto__|WebSocket|window\.open", said)
    }
    assert {name for name, said in text.items() if ".innerHTML" in said} == LIVE
