"""Chunks: drawn once, kept across kills and workers, told apart by what determines them; shards, merging."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from simulations import events
from simulations.backends import Backend
from verify import chunks
from verify.chunks import chunk, chunk_name
from verify.cli import main
from verify.context import Context
from verify.loader import select
from verify.runner import STORE, Settings, execute
from verify.store import ResultStore

COINS = """
import numpy as np
from sympy import Symbol
from verify import *
q = Symbol("q")
def coin(stream, trials, *, q):
    return (stream.random(trials) < q).astype(np.int8)
def make(name, factor):
    return Probability(id="user." + name, title=name, source=Source("user", "test"), provenance="derived",
        event=coin, points=({"q": "1/10"}, {"q": "1/5"}), arguments={"q": q}, bound=factor * q,
        controls=(scaled("1/4"),))
LOOSE = make("loose", 2)
LOOSER = make("looser", 3)
"""


@pytest.fixture
def coins(tmp_path):
    path = tmp_path / "coins.py"
    path.write_text(COINS)
    return str(path)


@pytest.fixture
def sink():
    kept = {}
    chunks.start({}, lambda name, value: kept.__setitem__(name, value))
    yield kept
    chunks.start({}, None)


def test_a_chunk_is_computed_once_and_sent_once(sink):
    calls = []
    name = chunk_name(events.min_angle_below, {"d": 3}, 0, 10, Context())

    def compute():
        calls.append(1)
        return [1, 0, 10]

    assert chunk(compute, name) == chunk(compute, name) == [1, 0, 10]
    assert len(calls) == len(sink) == 1
    chunks.start(chunks.stored(sink.items()), None)
    assert chunk(compute, name) == [1, 0, 10]
    assert len(calls) == 1


def test_all_that_determines_a_chunk_is_in_its_name(sink):
    base = (events.min_angle_below, {"d": 3}, 0, 10, Context())
    others = [
        (events.scaled_min_angle, {"d": 3}, 0, 10, Context()),
        (events.min_angle_below, {"d": 4}, 0, 10, Context()),
        (events.min_angle_below, {"d": 3}, 1, 10, Context()),
        (events.min_angle_below, {"d": 3}, 0, 11, Context()),
        (events.min_angle_below, {"d": 3}, 0, 10, Context(seed=1)),
        (events.min_angle_below, {"d": 3}, 0, 10, Context(draws="device")),
        (events.min_angle_below, {"d": 3}, 0, 10, Context(backend=Backend("numpy", "cpu", "float32"))),
    ]
    for name in (base, *others):
        chunk(lambda: 0, chunk_name(*name))
    assert len(sink) == 8


def test_events_with_hidden_state_are_not_kept(sink):
    def outer(p):
        return lambda stream, trials: p

    assert chunk_name(outer(1), {}, 0, 10, Context()) == {}
    assert chunk(lambda: 1, {}) == 1
    assert sink == {}


@pytest.mark.parametrize("jobs", [1, 2])
def test_statements_on_one_event_share_chunks_and_a_new_run_draws_none(coins, tmp_path, jobs):
    out = tmp_path / "run"
    out.mkdir()
    record = execute(select([coins]), Settings(jobs=jobs), out).record
    with ResultStore(out / STORE) as store:
        first = chunks.stored(store.items())
        statements = [n for n, v in store.items() if chunks.MARK not in v]
    assert first
    drawn = sum(s.budget["trials"] for s in record.statements)
    kept = sum(c[2] for c in first.values())
    # Two statements with the same trials: what one drew the other did not draw again.
    assert kept < drawn
    fewer = tmp_path / "again"
    fewer.mkdir()
    with ResultStore(fewer / STORE) as store:
        for name, result in first.items():
            store.put(name, {chunks.MARK: result})
    again = execute(select([coins]), Settings(jobs=1), fewer).record
    assert [s.model_dump() for s in again.statements] == [s.model_dump() for s in record.statements]
    with ResultStore(fewer / STORE) as store:
        assert len(store) == len(first) + len(statements), "a chunk was drawn again"


def test_shards_merge_into_the_record_of_one_run(coins, tmp_path):
    def hopcheck(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "verify.cli", *arguments], capture_output=True, text=True, env=os.environ
        )

    whole, parts = tmp_path / "whole", [tmp_path / "a", tmp_path / "b"]
    hopcheck("run", coins, "--out", str(whole), "--jobs", "1")
    for i, folder in enumerate(parts, 1):
        done = hopcheck("run", coins, "--out", str(folder), "--jobs", "1", "--shard", f"{i}/2")
        assert "1 statements" in done.stdout
    merged = tmp_path / "merged"
    assert hopcheck("merge", *map(str, parts), "--out", str(merged)).returncode == 0
    done = hopcheck("run", coins, "--out", str(merged), "--jobs", "1")
    assert "2 reused" in done.stdout
    assert done.returncode == 0
    records = [json.loads((f / "record.json").read_text())["statements"] for f in (whole, merged)]
    assert records[0] == records[1]
    assert not json.loads((parts[0] / "record.json").read_text())["complete"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--shard", "3/2"], "expected I/N"),
        (["run", "--shard", "x"], "expected I/N"),
        (["merge", "nowhere", "--out", "here"], "expected a run folder with results.sqlite"),
    ],
)
def test_bad_shards_and_folders_are_one_sentence(arguments, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert len(result.output.splitlines()) == 1
