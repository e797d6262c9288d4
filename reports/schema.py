"""The run record, version 1: what a run writes down and every report is rendered from.

The models are frozen, refuse unknown fields, and never hold a NaN or an infinity: a required number or a
share that is not finite is refused; a measured value that may be absent (`Measured`) becomes null.
The committed JSON Schema is `schema/1.json`; after a change of the models write it anew with
`python -m reports.schema > reports/schema/1.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from reports.fields import Count, Flag, Identifier, Integer, Json, Level, Measured, Number, Seconds, Share

Outcome = Literal["pass", "fail", "none"]
Verdict = Literal[
    "proved",
    "supported",
    "not refuted",
    "refuted",
    "undefined",
    "unsatisfiable",
    "inconclusive",
    "blind",
    "error",
]
OUTCOME_OF: dict[Verdict, Outcome] = {
    "proved": "pass",
    "supported": "pass",
    "not refuted": "pass",
    "refuted": "fail",
    "undefined": "fail",
    "unsatisfiable": "fail",
    "inconclusive": "none",
    "blind": "none",
    "error": "none",
}


class RecordError(ValueError):
    """One sentence: which file, what was expected there, what was found."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Judged(_Model):
    """Whatever carries an outcome and a verdict; the two must belong together."""

    outcome: Outcome
    verdict: Verdict

    @model_validator(mode="after")
    def _agree(self) -> Self:
        expected = OUTCOME_OF[self.verdict]
        if self.outcome != expected:
            raise ValueError(
                f"expected the outcome {expected!r} for the verdict {self.verdict!r}, found {self.outcome!r}"
            )
        return self


class Tool(_Model):
    name: str
    version: str


class Alpha(_Model):
    """Error budgets: `refute` over the whole catalogue, `support` for each statement."""

    refute: Level
    support: Level


class Machine(_Model):
    python: str
    platform: str
    cpu_count: Integer | None
    versions: dict[str, str] = {}


class Slowest(_Model):
    id: Identifier
    seconds: Seconds


class Timing(_Model):
    wall_seconds: Seconds
    slowest: list[Slowest] = []
    seconds: dict[str, Seconds] = {}


class Memories(_Model):
    """The reader's own stored patterns, when the run was about them: shape is (patterns, dimension)."""

    file: str
    shape: list[Count]
    sha256: str
    duplicates: Count


class Paper(_Model):
    title: str
    authors: str
    year: Integer | None
    arxiv: str | None = None
    venue: str | None = None


class Formula(_Model):
    """One formula, three ways to print it: LaTeX, presentation MathML, plain text."""

    latex: str
    mathml: str
    plain: str


class Hypothesis(_Model):
    """`in_text_only`: it stands in the text around the statement and not in the statement itself."""

    plain: str
    latex: str = ""
    mathml: str = ""
    in_text_only: Flag = False
    note: str = ""


class Symbol(_Model):
    """What a symbol of the formulas stands for."""

    symbol: Identifier
    meaning: str


class Tightness(_Model):
    """Largest observed measured/bound; `log_ratio` is its natural logarithm, for ratios no float can hold."""

    ratio: Measured
    log_ratio: Measured = None
    where: dict[str, Json] = {}


class Sensitivity(_Model):
    """The smallest tightening of the bound that this run would have refuted."""

    factor: Measured
    meaning: str


class Part(_Judged):
    """One part, or one reading, of a statement."""

    name: Identifier
    reason: str
    formula: Formula | None = None
    tightness: Tightness | None = None
    informativeness: Share | None = None
    admissible_share: Share | None = None
    counts_for_headline: Flag = True


class Witness(_Model):
    """A counterexample: inputs (rationals as text), both sides as certified enclosures, runnable Python."""

    inputs: dict[str, Json]
    part: str
    lhs: str
    rhs: str
    relation: str
    code: str
    certified: Flag
    level: Level | None = None


class Control(_Model):
    """A deliberately broken version of the statement, which the same run must refute."""

    name: Identifier
    description: str
    caught: Flag
    how: str
    witness_inputs: dict[str, Json] | None = None


class DomainNote(_Model):
    """Where in its stated domain the formula has no real value; shares of the examined box."""

    undefined_share: Share
    undecided_share: Share
    example: dict[str, Json]
    subexpression: str
    text: str


class Proof(_Model):
    method: str
    range: str
    text: str


class Known(_Judged):
    """The verdict the catalogue declares for this statement."""


class Series(_Model):
    """One curve; `lo` and `hi` are confidence limits of `y`. Null where there is no value to draw."""

    name: str
    role: Literal["bound", "simulation", "witness", "reference"]
    x: list[Number]
    y: list[Measured]
    lo: list[Measured] | None = None
    hi: list[Measured] | None = None

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        for name, values in (("y", self.y), ("lo", self.lo), ("hi", self.hi)):
            if values is not None and len(values) != len(self.x):
                raise ValueError(f"expected {len(self.x)} values in {name!r}, found {len(values)}")
        return self


class Curve(_Model):
    title: str
    x_label: str
    y_label: str
    x_log: Flag = False
    y_log: Flag = False
    series: list[Series]


class Packing(_Model):
    """A code on the sphere of R^3 to be drawn: unit vectors, largest cosine, pairs that attain it."""

    name: str
    points: list[tuple[Number, Number, Number]]
    max_cosine: Number
    contacts: list[tuple[Count, Count]] = []

    @model_validator(mode="after")
    def _contacts_are_points(self) -> Self:
        stray = [pair for pair in self.contacts if max(pair) >= len(self.points)]
        if stray:
            raise ValueError(f"expected contacts among {len(self.points)} points, found the pair {stray[0]}")
        return self


class KnownCode(_Model):
    """A largest cosine from the literature beside the one that was reached here, and how that was."""

    dimension: Count
    size: Count
    known: Number
    tolerance: Number
    kind: str
    source: str
    reached: Measured
    how: str
    recorded: str = ""


class Codes(_Model):
    """Spherical codes: bounds against codes as curves, pictures, known values against reached ones."""

    curves: list[Curve] = []
    packings: list[Packing] = []
    known: list[KnownCode] = []
    recorded: list[str] = []


class Evidence(_Model):
    part: str
    point: str
    quantity: str
    value: Measured
    lo: Measured = None
    hi: Measured = None
    trials: Count | None = None
    note: str = ""


class Statement(_Judged):
    """One statement of one paper (or the user's own) with everything this run found out about it.

    `model` is the model it was checked on, if it speaks of one. `variant` names it where that is not the one
    the statement was made of; `id` is then `id@variant`.
    """

    id: Identifier
    title: str
    paper: Identifier
    locator: str
    citation: str
    provenance: str
    kind: Literal["identity", "inequality", "probability", "scaling", "definition"]
    variant: str | None = None
    model: str | None = None
    reason: str
    notices: list[str] = []
    printed_latex: str | None = None
    formula: Formula | None = None
    hypotheses: list[Hypothesis] = []
    symbols: list[Symbol] = []
    parts: list[Part] = []
    informativeness: Share | None = None
    tightness: Tightness | None = None
    sensitivity: Sensitivity | None = None
    witness: Witness | None = None
    controls: list[Control] = []
    budget: dict[str, Integer | Number] = {}
    domain: DomainNote | None = None
    admissible_share: Share | None = None
    proof: Proof | None = None
    grid: list[str] = []
    related: list[str] = []
    known: Known | None = None
    matches_known: Flag | None = None
    curves: list[Curve] = []
    evidence: list[Evidence] = []


class Record(_Model):
    """One run. Statements stand in each paper's own order, and stay in that order in every report.

    `device`: one, or several separated by commas. `draws`: "device" if random memory sets were drawn there.
    `codes`: present if statements on spherical codes are among them.
    """

    schema_version: Literal["1"] = "1"
    tool: Tool
    command: list[str]
    seed: Integer
    profile: str
    backend: str = "numpy"
    dtype: str = "float64"
    device: str = "cpu"
    draws: Literal["host", "device"] = "host"
    alpha: Alpha
    machine: Machine
    started: str
    timing: Timing
    memories: Memories | None = None
    papers: dict[str, Paper]
    statements: list[Statement]
    codes: Codes | None = None
    complete: Flag

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        twice = [name for name, n in Counter(item.id for item in self.statements).items() if n > 1]
        if twice:
            raise ValueError(f"expected each statement id once, found {twice[0]!r} more than once")
        unknown = [item for item in self.statements if item.paper not in self.papers and item.paper != "user"]
        if unknown:
            raise ValueError(
                f"expected the paper of statement {unknown[0].id!r} to be 'user' or a key of 'papers', "
                f"found {unknown[0].paper!r}"
            )
        return self


def dump(record: Record) -> str:
    """The record as canonical JSON: sorted keys, one space of indent, no NaN, a newline at the end."""
    return _canonical(record.model_dump())


def load(path: str | Path) -> Record:
    """Read a record file. Raises RecordError (one sentence) when it is missing, no JSON, or no record."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise RecordError(f"{path}: expected a run record, found: {found}.") from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: expected UTF-8 text, found the byte 0x{error.object[error.start]:02x}"
                          f" at offset {error.start}.") from error  # fmt: skip
    return parse(text, str(path))


def parse(text: str, name: str = "record") -> Record:
    """Read a record from JSON text; `name` is what RecordError calls it."""
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise RecordError(f"{name}: expected a run record, found JSON nested too deeply to read.") from error
    except json.JSONDecodeError as error:
        raise RecordError(
            f"{name}: expected JSON, found {error.msg!r} at line {error.lineno}, column {error.colno}."
        ) from error
    except ValueError as error:
        raise RecordError(f"{name}: expected JSON, found {error}.") from error
    if not isinstance(data, dict):
        raise RecordError(f"{name}: expected a JSON object, found {_kind(data)}.")
    version = data.get("schema_version", "none")
    if version != "1":
        raise RecordError(f"{name}: expected schema_version '1', found {_brief(version)}.")
    try:
        return Record.model_validate(data)
    except ValidationError as error:
        raise RecordError(f"{name}: {_sentence(error)}") from error
    except RecursionError as error:
        raise RecordError(f"{name}: expected a run record, found values nested too deeply.") from error


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of the record, as committed in `schema/1.json`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Record.model_json_schema()}
    return _canonical(schema)


def _canonical(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _no_constant(token: str) -> float:
    raise ValueError(f"the token {token}, which JSON does not have")


def _sentence(error: ValidationError) -> str:
    """The first problem as 'at PLACE: expected WHAT, found WHAT', and how many more there are."""
    first, *rest = error.errors(include_url=False)
    place = ".".join(str(step) for step in first["loc"]) or "the top level"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        text = "expected this field, found nothing"
    elif first["type"] == "extra_forbidden":
        text = "expected no such field, found one"
    elif message.startswith("expected"):
        text = message
    else:
        text = f"expected: {message}, found {_brief(first['input'])}"
    more = f" (and {len(rest)} more)" if rest else ""
    return f"at {place}: {text}{more}."


def _brief(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kind(value: object) -> str:
    names = {list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


if __name__ == "__main__":
    print(json_schema(), end="")
