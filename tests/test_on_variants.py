"""Statements on other variants: which apply, what is kept of them, what a run of them says and records."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from reports import schema
from simulations import variants as registry
from simulations.variants import DENSE, SPARSE, Family, Rule, VariantError
from verify.checkers import forall
from verify.cli import main
from verify.context import Context
from verify.decide import decide
from verify.loader import InputError, find, select
from verify.papers import catalogue
from verify.runner import exit_code
from verify.variants import capabilities, on_variant, own_model

CATALOGUE = catalogue()


@pytest.fixture
def register(monkeypatch):
    """Add a model to the registry for one test."""

    def add(name, model):
        named = dataclasses.replace(model, name=name)
        monkeypatch.setitem(registry.FAMILIES, name, Family(lambda: named))
        registry.variant.cache_clear()
        return named

    yield add
    registry.variant.cache_clear()


def run(statement):
    arena = dataclasses.replace(statement.arena, sizes=((1, 1), (1, 2), (2, 3), (5, 10)), search=False)
    evidence = forall.check(dataclasses.replace(statement, arena=arena), Context())
    return decide(evidence, math.log(1e6)).verdict, evidence


def test_on_its_own_model_a_statement_is_itself():
    for statement in CATALOGUE.values():
        own = own_model(statement)
        if own is not None:
            assert on_variant(statement, own) is statement
    # Listed by its paper and about no model: run as it stands.
    listed = CATALOGUE["ramsauer2021.cor-a2-example"]
    assert own_model(listed) is None
    assert on_variant(listed, "dense") is listed
    assert on_variant(listed, "sparse") is None


def test_of_another_model_s_statement_only_the_general_parts_are_kept():
    moved = on_variant(CATALOGUE["restated.dense-retrieval"], "sparse")
    assert moved.id == "restated.dense-retrieval@sparse"
    assert moved.arena.model == "sparse"
    assert [p.name for p in moved.parts] == ["triangle inequality"]
    assert [c.part for c in moved.controls] == ["triangle inequality"]
    assert "separation" in moved.notices[-1]
    # Energy bounds of the dense model, exponents, the printed energy: about their own model alone.
    for identifier in ("ramsauer2021.eq2-energy-bounds", "ramsauer2021.thm5", "ramsauer2021.lemma-a2"):
        assert on_variant(CATALOGUE[identifier], "sparse") is None
    assert on_variant(CATALOGUE["hu2023.lemma2.1-energy"], "dense") is None


def test_what_a_part_needs_decides():
    drop = CATALOGUE["restated.sparse-energy"]
    assert {"energy", "descent"} == set(drop.parts[0].needs)
    assert {"weights", "jacobian", "energy", "inner product", "balls", "smooth"} <= capabilities(DENSE)
    rule = Rule("r", "", DENSE.update, None, frozenset({"arrays"}))
    assert capabilities(rule) == {"arrays"}
    for statement in CATALOGUE.values():
        for part in getattr(statement, "parts", ()):
            if part.needs is not None:  # a misspelt need would silently never be met
                assert set(part.needs) <= capabilities(DENSE) | capabilities(SPARSE)


def test_models_without_an_energy_or_without_balls_are_left_alone(register):
    register("mute", dataclasses.replace(DENSE, energy=None, statements=()))
    register("vague", dataclasses.replace(DENSE, supports=frozenset({"arrays"}), statements=()))
    drop, triangle = CATALOGUE["restated.sparse-energy"], CATALOGUE["restated.dense-retrieval"]
    assert on_variant(drop, "mute") is None
    assert on_variant(triangle, "mute").id == "restated.dense-retrieval@mute"
    assert on_variant(drop, "vague") is None
    assert on_variant(triangle, "vague") is None


def test_a_model_that_needs_several_memories_gets_them(register):
    register("pairs", dataclasses.replace(SPARSE, min_memories=2, statements=()))
    moved = on_variant(CATALOGUE["ramsauer2021.thm1"], "pairs")
    assert (CATALOGUE["ramsauer2021.thm1"].arena.min_memories, moved.arena.min_memories) == (1, 2)


def test_a_listed_statement_moves_whole_with_model_and_event(register):
    register("cold", dataclasses.replace(SPARSE, statements=("hu2023.lemma2.1-energy", "restated.capacity*")))
    moved = on_variant(CATALOGUE["hu2023.lemma2.1-energy"], "cold")
    assert moved.arena.model == "cold"
    assert moved.parts == CATALOGUE["hu2023.lemma2.1-energy"].parts
    event = on_variant(CATALOGUE["restated.capacity-lambert-m"], "cold")
    assert event.arguments["model"] == "cold"
    assert event.id == "restated.capacity-lambert-m@cold"


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("restated.sparse-energy", "dense"),
        ("restated.dense-sequence-convergence", "sparse"),
        ("restated.dense-retrieval", "sparse"),
        ("ramsauer2021.thm1", "sparse"),
        ("ramsauer2021.eq3-update", "sparse"),
    ],
)
def test_what_holds_of_both_models_survives_on_both(identifier, name):
    verdict, evidence = run(on_variant(CATALOGUE[identifier], name))
    assert verdict == "not refuted"
    assert all(c.caught for c in evidence.controls)


def printed(memories, query, beta):
    from simulations.variants.sparse import printed_energy

    return printed_energy(memories, query, beta)


def test_the_same_statement_fails_on_a_model_whose_energy_is_wrong(register):
    register("off", dataclasses.replace(SPARSE, energy=printed, statements=()))
    verdict, evidence = run(on_variant(CATALOGUE["restated.sparse-energy"], "off"))
    assert verdict == "refuted"
    assert evidence.parts[0].witness.certified


def test_an_id_with_a_variant_is_found_again():
    assert find("restated.sparse-energy@dense").statement.arena.model == "dense"
    assert find("restated.sparse-energy@sparse").statement is CATALOGUE["restated.sparse-energy"]
    with pytest.raises(InputError, match="expected a statement that applies to sparse"):
        find("ramsauer2021.thm5@sparse")
    with pytest.raises(VariantError, match="expected one of"):
        find("restated.sparse-energy@nothing")
    both = select(["restated.sparse-energy"], (), ("dense", "sparse"))
    assert list(both) == ["restated.sparse-energy@dense", "restated.sparse-energy"]


@pytest.fixture
def hopcheck(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, list(args))


USER = """
from sympy import Le
from verify import *
from verify.vocabulary import err, m, p_mu
def make(name, relation):
    return Inequality(id="user." + name, title=name, source=Source("user", "test"), provenance="derived",
        arena=Patterns(min_memories=2, sizes=((1, 2), (2, 3)), search=False),
        controls=(Control("never wrong", Le(err, 0)),),
        parts=(Part("error", relation, scale=m, needs=("weights", "distribution")),))
TRUE = make("mass", Le(err, 2 * m * (1 - p_mu)))
FALSE = make("half", Le(err, m * (1 - p_mu)))
"""


def test_a_run_on_a_variant_records_it_and_its_findings_are_no_failures(hopcheck):
    Path("mine.py").write_text(USER)
    found = hopcheck("run", "mine.py", "--variant", "sparse", "--out", "r", "--jobs", "1")
    assert found.exit_code == 0, found.output
    record = schema.load("r/record.json")
    assert {s.id: (s.variant, s.verdict) for s in record.statements} == {
        "user.mass@sparse": ("sparse", "not refuted"),
        "user.half@sparse": ("sparse", "refuted"),
    }
    own = hopcheck("run", "mine.py", "--variant", "dense", "--out", "s", "--jobs", "1")
    assert own.exit_code == 1  # on its own model a statement is expected to pass
    assert {s.variant for s in schema.load("s/record.json").statements} == {None}
    again = hopcheck("replay", "r", "user.half@sparse", "--file", "mine.py")
    assert again.exit_code == 0, again.output
    assert "violated" in again.output


def test_errors_and_blind_controls_on_a_variant_still_count():
    data = json.loads(Path(__file__).with_name("reports_record.json").read_text())
    base = schema.parse(json.dumps(data))
    for verdict, expected in (("refuted", 0), ("inconclusive", 0), ("error", 1), ("blind", 1)):
        entry = base.statements[0].model_copy(
            update={
                "id": "x@sparse", "variant": "sparse", "known": None, "matches_known": None,
                "verdict": verdict, "outcome": schema.OUTCOME_OF[verdict],
            }
        )  # fmt: skip
        record = base.model_copy(update={"statements": [entry], "complete": True, "memories": None})
        assert exit_code(record) == expected


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("run", "mine.py", "--variant", "nothing"), "variant 'nothing': expected one of dense"),
        (("run", "ramsauer2021.thm5", "--variant", "sparse"), "expected a statement that applies"),
        (("run", "mine.py", "--device", "cuda"), "device 'cuda': expected cpu"),
        (("run", "mine.py", "--dtype", "float16"), "dtype 'float16': expected one of float64, float32"),
        (("run", "mine.py", "--backend", "array-api-strict", "--device", "cpu,device1"), "of one kind"),
        (("show", "restated.sparse-energy@nothing"), "expected one of dense"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(hopcheck, args, sentence):
    Path("mine.py").write_text(USER)
    found = hopcheck(*args)
    assert found.exit_code == 2, found.output
    assert sentence in found.output
    assert len(found.output.strip().splitlines()) == 1


def test_a_run_on_another_backend_records_it(hopcheck):
    Path("mine.py").write_text(USER)
    options = (
        "--backend",
        "array-api-strict",
        "--device",
        "device1",
        "--dtype",
        "float32",
        "--draws",
        "device",
    )
    found = hopcheck("run", "mine.py", *options, "--out", "r", "--jobs", "1")
    assert found.exit_code == 1
    record = schema.load("r/record.json")
    assert (record.backend, record.device, record.dtype, record.draws) == (
        "array-api-strict", "device1", "float32", "device",
    )  # fmt: skip
    assert [s.verdict for s in record.statements] == ["not refuted", "refuted"]
    assert "float32 on device1, device draws" in Path("r/report.md").read_text()
    assert hopcheck("replay", "r", "user.half", "--file", "mine.py").exit_code == 0


def test_lists_of_variants_and_of_what_applies_to_one(hopcheck):
    listed = hopcheck("list", "--variant", "sparse")
    assert listed.exit_code == 0
    assert "restated.dense-retrieval@sparse" in listed.output
    assert "hu2023.lemma2.1-energy " in listed.output
    assert "ramsauer2021.thm5 " not in listed.output
    shown = hopcheck("variants")
    assert shown.exit_code == 0
    for word in (*registry.FAMILIES, "Ramsauer et al. 2021", "2309.12673", "balls", "margin"):
        assert word in shown.output


def test_an_open_question_that_stays_open_is_as_known_and_a_blind_check_never_is():
    data = json.loads(Path(__file__).with_name("reports_record.json").read_text())
    base = schema.parse(json.dumps(data))
    cases = (
        ("inconclusive", "inconclusive", 0),
        ("inconclusive", "not refuted", 1),
        ("blind", "blind", 1),
        ("error", "error", 1),
        ("refuted", "refuted", 0),
    )
    for verdict, known, expected in cases:
        entry = base.statements[0].model_copy(
            update={
                "variant": None, "verdict": verdict, "outcome": schema.OUTCOME_OF[verdict],
                "known": schema.Known(verdict=known, outcome=schema.OUTCOME_OF[known]),
                "matches_known": verdict == known,
            }
        )  # fmt: skip
        record = base.model_copy(update={"statements": [entry], "complete": True, "memories": None})
        assert exit_code(record) == expected, (verdict, known)
