"""Universal Hopfield networks: similarity, then separation, then projection (Millidge et al. 2022).

``z = P sep(beta sim(Xi, x))``. Classical networks are (dot, identity), sparse distributed memory is
(hamming, threshold), dense associative memory (dot, power), the continuous model (dot, softmax). P is the
memory matrix itself, or other values, one per memory: :func:`heteroassociative`.
"""

from collections.abc import Callable

from array_api_compat import array_namespace

from simulations.variants.base import (
    PROPERTIES,
    Array,
    Energy,
    Namespace,
    Rule,
    Similarity,
    Variant,
    combine,
    log_or_minus_inf,
    per_row,
)
from simulations.variants.dense import DENSE, log_mean_exp, log_softmax, softmax
from simulations.variants.similarities import SIMILARITIES, squared

CITATION = "Millidge et al. 2022 (ICML), arXiv 2202.04557"
STATEMENTS = ("uhn2022.*", "restated.max-separation", "restated.dot-equals-euclidean")


def hardmax(v: Array, xp: Namespace) -> Array:
    """Return 1/k at each of the k largest scores, else 0: the limit of softmax for beta to infinity.

    Equal shares at ties, where the paper's program takes the first, so that the order of the memories
    does not matter.
    """
    hit = xp.astype(v == xp.max(v, axis=-1, keepdims=True), v.dtype)
    return hit / xp.sum(hit, axis=-1, keepdims=True)


def _log_hardmax(v: Array, xp: Namespace) -> Array:
    return log_or_minus_inf(hardmax(v, xp), xp)


def over_sum(v: Array, xp: Namespace) -> Array:
    """Return v / sum(v) over the last axis; v itself where the sum is exactly 0."""
    total = xp.sum(v, axis=-1, keepdims=True)
    return v / xp.where(total == 0, xp.ones_like(total), total)


def kernel_energy(similarity: str) -> Energy:
    """Return E(x) = -(1/beta) log((1/M) sum_j exp(beta sim(xi_j, x))) (...), plus |x|^2/2 for ``dot``.

    The candidate of ``uhn2022.energy-iterated-map`` up to the constant (log M)/beta. Only for ``dot`` and
    ``euclidean`` is it known that the softmax retrieval never increases it (Gaussian mean shift).
    """
    measure = SIMILARITIES[similarity]

    def energy(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        mean = log_mean_exp(per_row(beta) * measure(memories, query, xp), xp)[..., 0]
        return (squared(query, xp) / 2 if similarity == "dot" else 0) - mean / beta

    return energy


def _hard_energy(similarity: str) -> Energy:
    """Return the limit of ``kernel_energy`` for beta to infinity, -max_j sim (+ |x|^2/2 for ``dot``)."""
    measure = SIMILARITIES[similarity]

    def energy(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        best = xp.max(measure(memories, query, xp), axis=-1)
        # Adding 0 * beta gives the energy the shape that beta asks for.
        return (squared(query, xp) / 2 if similarity == "dot" else 0) - best + 0 * beta

    return energy


_ROTATION = frozenset({"dot", "cosine", "euclidean", "inverse_euclidean"})
_DEGREE_TWO = frozenset({"dot", "euclidean"})


def _symmetries(similarity: str, separation: str) -> frozenset[str]:
    """The equivariances: the hard maximum ignores positive factors, so it commutes with rescaling."""
    scaled = similarity in _DEGREE_TWO or separation == "max"
    return frozenset(
        {"permutation"}
        | ({"rotation"} if similarity in _ROTATION else set())
        | ({"scaling"} if scaled else set())
    )


def _soft(similarity: str, name: str) -> Variant:
    gaussian = similarity in _DEGREE_TWO
    known = frozenset(PROPERTIES) - {"margin"}
    return Variant(
        name=name,
        citation=CITATION,
        weights=softmax,
        log_weights=log_softmax,
        # |xi|^2 moves the scores but not their gradient differences, so the Jacobian keeps its form.
        response=DENSE.response if gaussian else None,
        pair_bounds=DENSE.pair_bounds if similarity == "dot" else None,
        energy=DENSE.energy if similarity == "dot" else kernel_energy(similarity) if gaussian else None,
        supports=frozenset({"arrays"} | ({"smooth", "balls"} if gaussian else set())),
        promises=known if gaussian else _symmetries(similarity, "softmax") | {"distribution", "hull"},
        lipschitz=0.5,
        similarity=None if similarity == "dot" else SIMILARITIES[similarity],
        statements=STATEMENTS,
    )


def _hard(similarity: str, name: str) -> Variant:
    gaussian = similarity in _DEGREE_TWO
    # T is a subgradient of the convex |x|^2/2 - E and takes finitely many values: descent and a limit.
    more = {"descent", "monotone", "limit"} if gaussian else set()
    return Variant(
        name=name,
        citation=CITATION,
        weights=hardmax,
        log_weights=_log_hardmax,
        response=None,
        pair_bounds=None,
        energy=_hard_energy(similarity) if gaussian else None,
        supports=frozenset({"exact", "arrays"}),
        promises=_symmetries(similarity, "max") | {"distribution", "hull"} | more,
        similarity=None if similarity == "dot" else SIMILARITIES[similarity],
        statements=STATEMENTS,
    )


def _signed(
    separation: str, degree: int, threshold: float, normalised: bool
) -> Callable[[Array, Namespace], Array]:
    """Return the weights that need not be a distribution: v, v^degree, 1[v >= threshold]."""

    def weights(v: Array, xp: Namespace) -> Array:
        if separation == "softmax":
            return softmax(v, xp)
        if separation == "max":
            return hardmax(v, xp)
        if separation == "threshold":
            w = xp.astype(v >= threshold, v.dtype)
        elif separation == "power":
            if normalised:  # a common factor cancels; without it a high power overflows
                top = xp.max(xp.abs(v), axis=-1, keepdims=True)
                v = v / xp.where(top > 0, top, xp.ones_like(top))
            w = v**degree
        else:
            w = v
        return over_sum(w, xp) if normalised else w

    return weights


SEPARATIONS = ("softmax", "max", "identity", "power", "threshold")


def universal_network(
    similarity: str = "dot",
    separation: str = "softmax",
    degree: int = 2,
    threshold: float = 0.0,
    normalised: int = 0,
) -> Variant | Rule:
    """Return the autoassociative network x -> Xi^T sep(beta sim(Xi, x)).

    Args:
        similarity: a key of ``SIMILARITIES``.
        separation: of the scores v = beta sim: "softmax"; "max" (1/k on the k largest); "identity" (v);
            "power" (v^degree); "threshold" (1 where v >= threshold). A threshold is met or not by floats as
            they are: choose it between the values that Hamming distances take.
        normalised: 1 divides the similarities by their sum before beta, and the weights by theirs, as the
            paper does to compare similarities of different scales. A sum of exactly 0 divides nothing.

    softmax and max are variants with weights; the others are rules without energy.

    Raises:
        ValueError: an unknown similarity or separation, a degree below 1, normalised other than 0 and 1.
    """
    _check(similarity, separation, degree, normalised)
    name = f"universal:similarity={similarity},separation={separation}"
    name += f",degree={degree}" if separation == "power" else ""
    name += f",threshold={threshold}" if separation == "threshold" else ""
    if not normalised and separation in ("softmax", "max"):
        return _soft(similarity, name) if separation == "softmax" else _hard(similarity, name)
    weights = _signed(separation, degree, threshold, bool(normalised))
    return Rule(
        name=name + (",normalised=1" if normalised else ""),
        citation=CITATION,
        step=_step(SIMILARITIES[similarity], weights, None, bool(normalised)),
        energy=None,
        supports=frozenset({"arrays"}),
        promises=_symmetries(similarity, "") - {"scaling"},
        statements=STATEMENTS,
    )


def heteroassociative(
    values: Array,
    similarity: str = "dot",
    separation: str = "softmax",
    degree: int = 2,
    threshold: float = 0.0,
    normalised: int = 0,
) -> Rule:
    """Return x -> sum_j p_j values_j (..., k) for ``values`` (M, k), one row per memory; no energy.

    Raises:
        ValueError: as :func:`universal_network`; at the update, values of another count than the memories.
    """
    _check(similarity, separation, degree, normalised)
    weights = _signed(separation, degree, threshold, bool(normalised))
    return Rule(
        name=f"universal:heteroassociative,similarity={similarity},separation={separation}",
        citation=CITATION,
        step=_step(SIMILARITIES[similarity], weights, values, bool(normalised)),
        energy=None,
        supports=frozenset({"arrays"}),
        statements=STATEMENTS,
    )


def _check(similarity: str, separation: str, degree: int, normalised: int) -> None:
    if similarity not in SIMILARITIES:
        raise ValueError(f"similarity: expected one of {', '.join(SIMILARITIES)}, found {similarity!r}")
    if separation not in SEPARATIONS:
        raise ValueError(f"separation: expected one of {', '.join(SEPARATIONS)}, found {separation!r}")
    if degree < 1:
        raise ValueError(f"degree: expected a positive integer, found {degree}")
    if normalised not in (0, 1):
        raise ValueError(f"normalised: expected 0 or 1, found {normalised}")


def _step(
    similarity: Similarity,
    weights: Callable[[Array, Namespace], Array],
    values: Array | None,
    normalised: bool,
) -> Callable[[Array, Array, Array], Array]:
    def step(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        rows = memories if values is None else values
        if rows.shape[-2] != memories.shape[-2]:
            raise ValueError(f"values: expected {memories.shape[-2]} rows, found {rows.shape[-2]}")
        z = similarity(memories, query, xp)
        return combine(rows, weights(per_row(beta) * (over_sum(z, xp) if normalised else z), xp), xp)

    return step
