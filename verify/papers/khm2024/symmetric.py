"""Orthonormal and simplex memories: the capacity by a scalar criterion.

Statements of this project beside J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Proposition 2.1.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from sympy import Abs, Eq, Le, Symbol, exp

from bounds.exact import Real, escalate
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.crosstalk import PAPER, RELATED, heat_of, one, whole
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

OWN = Source(PAPER, f"{RELATED}, Proposition 2.1")
b = Symbol("b", positive=True)
"""Inverse temperature of a grid point."""


def _strength(heat: Fraction, memories: int, simplex: int) -> Fraction:
    return heat * Fraction(memories, memories - 1) if simplex else heat


def criterion(heat: Fraction, memories: int, simplex: int) -> bool:
    """M - 1 <= max over [1/2, 1) of g(w) = (1-w)/w exp(beta (w - (1-w)/(M-1))), in balls.

    With c = beta M/(M-1), log g has derivative c - 1/(w (1-w)): the maximum is at (1 + sqrt(1 - 4/c))/2, at 1/2 if c < 4.
    """
    if memories < 3:
        return True
    strength = _strength(heat, memories, simplex)

    def holds() -> bool:
        c = Real(strength) * Fraction(memories, memories - 1)
        w = (1 + (1 - 4 / c).sqrt()) / 2 if c > 4 else Real(Fraction(1, 2))
        largest = ((1 - w) / w).log() + strength * (w - (1 - w) / (memories - 1))
        return bool(Real(memories - 1).log() <= largest)

    return escalate(holds)


STEPS = 40_000


def iteration(heat: Fraction, memories: int, simplex: int) -> bool:
    """Whether the iteration w -> 1/(1 + (M-1) exp(-beta (w - (1-w)/(M-1)))) from w = 1 stays at 1/2 or above.

    The map increases in w, so the iterates fall to its largest fixed point.  Decided in balls: an iterate
    certainly below 1/2, or a point above 1/2 that is certainly not moved down.
    """
    if memories < 3:
        return True
    strength, rest = _strength(heat, memories, simplex), memories - 1
    slope = Real(strength) * Fraction(memories, rest)
    offset = Real(strength) / rest + Real(rest).log()
    w = Real(1)
    for step in range(STEPS):
        image = 1 / (1 + (-(slope * w - offset)).exp())
        if image.upper() < Fraction(1, 2):
            return False
        if step % 16 == 0:
            lower = Real(w.lower() - (w.lower() - image.lower()) * 4)
            if (
                lower >= Fraction(1, 2)
                and (1 / (1 + (-(slope * lower - offset)).exp())).lower() >= lower.upper()
            ):
                return True
        w = image
    raise ArithmeticError(f"the iteration for {memories} memories at beta = {heat} was not decided")


@cache
def largest_by_criterion(heat: Fraction, simplex: int) -> int:
    """The largest M that the criterion admits (it admits all smaller ones)."""
    low, high = 2, 4
    while criterion(heat, high, simplex):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if criterion(heat, middle, simplex) else (low, middle)
    return low


@quantity("storage_symmetric_capacity", "largest M of orthonormal (simplex) memories by the criterion")
def symmetric_capacity(batch: Instances) -> Array:
    return one(largest_by_criterion(heat_of(batch), whole(batch, "simplex")))


@quantity("storage_iterated", "1 if the iteration from the memory keeps weight 1/2, else 0")
def iterated(batch: Instances) -> Array:
    return one(int(iteration(heat_of(batch), _memories(batch), whole(batch, "simplex"))))


@quantity("storage_admitted", "1 if the criterion admits that many memories, else 0")
def admitted(batch: Instances) -> Array:
    return one(int(criterion(heat_of(batch), _memories(batch), whole(batch, "simplex"))))


def _memories(batch: Instances) -> int:
    """The capacity by the criterion plus the offset of the grid point."""
    return max(2, largest_by_criterion(heat_of(batch), whole(batch, "simplex")) + whole(batch, "more"))


LEADING = exp(b - 1) / (b - 1)
large = Symbol("large", nonnegative=True)
IFF, GROWTH = "the iteration agrees with the criterion", "growth with beta"


def _symmetric(name: str, title: str, simplex: int, printed: str, notice: str) -> Identity:
    small = tuple(
        {"b": heat, "more": extra, "simplex": simplex, "large": 0}
        for heat in (1, 2, 3, "7/2", 4, 5, 6, 8, 10)
        for extra in (-1, 0, 1, 2)
    )
    cold = tuple({"b": heat, "more": 0, "simplex": simplex, "large": 1} for heat in (12, 20, 50, 100, 200))
    return Identity(
        id=name,
        title=title,
        source=OWN,
        provenance="derived",
        printed=printed,
        arena=Points((*small, *cold)),
        parts=(
            Part(IFF, Eq(iterated, admitted), given=(Hypothesis(Eq(large, 0), "sizes that are iterated"),)),
            Part(
                GROWTH,
                Le(Abs(symmetric_capacity / LEADING - 1), 4 / b**2),
                given=(Hypothesis(Eq(large, 1), "large beta"),),
            ),
        ),
        controls=(
            Control("always stored", Eq(iterated, 1), IFF),
            Control("exp(beta)/beta", Le(Abs(symmetric_capacity * b / exp(b) - 1), 4 / b**2), GROWTH),
        ),
        related=("hu2024.prop2.1.fixed-beta", "restated.d4.i", "restated.a10.saturation"),
        notices=(
            notice,
            "The grid holds the largest M by the criterion, one less, one more and two more; the iteration falls from w = 1 to "
            "its largest fixed point, and both outcomes are certified in balls.",
            "The law exp(beta - 1)/(beta - 1) is tested with a relative error of 4/beta^2, beta up to 200.",
        ),
    )


ORTHONORMAL = _symmetric(
    "restated.a10.orthonormal",
    "Capacity of orthonormal memories",
    0,
    r"\exists\,w\ge\tfrac12\iff M-1\le\max_{1/2\le w<1}\tfrac{1-w}w\exp\!\big(\beta(w-\tfrac{1-w}{M-1})\big);\quad "
    r"M_{\max}\sim\tfrac{e^{\beta-1}}{\beta-1}",
    "Symmetric states w y_mu + (1-w)/(M-1) sum of the others; the update maps w to 1/(1 + (M-1) exp(-beta (w - (1-w)/(M-1)))).",
)
SIMPLEX = _symmetric(
    "restated.a10.simplex",
    "Capacity of simplex memories",
    1,
    r"\exists\,w\ge\tfrac12\iff M-1\le\max_{1/2\le w<1}\tfrac{1-w}w\exp\!\big(\tfrac{\beta M}{M-1}(w-\tfrac{1-w}{M-1})\big)",
    "As restated.a10.orthonormal with beta M/(M-1) in the exponent; the same leading growth.",
)


STATEMENTS: tuple[Statement, ...] = (ORTHONORMAL, SIMPLEX)
