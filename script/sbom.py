"""The bill of materials of a release: what an installation brings, with the files of others in our tree.

``sbom.py ENVIRONMENT.json LIST`` takes what cyclonedx-py wrote of the environment, leaves out what only tests need,
adds the hashes of the lock list and the browser's vendored files, and prints the result (CycloneDX, JSON).
"""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

_PACKAGE = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
OURS = "idcard"


def hashes(lock: Path) -> dict[str, list[str]]:
    """The SHA-256 of every file that may be installed, by package."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.read_text("utf-8").splitlines():
        if match := _PACKAGE.match(line):
            name = match[1]
        if digest := _HASH.search(line):
            found.setdefault(name, []).append(digest[1])
    return found


def shipped(bill: dict[str, Any], files: dict[str, list[str]], vendored: list[dict[str, Any]]) -> dict[str, Any]:
    """The bill of what is shipped."""
    kept = [each for each in bill["components"] if canonicalize_name(each["name"]) in files]
    for each in kept:
        each["properties"] = [
            {"name": "kiosk:file:sha256", "value": digest} for digest in files[canonicalize_name(each["name"])]
        ]
        each.pop("externalReferences", None)
    references = {each["bom-ref"] for each in kept} | {bill["metadata"]["component"]["bom-ref"]}
    bill["components"] = kept + [_component(row) for row in vendored]
    bill["dependencies"] = [
        each | {"dependsOn": [to for to in each.get("dependsOn", []) if to in references]}
        for each in bill["dependencies"]
        if each["ref"] in references
    ]
    return bill


def _component(row: dict[str, Any]) -> dict[str, Any]:
    reference = f"{row['package']}@{row['version']}#{row['path']}"
    return {
        "bom-ref": reference,
        "type": "file",
        "name": row["path"],
        "group": row["package"],
        "version": row["version"],
        "licenses": [{"license": {"id": row["licence"]}}],
        "hashes": [{"alg": "SHA-256", "content": row["sha256"]}],
    }


def main(environment: Path, lock: Path) -> None:
    """Print the bill."""
    root = Path(__file__).resolve().parents[1]
    rows = tomllib.loads((root / "kiosk/web/static/VENDORED.toml").read_text("utf-8"))["file"]
    bill = shipped(json.loads(environment.read_text("utf-8")), hashes(lock), rows)
    print(json.dumps(bill, indent=1, sort_keys=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
