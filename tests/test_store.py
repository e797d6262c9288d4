"""The result store: what is written stays, also after kill -9, and every trouble has its sentence."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.store import Merged, ResultStore, StoreError, canonical_json, key

ROOT = Path(__file__).resolve().parent.parent
steady = settings(deadline=None, derandomize=True, max_examples=80)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResultStore]:
    with ResultStore(tmp_path / "results.sqlite") as opened:
        yield opened


# --- keys and values --------------------------------------------------------------------------------


def test_key_is_sha256_of_canonical_json() -> None:
    text = b'{"beta":"1/3","chunk":0,"name":"gl\\u00fcck"}'
    expected = hashlib.sha256(text).hexdigest()
    assert key(chunk=0, name="glück", beta="1/3") == expected
    assert key(beta="1/3", name="glück", chunk=0) == expected
    assert len({key(x=v) for v in (1, 1.0, True, "1", None, [1], {"1": 1})}) == 7


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@steady
@given(plain)
def test_canonical_json_reads_back(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [1, float("nan")]}, r"value\.a\[1\] is nan"),
        (float("inf"), "value is inf"),
        ({1: 2}, "the name 1"),
        (np.arange(2), "type ndarray"),
        ([np.int64(1)], "type int64"),
        (b"x", "type bytes"),
    ],
)
def test_only_json_is_stored(store: ResultStore, value: Any, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        store.put("k", value)
    assert len(store) == 0


def test_first_value_wins(store: ResultStore) -> None:
    assert store.get("k") is None
    assert store.put("k", {"failures": 3, "means": (0.5, 0.25)})
    assert not store.put("k", {"failures": 4})
    assert store.get("k") == {"failures": 3, "means": [0.5, 0.25]}
    assert "k" in store
    assert "other" not in store


def test_values_survive_reopening(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with ResultStore(path) as first:
        for i in (2, 0, 1):
            first.put(f"k{i}", i)
    with ResultStore(path) as again:
        assert again.keys() == ["k0", "k1", "k2"]
        assert len(again) == 3
        again.close()
    with pytest.raises(StoreError, match="cannot be used"):
        again.get("k0")


# --- killed in the middle of writing ----------------------------------------------------------------

WRITER = """
import sys
from verify.store import ResultStore
store = ResultStore(sys.argv[1])
for i in range(10**6):
    store.put(f"{i:07d}", {"index": i, "filler": "x" * (i % 3000)})
    print(i, flush=True)
"""


def test_survives_kill_nine(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite"
    for at_least in (1, 150, 400):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert child.stdout is not None
        acknowledged = -1
        for line in child.stdout:
            acknowledged = int(line)
            if acknowledged >= at_least:
                child.send_signal(signal.SIGKILL)
                break
        rest = [int(line) for line in child.stdout if line.endswith("\n")]
        acknowledged = rest[-1] if rest else acknowledged
        child.stdout.close()
        assert child.wait() == -signal.SIGKILL
        with ResultStore(path) as store:
            names = store.keys()
            assert names == [f"{i:07d}" for i in range(len(names))]
            assert len(names) > acknowledged, "an acknowledged result was lost"
            for i, name in enumerate(names):
                assert store.get(name) == {"index": i, "filler": "x" * (i % 3000)}
            assert not store.put(names[0], "again")
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()


# --- troubles ---------------------------------------------------------------------------------------


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is no database, but it is long enough to be taken for one\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not an SQLite database"):
        ResultStore(path)
    assert path.read_bytes() == before


def test_foreign_database(tmp_path: Path) -> None:
    path = tmp_path / "addresses.sqlite"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE people (name TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        ResultStore(path)
    assert path.read_bytes() == before


def test_wrong_schema_version(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    ResultStore(path).close()
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA user_version=7")
    raw.close()
    with pytest.raises(StoreError, match="schema version 7, but this program reads version 1"):
        ResultStore(path)


def test_empty_file_is_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    with ResultStore(path) as store:
        assert store.put("k", 1)


def test_missing_folder_and_folder_as_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="folder does not exist"):
        ResultStore(tmp_path / "nowhere" / "a.sqlite")
    with pytest.raises(StoreError, match="or a folder"):
        ResultStore(tmp_path)


READER = """
import os, sys
from verify.store import ResultStore, StoreError
if os.getuid() == 0:
    os.setgroups([])
    os.setuid(65534)
for path in sys.argv[1:]:
    try:
        ResultStore(path)
    except StoreError as error:
        print(error)
"""


def test_no_write_permission() -> None:
    """In a process without privileges, since permissions do not bind root."""
    # pytest's own folders are closed to other users; this one is opened for reading.
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "fixed.sqlite"
        with ResultStore(path) as store:
            store.put("k", 1)
        path.chmod(0o444)
        folder.chmod(0o555)
        command = [sys.executable, "-c", READER, str(path), str(folder / "new.sqlite")]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        folder.chmod(0o755)
    existing, fresh = done.stdout.splitlines() or pytest.fail(done.stderr)
    assert "cannot be written: no write permission" in existing
    assert "no permission" in fresh


def test_disk_full(store: ResultStore, tmp_path: Path) -> None:
    """SQLite's own limit on the number of pages raises the error that a full disk raises."""
    store.put("small", 1)
    store._db.execute("PRAGMA max_page_count=8")
    with pytest.raises(StoreError, match="disk is full"):
        store.put("large", "x" * 100_000)
    assert store.keys() == ["small"]
    with ResultStore(tmp_path / "big.sqlite") as big:
        big.put("a", 1)
        big.put("b", "x" * 100_000)
    with pytest.raises(StoreError, match="disk is full"):
        store.merge(tmp_path / "big.sqlite")
    assert store.keys() == ["small"]
    store._db.execute("PRAGMA max_page_count=1000")
    assert store.put("large", "x" * 100_000), "the store must be usable again once there is space"


def test_locked(tmp_path: Path) -> None:
    path = tmp_path / "busy.sqlite"
    with ResultStore(path, timeout=0.05) as store:
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process"):
            store.put("k", 1)
        with pytest.raises(StoreError, match="locked by another process"):
            ResultStore(path, timeout=0.05)
        raw.execute("ROLLBACK")
        raw.close()
        assert store.put("k", 1)


def test_damaged_value(store: ResultStore, tmp_path: Path) -> None:
    store.put("k", 1)
    store._db.execute("UPDATE results SET json='{'")
    for action in (lambda: store.get("k"), lambda: store.export(tmp_path / "x.jsonl")):
        with pytest.raises(StoreError, match="damaged"):
            action()
    assert not list(tmp_path.glob("x.jsonl*"))


def test_messages_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello " * 100)
    with pytest.raises(StoreError) as caught:
        ResultStore(tmp_path / "text")
    message = str(caught.value).replace(str(tmp_path), "")
    assert message.endswith(".")
    assert "\n" not in message
    assert message.count(". ") == 0
    assert isinstance(caught.value.__cause__, sqlite3.Error)


# --- export and merge -------------------------------------------------------------------------------


def test_export_and_merge_both_forms(store: ResultStore, tmp_path: Path) -> None:
    store.put("b", {"n": 1})
    store.put("a", [0.1, None])
    exported = tmp_path / "all.jsonl"
    assert store.export(exported) == 2
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert lines[0] == {"store": "hopcheck results", "schema": 1}
    assert [(line["key"], line["value"]) for line in lines[1:]] == [("a", [0.1, None]), ("b", {"n": 1})]
    for i, source in enumerate((exported, store.path)):
        with ResultStore(tmp_path / f"other{i}.sqlite") as other:
            other.put("b", {"n": 2})
            other.put("c", "own")
            assert other.merge(source) == Merged(added=1, known=0, conflicts=["b"])
            assert other.merge(source) == Merged(added=0, known=1, conflicts=["b"])
            assert [other.get(k) for k in "abc"] == [[0.1, None], {"n": 2}, "own"]
            # Time and place of the computation travel along.
            query = "SELECT created, host FROM results WHERE key='a'"
            assert other._db.execute(query).fetchone() == store._db.execute(query).fetchone()
    assert store.merge(store.path) == Merged(added=0, known=2, conflicts=[])


def test_merge_from_read_only_media(store: ResultStore, tmp_path: Path, monkeypatch: Any) -> None:
    other = tmp_path / "other.sqlite"
    with ResultStore(other) as made:
        made.put("k", 1)
    connect, refused = sqlite3.connect, []

    def picky(target: Any, **options: Any) -> Any:
        if "immutable" not in str(target):
            refused.append(target)
            return _Refusing()
        return connect(target, **options)

    monkeypatch.setattr(sqlite3, "connect", picky)
    assert store.merge(other).added == 1
    assert len(refused) == 1


class _Refusing:
    """A connection to a file whose folder cannot take the index of the log."""

    def execute(self, _: str) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello\n", "not a readable export"),
        ("", "neither"),
        ('{"store":"hopcheck results","schema":2}\n', "neither"),
        ('{"store":"hopcheck results","schema":1}\n{"key":"z","val', "not a readable export"),
        ('{"store":"hopcheck results","schema":1}\n{"key":"z"}\n', "not a readable export"),
        ('{"store":"hopcheck results","schema":1}\nnull\n', "not a readable export"),
        ("glück\n", "not a readable export"),
    ],
)
def test_merge_refuses_what_it_cannot_read(store: ResultStore, tmp_path: Path, text: str, words: str) -> None:
    store.put("a", 1)
    source = tmp_path / "bad.jsonl"
    good = '{"store":"hopcheck results","schema":1}\n{"created":0.0,"host":"h","key":"y","value":0}\n'
    source.write_text(text.replace('{"store":"hopcheck results","schema":1}\n', good), encoding="utf-8")
    with pytest.raises(StoreError, match=words):
        store.merge(source)
    assert store.keys() == ["a"], "a failed merge must leave nothing behind"
    assert store.put("b", 2)


def test_merge_refuses_foreign_and_missing(store: ResultStore, tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "foreign.sqlite")
    raw.execute("CREATE TABLE people (name TEXT)")
    raw.close()
    with pytest.raises(StoreError, match="another program"):
        store.merge(tmp_path / "foreign.sqlite")
    with pytest.raises(StoreError, match="cannot be read"):
        store.merge(tmp_path / "absent.sqlite")
    with pytest.raises(StoreError, match="could not be exported"):
        store.export(tmp_path / "nowhere" / "x.jsonl")
