"""The commands `hopcheck dynamics` and `hopcheck metastability`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
import numpy as np
from rich.console import Console

from simulations.variants import FAMILIES
from verify.dynamics.battery import EXAMPLES, SEARCH, check_dynamics, check_variant
from verify.dynamics.callables import ARRAYS, DynamicsError, load
from verify.dynamics.metastability import Metastability, memory_ensemble
from verify.dynamics.metastability import metastability as measure
from verify.dynamics.report import Report

INTERRUPTED = 130
COLUMNS = ("limits per set", "size of a limit", "basin", "steps")
HEADER = "  ".join([f"{'beta':<8}", *(f"{c:<20}" for c in COLUMNS), "converged"])


def _interruptible(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(INTERRUPTED)

    return run


@click.command()
@click.argument("update", required=False, default="", metavar="[MODULE:FUNCTION | FILE.py:FUNCTION]")
@click.option("--variant", "name", default="", help="Test this shipped variant instead of a callable.")
@click.option(
    "--like", default="", metavar="VARIANT", help="The variant (or MODULE:FUNCTION) it is said to be."
)
@click.option("--energy", default="", metavar="MODULE:FUNCTION", help="(memories, query, beta) -> number.")
@click.option("--property", "properties", multiple=True, help="Only this property; may be repeated.")
@click.option("--arrays", type=click.Choice(ARRAYS), default=None, help="[default: found out]")
@click.option(
    "--accuracy",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Relative accuracy of a map made by a solver.",
)
@click.option("--examples", type=click.IntRange(min=0), default=EXAMPLES, show_default=True)
@click.option(
    "--search",
    type=click.IntRange(min=0),
    default=SEARCH,
    show_default=True,
    help="Evaluations of the optimisation per property and size.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@_interruptible
def dynamics(
    update: str,
    name: str,
    like: str,
    energy: str,
    properties: tuple[str, ...],
    arrays: str | None,
    accuracy: float,
    examples: int,
    search: int,
    seed: int,
) -> None:
    """Property-test a retrieval dynamics (memories, query, beta) -> new query.

    Exit code 0: every property passes; 1: some property fails or could not be decided.
    """
    if bool(update) == bool(name):
        found = "both" if update else "neither"
        raise DynamicsError(f"dynamics: expected either MODULE:FUNCTION or --variant NAME, found {found}")
    if name:
        if like or energy or arrays:
            raise DynamicsError("--variant: expected without --like, --energy and --arrays, found with them")
        report = check_variant(
            name,
            properties=properties or None,
            accuracy=accuracy,
            examples=examples,
            search=search,
            seed=seed,
        )
    else:
        shipped = not like or like.partition(":")[0] in FAMILIES or ":" not in like
        report = check_dynamics(
            load(update),
            energy=load(energy) if energy else None,
            like=(like or None) if shipped else load(like),
            properties=properties or None,
            arrays=arrays,
            accuracy=accuracy,
            examples=examples,
            search=search,
            seed=seed,
            names={"update": update, "energy": energy, "reference": "" if shipped else like},
        )
    _show(report)
    sys.exit(0 if report.passed else 1)


def _show(report: Report) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        click.echo(report.text())
        return
    console.print(f"{report.name}\n")
    console.print(report.table())
    console.print(f"\n{report.reproductions()}", markup=False, soft_wrap=True)


@click.command()
@click.option("--variant", "name", default="dense", show_default=True)
@click.option("--ensemble", default="sphere", show_default=True)
@click.option("--d", "dimension", type=int, default=20, show_default=True)
@click.option("--memories-count", "count", type=int, default=50, show_default=True)
@click.option("--beta", "betas", type=float, multiple=True, default=(1.0, 4.0), show_default=True)
@click.option("--sets", type=int, default=50, show_default=True, help="Memory sets drawn.")
@click.option("--mass", type=float, default=0.9, show_default=True, help="Weight that a state's size covers.")
@click.option("--max-steps", type=click.IntRange(min=1), default=2000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Whole distributions as JSON.")
@_interruptible
def metastability(
    name: str,
    ensemble: str,
    dimension: int,
    count: int,
    betas: tuple[float, ...],
    sets: int,
    mass: float,
    max_steps: int,
    seed: int,
    as_json: bool,
) -> None:
    """Metastable states of an ensemble: distinct limits, their sizes, basins and steps to convergence.

    Every memory is a start. A state's size is the number of memories that carry --mass of its weight.
    """
    memories = memory_ensemble(ensemble, sets, count, dimension, seed)
    found = {beta: measure(name, memories, beta, mass=mass, max_steps=max_steps) for beta in betas}
    if as_json:
        setting = {
            "variant": name,
            "ensemble": ensemble,
            "d": dimension,
            "M": count,
            "sets": sets,
            "seed": seed,
        }
        rows = [{"beta": beta, **result.as_json()} for beta, result in found.items()]
        click.echo(json.dumps({**setting, "results": rows}, indent=1))
        return
    click.echo(f"{name}, {ensemble}, M = {count}, d = {dimension}, {sets} sets, seed {seed}")
    click.echo(
        "medians [smallest, largest]; size: memories that carry the mass; basin: largest share of starts\n"
    )
    click.echo(HEADER)
    for beta, result in found.items():
        click.echo(_line(beta, result))


def _line(beta: float, r: Metastability) -> str:
    largest = np.array([b.max() for b in r.basins()])
    cells = (_spread(v) for v in (r.count, r.of_states(r.size), largest, r.steps))
    return f"{beta:<8g}  " + "  ".join(f"{c:<20}" for c in cells) + f"  {r.converged.mean():.1%}"


def _spread(values: Any) -> str:
    return f"{np.median(values):.3g} [{np.min(values):.3g}, {np.max(values):.3g}]"
