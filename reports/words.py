"""The words and number formats that every report shares, so that all of them say the same thing."""

from __future__ import annotations

import json
import math
import re
import shlex
import unicodedata
from collections import Counter
from typing import Any

from reports.schema import (
    OUTCOME_OF,
    Alpha,
    Codes,
    KnownCode,
    Record,
    Sensitivity,
    Statement,
    Tightness,
    Verdict,
)

GLYPH = {"pass": "✓", "fail": "✗", "none": "○"}
OUTCOME_WORD = {"pass": "pass", "fail": "fail", "none": "no verdict"}
MEANING: dict[Verdict, str] = {
    "proved": "shown by symbolic, exact or ball arithmetic, for the range it names",
    "supported": "the data support a probabilistic statement at the declared error level",
    "not refuted": "survived the declared search; this is not a proof",
    "refuted": "contradicted: a certified counterexample, or data at the declared error level",
    "undefined": "the formula has no real value on part of its stated domain",
    "unsatisfiable": "no input met the hypotheses, so the statement says nothing",
    "inconclusive": "the budget was too small to decide",
    "blind": "a deliberately broken version was not caught, so the check cannot be trusted",
    "error": "the check itself did not finish",
}
KIND = {
    "identity": "identity",
    "inequality": "inequality (for all)",
    "probability": "probability statement",
    "scaling": "scaling law",
    "definition": "definition",
}
_ROUNDING = 1e-9  # a measured/bound this close to 1 is equality as far as double precision can tell
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str, keep: str = "\n\t") -> str:
    """Write control characters, unprintable code points and text-direction marks as backslash escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if c not in keep and _unsafe(c) else c for c in text)


def line(text: str) -> str:
    """`visible`, on one line: every run of white space becomes one space."""
    return visible(re.sub(r"\s+", " ", text).strip(), keep="")


def shorten(text: str, width: int) -> str:
    """One line of at most `width` characters, cut with an ellipsis."""
    text = line(text)
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def number(value: float | int | None) -> str:
    """Four significant digits; a dash for null."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else f"{value:.3e}"
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e+")


def share(value: float | None) -> str:
    """A percentage that never rounds a part to nothing or to all of it; a dash for null."""
    if value is None:
        return "–"
    if 0 < value < 0.001:
        return "<\N{NO-BREAK SPACE}0.1\N{NO-BREAK SPACE}%"
    if 0.999 < value < 1:
        return ">\N{NO-BREAK SPACE}99.9\N{NO-BREAK SPACE}%"
    return f"{100 * value:.3g}\N{NO-BREAK SPACE}%"


def seconds(value: float) -> str:
    """A duration for people: '0.42 s', '3 min 20 s', '2 h 5 min'."""
    if value < 59.95:
        return f"{value:.3g} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def plain_value(value: Any) -> str:
    """A JSON value as a reader would write it: rationals and other text bare, also inside lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(map(plain_value, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {plain_value(value[key])}" for key in sorted(value)) + "}"
    return json.dumps(value)


def where(point: dict[str, Any]) -> str:
    """'beta = 1/2, d = 3' from a mapping, in alphabetical order."""
    return ", ".join(f"{key} = {plain_value(value)}" for key, value in sorted(point.items()))


def ratio(tightness: Tightness | None) -> str:
    """The largest measured/bound as a short number.

    '0.83'; 'exp(-812)' when no float can hold it; '1 + 3e-7' near one, and '1' within rounding of it.
    """
    if tightness is None:
        return "–"
    log = _log_ratio(tightness)
    if log is not None and _ROUNDING < abs(log) < 5e-4:
        return f"1 {'+' if log > 0 else '-'} {abs(math.expm1(log)):.1g}".replace("e-0", "e-")
    if tightness.ratio is not None and (tightness.ratio != 0 or tightness.log_ratio is None):
        return number(tightness.ratio)
    return "–" if tightness.log_ratio is None else f"exp({number(tightness.log_ratio)})"


def explain_informativeness(value: float | None) -> str:
    if value is None:
        return "Not applicable: there is no trivial bound to compare with."
    if value == 0:
        return "Nowhere on the grid does the bound say more than the trivial one."
    if value == 1:
        return "The bound says more than the trivial one everywhere on the grid."
    return f"The bound says more than the trivial one on {share(value)} of the grid."


def explain_tightness(value: Tightness | None) -> str:
    text = ratio(value)
    if value is None or text == "–":
        return "Not measured."
    place = f" It was seen at {where(value.where)}." if value.where else ""
    log = _log_ratio(value) or 0.0
    if value.ratio != 0 and abs(log) <= _ROUNDING:
        return f"The largest measured value equals the bound within rounding.{place}"
    if log > 0:
        return f"The largest measured value is {text} times the bound, so it exceeds it.{place}"
    return f"The largest measured value is {text} of the bound (1 would be equality).{place}"


def _log_ratio(value: Tightness) -> float | None:
    if value.log_ratio is not None:
        return value.log_ratio
    return math.log(value.ratio) if value.ratio is not None and value.ratio > 0 else None


def explain_sensitivity(value: Sensitivity | None) -> str:
    if value is None:
        return "Not measured."
    if value.factor is None:
        return f"No tightening that was tried would have been refuted by this run. {value.meaning}".rstrip()
    meaning = value.meaning or "a bound tightened by this factor would have been refuted by this run."
    return f"Factor {number(value.factor)}: {meaning}"


def provenance_notice(provenance: str, paper: str = "") -> str | None:
    """What a reader must know about where the formula was read; None when it was read in the paper.

    For the user's own statements (paper "user") 'derived' needs no notice.
    """
    head = provenance.strip().lower()
    if head.startswith(("recalled", "secondary")):
        source = "recalled from memory" if head.startswith("recalled") else "taken from a secondary source"
        return (
            "This transcription was not read in the paper's own text: it was "
            f"{source}. The verdict is on the formula as written here, not on the paper."
        )
    if head.startswith("derived"):
        if paper == "user":
            return None
        return "This is this project's own statement, related to the paper; the paper does not claim it."
    if "recalled" in head or "secondary" in head:
        return (
            "Part of this transcription was not read in the paper's own text "
            f"({provenance.strip()}). For that part the verdict is on the formula as written here."
        )
    return None


def agrees_with_known(statement: Statement) -> bool | None:
    """Does the verdict match the one the catalogue declares? None when it declares none."""
    if statement.known is None:
        return None
    if statement.matches_known is not None:
        return statement.matches_known
    return statement.known.verdict == statement.verdict


def differing(record: Record) -> list[Statement]:
    """The statements whose verdict is not the known one, in record order."""
    return [item for item in record.statements if agrees_with_known(item) is False]


def verdict_label(outcome: str, verdict: str) -> str:
    """'pass · proved', 'no verdict · blind'."""
    return f"{OUTCOME_WORD[outcome]} · {verdict}"


def verdict_counts(record: Record) -> list[tuple[str, Verdict, int]]:
    """(outcome, verdict, how many) for the verdicts that occur, in the fixed order of the design."""
    count = Counter(item.verdict for item in record.statements)
    return [(OUTCOME_OF[verdict], verdict, count[verdict]) for verdict in OUTCOME_OF if count[verdict]]


def outcome_counts(record: Record) -> dict[str, int]:
    """How many statements pass, fail and have no verdict."""
    count = Counter(item.outcome for item in record.statements)
    return {outcome: count[outcome] for outcome in ("pass", "fail", "none")}


def summary(record: Record) -> str:
    """'12 statements: 8 pass, 3 fail, 1 no verdict'."""
    count = outcome_counts(record)
    total = len(record.statements)
    noun = "statement" if total == 1 else "statements"
    return f"{total} {noun}: " + ", ".join(f"{n} {OUTCOME_WORD[key]}" for key, n in count.items())


def incomplete_notice(record: Record) -> str | None:
    if record.complete:
        return None
    return "This run did not finish: statements may be missing, and verdicts rest on the part that was done."


def limits(alpha: Alpha) -> list[str]:
    """What a report can and cannot say, as short sentences."""
    return [
        "A verdict is on the formula printed here, under the hypotheses printed here, and on nothing else.",
        "'Proved' holds for the range it names. 'Not refuted' means that the declared search found no "
        "counterexample; it is not a proof.",
        "A deterministic statement is 'refuted' only by a witness certified in exact or ball arithmetic.",
        f"Probabilistic verdicts carry error budgets fixed before the data: {number(alpha.refute)} for any "
        f"false refutation in the whole catalogue, {number(alpha.support)} for each false support.",
        "Every check was also given deliberately broken versions of the statement (controls). Where one of "
        "them slipped through, the verdict is 'blind'.",
        "A statement can pass and still say nothing: see its informativeness.",
    ]


def command_line(record: Record) -> str:
    """The command as one could type it."""
    return visible(shlex.join(record.command), keep="")


def interval(low: float | None, high: float | None) -> str:
    """'0.1 to 0.2', or a dash when neither limit is known."""
    return "–" if low is None and high is None else f"{number(low)} to {number(high)}"


def controls_summary(statement: Statement) -> str:
    """'3 of 3 caught', '1 of 3 missed', 'none were run'."""
    total = len(statement.controls)
    missed = sum(not control.caught for control in statement.controls)
    if not total:
        return "none were run"
    if missed:
        return f"{missed} of {total} missed"
    return f"{total} of {total} caught"


def paper_heading(record: Record, key: str) -> str:
    """'Title (Authors, 2021)' for a key of the record's papers, or a heading for the user's statements."""
    if key not in record.papers:
        return "Your statements"
    paper = record.papers[key]
    note = ", ".join(str(part) for part in (paper.authors, paper.year) if part)
    return f"{paper.title} ({note})" if note else paper.title


def by_paper(record: Record) -> list[tuple[str, list[Statement]]]:
    """Statements grouped by paper: papers as they first occur, statements in record order."""
    groups: dict[str, list[Statement]] = {}
    for item in record.statements:
        groups.setdefault(item.paper, []).append(item)
    return list(groups.items())


def by_model(record: Record) -> list[tuple[str, list[Statement]]]:
    """Statements that pass, for each model by name: those that say most on their grid first.

    Among equals (and where nothing trivial is known to compare with) those that come nearest to equality.
    """
    groups: dict[str, list[Statement]] = {}
    for item in record.statements:
        if item.outcome == "pass" and item.model and item.kind != "definition":
            groups.setdefault(item.model, []).append(item)
    return [(name, sorted(groups[name], key=_says_most)) for name in sorted(groups)]


def _says_most(item: Statement) -> tuple[float, float]:
    log = None if item.tightness is None else _log_ratio(item.tightness)
    slack = math.inf if log is None or math.isnan(log) else abs(log)
    return -(item.informativeness if item.informativeness is not None else -1.0), slack


def replay_command(statement: Statement) -> str:
    """The command that replays a witness; DIR stands for the folder of the report."""
    return f"hopcheck replay DIR {shlex.quote(visible(statement.id))}"


def _unsafe(char: str) -> bool:
    noncharacter = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return noncharacter or char in _REORDERING or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cosine(value: float | None) -> str:
    """A max cosine to twelve decimals; a dash for null."""
    return "–" if value is None else f"{value:.12f}"


def difference(item: KnownCode) -> str:
    """Reached minus known: 0 within the tolerance of the known value, a dash where nothing was tried."""
    if item.reached is None:
        return "–"
    gap = item.reached - item.known
    if abs(gap) <= item.tolerance:
        return "0"
    return f"{gap:+.1e}"


def codes_summary(codes: Codes) -> str:
    """How many of the known values were reached, missed, not tried, and what a difference means."""
    tried = [item for item in codes.known if item.reached is not None]
    reached = sum(item.reached is not None and item.reached <= item.known + item.tolerance for item in tried)
    return (
        f"{reached} of {len(codes.known)} known values were reached within the tolerance to which they are "
        f"known, {len(tried) - reached} were missed, {len(codes.known) - len(tried)} not tried. Reached "
        "values are from this run, or from a longer search that was recorded with its command; a positive "
        "difference says that the known code is better."
    )
