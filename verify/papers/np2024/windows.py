"""Windows, supports of BigBird type and several heads.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: members of the sparse-structured family.
"""

from __future__ import annotations

import numpy as np
from sympy import Ge, Le, Symbol, exp

from verify.arena import Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.error_bounds import rival, z_mu
from verify.papers.np2024.shared import IN_BALL, PAPER
from verify.papers.np2024.supports import (
    error_of,
    error_quantity,
    fixed,
    masses,
)
from verify.statement import Hypothesis, Identity, Part, Source
from verify.vocabulary import (
    M,
    beta,
    centred,
    largest,
    m,
    number,
    others,
    quantity,
)

WINDOW, BIGBIRD = "window:width=0", "window:width=0,first=1,extra=1"
err_window_A = error_quantity("err_window_A", "error of the window, reading A", fixed(WINDOW), "A")
err_window_B = error_quantity("err_window_B", "error of the window, reading B", fixed(WINDOW), "B")
err_bigbird_A = error_quantity("err_bigbird_A", "error of window + global + random, A", fixed(BIGBIRD), "A")


def window_quantities(name: str, model: str) -> tuple[Symbol, Symbol]:
    """Register the size of the fixed support of a model and whether the target is in it."""
    share = fixed(model)
    size = quantity(f"k_{name}", f"size of the support of the {name}", positive=True)(
        lambda b: np.sum(share(b), axis=-1) + number(b, 0)
    )
    inside = quantity(f"in_{name}", f"whether the target is in the support of the {name}")(
        lambda b: share(b)[np.arange(b.size), b.target] + number(b, 0)
    )
    return size, inside


k_window, in_window = window_quantities("window", WINDOW)
k_bigbird, in_bigbird = window_quantities("bigbird", BIGBIRD)


def mass_times_reach(b: Instances) -> Array:
    """(1 - p_mu) times the largest distance in the window from the target, softmax over the window, (B,)."""
    share = fixed(WINDOW)(b)
    zero = number(b, 0)[:, None]
    squares = np.where(np.asarray(share, dtype=float) > 0, np.sum(centred(b) ** 2, axis=-1), zero)
    return np.sum(others(b, masses(b, share, "B")[0]), axis=-1) * np.sqrt(largest(squares))


window_majorant = quantity(
    "window_majorant", "(1 - p_mu) times the largest distance in the window from the target"
)(mass_times_reach)


def heads(b: Instances) -> tuple[Array, Array]:
    """Squared errors of two heads (even and odd coordinates) of the window map, and their bounds, each (B,)."""
    share = fixed(WINDOW)(b)
    square, bound = number(b, 0), number(b, 0)
    for first in (0, 1):
        rows = b.memories[..., first::2]
        if rows.shape[-1] == 0:
            continue
        head = Instances(
            b.size,
            memories=rows,
            query=b.query[..., first::2],
            beta=b.beta,
            target=b.target,
            models=b.models,
            exact=b.exact,
        )
        error = error_of(head, share, "B")
        square = square + error * error
        majorant = mass_times_reach(head)
        bound = bound + majorant * majorant
    return square, bound


@quantity("heads_square", "squared error of two heads on the even and odd coordinates, window, reading B")
def heads_square(b: Instances) -> Array:
    return heads(b)[0]


@quantity("heads_bound", "sum over two heads of ((1 - p_mu) reach)^2")
def heads_bound(b: Instances) -> Array:
    return heads(b)[1]


def of_window(size: Symbol) -> object:
    """The bound of Theorem 4.1 (maximum over the others) with k the size of the window."""
    return m * (M + size - 2) * exp(-beta * (z_mu - rival))


MEMBER = Hypothesis(Ge(in_window, 1), "the target is in the window")

WINDOWS = Identity(
    id="np2024.window-multihead",
    title="Window, BigBird-type and multi-head members inherit the statements with k = |S|",
    source=Source(PAPER, "window, BigBird-type and multi-head members"),
    provenance="secondary",
    printed=r"\text{np2024.thm4.1-* and restated.masked-error-bound hold with }k=|S|;\ \text{multi-head: componentwise}",
    arena=Patterns(query="ball", min_memories=2, max_size=1000),
    hypotheses=(IN_BALL,),
    parts=(
        Part(
            "Theorem 4.1 for the window, reading A",
            Le(err_window_A, of_window(k_window)),
            given=(MEMBER,),
            trivial=2 * m,
        ),
        Part(
            "error by mass for the window, reading B",
            Le(err_window_B, window_majorant),
            given=(MEMBER,),
            trivial=2 * m,
        ),
        Part("two heads, componentwise", Le(heads_square, heads_bound), given=(MEMBER,), scale=m**2),
        Part(
            "Theorem 4.1 for the window, reading B",
            Le(err_window_B, of_window(k_window)),
            given=(MEMBER,),
            headline=False,
        ),
        Part(
            "Theorem 4.1 for window + global + random, reading A",
            Le(err_bigbird_A, of_window(k_bigbird)),
            given=(Hypothesis(Ge(in_bigbird, 1), "the target is in the support"),),
            headline=False,
        ),
    ),
    controls=(
        scaled("1/10"),
        scaled("9/10", "error by mass for the window, reading B"),
        scaled("1/2", "two heads, componentwise"),
    ),
    related=("np2024.thm4.1-bound-others", "restated.masked-error-bound"),
    notices=("The window holds the first memories, as many as the square root of M rounded up.",),
)

STATEMENTS = (WINDOWS,)
