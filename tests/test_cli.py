"""The command line as a user meets it: exit codes, one-sentence errors, files written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from reports import schema
from verify.cli import main


@pytest.fixture
def hopcheck(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, list(args))


def test_the_template_runs_as_it_is_and_its_broken_version_fails(hopcheck):
    assert hopcheck("new", "mine.py").exit_code == 0
    found = hopcheck("run", "mine.py", "--out", "r")
    assert found.exit_code == 0, found.output
    assert {p.name for p in Path("r").iterdir()} >= {
        "record.json",
        "report.html",
        "report.md",
        "junit.xml",
        "evidence.csv",
    }
    text = Path("mine.py").read_text().replace("2 * m * eps / (1 + eps)", "m * eps / (1 + eps)")
    Path("broken.py").write_text(text)
    assert hopcheck("run", "broken.py", "--out", "s").exit_code == 1
    record = schema.load("s/record.json")
    assert record.statements[0].verdict == "refuted"
    replayed = hopcheck("replay", "s", "user.my-bound", "--file", "broken.py")
    assert replayed.exit_code == 0
    assert "violated" in replayed.output
    scope: dict = {}
    exec(record.statements[0].witness.code, scope)  # the witness is runnable Python
    assert hopcheck("report", "s").exit_code == 0


def test_a_failure_without_witness_is_looked_for_again(hopcheck):
    assert hopcheck("run", "hu2024.sep.a", "--out", "r").exit_code == 0
    replayed = hopcheck("replay", "r", "hu2024.sep.a")
    assert replayed.exit_code == 0
    assert "unsatisfiable" in replayed.output
    path = Path("r/record.json")
    path.write_text(path.read_text().replace("hu2024.sep.a", "restated.orthonormal-exact"))
    claimed = hopcheck("replay", "r", "restated.orthonormal-exact")
    assert claimed.exit_code == 1
    assert "proved" in claimed.output


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("run", "nothing.like.it"), "expected a statement id"),
        (("run", "missing.py"), "no such file"),
        (("show", "nothing"), "expected a statement id"),
        (("run", "--paper", "nobody"), "--paper nobody"),
        (("run", "mine.py", "--beta", "1"), "expected --memories"),
        (("run", "mine.py", "--memories", "absent.npy"), "absent.npy"),
        (("run", "mine.py", "--memories", "nan.npy"), "nan.npy"),
        (("run", "mine.py", "--memories", "pickled.npy"), "pickled.npy"),
        (("run", "mine.py", "--memories", "good.npy", "--beta", "0"), "greater than 0"),
        (("run", "mine.py", "--memories", "good.npy", "--beta", "nan"), "greater than 0"),
        (("run", "mine.py", "--out", "mine.py"), "expected a folder"),
        (("report", "nowhere"), "nowhere"),
        (("replay", "nowhere", "x"), "nowhere"),
        (("new", "mine.py"), "exists already"),
        (("new", "mine.txt"), ".py"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(hopcheck, args, sentence):
    hopcheck("new", "mine.py")
    np.save("good.npy", np.eye(3))
    np.save("nan.npy", np.array([[1.0, np.nan]]))
    np.save("pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    found = hopcheck(*args)
    assert found.exit_code == 2, found.output
    assert sentence in found.output
    assert "Traceback" not in found.output
    assert len(found.output.strip().splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_write_permission(hopcheck, tmp_path):
    hopcheck("new", "mine.py")
    (tmp_path / "locked").mkdir(mode=0o500)
    found = hopcheck("run", "mine.py", "--out", "locked/run")
    assert found.exit_code == 2


def test_given_memories_single_and_duplicates_are_legitimate(hopcheck):
    hopcheck("new", "mine.py")
    np.save("twice.npy", np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    np.savetxt("one.csv", np.array([[1.0, 2.0]]), delimiter=",")
    assert hopcheck("run", "mine.py", "--memories", "twice.npy", "--out", "a").exit_code == 0
    record = json.loads(Path("a/record.json").read_text())
    assert record["memories"]["duplicates"] == 1
    found = hopcheck("run", "mine.py", "--memories", "one.csv", "--out", "b")
    assert found.exit_code == 0, found.output
    entry = schema.load("b/record.json").statements[0]
    assert entry.verdict == "inconclusive"
    assert "at least 2 memories" in entry.reason


def test_list_and_show(hopcheck):
    listed = hopcheck("list", "--paper", "hu2023")
    assert listed.exit_code == 0
    assert "hu2023.thm2.2-sparse-vs-dense" in listed.output
    assert "ramsauer2021" not in listed.output.replace("restated", "")
    shown = hopcheck("show", "hu2023.thm2.2-sparse-vs-dense")
    assert shown.exit_code == 0
    for word in ("provenance", "hypotheses", "controls", "2309.12673"):
        assert word in shown.output
