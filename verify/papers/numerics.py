r"""hopcheck's own numerics: what floating point makes of T(x), on every backend and in every data type.

One statement, ``numerics.parity-update``: the retrieval map as the backend of the run computes it, against the
same map in exact or ball arithmetic on the same inputs.  Because the inputs are drawn on the host, two backends
whose parts hold differ by at most the sum of their bounds.

The bound.  u is the unit roundoff of the data type, gamma_k = k u/(1 - k u) (Higham, "Accuracy and Stability of
Numerical Algorithms", 2002, section 3.1: k factors 1 + u multiply to within 1 +- gamma_k, and gamma_j + gamma_k +
gamma_j gamma_k <= gamma_{j+k}; sums in any order, with or without fused operations).  Inputs are any reals; they
are rounded to the data type first.  No over- or underflow is assumed.  Let sigma = beta m |x|.

* Scores.  <xi_j, x> has d products and d - 1 sums, two rounded inputs, then comes the product with a rounded beta:
  d + 4 factors, one more for inputs that pass through float64 on their way to float32.  The weights are computed
  from v_j - max v, at most 2 sigma in size, and subtracting costs 2 u sigma more.  So each score is off by at most
  delta = gamma_{d+7} sigma, up to a shift that all scores share and that no separation map here sees.
* Softmax.  Numerators are exp(v_j) e^{+-delta} (1 +- gamma_4), if exp is good to 4 roundoffs (NumPy's, torch's and
  CUDA's are); M terms of one sign are added, then comes a division.  A weight is right up to a factor
  exp(+-(2 delta + gamma_{M+8})), and sum_j p_j xi_j adds M products and sums and the rounding of xi:
  |fl(T) - T| <= m (e^t - 1) with t = 2 delta + gamma_{2M+12}.  As |fl(T) - T| <= 2 m anyhow (up to roundoff),
  m t (1 + t) is a bound for every t: e^t - 1 is below it until t = 1.79, where it exceeds 2 m.
* Any map of weights with sum 1 and Lipschitz constant L in the Euclidean norm: scores off by delta move the
  weights by at most L sqrt(M) delta in that norm, L M delta in the 1-norm.  The evaluation itself is allowed
  8 M gamma_{M+4} in the 1-norm.  For sparsemax: scores in reach of the support are at most 1 in size, the
  threshold is off by at most 2 gamma_{M+2} for a given support, and each of M weights on the wrong side of it by
  as little moves it by its share.  Other maps have to meet the same.  With gamma_{M+2} m for the last sum:
  |fl(T) - T| <= m (L M delta + 8 M gamma_{M+4} + gamma_{M+2}).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Le, Rational

from bounds.exact import Real, escalate, exact_array
from simulations.variants import FAMILIES, Variant, variant
from verify.arena import Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.statement import Inequality, Part, Source, Statement
from verify.vocabulary import M, beta, d, m, norm, norm_x, number, quantity, update

PAPER = {
    "key": "numerics",
    "title": "Numerics of hopcheck itself",
    "authors": "The hopcheck developers",
    "year": 2026,
    "arxiv": "",
    "venue": "",
}


@quantity("u", "unit roundoff of the run's data type", positive=True, native=True)
def u(b: Instances) -> Array:
    return number(b, 1) * (b.backend.epsilon / 2)


def gap(b: Instances, name: str) -> Array:
    """|fl(T(x)) - T(x)| of a model, fl(T) on the batch's backend, T in balls; shape (B,)."""
    if b.exact:
        found = _distance(b, name, 0, _computed(b, name)[0])
        return np.array([found], dtype=object)
    computed = update(b, name)

    def one(i: int) -> float:
        return float(escalate(lambda: _distance(b, name, i, computed[i]), cap=1024))

    return np.array([one(i) for i in range(b.size)])


def _computed(b: Instances, name: str) -> Array:
    """T(x) in floats on the backend at the float inputs nearest to exact ones."""
    memories, query, beta = (a.astype(float) for a in (b.memories, b.query, b.beta))
    floats = Instances(
        1, memories=memories, query=query, beta=beta, target=b.target, models=b.models, backend=b.backend
    )
    return update(floats, name)


def _distance(b: Instances, name: str, i: int, computed: Array) -> Real:
    memories = exact_array(b.memories[:1] if len(b.memories) == 1 else b.memories[i : i + 1])
    exactly = b.named(name).update(memories, exact_array(b.query[i : i + 1]), exact_array(b.beta[i : i + 1]))
    found: Real = norm(exact_array(computed)[None] - exactly)[0]
    return found


def gamma(k: Any) -> Any:
    """k u/(1 - k u), the bound on k rounding errors."""
    return k * u / (1 - k * u)


DELTA = gamma(d + 7) * beta * m * norm_x
SOFTMAX = 2 * DELTA + gamma(2 * M + 12)


def bound(model: Variant) -> Any:
    """The forward error bound of T(x) for a model; see the module's docstring."""
    if model.name == "dense":
        return m * SOFTMAX * (1 + SOFTMAX)
    steep = Rational(str(model.lipschitz))
    return m * (steep * M * DELTA + 8 * M * gamma(M + 4) + gamma(M + 2))


def _part(name: str, model: Variant) -> Part:
    symbol = quantity(
        f"T_gap_{name.replace('-', '_')}",
        f"|fl(T(x)) - T(x)| of the model {name}",
        native=True,
        nonnegative=True,
    )(lambda b: gap(b, name))
    return Part(name, Le(symbol, bound(model)), trivial=2 * m)


def _covered(model: Any) -> bool:
    return (
        isinstance(model, Variant)
        and "balls" in model.supports
        and model.min_memories == 1
        and "distribution" in model.promises
        and model.lipschitz is not None
        and model.similarity is None
    )


MODELS = {name: model for name in FAMILIES if _covered(model := variant(name))}

PARITY = Inequality(
    id="numerics.parity-update",
    title="The retrieval map in floating point is the retrieval map, up to its forward error",
    source=Source("numerics", "forward error of one update"),
    provenance="derived",
    printed=r"|\mathrm{fl}(T(x))-T(x)|\le m\,t(1+t),\ t=2\gamma_{d+7}\beta m|x|+\gamma_{2M+12}\ \text{(softmax)};\quad "
    r"\le m\,(LM\gamma_{d+7}\beta m|x|+8M\gamma_{M+4}+\gamma_{M+2})\ \text{(others)}",
    arena=Patterns(
        sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (5, 10), (8, 16), (16, 40)),
        search=False,
    ),
    parts=tuple(_part(name, model) for name, model in MODELS.items()),
    controls=tuple(scaled("1/1000", part=name) for name in MODELS),
    notices=(
        "Each part is about the backend and data type of the run; the record names them.",
        "No overflow or underflow is assumed in the bound; the grid has sizes and temperatures without.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (PARITY,)
