"""The report as Markdown (CommonMark with GitHub's tables and math blocks).

Text of the record is escaped so that it prints as it is: no markup, links or table cells come out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reports import packings, plots, words
from reports.html import anchor
from reports.schema import Codes, Record, Statement, Witness

_SPECIAL = re.compile(r"([\\`*_\[\]<>|$~&#!])")


def render(record: Record) -> str:
    """The whole report as text ending in a newline; the same record gives the same text."""
    known = {item.id for item in record.statements}
    blocks = [*_head(record), "## Overview"]
    for key, statements in words.by_paper(record):
        blocks += [f"### {text(words.paper_heading(record, key))}", _overview(statements)]
    models = words.by_model(record)
    if models:
        blocks += ["## What you may rely on", "Statements that pass; those that say most come first."]
    for name, statements in models:
        blocks += [f"### {text(name)}", _overview(statements)]
    if record.codes:
        blocks += _codes(record.codes)
    for key, statements in words.by_paper(record):
        blocks.append(f"## {text(words.paper_heading(record, key))}")
        for item in statements:
            blocks += _statement(item, known)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _codes(codes: Codes) -> list[str]:
    """Spherical codes: what the plots show in words, pictures in words, the table of known values."""
    rows = [
        (
            f"{item.dimension}, {item.size}",
            words.cosine(item.known),
            text(f"{item.kind}; {item.source}"),
            words.cosine(item.reached),
            words.difference(item),
            text(f"{item.how}, recorded {item.recorded}" if item.recorded else item.how),
        )
        for item in codes.known
    ]
    header = ("Dimension, points", "Known max cosine", "Status", "Reached", "Difference", "How")
    return [
        "## Spherical codes",
        _bullets(f"{text(curve.title)}: {text(plots.describe(curve))}" for curve in codes.curves),
        _bullets(text(packings.describe(packing)) for packing in codes.packings),
        text(words.codes_summary(codes)) if rows else "",
        table(header, rows) if rows else "",
        _bullets(f"recorded {code(item)}" for item in codes.recorded),
    ]


def text(source: str) -> str:
    """One line of literal text: white space joined, every character with a meaning escaped."""
    escaped = _SPECIAL.sub(r"\\\1", words.line(source))
    return re.sub(r"^([-+=]|\d+(?=[.)]\s))", _not_a_list, escaped)


def _not_a_list(match: re.Match[str]) -> str:
    return match[0] + "\\" if match[0].isdigit() else "\\" + match[0]


def code(source: str, cell: bool = False) -> str:
    """A code span on one line; in a table cell a pipe needs a backslash even inside code."""
    body = words.line(source)
    if cell:
        body = body.replace("|", "\\|")
    ticks = "`" * (1 + _longest_run(body))
    pad = " " if body.startswith("`") or body.endswith("`") or not body else ""
    return f"{ticks}{pad}{body}{pad}{ticks}"


def fence(source: str, language: str = "") -> str:
    """A fenced block that nothing in its text can close."""
    ticks = "`" * max(3, 1 + _longest_run(source))
    return f"{ticks}{language}\n{words.visible(source)}\n{ticks}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table from cells that are escaped already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _longest_run(source: str) -> int:
    return max((len(run) for run in re.findall("`+", source)), default=0)


def _badge(outcome: str, verdict: str) -> str:
    return f"{words.GLYPH[outcome]} {words.verdict_label(outcome, verdict)}"


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"* {item}" for item in items)


def _link(identifier: str, cell: bool = False) -> str:
    return f"[{code(identifier, cell)}](#{anchor(identifier)})"


def _head(record: Record) -> list[str]:
    machine, alpha = record.machine, record.alpha
    facts = [
        f"Command: {code(words.command_line(record))}",
        f"Version: {text(record.tool.name)} {text(record.tool.version)}, Python {text(machine.python)}, "
        f"{text(machine.platform)}",
        f"Seed {record.seed}, profile {text(record.profile)}, {text(record.backend)} {text(record.dtype)} on "
        f"{text(record.device)}, {text(record.draws)} draws",
        f"Error budgets: refute {words.number(alpha.refute)} over the whole catalogue, "
        f"support {words.number(alpha.support)} per statement",
        f"Started {text(record.started)}, took {words.seconds(record.timing.wall_seconds)}",
    ]
    if machine.versions:
        libraries = ", ".join(f"{name} {version}" for name, version in sorted(machine.versions.items()))
        facts.append(f"Libraries: {text(libraries)}")
    if record.memories:
        shape = " × ".join(map(str, record.memories.shape))
        facts.append(
            f"Memories: {code(record.memories.file)}, {shape}, {record.memories.duplicates} duplicates, "
            f"SHA-256 {code(record.memories.sha256)}"
        )
    counts = [f"{_badge(outcome, verdict)}: {n}" for outcome, verdict, n in words.verdict_counts(record)]
    incomplete = words.incomplete_notice(record)
    return [
        f"# {text(record.tool.name)} report",
        f"**{words.summary(record)}**",
        f"> **{incomplete}**" if incomplete else "",
        _bullets(counts),
        _differing(record),
        "## What was run",
        _bullets(facts),
        "## What this report can and cannot say",
        " ".join(words.limits(alpha)),
    ]


def _differing(record: Record) -> str:
    items = [
        f"{_link(item.id)}: {words.verdict_label(item.outcome, item.verdict)} instead of "
        f"{words.verdict_label(item.known.outcome, item.known.verdict)}"
        for item in words.differing(record)
        if item.known
    ]
    return f"Verdicts that differ from what the catalogue declares:\n\n{_bullets(items)}" if items else ""


def _overview(statements: Sequence[Statement]) -> str:
    header = ["Statement", "Title", "Verdict", "Informativeness", "Tightness", "Provenance"]
    rows = [
        [
            _link(item.id, cell=True),
            text(item.title),
            _badge(item.outcome, item.verdict) + _known(item),
            words.share(item.informativeness),
            words.ratio(item.tightness),
            text(item.provenance),
        ]
        for item in statements
    ]
    return table(header, rows)


def _known(item: Statement) -> str:
    agrees = words.agrees_with_known(item)
    if agrees is None or item.known is None:
        return ""
    return " (as known)" if agrees else f" (**differs from the known {item.known.verdict}**)"


def _statement(item: Statement, known: set[str]) -> list[str]:
    caution = words.provenance_notice(item.provenance, item.paper)
    blocks = [
        f'<a id="{anchor(item.id)}"></a>',
        f"### {text(item.title)}",
        f"{code(item.id)} — **{_badge(item.outcome, item.verdict)}**{_known(item)}",
        text(item.reason),
        f"> {text(caution)}" if caution else "",
        _bullets(text(notice) for notice in item.notices),
    ]
    if item.formula:
        blocks += [fence(item.formula.latex, "math"), fence(item.formula.plain)]
    if item.printed_latex:
        blocks += ["As the paper prints it:", fence(item.printed_latex, "latex")]
    blocks += [*_hypotheses(item), *_findings(item), _measures(item), *_tables(item)]
    source = (
        f"Source: {text(item.citation)}. Provenance: {text(item.provenance)}. Kind: {words.KIND[item.kind]}."
    )
    if item.related:
        names = (_link(name) if name in known else code(name) for name in item.related)
        source += " Related: " + ", ".join(names) + "."
    return [*blocks, source]


def _hypotheses(item: Statement) -> list[str]:
    lines = []
    for hypothesis in item.hypotheses:
        one_line = "\n" not in hypothesis.plain or not hypothesis.latex
        entry = code(hypothesis.plain if one_line else hypothesis.latex)
        entry += " (only in the text around the statement)" if hypothesis.in_text_only else ""
        lines.append(entry + (f" {text(hypothesis.note)}" if hypothesis.note else ""))
    blocks = ["Hypotheses:", _bullets(lines)] if lines else []
    if item.symbols:
        blocks += ["Symbols:", _bullets(f"{code(s.symbol)} {text(s.meaning)}" for s in item.symbols)]
    if item.admissible_share is not None:
        blocks.append(
            f"{words.share(item.admissible_share)} of the instances that were tried met the hypotheses."
        )
    return blocks


def _findings(item: Statement) -> list[str]:
    blocks = []
    if item.domain:
        found = item.domain
        example = f"; for example at {text(words.where(found.example))}" if found.example else ""
        blocks.append(
            f"**Where the formula has no real value.** {text(found.text)} Subexpression "
            f"{code(found.subexpression)}; undefined on {words.share(found.undefined_share)} of the stated "
            f"domain, undecided on {words.share(found.undecided_share)}{example}."
        )
    if item.witness:
        blocks += _witness(item.witness)
    if item.outcome == "fail":
        blocks.append(f"Replay (DIR is the folder of this report): {code(words.replay_command(item))}")
    if item.proof:
        proof = item.proof
        body = f"{text(proof.text)} " if proof.text != proof.method else ""
        where = f" Range: {text(proof.range)}." if proof.range else ""
        blocks.append(f"**Proof.** {body}Method: {text(proof.method)}.{where}")
    return blocks


def _witness(witness: Witness) -> list[str]:
    if witness.certified:
        how = "replayed and certified in exact or ball arithmetic"
    elif witness.level is not None:
        how = f"the chance of a false refutation is at most {words.number(witness.level)}"
    else:
        how = "found numerically, not certified"
    part = f" ({text(witness.part)})" if witness.part else ""
    inputs = [
        f"{code(key)} = {code(words.plain_value(value))}" for key, value in sorted(witness.inputs.items())
    ]
    return [
        f"**Witness{part}**, {how}. Claimed: left {text(witness.relation)} right.",
        _bullets([f"left: {code(witness.lhs)}", f"right: {code(witness.rhs)}", *inputs]),
        fence(witness.code, "python") if witness.code else "",
    ]


def _measures(item: Statement) -> str:
    return _bullets(
        [
            f"Informativeness: {text(words.explain_informativeness(item.informativeness))}",
            f"Tightness: {text(words.explain_tightness(item.tightness))}",
            f"Sensitivity: {text(words.explain_sensitivity(item.sensitivity))}",
        ]
    )


def _tables(item: Statement) -> list[str]:
    blocks = []
    if item.parts:
        rows = [
            [
                text(part.name) + ("" if part.counts_for_headline else " (not in the headline)"),
                _badge(part.outcome, part.verdict),
                text(part.reason),
                words.share(part.informativeness),
                words.ratio(part.tightness),
            ]
            for part in item.parts
        ]
        blocks.append(table(["Part", "Verdict", "Reason", "Informativeness", "Tightness"], rows))
    blocks.append(f"Controls: {words.controls_summary(item)}.")
    if item.controls:
        rows = [
            [text(c.name), text(c.description), "✓ caught" if c.caught else "✗ missed", text(c.how)]
            for c in item.controls
        ]
        blocks.append(table(["Broken version", "Description", "Caught", "How"], rows))
    if item.budget:
        amounts = (f"{name} {words.number(amount)}" for name, amount in sorted(item.budget.items()))
        blocks.append(f"Budget: {text(', '.join(amounts))}.")
    blocks.append(_bullets(text(entry) for entry in item.grid))
    return blocks
