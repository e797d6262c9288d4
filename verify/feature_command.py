"""The command `hopcheck features`: one memory set before and after the training of a feature map."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from simulations.feature_maps import before_after
from simulations.feature_maps.data import digit_images, word_embeddings
from simulations.feature_maps.losses import LOSSES
from simulations.feature_maps.training import CONSTRAINTS
from simulations.memories_file import load_memories
from verify.loader import InputError

MADE = {"digits": lambda: digit_images(60)[0], "words": lambda: word_embeddings(16)}
"""Sets that can be named in place of a file: images of digits, embeddings of number words."""
NAMES = {"entmax:alpha=1.5": "1.5-entmax"}
LARGEST = 5000


@click.command()
@click.argument("memories", metavar="FILE|digits|words")
@click.option("--beta", type=float, default=16.0, show_default=True, help="Inverse temperature.")
@click.option("--loss", type=click.Choice(list(LOSSES)), default="pair", show_default=True)
@click.option("--parameter", type=float, default=None, help="tau of the loss, t of uhop.  [default: 0.1, 2]")
@click.option(
    "--rows", type=click.IntRange(min=0), default=0, help="Dimension of the features.  [default: d]"
)
@click.option("--steps", type=click.IntRange(min=1), default=200, show_default=True, help="Steps of Adam.")
@click.option("--rate", type=float, default=0.01, show_default=True, help="Learning rate.")
@click.option("--constraint", type=click.Choice(CONSTRAINTS), default="normalised", show_default=True)
@click.option("--updates", type=click.IntRange(min=1), default=5, show_default=True, help="Retrieval steps.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Write W (.npy).")
def features(memories: str, beta: float, updates: int, save: Path | None, **training: Any) -> None:
    """Retrieval before and after the training of a linear feature map (U-Hop, U-Hop+).

    The memories are brought to unit length.  Errors are means over all memories as targets, for queries with
    Gaussian noise of the length shown.
    """
    for name, value in (
        ("--beta", beta),
        ("--rate", training["rate"]),
        ("--parameter", training["parameter"]),
    ):
        if value is not None and not (value > 0 and np.isfinite(value)):
            raise InputError(f"{name} {value}: expected a positive number")
    x = _unit(memories)
    made = _train(x, **training)
    _show_training(x, made)
    click.echo(
        "\nerror at noise          " + "".join(f"{v:>9g}" for v in before_after.NOISE) + "   single  size"
    )
    rows = before_after.compare(x, made.feature_map, beta=beta, updates=updates, seed=training["seed"])
    for kind in before_after.FEATURES:
        for model in before_after.MODELS:
            chosen = [r for r in rows if (r.model, r.features) == (model, kind)]
            errors = "".join(f"{r.error:>9.4f}" for r in chosen)
            label = f"{NAMES.get(model, model)}, {'no map' if kind == 'none' else kind}"
            click.echo(f"{label:<24}{errors}  {100 * chosen[0].single:5.1f} %  {chosen[0].size:.3g}")
    click.echo("single: share of limits of one memory; size: mean number of memories in a limit; no noise")
    if save is not None:
        np.save(save.with_suffix(".npy"), made.feature_map)
        click.echo(f"W: {save.with_suffix('.npy')}")


def _unit(memories: str) -> Any:
    x = MADE[memories]() if memories in MADE else load_memories(memories)
    lengths = np.linalg.norm(x, axis=1)
    if len(x) < 2 or len(x) > LARGEST:
        raise InputError(f"{memories}: expected 2 to {LARGEST:,} memories, found {len(x):,}")
    if not np.all(lengths > 0):
        raise InputError(f"{memories}: expected memories of positive length, found one of length 0")
    return x / lengths[:, None]


def _train(x: Any, loss: str, parameter: float | None, **options: Any) -> Any:
    name, usual = ("t", 2.0) if loss == "uhop" else ("tau", 0.1)
    rows = options.pop("rows")
    chosen = partial(LOSSES[loss], **{name: usual if parameter is None else parameter})
    try:
        return before_after.trained_map(x, chosen, rows=rows, iterations=options.pop("steps"), **options)
    except ValueError as error:
        raise InputError(str(error)) from None


def _show_training(x: Any, made: Any) -> None:
    y = x @ made.feature_map.T
    y = y / np.linalg.norm(y, axis=1)[:, None]
    before, after = (float(np.max(a @ a.T - 2 * np.eye(len(a)))) for a in (x, y))
    click.echo(f"{len(x)} memories of dimension {x.shape[1]}, features of dimension {len(made.feature_map)}")
    click.echo(f"training loss {float(made.losses[0]):.6g} -> {float(made.losses[-1]):.6g}")
    click.echo(f"memories: largest cosine {before:.6g}, separation {1 - before:.6g}")
    click.echo(f"normalised features: largest cosine {after:.6g}, separation {1 - after:.6g}")
