"""Certificates of packing bounds as JSON objects, and their check without any solver.

A certificate is ``{"format", "kind", "claim", "dimension", "max_cosine", "size", ...data of the kind}``.
Claims:

* ``size_at_most``: every code on S^{n-1} with max cosine <= ``max_cosine`` has at most ``size`` points;
* ``cosine_at_least``: every code of ``size`` points on S^{n-1} has max cosine >= ``max_cosine``;
* ``size_at_least``: some code of ``size`` points on S^{n-1} has max cosine <= ``max_cosine``.

``max_cosine`` is text that :func:`bounds.packing.cosine.read_cosine` reads: exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from bounds.exact import Real, escalate
from bounds.packing import elementary, existence, gegenbauer, levenshtein, simplex, three_point
from bounds.packing.cosine import rational_above, rational_below, read_cosine, same
from bounds.packing.linear import Proof, holds

FORMAT = "hopcheck packing certificate 1"
CLAIMS = ("size_at_most", "cosine_at_least", "size_at_least")
_DIMENSION_LIMIT, _COEFFICIENTS_LIMIT, _DIGITS_LIMIT, _DEGREE_LIMIT = 100_000, 200, 20_000, 20
_RATIONAL = re.compile(r"-?\d+(/[1-9]\d*)?")

Certificate = Mapping[str, Any]


class CertificateError(ValueError):
    """What was given is not a certificate: a field is missing, malformed or out of range."""


class Check(NamedTuple):
    """Whether the claim follows from the data, the claim in words, and why not if it does not."""

    valid: bool
    statement: str
    reason: str


def make(kind: str, claim: str, n: int, s: Any, size: int, **data: Any) -> dict[str, Any]:
    """A certificate object, ready for ``json.dumps``."""
    head = {"format": FORMAT, "kind": kind, "claim": claim, "dimension": n}
    return {**head, "max_cosine": str(read_cosine(s)), "size": size, **data}


def linear_data(proof: Proof) -> dict[str, Any]:
    """The data of a linear programming proof: Gegenbauer coefficients, shift and interval as exact text."""
    return {
        "coefficients": [str(c) for c in proof.coefficients],
        "shift": str(proof.shift),
        "upto": str(proof.upto),
    }


def certify(certificate: Any) -> Check:
    """Check a certificate again from its own data, in exact and ball arithmetic and without a solver.

    Raises CertificateError for anything that is not a certificate; a certificate whose claim does not follow
    gives ``valid`` False with the reason.
    """
    n, s, size = _head(certificate)
    kind, claim = certificate["kind"], certificate["claim"]
    rule = _RULES.get((kind, claim))
    if rule is None:
        raise CertificateError(f"kind {kind!r}: no proof of {claim} by this kind is known")
    try:
        reason = rule(n, s, size, certificate)
    except CertificateError:
        raise
    except (ValueError, ArithmeticError) as error:  # outside the hypotheses of the theorem, or not decidable
        reason = str(error)
    return Check(not reason, _words(claim, n, certificate["max_cosine"], size), reason)


def _words(claim: str, n: int, s: str, size: int) -> str:
    return {
        "size_at_most": f"codes on S^{n - 1} with max cosine <= {s} have at most {size} points",
        "cosine_at_least": f"codes of {size} points on S^{n - 1} have max cosine >= {s}",
        "size_at_least": f"some code of {size} points on S^{n - 1} has max cosine <= {s}",
    }[claim]


def _head(c: Any) -> tuple[int, Any, int]:
    if not isinstance(c, Mapping) or c.get("format") != FORMAT:
        raise CertificateError(f"expected a JSON object with format {FORMAT!r}")
    n, size, s = c.get("dimension"), c.get("size"), c.get("max_cosine")
    if not isinstance(n, int) or isinstance(n, bool) or not (2 <= n <= _DIMENSION_LIMIT):
        raise CertificateError(f"dimension: expected an integer from 2 to {_DIMENSION_LIMIT}, found {n!r}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise CertificateError(f"size: expected an integer >= 1, found {size!r}")
    if c.get("claim") not in CLAIMS or not isinstance(c.get("kind"), str):
        raise CertificateError(f"claim: expected one of {', '.join(CLAIMS)} and a kind beside it")
    if not isinstance(s, str):
        raise CertificateError(f"max_cosine: expected exact text such as '1/2', found {s!r}")
    try:
        return n, read_cosine(s), size
    except ValueError as error:
        raise CertificateError(str(error)) from None


def rational(c: Certificate, field: str, value: Any) -> Fraction:
    """A rational of a certificate, written as text ``p`` or ``p/q``."""
    if not isinstance(value, str) or len(value) > _DIGITS_LIMIT or not _RATIONAL.fullmatch(value):
        raise CertificateError(f"{field}: expected a rational number as text, found {str(value)[:40]!r}")
    return Fraction(value)


# One rule per kind and claim: an empty text when the claim follows, else the reason why not.


def _at_most(bound: Callable[[int, Any], int]) -> Callable[..., str]:
    def rule(n: int, s: Any, size: int, _c: Certificate) -> str:
        value = bound(n, s)
        return "" if value <= size else f"the bound gives {value}, not {size}"

    return rule


def _at_least(bound: Callable[[int, Any], int]) -> Callable[..., str]:
    def rule(n: int, s: Any, size: int, _c: Certificate) -> str:
        value = bound(n, s)
        return "" if value >= size else f"a code of {value} points is certain, not of {size}"

    return rule


def _exceeds(bound: Callable[[int, Any], int]) -> Callable[..., str]:
    """cosine_at_least from A(n, s) <= size - 1."""

    def rule(n: int, s: Any, size: int, _c: Certificate) -> str:
        value = bound(n, s)
        return "" if value < size else f"up to {value} points are possible at this max cosine"

    return rule


def _rounded(bound: Callable[[int, Real], Real], bits: int = 256) -> Callable[[int, Any], int]:
    def value(n: int, s: Any) -> int:
        upto = Real(rational_above(s))
        return escalate(lambda: elementary.floor_above(bound(n, upto)), bits, 4 * bits)

    return value


def levenshtein_size(n: int, s: Any) -> int:
    """floor of Levenshtein's bound at s (at a rational number within 2^-200 above it)."""
    return elementary.floor_above(levenshtein.levenshtein(n, Real(rational_above(s))).value)


simplex_floor = _rounded(simplex.simplex_size, 64)
cap_floor = _rounded(elementary.cap_packing_size)


def fejes_toth_floor(n: int, s: Any) -> int:
    """floor of Fejes Toth's bound on A(3, s)."""
    if n != 3:
        raise ValueError(f"dimension {n}: expected 3 for Fejes Toth's bound")
    return _rounded(lambda _n, x: elementary.fejes_toth_size(x))(n, s)


def circle_floor(n: int, s: Any) -> int:
    """A(2, s)."""
    if n != 2:
        raise ValueError(f"dimension {n}: expected 2 for the circle")
    return elementary.circle_size(s)


def _rankin_cosine(n: int, s: Any, size: int, _c: Certificate) -> str:
    value = elementary.rankin_cosine(n, min(size, 2 * n))
    return "" if s <= value else f"the least max cosine is {value}"


def _circle_cosine(n: int, s: Any, size: int, _c: Certificate) -> str:
    sharp = same(s, elementary.circle_cosine(size))
    return "" if sharp or circle_floor(n, s) < size else "the regular polygon has a smaller max cosine"


def _levenshtein_cosine(n: int, s: Any, size: int, _c: Certificate) -> str:
    return "" if levenshtein.attains(n, size, s) else f"Levenshtein's bound exceeds {size} at this max cosine"


def _linear_value(n: int, s: Any, c: Certificate) -> Fraction | str:
    given = c.get("coefficients")
    if not isinstance(given, list) or not (2 <= len(given) <= _COEFFICIENTS_LIMIT):
        raise CertificateError("coefficients: expected a list of at least two rational numbers")
    proof = Proof(
        [rational(c, f"coefficients[{k}]", x) for k, x in enumerate(given)],
        rational(c, "shift", c.get("shift")),
        rational(c, "upto", c.get("upto")),
    )
    if proof.coefficients[0] != 1 or min(proof.coefficients) < 0:
        return "the coefficients must be 1, then numbers >= 0"
    if not proof.shift < 1:
        return "the shift must be below 1"
    if not (proof.upto < 1 and read_cosine(proof.upto) >= s):
        return "the interval ends below the max cosine"
    if not holds(gegenbauer.combine(n, proof.coefficients), proof.shift, proof.upto):
        return f"the polynomial exceeds {proof.shift} on [-1, {proof.upto}]"
    return proof.value


def _linear_size(n: int, s: Any, size: int, c: Certificate) -> str:
    value = _linear_value(n, s, c)
    if isinstance(value, str):
        return value
    return "" if value < size + 1 else f"the polynomial proves at most {float(value):.9g}"


def _linear_cosine(n: int, s: Any, size: int, c: Certificate) -> str:
    value = _linear_value(n, s, c)
    if isinstance(value, str):
        return value
    return (
        ""
        if value < size
        else f"the polynomial proves at most {float(value):.9g} points, not fewer than {size}"
    )


def _three_point_proof(n: int, s: Any, c: Certificate) -> three_point.Proof | str:
    rows, factors = c.get("diagonal"), c.get("factors")
    if not isinstance(rows, list) or not (1 <= len(rows) <= _DEGREE_LIMIT) or not isinstance(factors, list):
        raise CertificateError("diagonal, factors: expected lists of rational numbers and of matrices")
    proof = three_point.Proof(
        n,
        [rational(c, f"diagonal[{k}]", x) for k, x in enumerate(rows)],
        [_matrix(c, f"factors[{k}]", x) for k, x in enumerate(factors)],
        rational(c, "pair_max", c.get("pair_max")),
        rational(c, "triple_gap", c.get("triple_gap")),
        rational(c, "upto", c.get("upto")),
    )
    if n < 3 or not read_cosine(proof.upto) >= s:
        return "the interval ends below the max cosine, or the dimension is below 3"
    return three_point.defect(proof) or proof


def _matrix(c: Certificate, field: str, given: Any) -> list[list[Fraction]]:
    if not isinstance(given, list) or not given or not all(isinstance(row, list) for row in given):
        raise CertificateError(f"{field}: expected a matrix as a list of rows")
    if len({len(row) for row in given}) != 1 or len(given[0]) > len(given):
        raise CertificateError(f"{field}: expected rows of the same length, at most as many columns as rows")
    return [[rational(c, field, x) for x in row] for row in given]


def _three_point_size(n: int, s: Any, size: int, c: Certificate) -> str:
    proof = _three_point_proof(n, s, c)
    if isinstance(proof, str):
        return proof
    return "" if proof.value < size + 1 else f"the matrices prove at most {float(proof.value):.9g}"


def _three_point_cosine(n: int, s: Any, size: int, c: Certificate) -> str:
    proof = _three_point_proof(n, s, c)
    if isinstance(proof, str):
        return proof
    return "" if proof.value < size else f"the matrices prove at most {float(proof.value):.9g} points"


def _code(n: int, s: Any, size: int, c: Certificate) -> str:
    points = c.get("points")
    if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == n for p in points):
        raise CertificateError(f"points: expected a list of vectors of {n} rational numbers")
    rows = [[rational(c, f"points[{i}]", x) for x in p] for i, p in enumerate(points)]
    if len(rows) < size:
        return f"{len(rows)} points are given"
    return existence.code_defect(rows[:size], rational_below(s))


_RULES: dict[tuple[str, str], Callable[[int, Any, int, Certificate], str]] = {
    ("rankin", "size_at_most"): _at_most(elementary.rankin_size),
    ("rankin", "cosine_at_least"): _rankin_cosine,
    ("circle", "size_at_most"): _at_most(circle_floor),
    ("circle", "cosine_at_least"): _circle_cosine,
    ("levenshtein", "size_at_most"): _at_most(levenshtein_size),
    ("levenshtein", "cosine_at_least"): _levenshtein_cosine,
    ("fejes-toth", "size_at_most"): _at_most(fejes_toth_floor),
    ("fejes-toth", "cosine_at_least"): _exceeds(fejes_toth_floor),
    ("simplex", "size_at_most"): _at_most(simplex_floor),
    ("simplex", "cosine_at_least"): _exceeds(simplex_floor),
    ("caps", "size_at_most"): _at_most(cap_floor),
    ("caps", "cosine_at_least"): _exceeds(cap_floor),
    ("linear-programming", "size_at_most"): _linear_size,
    ("linear-programming", "cosine_at_least"): _linear_cosine,
    ("three-point", "size_at_most"): _three_point_size,
    ("three-point", "cosine_at_least"): _three_point_cosine,
    ("elementary", "size_at_least"): _at_least(existence.elementary_size),
    ("covering", "size_at_least"): _at_least(existence.covering_size),
    ("random", "size_at_least"): _at_least(existence.expurgated_size),
    ("code", "size_at_least"): _code,
}
