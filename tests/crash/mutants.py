"""Bugs put in on purpose: each is a small change of the program, made in a copy of it, that the tests named must notice.

`python -m tests.crash.mutants [NAME…]` tries them all, or those named.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.bench import ROOT


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file` of the package; `new` takes its place; then at least one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "a wish and its item at once",
        "engine/engine.py",
        "                self._withhold(fact.step, fact.items)\n",
        "                pass\n",
        (
            "tests/engine/test_retry_timing.py::test_an_item_that_comes_due_before_the_wish_for_it_is_committed_runs_once",
        ),
    ),
    Mutant(
        "done before commit",
        "store/journal.py",
        "        self._queue.extend(facts)\n",
        "        self._queue.extend(facts)\n        self.on_committed, told = (lambda _: None), self.on_committed\n"
        "        told(list(facts))\n        self.on_committed = told\n",
        ("tests/store/test_journal.py::test_facts_come_back_in_order_after_their_commit",),
    ),
    Mutant(
        "shown done though the commit failed",
        "store/journal.py",
        "            self._position = await self._call(self._write, group, self._snapshot)\n",
        "            self.on_committed([entry for entry in group if not isinstance(entry, Revision)])\n"
        "            self._position = await self._call(self._write, group, self._snapshot)\n",
        ("tests/store/test_journal.py::test_a_foreign_lock_is_waited_for_and_nothing_is_lost",),
    ),
    Mutant(
        "identity by position",
        "workers/child/listing.py",
        "                yield blake2b(source, digest_size=8).hexdigest(), payload\n",
        "                yield blake2b(str(index).encode(), digest_size=8).hexdigest(), payload\n",
        ("tests/crash/test_identity.py::test_a_resume_knows_its_items_wherever_they_stand[x a b c d e-by content]",),
    ),
    Mutant(
        "digest without code",
        "flow/digest.py",
        'syntax(step.inputs["code"]) if step.type == "python" and "code" in step.inputs else None',
        "None",
        ("tests/flow/test_graph.py::test_code_counts_as_a_tree",),
    ),
    Mutant(
        "digest without the handler file",
        "flow/digest.py",
        '"handler": syntax(file.source) if file else None',
        '"handler": None',
        ("tests/flow/test_diff.py::test_a_handler_file_is_mapped_to_the_steps_that_use_it",),
    ),
    Mutant(
        "items rendered again",
        "flow/template.py",
        "            value = access.attribute(value, str(key)) if dotted else access.subscript(value, key)\n        return _settled(value)",
        "            value = access.attribute(value, str(key)) if dotted else access.subscript(value, key)\n"
        "        return render_tree(_settled(value), names)",
        ("tests/flow/test_template.py::test_data_is_never_rendered",),
    ),
    Mutant(
        "data shown as it is",
        "view/panes/row.py",
        "        for part, escaped in visible_parts(text)\n",
        "        for part, escaped in [(text, False)]\n",
        ("tests/ui/test_hostile.py",),
    ),
    Mutant(
        "delays by the clock on the wall",
        "engine/steprun.py",
        "                        due = self._due.pop(outcome.item, self._around.monotonic())\n",
        "                        self._due.pop(outcome.item, None)\n"
        "                        due = fact.next_at[outcome.item] - self._around.now() + self._around.monotonic()\n"
        "                        due = due if abs(due - self._around.monotonic()) < 0.2 else self._around.monotonic()\n",
        ("tests/crash/test_clock.py::test_a_delay_is_as_long_as_it_says",),
    ),
    Mutant(
        "one attempt too many",
        "engine/retry.py",
        "    if tries >= policy.max_attempts:\n",
        "    if tries > policy.max_attempts:\n",
        ("tests/engine/test_queue_retry_batch.py::test_the_delay_follows_the_policy",),
    ),
    Mutant(
        "kill without the group",
        "workers/host.py",
        "            os.killpg(self._process.pid, number)\n",
        "            os.kill(self._process.pid, number)\n",
        ("tests/workers/test_failures.py::test_kill_ends_a_handler_that_ignores_signals_and_its_children",),
    ),
    Mutant(
        "no lifeline",
        "workers/child/lifeline.py",
        "    threading.Thread(target=_watch",
        "    fcntl.fcntl(fd, fcntl.F_SETOWN, 0)\n    return\n    threading.Thread(target=_watch",
        ("tests/end_to_end/test_kill.py::test_nothing_is_left_of_a_shell_step",),
    ),
    Mutant(
        "escaped processes go on",
        "session/escaped.py",
        "    spared = _lineage()\n",
        "    spared = _working_for(run)\n",
        ("tests/crash/test_orphans.py::test_what_escaped_is_ended_before_its_item_runs_again[setsid]",),
    ),
    Mutant(
        "more slots after a resume",
        "engine/steprun.py",
        "        slots = self._crew.want(max(1, min(slots, self._options.max_slots or slots)))\n",
        "        slots = self._crew.want(max(1, min(slots, self._options.max_slots or slots)) + 2 * bool(self.state.attempts))\n",
        ("tests/end_to_end/test_slots.py::test_a_resume_keeps_to_the_slots",),
    ),
    Mutant(
        "a retry repeats what is done",
        "engine/wishes.py",
        "                elif step.states[item] in (Item.FAILED, Item.RETRYING, Item.SKIPPED) or (\n",
        "                elif step.states[item] in (Item.OK, Item.FAILED, Item.RETRYING, Item.SKIPPED) or (\n",
        ("tests/engine/test_engine.py::test_a_retry_says_what_it_cannot_reach",),
    ),
    Mutant(
        "secrets unmasked",
        "workers/child/secrets.py",
        "        return self.mask if self._texts else None\n",
        "        return None\n",
        ("tests/workers/test_output.py::test_a_secret_never_leaves_the_worker",),
    ),
    Mutant(
        "secrets stored in results",
        "workers/child/secrets.py",
        "        return any(secret in data for secret in self._bytes)\n",
        "        return False\n",
        ("tests/workers/test_output.py::test_a_secret_never_leaves_the_worker",),
    ),
    Mutant(
        "duplicates lost in the listing",
        "engine/listing.py",
        "    async def _take(self, page: ListedPage, now: float) -> None:\n",
        "    async def _take(self, page: ListedPage, now: float) -> None:\n"
        "        once = dict(zip(page.keys, page.payloads))\n"
        "        page = page._replace(keys=list(once), payloads=list(once.values()))\n",
        ("tests/engine/test_engine.py::test_duplicates_get_a_number_and_explicit_ones_fail",),
    ),
    Mutant(
        "an item with another value taken for unchanged",
        "engine/listing.py",
        "            and [item.payload for item in following.values()] == page.payloads\n",
        "",
        ("tests/engine/test_listing.py::test_a_page_with_another_value_is_no_unchanged_one",),
    ),
    Mutant(
        "two hold one run",
        "store/lock.py",
        "            if _lock(descriptor, fcntl.LOCK_EX):\n",
        "            if _lock(descriptor, fcntl.LOCK_SH):\n",
        ("tests/store/test_lock.py::test_one_process_holds_a_run_until_kill_9",),
    ),
    Mutant(
        "a full disk passed over in silence",
        "session/conduct.py",
        "        stage.on_trouble = reporter.trouble\n",
        "",
        ("tests/crash/test_disk.py::test_a_lock_that_another_program_holds_is_waited_for[0]",),
    ),
    Mutant(
        "no end while the output is clogged",
        "session/conduct.py",
        "    await asyncio.wait({finishing}, timeout=READER_SECONDS if signals.received else None)\n",
        "    await finishing\n",
        ("tests/crash/test_signals.py::test_a_full_pipe_ends_with_the_signal_all_the_same",),
    ),
)


def survives(mutant: Mutant, folder: Path) -> str:
    """Try one in a fresh copy; empty when a test noticed it, else what the tests said."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("tui_workflow", "tests", "themes", "examples"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".wf-tui", "snapshots"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    file = copy / "tui_workflow" / mutant.file
    text = file.read_text("utf-8")
    if text.count(mutant.old) != 1:
        return f"{mutant.file} holds the place {text.count(mutant.old)} times: {mutant.old!r}"
    file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "slow or not slow",
        "-o",
        "timeout=100",
    ]
    done = subprocess.run(
        [*words, *mutant.tests],
        cwd=copy,
        env={**environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    # 1 is: tests ran, and one failed. A copy that does not even import must not pass for one that was noticed.
    if done.returncode == 1 and "\nFAILED " in done.stdout and "ImportError" not in done.stdout:
        return ""
    return done.stdout[-3000:] + done.stderr[-1000:]


def main() -> int:
    names = sys.argv[1:]
    left = 0
    with tempfile.TemporaryDirectory(prefix="wf-mutants-") as place:
        for mutant in MUTANTS:
            if names and mutant.name not in names:
                continue
            begin = time.monotonic()
            found = survives(mutant, Path(place))
            left += bool(found)
            print(
                f"{'SURVIVED' if found else 'noticed '}  {mutant.name}  ({time.monotonic() - begin:.0f} s)", flush=True
            )
            if found:
                print(found)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
