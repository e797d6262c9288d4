"""From evidence to verdict: a pure function.  Checkers measure, this decides."""

from __future__ import annotations

from dataclasses import dataclass

from reports import schema
from verify.evidence import MIN_ADMISSIBLE, Evidence, PartEvidence


@dataclass(frozen=True, slots=True)
class Verdict:
    """``outcome`` is pass, fail or none; ``verdict`` one of the nine words; ``reason`` one sentence."""

    outcome: schema.Outcome
    verdict: schema.Verdict
    reason: str


def _verdict(word: schema.Verdict, reason: str) -> Verdict:
    return Verdict(schema.OUTCOME_OF[word], word, reason)


def decide_part(part: PartEvidence, refute_threshold: float, given_memories: bool = False) -> Verdict:
    """The verdict on one part, controls aside.

    ``refute_threshold`` is the natural logarithm of the e-value that refutes a probabilistic part.
    """
    if part.witness is not None and part.witness.certified:
        return _verdict("refuted", f"{part.name}: a certified instance violates it")
    if part.log_e_against is not None and part.log_e_against >= refute_threshold:
        return _verdict("refuted", f"{part.name}: e-value exp({part.log_e_against:.4g}) against it")
    if part.undefined is not None:
        return _verdict("undefined", f"{part.name}: {part.undefined_detail}")
    if part.supported is not None:
        if part.supported:
            return _verdict("supported", f"{part.name}: supported at every grid point")
        return _verdict("inconclusive", part.note or f"{part.name}: the budget was too small")
    if part.proof:
        return _verdict("proved", f"{part.name}: {part.proof}")
    if given_memories and not part.admissible:
        reason = part.note or "the given memories do not meet its hypotheses"
        return _verdict("inconclusive", f"{part.name}: {reason}")
    if part.instances and not part.admissible:
        return _verdict(
            "unsatisfiable",
            f"{part.name}: none of {part.instances} drawn and {part.searched} searched inputs "
            "meets the hypotheses",
        )
    if part.undecided or not part.conclusive:
        return _verdict(
            "inconclusive",
            part.note or f"{part.name}: {part.undecided} suspicious instances could not be decided exactly",
        )
    if part.admissible < MIN_ADMISSIBLE and not given_memories:
        return _verdict("inconclusive", f"{part.name}: only {part.admissible} inputs met the hypotheses")
    return _verdict(
        "not refuted",
        f"{part.name}: survived {part.admissible} admissible instances, {part.searched} search evaluations",
    )


ORDER = ("refuted", "undefined", "unsatisfiable", "inconclusive", "not refuted", "supported", "proved")
"""Weakest first: the headline is the weakest part, a certified failure before everything else."""


def decide(evidence: Evidence, refute_threshold: float) -> Verdict:
    """The verdict on a statement: its weakest headline part, provided every control was caught."""
    if evidence.error:
        return _verdict("error", evidence.error)
    verdicts = [
        decide_part(p, refute_threshold, evidence.given_memories) for p in evidence.parts if p.headline
    ]
    if not verdicts:
        return _verdict("error", "the statement has no part that decides it")
    headline = min(verdicts, key=lambda v: ORDER.index(v.verdict))
    if headline.outcome == "fail":
        # A certified failure stands on its own; an uncaught control could only weaken a pass.
        return headline
    surviving = [c.name for c in evidence.controls if not c.caught]
    if surviving and not evidence.given_memories:
        return _verdict("blind", f"control not caught: {', '.join(surviving)}")
    return headline
