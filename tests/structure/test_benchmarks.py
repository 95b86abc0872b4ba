"""The benchmarks run and write what they promise. No figure is compared with anything: machines differ.

Here they measure little; ``script/bench`` measures everything, and so does ``script/test --all``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LONG = pytest.mark.skipif(not os.environ.get("KIOSK_GALLERY_ALL"), reason="most of a minute: script/test --all")


@pytest.mark.parametrize(
    ("area", "figures"),
    [
        (
            "reader",
            {
                "apdus_short_aes",
                "apdus_extended_1k",
                "apdus_extended_whole",
                "apdus_bac_whole",
                "apdus_vietnam_short",
                "host_cpu_ms_read_verify",
            },
        ),
        (
            "verify",
            {
                "verdict_over_raw_warm",
                "verdict_rsa_warm_ms",
                "verdict_cold_ms",
                "master_list_import_s",
                "store_mb",
            },
        ),
        pytest.param(
            "kiosk",
            {
                "card_to_ticket_server_ms",
                "machine_p95_s",
                "first_paint_ms",
                "page_kb_max",
                "process_mb",
                "whole_visit_p50_s",
                "whole_visit_p95_s",
            },
            marks=LONG,
        ),
        ("roster", {"rows", "size_mb", "lookup_median_us", "import_s", "delta_s"}),
        (
            "emergency",
            {"emergency_kiosks", "emergency_p50_s", "emergency_p95_s", "emergency_max_s", "publish_to_refusal_s"},
        ),
        (
            "hub",
            {
                "ingest_burst_per_s",
                "ingest_sustained_per_s",
                "ingest_p99_ms",
                "drain_25000_s",
                "events_stored",
                "page_288_ms",
            },
        ),
        pytest.param(
            "endurance",
            {"process_mb", "visit_unpaced_ms", "visits"},
            marks=LONG,
        ),
        ("audit", {"audit_links", "audit_verify_s", "audit_verify_10m_worked_out_s", "audit_verify_us_per_link"}),
        ("qr", {"exact_rate", "median_ms", "miss_p95_ms", "still_exact_rate"}),
    ],
)
def test_an_area_writes_its_figures(root: Path, area: str, figures: set[str]) -> None:
    small = os.environ | {"IDCARD_BENCH_ROWS": "5000", "IDCARD_BENCH_VISITS": "1", "IDCARD_BENCH_KIOSKS": "20"}
    if not os.environ.get("KIOSK_GALLERY_ALL"):
        small |= {"QR_EVERY": "9"}
    command = [sys.executable, "tests/benchmarks", area]
    result = subprocess.run(command, cwd=root, env=small, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    report = json.loads((root / "build" / "bench" / f"{area}.json").read_text(encoding="utf-8"))
    assert set(report) == {"figures", "peers", "machine"}
    assert figures <= set(report["figures"])
    assert all(isinstance(value, int | float) for value in report["figures"].values())
    # Others may be nothing: processes that grew by nothing, files that were left by nobody.
    assert all(report["figures"][name] > 0 for name in figures)
    assert report["peers"]
    assert report["machine"]["cores"] >= 1


def test_an_unknown_area_is_one_line_and_a_remedy(root: Path) -> None:
    result = subprocess.run([sys.executable, "tests/benchmarks", "moon"], cwd=root, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: no area called 'moon'.",
        "       There are: audit, emergency, endurance, hub, kiosk, qr, reader, roster, verify",
    ]
