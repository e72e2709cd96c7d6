"""K3: killed while the tables of an older run file are brought up to date: the old form, or the new one, and nothing between.

A program is started that knows one more form than this one; it is killed as it enters its k-th write or sync.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.crash.check import Report
from tests.crash.rounds import Figures, run_file
from tests.end_to_end.bench import PATIENCE, Folder, environment
from tui_workflow.store.database import VERSION

NEWER = """
import sys
from pathlib import Path
from tui_workflow.store import database, schema
script = "CREATE TABLE later (a); ALTER TABLE event ADD COLUMN b TEXT; UPDATE event SET b = kind; INSERT INTO later VALUES (1);"
database.MIGRATIONS = (*schema.MIGRATIONS, script)
database.VERSION = len(database.MIGRATIONS)
database.open_to_write(Path(sys.argv[1])).close()
"""


def killed(folder: Folder, seed: int, figures: Figures) -> Report:
    """Kill a migration at the call that the seed names; what is left must be whole."""
    report = Report()
    folder.write(
        "flow.yaml", "steps:\n  work:\n    type: python\n    for_each: {range: 40}\n    inputs: {code: result = item}\n"
    )
    folder.run()
    path = run_file(folder)
    kept = folder.path / "kept.db"
    shutil.copy(path, kept)
    old = _rows(kept)
    calls = "pwrite64,fdatasync"
    traced = ["strace", "-f", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={(seed - 1) % 24 + 1}"]
    done = subprocess.run(
        [*traced, "-o", "/dev/null", sys.executable, "-c", NEWER, str(path)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode not in (0, -9, 137):
        report.say("I1", done.stderr)
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if (words := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            report.say("I1", f"damaged: {words[:3]}")
        columns = [row[1] for row in db.execute("PRAGMA table_info(event)")]
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master")]
        whole = ("b" in columns, "later" in tables)
        if whole not in ((False, False), (True, True)) or whole[0] != (version > VERSION):
            report.say("K3", f"between two forms: version {version}, columns {columns}, tables {tables}")
    if _rows(path) != old:
        report.say("I6", "rows were lost or changed")
    if version == VERSION:
        again = folder.wf("show", "--json")
        if again.returncode:
            report.say("I1", again.stderr)
    figures.add(report, done.returncode != 0)
    return report


def _rows(path: Path) -> list[object]:
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as db:
        return [
            db.execute("SELECT seq, after, at, kind, body FROM event ORDER BY seq").fetchall(),
            db.execute("SELECT * FROM outcome ORDER BY seq").fetchall(),
        ]
