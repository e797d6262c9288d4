"""How many unit memories a given beta can store, whatever the dimension.

Statements of this project beside J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Proposition 2.1.
"""

from __future__ import annotations

import numpy as np
from sympy import Ge, Le, Rational, exp

from verify.arena import Patterns
from verify.controls import exponent_scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.crosstalk import PAPER, RELATED, worst_crosstalk
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import M, at_fixed_point, beta, m, measure, p_mu, quantity, update

OWN = Source(PAPER, f"{RELATED}, Proposition 2.1")
HEAT = beta * m**2


# -- upper bounds -----------------------------------------------------------------------------------------------


@quantity("storage_own_weight", "weight of the target memory at the limit of the iteration from it")
def own_weight(batch: Instances) -> Array:
    return measure(at_fixed_point(batch), p_mu)


FIXED_POINTS = Inequality(
    id="restated.d4.i",
    title="Upper bound at finite beta, fixed points",
    source=OWN,
    provenance="derived",
    printed=r"x=Yp,\ p=\mathrm{softmax}(\beta Y^\top x),\ p_\mu\ge\tfrac12\ \Rightarrow\ M\le1+e^{2\beta}",
    arena=Patterns(
        query="pattern",
        norms="equal",
        beta_m2=(0.01, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
        families=("simplex", "orthonormal", "code", "sphere", "circle", "clusters"),
        sizes=((2, 3), (17, 2), (7, 8), (16, 16), (24, 25), (64, 32), (64, 64), (8, 100)),
    ),
    hypotheses=(Hypothesis(Ge(own_weight, Rational(1, 2)), "the limit from y_mu has weight 1/2 at y_mu"),),
    parts=(Part("number of memories", Le(M, 1 + exp(2 * HEAT))),),
    controls=(Control("1 + exp(beta/2)", Le(M, 1 + exp(HEAT / 2))),),
    related=("hu2024.prop2.1.fixed-beta", "restated.d4.ii", "restated.a10.saturation"),
    notices=("Among the fixed points the one that the iteration from y_mu reaches is taken.",),
)

CROSSTALK = Inequality(
    id="restated.d4.ii",
    title="Upper bound at finite beta, crosstalk",
    source=OWN,
    provenance="derived",
    printed=r"X_\mu\le1\ \forall\mu\ \Rightarrow\ M\le1+e^{\beta M/(M-1)}",
    arena=Patterns(
        query="pattern",
        norms="equal",
        min_memories=2,
        beta_m2=(0.01, 0.25, 0.47, 0.5, 0.83, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
        families=("simplex", "orthonormal", "code", "sphere", "circle", "antipodal"),
        sizes=((2, 3), (17, 2), (6, 7), (15, 16), (24, 25), (64, 32), (64, 64), (8, 100)),
    ),
    hypotheses=(Hypothesis(Le(worst_crosstalk, 1), "X_mu <= 1 for all mu"),),
    parts=(Part("number of memories", Le(M, 1 + exp(HEAT * M / (M - 1)))),),
    controls=(exponent_scaled("3/4"),),
    related=("hu2024.prop2.1.fixed-beta", "restated.d4.i", "restated.d4.sandwich"),
)


# -- saturation in the dimension --------------------------------------------------------------------------------


@quantity(
    "storage_padded_shift",
    "T(x, 0) - (T(x), 0), sum of absolute values, when all memories get one more coordinate, 0",
)
def padded_shift(batch: Instances) -> Array:
    rows = np.broadcast_to(batch.memories, (batch.size, *batch.memories.shape[1:]))
    zero = rows[..., :1] * 0
    padded = Instances(
        batch.size,
        memories=np.concatenate([rows, zero], axis=-1),
        query=np.concatenate([batch.query, zero[:, 0]], axis=-1),
        beta=batch.beta,
        target=batch.target,
        model=batch.model,
        models=batch.models,
        exact=batch.exact,
        backend=batch.backend,
    )
    away = update(padded)
    # A sum of absolute values: the root of a ball about zero has no value.
    return np.sum(np.abs(np.concatenate([away[:, :-1] - update(batch), away[:, -1:]], axis=-1)), axis=-1)


SATURATION = Inequality(
    id="restated.a10.saturation",
    title="Saturation in the dimension",
    source=OWN,
    provenance="derived",
    printed=r"M^*(\beta,D)\le M^*(\beta,D+1),\qquad M^*(\beta,D)=M^*(\beta,D_0)\ \text{for }D\ge D_0(\beta)",
    arena=Patterns(
        query="hull",
        norms="equal",
        beta_m2=(0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0),
        search=False,
        families=("simplex", "orthonormal", "code", "sphere", "circle", "clusters"),
        sizes=((2, 3), (17, 2), (7, 8), (16, 16), (24, 25), (64, 64), (4, 100)),
    ),
    parts=(
        Part("one more dimension: the same iteration", Le(padded_shift, m / 10**12), scale=m),
        Part(
            "no dimension stores more than 1 + exp(2 beta)",
            Le(M, 1 + exp(2 * HEAT)),
            given=(Hypothesis(Ge(own_weight, Rational(1, 2)), "the limit from y_mu has weight 1/2 at y_mu"),),
        ),
    ),
    controls=(
        Control("moved by m/10 at least", Ge(padded_shift, m / 10), "one more dimension: the same iteration"),
        Control("1 + exp(beta/2)", Le(M, 1 + exp(HEAT / 2)), "no dimension stores more than 1 + exp(2 beta)"),
    ),
    related=("restated.d4.i", "hu2024.prop2.1.fixed-beta", "restated.a10.simplex"),
    notices=(
        "A non-decreasing sequence of integers with an upper bound is constant from some D on: the two parts are the two "
        "halves of the argument.  A set in R^D, with a zero added to every vector, iterates in R^(D+1) as before.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (FIXED_POINTS, CROSSTALK, SATURATION)
