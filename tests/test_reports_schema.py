"""The run record: the sample file, what is refused and how it is said, and the committed JSON Schema."""

import contextlib
import copy
import json
import math
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reports import schema

SAMPLE = Path(__file__).with_name("reports_record.json")
RAW = json.loads(SAMPLE.read_text(encoding="utf-8"))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COMMITTED = Path(schema.__file__).parent / "schema" / "1.json"


def changed(path, value):
    """The sample with one place replaced; a value of `...` deletes the place."""
    data = copy.deepcopy(RAW)
    node = data
    for step in path[:-1]:
        node = node[step]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return data


def test_sample_is_canonical_and_survives_the_round_trip():
    text = SAMPLE.read_text(encoding="utf-8")
    record = schema.load(SAMPLE)
    assert schema.dump(record) == text
    assert schema.parse(schema.dump(record)) == record
    assert [item.id for item in record.statements] == [item["id"] for item in RAW["statements"]]


def test_sample_has_every_verdict():
    assert {item.verdict for item in schema.load(SAMPLE).statements} == set(schema.OUTCOME_OF)


def test_committed_json_schema_is_the_one_of_the_models():
    assert COMMITTED.read_text(encoding="utf-8") == schema.json_schema()


def test_sample_is_valid_for_an_independent_validator():
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(committed)
    jsonschema.Draft202012Validator(committed).validate(RAW)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["seed"], "7", "at seed: expected"),
        (["seed"], True, "at seed: expected"),
        (["tool", "colour"], "red", "at tool.colour: expected no such field, found one"),
        (["alpha"], ..., "at alpha: expected this field, found nothing"),
        (["alpha", "refute"], 0, "at alpha.refute"),
        (["alpha", "support"], 1.5, "at alpha.support"),
        (["statements", 0, "outcome"], "fail", "expected the outcome 'pass' for the verdict 'proved'"),
        (["statements", 0, "verdict"], "true", "at statements.0.verdict"),
        (["statements", 0, "informativeness"], 1.01, "at statements.0.informativeness"),
        (["statements", 0, "paper"], "nobody1999", "found 'nobody1999'"),
        (["statements", 1, "id"], RAW["statements"][0]["id"], "found 'ramsauer2021.lemma-a1' more than once"),
        (["statements", 1, "curves", 0, "series", 0, "y"], [1.0], "expected 7 values in 'y', found 1"),
        (["timing", "wall_seconds"], -1, "at timing.wall_seconds"),
        (["schema_version"], "2", "expected schema_version '1', found '2'"),
        (["schema_version"], ..., "expected schema_version '1', found 'none'"),
    ],
)
def test_load_says_where_what_was_expected_and_what_was_found(tmp_path, path, value, words):
    file = tmp_path / "record.json"
    file.write_text(json.dumps(changed(path, value)), encoding="utf-8")
    with pytest.raises(schema.RecordError) as caught:
        schema.load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected JSON, found 'Expecting value' at line 1, column 1"),
        (b'{"a": 1,\n}', "at line"),
        (b"[]", "expected a JSON object, found a list"),
        (b"null", "found null"),
        (b'{"seed": NaN}', "the token NaN"),
        (b'{"seed": -Infinity}', "the token -Infinity"),
        (b"\xff\xfe", "expected UTF-8 text, found the byte 0xff at offset 0"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_load_refuses_what_is_no_record(tmp_path, content, words):
    file = tmp_path / "record.json"
    file.write_bytes(content)
    with pytest.raises(schema.RecordError, match="expected") as caught:
        schema.load(file)
    assert words in str(caught.value)


def test_load_refuses_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(schema.RecordError, match="No such file"):
        schema.load(tmp_path / "nothing.json")
    with pytest.raises(schema.RecordError, match="expected a run record"):
        schema.load(tmp_path)


@pytest.mark.parametrize("depth", [10, 300, 900])
def test_deeply_nested_inputs_are_read_or_refused_in_a_sentence(depth):
    text = json.dumps(changed(["statements", 3, "witness", "inputs"], {"x": 0}))
    text = text.replace('"inputs": {"x": 0}', '"inputs": {"x": ' + "[" * depth + "]" * depth + "}")
    if depth == 10:
        assert schema.parse(text).statements[3].witness
        return
    with contextlib.suppress(schema.RecordError):  # any other exception fails the test
        schema.parse(text)


def test_a_required_number_must_be_finite_and_a_measured_one_becomes_null():
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValidationError):
            schema.Timing(wall_seconds=bad)
        with pytest.raises(ValidationError):
            schema.Series(name="s", role="bound", x=[bad], y=[0.0])
        with pytest.raises(ValidationError):
            schema.Witness(
                inputs={"x": [1, {"y": bad}]}, part="", lhs="", rhs="", relation="<", code="", certified=True
            )
        assert schema.Series(name="s", role="bound", x=[0.0], y=[bad]).y == [None]
        assert schema.Tightness(ratio=bad, log_ratio=bad).ratio is None
        assert schema.Evidence(part="", point="", quantity="", value=bad).value is None


def test_an_overflowing_literal_is_not_an_infinity():
    text = SAMPLE.read_text(encoding="utf-8").replace('"wall_seconds": 428.6', '"wall_seconds": 1e999')
    with pytest.raises(schema.RecordError, match="wall_seconds"):
        schema.parse(text)


@pytest.mark.parametrize("bad", [b"bytes", {1: 2}, {"a", "b"}, object(), "\ud800", {"\ud800": 1}])
def test_values_that_json_cannot_hold_are_refused(bad):
    with pytest.raises(ValidationError):
        schema.Tightness(ratio=1.0, where={"x": bad})


def test_models_are_frozen():
    record = schema.load(SAMPLE)
    with pytest.raises(ValidationError):
        record.seed = 8


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.text(),
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | FINITE | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=3,
    ),
)  # fmt: skip
def test_any_json_value_in_a_witness_survives_the_round_trip(text, inputs):
    record = schema.load(SAMPLE)
    witness = schema.Witness(
        inputs=inputs, part=text, lhs="1", rhs="2", relation="<=", code=text, certified=True
    )
    first = record.statements[3].model_copy(update={"witness": witness})
    changed_record = record.model_copy(update={"statements": [first]})
    assert schema.parse(schema.dump(changed_record)) == changed_record
