"""Binary associative memories, states in {-1,+1}^d: Hebb, polynomial and exponential.

Energy E(s) = -sum_mu F(<xi_mu, s>) with F(x) = x^n (Hopfield 1982 is n = 2; Krotov and Hopfield 2016,
arXiv 1606.01164) or F = exp (Demircigil et al. 2017, arXiv 1702.01929). Two local rules s_i <- sgn h_i:

* "flip": h_i = sum_mu F(<xi_mu, s with s_i = 1>) - F(<xi_mu, s with s_i = -1>): the sign of lower energy. For
  n = 2 this is the Hebb rule with zero diagonal, for F = exp the map T of Demircigil et al., Theorem 1.3.
* "field": h_i = sum_mu xi_i^mu F'(<xi_mu, s>), repeated indices included (there: Theorem 1.2). For n = 2 this
  is the Hebb rule with self-coupling.

sgn 0 keeps the old bit; :func:`field_signs` reports such ties as 0, so that they can be counted.

Signs are exact. Overlaps are integers up to d, exact in every float matrix product; so are the fields of a
polynomial below 2^53. Everything else is computed in float64 with an error bound, and what lies within the
bound is decided anew in integers: h_i = sum_a c_a g(a), where c_a counts with sign the memories of overlap a.
For F = exp such a sum vanishes only if every c_a does, because e is transcendental.
"""

import math
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from array_api_compat import array_namespace, device
from numpy.typing import NDArray

from simulations.variants.base import BLOCK, Array, Namespace, Rule, combine, overlaps
from simulations.variants.dense import log_mean_exp

ORDERS = ("asynchronous", "synchronous")
RULES = ("flip", "field")
HEBB = "Hopfield 1982 (PNAS 79); McEliece et al. 1987 (IEEE Trans. Inf. Theory 33)"
POLYNOMIAL = "Krotov and Hopfield 2016 (NeurIPS), arXiv 1606.01164"
EXPONENTIAL = "Demircigil et al. 2017 (J. Stat. Phys. 168), arXiv 1702.01929"


@dataclass(frozen=True)
class Spins:
    """F and the local rule: ``degree`` n >= 2 means x^n, 0 means exp; ``rule`` is "flip" or "field".

    Raises:
        ValueError: another degree or rule.
    """

    degree: int = 2
    rule: str = "flip"

    def __post_init__(self) -> None:
        if self.degree != 0 and self.degree < 2:
            raise ValueError(f"degree: expected 0 (exponential) or at least 2, found {self.degree}")
        if self.rule not in RULES:
            raise ValueError(f"rule: expected one of {', '.join(RULES)}, found {self.rule!r}")

    def exact(self, memories: Array) -> bool:
        """Tell whether all sums that make up a field are integers below 2^53."""
        count, d = memories.shape[-2:]
        return self.degree > 0 and 4 * count * (d + 2) ** self.degree < 2**53

    def unit(self, memories: Array) -> int:
        """Return what overlaps are divided by: 1 where sums stay integers, else a bound against overflow."""
        return 1 if self.exact(memories) else int(memories.shape[-1]) + 2


def check_signs(name: str, a: Array) -> None:
    """Raise ValueError unless every entry of ``a`` is -1 or +1."""
    xp = array_namespace(a)
    if not bool(xp.all((a == 1) | (a == -1))):
        raise ValueError(f"{name}: expected entries -1 and +1, found others")


def _checked(memories: Array, state: Array, xp: Namespace) -> Array:
    """Return the states with the leading axes of the memories, after a look at all entries."""
    check_signs("memories", memories)
    check_signs("state", state)
    lead = np.broadcast_shapes(state.shape[:-1], memories.shape[:-2])
    return xp.broadcast_to(state, (*lead, state.shape[-1]))


def overlap(memories: Array, state: Array) -> Array:
    """Return the integers <xi_mu, s> (..., M) as float64: float32 products of signs are exact below 2^24."""
    xp = array_namespace(memories, state)
    kind = xp.float32 if state.shape[-1] < 2**24 else xp.float64
    return xp.astype(overlaps(xp.astype(memories, kind), xp.astype(state, kind), xp), xp.float64)


def power(a: Array, n: int) -> Array:
    """Return a^n by products alone: exact where that is an integer below 2^53, unlike vectorised pow."""
    half = power(a, n // 2) if n > 1 else None
    return a if half is None else half * half * a if n % 2 else half * half


def _slope(model: Spins, a: Array, top: Array, unit: int, xp: Namespace) -> tuple[Array, Array]:
    """Return (g(a), w): h_i = sum_mu xi_i^mu g(a_mu), and a scale w of the rounding error of g.

    flip: a is the overlap without bit i, g(a) = F(a + 1) - F(a - 1). field: a is the overlap, g = F'.
    Positive factors are left out: n, powers of ``unit``, for exp 2 sinh 1 and exp(top).
    """
    if model.degree == 0:
        g = xp.exp(a - top)
        return g, g
    if model.rule == "field":
        g = power(a / unit, model.degree - 1)
        return g, xp.abs(g)
    up, down = power((a + 1) / unit, model.degree), power((a - 1) / unit, model.degree)
    return up - down, xp.abs(up) + xp.abs(down)


def _doubtful(model: Spins, memories: Array, h: Array, scale: Array, xp: Namespace) -> Array | None:
    """Return where rounding may have changed the sign of h, or None if nowhere.

    Two sums of M terms err by 2 M units, each term by 2 n (products) or a few (exp): 64 is ample.
    """
    doubtful = xp.abs(h) <= (2 * memories.shape[-2] + 2 * model.degree + 64) * 2.0**-52 * scale
    return doubtful if bool(xp.any(doubtful)) else None


def field_signs(model: Spins, memories: Array, state: Array) -> Array:
    """Return sgn h_i in {-1, 0, 1} (..., d) of every bit of the states (..., d); 0 is an exact tie.

    memories (M, d) or (..., M, d); entries of any real type. The result has the type of ``state``. States
    that share memories (M, d) are taken in blocks: no temporary has more than ``BLOCK`` elements.

    Raises:
        ValueError: entries other than -1 and +1.
    """
    xp = array_namespace(memories, state)
    state = _checked(memories, state, xp)
    lead, d = state.shape[:-1], state.shape[-1]
    size = max(1, BLOCK // max(memories.shape[-2], d))
    if memories.ndim > 2 or math.prod(lead) <= size:
        return xp.astype(_signs(model, memories, state, xp), state.dtype)
    flat = xp.reshape(state, (-1, d))
    blocks = [
        xp.astype(_signs(model, memories, flat[k : min(k + size, flat.shape[0]), :], xp), state.dtype)
        for k in range(0, flat.shape[0], size)
    ]
    return xp.reshape(xp.concat(blocks, axis=0), (*lead, d))


def _tables(model: Spins, d: int, unit: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return (even, odd, scale) by top - <xi,s> = 0..2d; top is d, or for exp the largest overlap of a state.

    With e = xi_i s_i = +-1 the overlap without bit i is m - e, and g(m - e) = even + e odd.
    """
    m = np.arange(d, -d - 1, -1.0)
    if model.rule == "field":
        even, scale = _slope(model, m, np.float64(d), unit, np)
        return even, np.zeros_like(m), scale
    less, one = _slope(model, m - 1, np.float64(d), unit, np)
    more, two = _slope(model, m + 1, np.float64(d), unit, np)
    return (less + more) / 2, (less - more) / 2, one + two


def _signs(model: Spins, memories: Array, state: Array, xp: Namespace) -> Array:
    m, d = overlap(memories, state), memories.shape[-1]
    top = d if model.degree else xp.max(m, axis=-1, keepdims=True)
    place = xp.reshape(xp.astype(top - m, xp.int64), (-1,))

    def read(table: NDArray[Any], kind: Any) -> Array:
        # A gather by the integer overlap costs less than evaluating powers or exponentials.
        return xp.reshape(xp.take(xp.asarray(table, dtype=kind, device=device(m)), place), m.shape)

    even, odd, scale = _tables(model, d, model.unit(memories))
    # |even| = 4 |m| for n = 2: below 2^24 the products are integers that float32 holds.
    small = model.degree == 2 and 4 * memories.shape[-2] * d < 2**24
    kind = xp.float32 if small else xp.float64
    h = xp.astype(combine(xp.astype(memories, kind), read(even, kind), xp), xp.float64)
    if model.rule == "flip":
        h = h + xp.astype(state, xp.float64) * xp.sum(read(odd, xp.float64), axis=-1, keepdims=True)
    if model.exact(memories):
        return xp.sign(h)
    doubtful = _doubtful(model, memories, h, xp.sum(read(scale, xp.float64), axis=-1, keepdims=True), xp)
    return xp.sign(h) if doubtful is None else _decided(model, memories, state, xp.sign(h), doubtful, xp)


def _decided(
    model: Spins, memories: Array, state: Array, sign: Array, doubtful: Array, xp: Namespace, bit: int = -1
) -> Array:
    """Replace the doubtful signs (..., d), or (...) of one bit, by exact ones computed on the host."""
    out, lead = np.array(_host(sign)), state.shape[:-1]
    rows = np.broadcast_to(_host(memories), (*lead, *memories.shape[-2:]))
    states = _host(state)
    for place in np.argwhere(_host(doubtful)):
        where, i = (tuple(place), bit) if bit >= 0 else (tuple(place[:-1]), int(place[-1]))
        out[tuple(place)] = exact_sign(model, rows[where], states[where], i)
    return xp.asarray(out, device=device(sign))


def _host(a: Array) -> NDArray[Any]:
    return np.asarray(a.cpu() if hasattr(a, "cpu") else a)


def exact_sign(model: Spins, memories: NDArray[Any], state: NDArray[Any], bit: int) -> int:
    """Return sgn h_i of one state (d,), in integers (polynomial) or with as many digits as it takes (exp)."""
    rows, s = memories.astype(np.int64), state.astype(np.int64)
    overlap_without = rows @ s - (rows[:, bit] * s[bit] if model.rule == "flip" else 0)
    levels, place = np.unique(overlap_without, return_inverse=True)
    counts = np.zeros(len(levels), dtype=np.int64)
    np.add.at(counts, place.reshape(-1), rows[:, bit])
    pairs = [(int(a), int(c)) for a, c in zip(levels, counts, strict=True) if c]
    if model.degree == 0:
        return _sign_of_exponentials(pairs)
    n = model.degree
    total = sum(
        c * (a ** (n - 1) if model.rule == "field" else (a + 1) ** n - (a - 1) ** n) for a, c in pairs
    )
    return int(total > 0) - int(total < 0)


def _sign_of_exponentials(pairs: list[tuple[int, int]]) -> int:
    """Return the sign of sum_a c_a e^a over distinct a, c_a != 0: not 0 unless the sum is empty."""
    if not pairs:
        return 0
    top, digits = max(a for a, _ in pairs), 30
    while True:
        with mpmath.workdps(digits):
            terms = [c * mpmath.exp(a - top) for a, c in pairs]
            total, scale = mpmath.fsum(terms), mpmath.fsum(terms, absolute=True)
            if abs(total) > scale * mpmath.mpf(10) ** (5 - digits):
                return int(mpmath.sign(total))
        digits *= 2


def update(model: Spins, memories: Array, state: Array, order: str = "asynchronous") -> Array:
    """Return the states (..., d) after all bits at once, or one after the other in their order (a sweep).

    Raises:
        ValueError: entries other than -1 and +1, or another order.
    """
    if order not in ORDERS:
        raise ValueError(f"order: expected one of {', '.join(ORDERS)}, found {order!r}")
    xp = array_namespace(memories, state)
    if order == "synchronous":
        sign = field_signs(model, memories, state)
        return xp.where(sign == 0, state, sign)
    return _sweep(model, memories, _checked(memories, state, xp), xp)


def _sweep(model: Spins, memories: Array, state: Array, xp: Namespace) -> Array:
    """Visit the bits in their order and carry the overlaps along: O(M) operations for a bit of a state."""
    m = overlap(memories, state)
    columns = [state[..., i] for i in range(state.shape[-1])]
    for i, old in enumerate(columns):
        s, xi = xp.astype(old, xp.float64), xp.astype(memories[..., i], xp.float64)
        h, doubtful = _bit_field(model, memories, m, s, xi, xp)
        sign = xp.sign(h)
        if doubtful is not None:
            now = xp.stack(columns, axis=-1)
            sign = _decided(model, memories, now, sign, doubtful, xp, bit=i)
        new = xp.where(sign == 0, s, sign)
        if bool(xp.any(new != s)):
            m = m + xi * (new - s)[..., None]
            columns[i] = xp.astype(new, old.dtype)
    return xp.stack(columns, axis=-1)


def _bit_field(
    model: Spins, memories: Array, m: Array, s: Array, xi: Array, xp: Namespace
) -> tuple[Array, Array | None]:
    """Return the field (...) of one bit s, and where it is doubtful; xi (..., M) are the memories' bits."""
    if model.degree == 2:  # linear: h/4 = <xi, m> - M s, integers
        h = xp.matmul(m, xi) if xi.ndim == 1 else xp.sum(xi * m, axis=-1)
        return (h - xi.shape[-1] * s if model.rule == "flip" else h), None
    a = m - xi * s[..., None] if model.rule == "flip" else m
    g, scale = _slope(model, a, xp.max(a, axis=-1, keepdims=True), model.unit(memories), xp)
    h = xp.sum(xi * g, axis=-1)
    exact = model.exact(memories)
    return h, None if exact else _doubtful(model, memories, h, xp.sum(scale, axis=-1), xp)


def energy(model: Spins, memories: Array, state: Array) -> Array:
    """Return E(s) = -sum_mu F(<xi_mu, s>) (...), float64, exact for polynomials below 2^53.

    For exp the increasing function -log(-E), which does not overflow. See also :func:`exact_energy`.
    """
    xp = array_namespace(memories, state)
    m = overlap(memories, state)
    if model.degree == 0:
        return -(log_mean_exp(m, xp)[..., 0] + math.log(m.shape[-1]))
    return -xp.sum(power(m, model.degree), axis=-1)


def exact_energy(model: Spins, memories: NDArray[Any], state: NDArray[Any]) -> NDArray[Any]:
    """Return -sum_mu <xi_mu, s>^n (...) as Python integers of any size.

    Raises:
        ValueError: the exponential energy, which is no integer.
    """
    if model.degree == 0:
        raise ValueError("exact_energy: expected a polynomial energy, found the exponential one")
    integers = overlap(memories, state).astype(np.int64).astype(object)
    return np.asarray(-np.sum(integers**model.degree, axis=-1), dtype=object)


def binary(citation: str, statements: tuple[str, ...], name: str, degree: int, rule: str, order: str) -> Rule:
    """Return the rule of one step; beta is ignored.

    A sweep of "flip" lowers the energy with each bit that turns. With "field" and convex F (even n, exp) so
    does every step, all bits at once too: F(m') >= F(m) + F'(m)(m' - m), summed over the memories, gains
    2 |h_i| for each bit that turns. States are finitely many, hence the limit. Other steps may cycle.

    Raises:
        ValueError: another degree, rule or order.
    """
    model = Spins(degree, rule)
    if order not in ORDERS:
        raise ValueError(f"order: expected one of {', '.join(ORDERS)}, found {order!r}")
    convex = rule == "field" and degree % 2 == 0
    descends = convex or (rule == "flip" and order == "asynchronous")
    return Rule(
        name=name,
        citation=citation,
        step=lambda memories, query, beta: update(model, memories, query, order),
        energy=lambda memories, query, beta: energy(model, memories, query),
        supports=frozenset({"spins", "arrays"}),
        promises=frozenset({"permutation"} | ({"monotone", "limit"} if descends else set())),
        statements=statements,
    )


def hebb(rule: str = "flip", order: str = "asynchronous") -> Rule:
    """Return the classical network; "flip" has a zero diagonal, "field" self-coupling."""
    ids = (
        "mceliece1987.*",
        "ags1985.*",
        "newman1988.*",
        "restated.hebb-exact-binomial",
        "restated.ags-zero-temperature",
        "arxiv2504.04879.*",
    )
    return binary(HEBB, ids, f"hebb:rule={rule},order={order}", 2, rule, order)


def polynomial(degree: int = 3, rule: str = "flip", order: str = "asynchronous") -> Rule:
    """Return the dense associative memory with F(x) = x^degree."""
    ids = (
        "krotov-hopfield2016.*",
        "restated.kh-finite-moments",
        "restated.kh-all-patterns",
        "demircigil2017.thm1.1",
        "demircigil2017.thm1.2",
    )
    if degree == 0:
        raise ValueError("degree: expected at least 2, found 0")
    name = f"polynomial:degree={degree},rule={rule},order={order}"
    return binary(POLYNOMIAL, ids, name, degree, rule, order)


def exponential(rule: str = "flip", order: str = "asynchronous") -> Rule:
    """Return the model with F = exp; -sum_mu exp(-|xi_mu - s|^2/2) is the same energy times exp(-d)."""
    ids = ("demircigil2017.thm1.3", "restated.demircigil-*", "arxiv2504.04879.*", "arxiv2509.06905.*")
    return binary(EXPONENTIAL, ids, f"exponential:rule={rule},order={order}", 0, rule, order)
