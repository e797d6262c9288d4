"""Results of chunks, kept in one SQLite file so that a run can stop anywhere and be taken up again.

One table maps the hash of everything that determines a chunk (:func:`key`) to its result as JSON text.
A key names its result for good: the first writing wins and later ones are ignored.  Every ``put`` is its
own transaction under a write-ahead log, so a killed process loses at most what it was writing.

Only the coordinating process opens a store; workers hand their results back to it.  SQLite's locks
are not reliable on network file systems, and one writer is fast enough.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x686F7063  # "hopc": tells our files from other SQLite databases
_MAGIC = b"SQLite format 3\x00"
_HEADER = {"store": "hopcheck results", "schema": SCHEMA_VERSION}
_CREATE = (
    "CREATE TABLE IF NOT EXISTS results"
    " (key TEXT PRIMARY KEY, json TEXT NOT NULL, created REAL NOT NULL, host TEXT NOT NULL)"
)
_INSERT = "INSERT OR IGNORE INTO results (key, json, created, host) VALUES (?, ?, ?, ?)"
_SELECT = "SELECT key, json, created, host FROM results ORDER BY key"

Row = tuple[str, str, float, str]


class StoreError(Exception):
    """The store cannot be used; the message is one sentence that says why and what to do about it."""


def canonical_json(value: Any) -> str:
    """The one JSON text of ``value``: sorted names, no spaces, ASCII only.

    Takes None, bool, int, finite float, str, and lists, tuples and string-keyed dicts of these; a tuple
    reads back as a list.  Raises StoreError for anything else, NaN and infinities included.
    """
    _require_plain(value, "value")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _require_plain(value: Any, where: str) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreError(f"{where} is {value}, which JSON cannot hold; store it as a string.")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            _require_plain(item, f"{where}[{i}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise StoreError(f"{where} has the name {name!r}, but names in JSON must be strings.")
            _require_plain(item, f"{where}.{name}")
    else:
        raise StoreError(f"{where} is of type {type(value).__name__}, which JSON cannot hold.")


def key(**parts: Any) -> str:
    """SHA-256 (64 hexadecimal digits) of the canonical JSON of ``parts``; their order does not matter.

    Numbers are told apart by type (1, 1.0 and True differ); write grid points as exact strings.
    Raises StoreError for parts that are not JSON.
    """
    return hashlib.sha256(canonical_json(parts).encode("ascii")).hexdigest()


@dataclass(slots=True)
class Merged:
    """What a merge did: results ``added``, ``known`` (equal here already), and the keys in ``conflicts``."""

    added: int = 0
    known: int = 0
    conflicts: list[str] = field(default_factory=list)


class ResultStore:
    """Results by key in the SQLite file ``path``, which is created if missing; also a context manager.

    ``timeout``: seconds to wait while another process holds the write lock.

    Raises StoreError, with one sentence, if the file is no database, belongs to another program or schema
    version, cannot be written, or is locked; later calls raise it too, for instance for a full disk.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        self.path = Path(path)
        self._host = platform.node() or "unknown"
        if not self.path.parent.is_dir():
            raise StoreError(f"The result store {self.path} cannot be made: its folder does not exist.")
        with _explained(self.path):
            self._db = sqlite3.connect(self.path, timeout=timeout, isolation_level=None)
        try:
            with _explained(self.path):
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        _check_identity(self._db, self.path)
        self._db.execute("PRAGMA journal_mode=WAL")
        # With a write-ahead log a killed process loses nothing; only a power cut can lose the last puts.
        self._db.execute("PRAGMA synchronous=NORMAL")
        # Taking the write lock also finds out now, and not after an hour, that the file is read-only.
        self._db.execute("BEGIN IMMEDIATE")
        try:
            # Somebody else may have made the file theirs between the first look and the lock.
            _check_identity(self._db, self.path)
            self._db.execute(_CREATE)
            self._db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def get(self, key: str) -> Any | None:
        """The stored value, or None if the key is unknown."""
        with _explained(self.path):
            row = self._db.execute("SELECT json FROM results WHERE key=?", (key,)).fetchone()
        return None if row is None else _parse(row[0], key, self.path)

    def put(self, key: str, value: Any) -> bool:
        """Store ``value`` under ``key`` durably; False (and no change) if the key is there already."""
        return self._insert((key, canonical_json(value), time.time(), self._host))

    def _insert(self, row: Row) -> bool:
        with _explained(self.path):
            return self._db.execute(_INSERT, row).rowcount == 1

    def keys(self) -> list[str]:
        """All keys, sorted."""
        with _explained(self.path):
            return [str(row[0]) for row in self._db.execute("SELECT key FROM results ORDER BY key")]

    def items(self) -> Iterator[tuple[str, Any]]:
        """All keys with their values."""
        with _explained(self.path):
            for name, text, *_ in self._db.execute(_SELECT):
                yield name, _parse(text, name, self.path)

    def __contains__(self, key: object) -> bool:
        with _explained(self.path):
            return self._db.execute("SELECT 1 FROM results WHERE key=?", (key,)).fetchone() is not None

    def __len__(self) -> int:
        with _explained(self.path):
            return int(self._db.execute("SELECT count(*) FROM results").fetchone()[0])

    def export(self, target: str | os.PathLike[str]) -> int:
        """Write all results to the JSON Lines file ``target``, a header line first; returns their number.

        The file appears complete or not at all.  Raises StoreError if it cannot be written.
        """
        target = Path(target)
        partial = target.with_name(f"{target.name}.{os.getpid()}.part")
        count = 0
        try:
            with partial.open("w", encoding="ascii") as out:
                out.write(canonical_json(_HEADER) + "\n")
                with _explained(self.path):
                    for name, text, created, host in self._db.execute(_SELECT):
                        line = {"key": name, "value": _parse(text, name, self.path)}
                        out.write(canonical_json({**line, "created": created, "host": host}) + "\n")
                        count += 1
            partial.replace(target)
        except OSError as error:
            raise StoreError(f"The results could not be exported to {target}: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)
        return count

    def merge(self, other: str | os.PathLike[str]) -> Merged:
        """Take over the results of another store or of an exported JSON Lines file, in one transaction.

        What is here stays; keys whose values differ are listed in ``conflicts``, since two runs of one chunk
        should agree.  Raises StoreError, leaving this store as it was, if ``other`` cannot be read.
        """
        done = Merged()
        with _explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
        try:
            for row in _rows(Path(other)):
                if self._insert(row):
                    done.added += 1
                elif canonical_json(self.get(row[0])) == row[1]:
                    done.known += 1
                else:
                    done.conflicts.append(row[0])
            with _explained(self.path):
                self._db.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return done

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it; closing twice does no harm."""
        self._db.close()

    def __enter__(self) -> ResultStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_identity(db: sqlite3.Connection, path: Path) -> None:
    """Refuse databases of other programs and schema versions; an empty file is as good as a new one."""
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if application == 0 and version == 0 and tables == 0:
        return
    if application != _APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program; choose another file for the results.")
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path} has schema version {version}, but this program reads version {SCHEMA_VERSION};"
            " use the program that wrote it or choose another file."
        )


def _rows(path: Path) -> Iterator[Row]:
    """The rows of another store or of an export, each value as canonical JSON; raises StoreError."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    yield from _database_rows(path) if head == _MAGIC else _exported_rows(path)


def _database_rows(path: Path) -> Iterator[Row]:
    with _explained(path), closing(_open_readonly(path)) as db:
        _check_identity(db, path)
        for name, text, created, host in db.execute(_SELECT):
            yield name, canonical_json(_parse(text, name, path)), created, host


def _open_readonly(path: Path) -> sqlite3.Connection:
    uri = path.resolve().as_uri() + "?mode=ro"
    db = sqlite3.connect(uri, uri=True)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A store on read-only media has no place for the log's index; without a log none is needed.
        db.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        db = sqlite3.connect(uri + "&immutable=1", uri=True)
    return db


def _exported_rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="ascii") as lines:
            if json.loads(next(lines, "null")) != _HEADER:
                raise StoreError(f"{path} is neither a result store nor an export of this schema version.")
            for line in lines:
                item = json.loads(line)
                row = (str(item["key"]), canonical_json(item["value"]))
                yield *row, float(item["created"]), str(item["host"])
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is not a readable export of a result store.") from error


def _parse(text: Any, name: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise StoreError(f"The result {name} in {path} is damaged; delete the file and run again.") from error


_REASONS = {
    sqlite3.SQLITE_NOTADB: "{path} is not a result store: the file is not an SQLite database.",
    sqlite3.SQLITE_CORRUPT: "The result store {path} is damaged; restore a copy or start with a new file.",
    sqlite3.SQLITE_READONLY: "The result store {path} cannot be written: no write permission.",
    sqlite3.SQLITE_PERM: "The result store {path} cannot be written: no write permission.",
    sqlite3.SQLITE_CANTOPEN: "The result store {path} cannot be opened or made: no permission, or a folder.",
    sqlite3.SQLITE_FULL: "The result store {path} cannot grow: the disk is full; free some space and resume.",
    sqlite3.SQLITE_BUSY: "The result store {path} is locked by another process; wait for it or stop it.",
    sqlite3.SQLITE_LOCKED: "The result store {path} is locked by another process; wait for it or stop it.",
    sqlite3.SQLITE_IOERR: "Reading or writing the result store {path} failed: input/output error.",
}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into one sentence; the error itself stays attached as the cause."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; the rest says more than a user can act on.
        code = getattr(error, "sqlite_errorcode", -1) & 0xFF
        reason = _REASONS.get(code, "The result store {path} cannot be used: {error}.")
        raise StoreError(reason.format(path=path, error=error)) from error
