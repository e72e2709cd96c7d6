"""The shipped examples run without arguments and do what they say."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys

import pytest

from tests.examples.conftest import EXAMPLES, ROOT, Run

FLOWS = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("name", FLOWS)
def test_an_example_checks_without_a_problem(name: str) -> None:
    command = [sys.executable, "-m", "tui_workflow", "check", str(EXAMPLES / f"{name}.yaml"), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, [])


def test_quickstart(run: Run) -> None:
    ran = run("quickstart", "pace=0")
    assert ran.code == 0, ran.errors
    step = ran.step("read_documents")
    assert (step["status"], step["total"], step["succeeded"], step["failed"]) == ("succeeded", 120, 113, 7)
    busy = [number for number in range(1, 121) if number % 8 == 3]
    assert step["attempts"] == 120 + len(busy), "a busy source is tried again, a broken document is not"
    groups = json.loads(ran.command("failed", "--group", "--json"))["groups"]
    assert sorted((group["type"], group["count"]) for group in groups) == [
        ("EOFError", 3),
        ("KeyError", 2),
        ("UnicodeDecodeError", 2),
    ]
    counted = ran.result("count_words")
    documents = [found for found in ran.results("read_documents") if found]
    assert counted["words"] == sum(found["words"] for found in documents) > 100_000
    broken = ran.result("list_broken")
    assert broken["KeyError"] == ["doc-029", "doc-076"]
    report = (ran.folder / "out/quickstart/report.md").read_text("utf-8")
    assert report.startswith("# 113 documents\n")
    assert "- doc-017: EOFError" in report
    assert f"| {counted['top'][0][0]} | {counted['top'][0][1]} |" in report


def test_quickstart_strict_counts_tolerated_failures(run: Run) -> None:
    assert run("quickstart", "pace=0", "documents=20", "--strict").code == 3


def test_quickstart_with_nothing_broken_skips_the_list(run: Run) -> None:
    ran = run("quickstart", "pace=0", "documents=12")
    assert ran.code == 0, ran.errors
    assert ran.step("list_broken")["status"] == "skipped"


@pytest.mark.slow
def test_process_dataset(run: Run) -> None:
    ran = run("process-dataset")
    assert ran.code == 0, ran.errors
    step = ran.step("process_chunks")
    assert (step["total"], step["succeeded"], step["failed"], step["attempts"]) == (12, 10, 2, 16)
    assert ran.result("track_progress") == {"processed": 10, "total": 60, "failed": 2, "success_rate": "13.33%"}
    assert ran.result("handle_failures")["failed_count"] == 2
    measured = ran.result("measure_rows")
    assert (measured["rows"], measured["total"], measured["success_rate"]) == (50, 60, "83.33%")
    assert {record["error"]["type"] for record in ran.failed()} == {"ValueError", "ImplausibleReading"}


@pytest.mark.slow
def test_process_dataset_reads_a_file(run: Run) -> None:
    ran = run("process-dataset", f"input_data=@{EXAMPLES / 'data/readings.csv'}", "chunk_size=1000")
    assert ran.code == 0, ran.errors
    assert ran.step("process_chunks")["total"] == 5
    assert ran.result("measure_rows")["total"] == 5000


def test_the_steps_of_process_dataset_are_those_of_the_guide() -> None:
    text = (EXAMPLES / "process-dataset.yaml").read_text("utf-8")
    steps = text[text.index("steps:\n") : text.index("\n  measure_rows:")]
    assert (
        hashlib.sha256(steps.encode()).hexdigest() == "4552174e40504eb4518324b8d4537adad711a8e7ab151a87a4c9725ab28b13ac"
    )


@pytest.mark.slow
def test_stdlib_census(run: Run) -> None:
    ran = run("stdlib-census")
    assert ran.code == 0, ran.errors
    step = ran.step("parse")
    assert step["total"] > 500
    assert step["succeeded"] + step["failed"] == step["total"]
    totals = ran.result("totals")
    assert totals["modules"] == step["succeeded"]
    assert totals["python"] == sys.version.split()[0]
    assert totals["functions"] > 5_000
    assert "os" in dict(totals["most_imported"]) or "sys" in dict(totals["most_imported"])
    assert {record["error"]["type"] for record in ran.failed()} <= {"SyntaxError"}


def test_compress_logs(run: Run) -> None:
    ran = run("compress-logs", "logs=12", "lines=500")
    assert ran.code == 0, ran.errors
    out = ran.folder / "out/compress-logs"
    assert (ran.step("verify")["total"], ran.step("verify")["failed"]) == (12, 1)
    assert ran.step("mend")["succeeded"] == 1
    for log in sorted(out.glob("*.log")):
        assert gzip.decompress((out / f"{log.name}.gz").read_bytes()) == log.read_bytes()
    sums = [found["stdout"].split()[0] for found in ran.results("verify") if found]
    archives = [path for path in sorted(out.glob("*.gz")) if path.name != "app-07.log.gz"]
    assert sums == [hashlib.sha256(path.read_bytes()).hexdigest() for path in archives]
    errors = {log.name: log.read_text().count(" ERROR ") for log in out.glob("*.log")}
    ranked = [line.split() for line in ran.result("rank")["stdout"].splitlines()]
    assert {path.rpartition("/")[2].removesuffix(".gz"): int(number) for number, path in ranked} == errors
    assert [int(number) for number, _ in ranked] == sorted(errors.values(), reverse=True)


def test_async_fetch(run: Run) -> None:
    ran = run("async-fetch", "pages=150")
    assert ran.code == 0, ran.errors
    step = ran.step("fetch")
    assert (step["total"], step["succeeded"], step["failed"]) == (150, 148, 2)
    assert sorted(record["key"] for record in ran.failed()) == ["page-0013", "page-0130"]
    assert {(record["error"]["type"], record["attempts"]) for record in ran.failed()} == {("NotFound", 1)}
    summary = ran.result("summary")
    assert summary["needed_a_retry"] > 10
    assert summary["bytes"] == sum(128 * (1 + number % 40) for number in range(150) if number not in (13, 130))


def test_pipeline(run: Run) -> None:
    ran = run("pipeline")
    assert ran.code == 0, ran.errors
    price = ran.step("price")
    assert (price["total"], price["succeeded"], price["skipped"]) == (10, 8, 2), (
        "cancelled are no items, drafts are skipped"
    )
    out = ran.folder / "out/pipeline"
    ledger = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    assert [entry["order"] for entry in ledger] == [
        f"A-{number}" for number in (1001, 1002, 1003, 1006, 1007, 1008, 1010, 1011)
    ]
    total = round(sum(entry["amount"] for entry in ledger), 2)
    assert ran.results("book")[-1] == {"order": "A-1011", "running_total": total}
    assert (out / "outbox.txt").read_text() == f"shop: orders 8, booked {total} EUR\n"
    assert "6 x chair: 873.00 EUR" in (out / "invoice-A-1003.txt").read_text()
    assert ran.step("audit")["status"] == "skipped"
    assert ran.step("raise_alarm")["status"] == "skipped"
    assert ran.step("tidy")["status"] == "succeeded"
    assert not (out / "started").exists()


def test_pipeline_that_fails_raises_the_alarm_and_charges_nothing_twice(run: Run) -> None:
    ran = run("pipeline", "limit=900", "currency=EUR", "audit=true")
    assert ran.code == 1
    out = ran.folder / "out/pipeline"
    assert not (out / "ledger.jsonl").exists()
    assert (out / "alarms.txt").read_text().count("failed") == 1
    assert not (out / "started").exists()
    assert ran.failed()[0]["error"]["message"] == "960.0 for order A-1006 is above 900"
    again = run("pipeline", "audit=true")
    assert again.code == 0, again.errors
    charged = again.result("audit")["charged"]
    run("pipeline", "audit=true")
    orders = [json.loads(line)["order"] for line in (out / "ledger.jsonl").read_text().splitlines()]
    assert len(orders) == len(set(orders)) == 8
    assert charged > 0
