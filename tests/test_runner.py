"""Runs: the record does not depend on the workers, killed runs go on, bad statements do not end a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reports import schema
from verify.loader import InputError, load_file, select
from verify.runner import Settings, execute, exit_code, task_key
from verify.tasks import Task

HEADER = """
from sympy import Le, Symbol, exp
from verify import *
from verify.vocabulary import Delta_x, M, beta, err, m, quantity
eps = (M - 1) * exp(-beta * Delta_x)
def make(name, relation, control=scaled("9/10")):
    return Inequality(id="user." + name, title=name, source=Source("user", "test"), provenance="derived",
        arena=Patterns(min_memories=2, sizes=((2, 2), (2, 3))), controls=(control,),
        parts=(Part("error", relation, trivial=2 * m),))
"""
TWO = (
    HEADER
    + """
TRUE = make("true", Le(err, 2 * m * eps / (1 + eps)))
FALSE = make("false", Le(err, m * eps / (1 + eps)))
"""
)
RAISING = (
    TWO
    + """
@quantity("explosive", "raises")
def explosive(b):
    raise RuntimeError("no such quantity today")
BROKEN = make("broken", Le(err, explosive))
"""
)


@pytest.fixture
def user_file(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "mine.py"
        path.write_text(text)
        return str(path)

    return write


def comparable(record: schema.Record) -> dict:
    data = json.loads(schema.dump(record))
    for changing in ("timing", "started", "machine", "command"):
        del data[changing]
    return data


def test_one_and_two_workers_give_the_same_record(user_file, tmp_path):
    chosen = select([user_file(TWO)])
    records = [
        execute(chosen, Settings(jobs=j, seed=3), tmp_path / str(j)).record for j in _folders(tmp_path, 1, 2)
    ]
    assert comparable(records[0]) == comparable(records[1])
    assert [s.verdict for s in records[0].statements] == ["not refuted", "refuted"]
    assert exit_code(records[0]) == 1


def _folders(tmp_path: Path, *jobs: int) -> tuple[int, ...]:
    for j in jobs:
        (tmp_path / str(j)).mkdir()
    return jobs


def test_finished_statements_are_not_computed_again(user_file, tmp_path):
    chosen = select([user_file(TWO)])
    first = execute(chosen, Settings(), tmp_path)
    again = execute(chosen, Settings(), tmp_path)
    assert (first.reused, again.reused) == (0, 2)
    assert comparable(first.record) == comparable(again.record)
    other = execute(chosen, Settings(seed=1), tmp_path)
    assert other.reused == 0


def test_a_statement_that_raises_is_an_error_with_its_place_and_the_others_go_on(user_file, tmp_path):
    record = execute(select([user_file(RAISING)]), Settings(), tmp_path).record
    verdicts = {s.id: s.verdict for s in record.statements}
    assert verdicts == {"user.true": "not refuted", "user.false": "refuted", "user.broken": "error"}
    reason = next(s.reason for s in record.statements if s.verdict == "error")
    assert "no such quantity today" in reason
    assert "mine.py" in reason


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = (", "SyntaxError"),
        ("1/0", "ZeroDivisionError"),
        ("x = 1", "found none"),
        ("import nowhere_at_all", "nowhere_at_all"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(user_file, text, found):
    with pytest.raises(InputError, match=found) as caught:
        load_file(user_file(text))
    assert "\n" not in str(caught.value)


def test_unknown_names_are_one_sentence():
    with pytest.raises(InputError, match="expected a statement id"):
        select(["no.such.statement"])
    with pytest.raises(InputError, match="--paper nobody1999"):
        select([], ["nobody1999"])
    with pytest.raises(InputError, match="no such file"):
        select(["missing.py"])


def test_the_key_of_a_result_changes_with_what_it_depends_on(user_file):
    path = user_file(TWO)
    base = Task("user.true", path, "quick", 0, "", (), 1.0)
    keys = {task_key(base), task_key(Task("user.true", path, "quick", 1, "", (), 1.0))}
    user_file(TWO + "\n# changed")
    keys.add(task_key(base))
    assert len(keys) == 3


SLOW = (
    HEADER
    + """
import time
@quantity("patience", "takes its time")
def patience(b):
    time.sleep(0.2)
    return b.beta * 0 + 1e9
ONE = make("one", Le(err, 2 * m * eps / (1 + eps)))
LONG = make("long", Le(err, patience))
"""
)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(user_file, tmp_path, jobs):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "verify.cli", "run", user_file(SLOW), "--out", str(out), "--jobs", jobs]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        # Under a shell that started the tests in the background SIGINT is ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "user.one" in line:
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "go on with: hopcheck run" in errors
    record = schema.load(out / "record.json")
    assert not record.complete
    assert [s.id for s in record.statements] == ["user.one"]


def test_kill_nine_loses_at_most_the_statement_in_flight(user_file, tmp_path):
    out = tmp_path / "run"
    path = user_file(SLOW)
    command = [sys.executable, "-m", "verify.cli", "run", path, "--out", str(out), "--jobs", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "user.one" in line:
            break
    process.kill()
    process.wait()
    process.stdout.close()
    chosen = {k: v for k, v in select([path]).items() if k == "user.one"}
    assert execute(chosen, Settings(), out).reused == 1
