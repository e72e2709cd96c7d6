"""The run file: one SQLite database per run, and how an older one becomes a newer one.

`step` gives each step name a small number. `item.number` counts from 0 within its step in the order of first listing and
never changes; `item.position` is its place in the latest listing, null when that listing no longer has it.
`outcome` is append-only; the latest row of an item (highest `seq`) is what counts. `event.after` is the highest
`outcome.seq` that precedes the event, so that both together are one sequence. Facts in `event.body` are JSON.
"""

from __future__ import annotations

APPLICATION_ID = 0x77667475
"""`wftu`, in the header of every run file."""

KEY_INDEX = "CREATE UNIQUE INDEX IF NOT EXISTS item_key ON item (step, key)"
"""Made when items are first looked up by key in number. Default keys come in random order, so that keeping the index
while a million items are listed would write each of its pages hundreds of times."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE run (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
    CREATE TABLE revision (
        number INTEGER PRIMARY KEY, taken REAL NOT NULL, path TEXT NOT NULL, text BLOB NOT NULL
    );
    CREATE TABLE handler (
        revision INTEGER NOT NULL, place INTEGER NOT NULL, path TEXT NOT NULL, source BLOB NOT NULL,
        PRIMARY KEY (revision, place)
    ) WITHOUT ROWID;
    CREATE TABLE step (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE definition (number INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE);
    CREATE TABLE item (
        step INTEGER NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, position INTEGER, payload BLOB NOT NULL,
        PRIMARY KEY (step, number)
    ) WITHOUT ROWID;
    CREATE TABLE error (number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, fingerprint TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE outcome (
        seq INTEGER PRIMARY KEY, step INTEGER NOT NULL, item INTEGER NOT NULL, attempt INTEGER NOT NULL,
        status INTEGER NOT NULL, started REAL NOT NULL, duration REAL NOT NULL, at REAL NOT NULL, next_at REAL,
        worker INTEGER NOT NULL, definition INTEGER NOT NULL, revision INTEGER NOT NULL, result BLOB, error INTEGER
    );
    CREATE INDEX outcome_item ON outcome (step, item);
    CREATE TABLE event (seq INTEGER PRIMARY KEY, after INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE log (
        seq INTEGER PRIMARY KEY, step INTEGER NOT NULL, item INTEGER NOT NULL, attempt INTEGER NOT NULL,
        started REAL NOT NULL, failed INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE INDEX log_item ON log (step, item);
    CREATE TABLE context (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE snapshot (
        only INTEGER PRIMARY KEY CHECK (only = 1), event INTEGER NOT NULL, outcome INTEGER NOT NULL, body BLOB NOT NULL
    );
    """,
)
"""Each entry takes a file of version n to n + 1 (`PRAGMA user_version`)."""
