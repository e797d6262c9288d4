"""The commands that calculate: `hopcheck bound`, `capacity`, `separation`, `rely`."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import click
import numpy as np

from simulations.memories_file import load_memories
from verify import calculators, known, reliance
from verify.given import DEFAULT_BETA_M2
from verify.loader import InputError, find, installed


def number(option: str, text: str) -> Fraction:
    """A positive option as the exact rational it is written as.  Raises InputError."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{option} {text}: expected a rational number such as 8, 0.01 or 1/3") from None
    if value <= 0:
        raise InputError(f"{option} {text}: expected a number greater than 0")
    return value


@click.command()
@click.argument("identifier", metavar="ID")
@click.argument("values", nargs=-1, metavar="NAME=VALUE...")
def bound(identifier: str, values: tuple[str, ...]) -> None:
    """Evaluate a statement's formulas at given numbers, with certified enclosures."""
    statement = find(identifier).statement
    lines = calculators.evaluate_statement(statement, calculators.parse_values(values))
    click.echo(f"{statement.id}: {statement.title}")
    verdict = known.load().get(statement.id, {}).get("verdict", "not known")
    click.echo(f"known verdict: {verdict}; provenance: {statement.provenance}\n")
    for line in lines:
        click.echo(f"{line.label}\n    {line.formula}\n    {line.value}")


@click.command()
@click.option("--d", "dimension", type=click.IntRange(min=1), required=True, help="Dimension.")
@click.option("--m", "norm", default="1", show_default=True, help="Norm of the memories.")
@click.option("--beta", required=True, help="Inverse temperature.")
@click.option("--p", "failure", default="0.01", show_default=True, help="Failure probability.")
@click.option(
    "--simulate", is_flag=True, help="Simulate each event where at most 1,000 memories are claimed."
)
@click.option("--trials", type=click.IntRange(min=1), default=200, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def capacity(
    dimension: int, norm: str, beta: str, failure: str, simulate: bool, trials: int, seed: int
) -> None:
    """Every capacity statement at one (d, m, beta, p), side by side; memories uniform on the sphere."""
    m, b, p = number("--m", norm), number("--beta", beta), number("--p", failure)
    if p > 1:
        raise InputError(f"--p {failure}: expected a probability, at most 1")
    table = known.load()
    statements = {k: v.statement for k, v in installed().items()}
    rows = list(calculators.capacities(statements, dimension, m, b, p, trials if simulate else 0, seed))
    width = max((len(r.id) for r in rows), default=10)
    click.echo(f"d = {dimension}, m = {norm}, beta = {beta} (beta m^2 = {float(b * m * m):g}), p = {failure}")
    for row in rows:
        verdict = table.get(row.id, {}).get("verdict", "not known")
        claim = f"{row.count:,} memories" if row.count is not None else f"nothing ({row.note})"
        seen = f"; {row.simulated}" if row.simulated else ""
        click.echo(f"{row.id:<{width}}  [{verdict}]  {claim}{seen}")


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--beta", "betas", multiple=True, help="Inverse temperature(s).  [default: from 0.1/m^2 on]")
def separation(file: str, betas: tuple[str, ...]) -> None:
    """Separations of a memory set, and which conditions of the catalogue it meets at which beta."""
    memories = np.asarray(load_memories(file), dtype=float)
    m = float(np.max(np.linalg.norm(memories, axis=-1))) or 1.0
    chosen: tuple[float, ...] = tuple(float(number("--beta", b)) for b in betas) or tuple(
        b / m**2 for b in DEFAULT_BETA_M2
    )
    for label, value in calculators.separations(memories):
        click.echo(f"{label:<30}  {value}")
    click.echo("\nshare of the memories that meet the separation condition of a statement")
    rows: dict[str, list[Any]] = {}
    for share in calculators.conditions({k: v.statement for k, v in installed().items()}, memories, chosen):
        rows.setdefault(share.id, []).append(share)
    width = max((len(i) for i in rows), default=10)
    click.echo(f"{'':<{width}}  " + "  ".join(f"beta={b:<8.3g}" for b in chosen))
    for identifier, shares in rows.items():
        cells = "  ".join(f"{_percent(s.met, s.of):<13}" for s in shares)
        click.echo(f"{identifier:<{width}}  {cells}".rstrip())
    notes = {s[0].id: s[0].note for s in rows.values() if s[0].note}
    for identifier, note in notes.items():
        click.echo(f"{identifier}: {note}")


def _percent(met: int, of: int) -> str:
    return f"{math.floor(1000 * met / of) / 10:g} %"


@click.command()
@click.option("--d", "dimension", type=click.IntRange(min=1), required=True, help="Dimension.")
@click.option("--M", "count", type=click.IntRange(min=1), required=True, help="Number of memories.")
@click.option("--beta", required=True, help="Inverse temperature.")
@click.option("--m", "norm", default="1", show_default=True, help="Norm of the memories.")
@click.option("--model", default="", help="Only statements on this model.  [default: all]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def rely(dimension: int, count: int, beta: str, norm: str, model: str, seed: int) -> None:
    """The bounds that pass, by how much they say at one (d, M, beta); memories uniform on the sphere."""
    b, m = float(number("--beta", beta)), float(number("--m", norm))
    if dimension * count > reliance.LARGEST_SET:
        raise InputError(
            f"--d {dimension} --M {count}: expected at most {reliance.LARGEST_SET:,} coordinates,"
            f" found {dimension * count:,}"
        )
    rows = reliance.reliances(
        {k: v.statement for k, v in installed().items()}, known.load(), dimension, count, b, m, seed
    )
    models = sorted({r.model for r in rows})
    if model and model not in models:
        raise InputError(f"--model {model}: expected one of {', '.join(models)}")
    rows = [r for r in rows if not model or r.model == model]
    click.echo(f"d = {dimension}, M = {count}, beta = {beta}, m = {norm} (beta m^2 = {b * m * m:g})")
    click.echo("says more than the trivial bound | hypotheses met | median bound/trivial there\n")
    width = max((len(r.id) for r in rows), default=10)
    for row in rows:
        if row.informative:
            shares = f"{_share(row.informative)} | {_share(row.met)} | {row.ratio:.3g}"
            click.echo(f"{row.id:<{width}}  [{row.model}, {row.verdict}]  {shares}  {row.part}")
    silent = sorted({r.id for r in rows if not r.informative})
    click.echo(f"\nsay nothing here ({len(silent)}): {', '.join(silent) or 'none'}")


def _share(value: float) -> str:
    return f"{100 * value:.3g} %"


COMMANDS = (bound, capacity, separation, rely)
