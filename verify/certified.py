"""Certified intervals for A(n, s) and s*(n, N), without a solver.

Three-point bounds need a semidefinite solver to be found and none to be checked.  Those that statements use
were made by ``bounds.packing.three_point`` with the extra ``sdp`` and lie in ``verify/certificates`` as JSON
files for ``hopcheck certify``; each is checked again, in exact arithmetic, in every process that uses it.
"""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from bounds import packing
from bounds.exact import Real, precision
from bounds.packing import elementary, levenshtein
from simulations.codes import optimise
from simulations.codes.certificate import certify_max_cosine
from simulations.codes.search import anneal
from simulations.streams import stream

THREE_POINT = (
    *(
        "kissing-3",
        "kissing-4",
        "kissing-5",
        "petersen",
        "icosahedron",
        "gewirtz",
        "hoffman-singleton",
        "kerdock-16",
    ),
    *(
        "cosine-4-10",
        "cosine-20-56",
        "cosine-21-50",
        "cosine-21-77",
        "cosine-16-288",
        "cosine-3-7",
        "cosine-3-8",
        "cosine-4-24",
    ),
)
"""Names of the certificates."""


@cache
def certificate(name: str) -> dict[str, Any]:
    """A three-point certificate, checked now.  Raises ArithmeticError if its claim does not follow."""
    found = _peek(name)
    check = packing.certify(found)
    if not check.valid:
        raise ArithmeticError(f"the certificate {name} does not hold: {check.reason}")
    return found


def checked(claim: dict[str, Any]) -> dict[str, Any]:
    """A stored certificate, checked once in a process.  Raises ArithmeticError if it does not hold."""
    return certificate(next(name for name in THREE_POINT if _peek(name) is claim))


@cache
def _peek(name: str) -> dict[str, Any]:
    """A certificate that nobody has checked yet."""
    text = (files("verify") / "certificates" / f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def size_certificates(n: int, s: Any) -> list[dict[str, Any]]:
    """Stored certificates that bound A(n, s) from above, not checked yet: those of max cosine s or more."""
    claims = [c for c in map(_peek, THREE_POINT) if c["claim"] == "size_at_most" and c["dimension"] == n]
    return [c for c in claims if bool(packing.read_cosine(c["max_cosine"]) >= s)]


def cosine_certificates(n: int, size: int) -> list[dict[str, Any]]:
    """Stored certificates that bound s*(n, N) from below, not checked yet: those of N or fewer points."""
    claims = [c for c in map(_peek, THREE_POINT) if c["claim"] == "cosine_at_least" and c["dimension"] == n]
    return [c for c in claims if c["size"] <= size]


@cache
def largest_size(n: int, s: str) -> int:
    """The least proved upper bound on A(n, s): linear programming, Levenshtein, stored three-point bounds."""
    found = packing.best_bounds(n, s, methods=("linear-programming", "levenshtein", "circle", "rankin")).upper
    stored = [checked(c)["size"] for c in size_certificates(n, packing.read_cosine(s)) if c["size"] < found]
    return int(min([found, *stored]))


@cache
def least_cosine(n: int, size: int) -> Fraction:
    """A proved lower bound on s*(n, N): Rankin, Levenshtein, Fejes Toth (n = 3), stored three-point."""
    found = elementary.rankin_cosine(n, min(size, 2 * n))
    if size > 2 * n:
        found = max(found, levenshtein.levenshtein_cosine(n, size).low)
    if n == 3 and size > 6:
        with precision(128):
            found = max(found, elementary.fejes_toth_cosine(size).lower())
    for c in cosine_certificates(n, size):
        if Fraction(c["max_cosine"]) > found:
            found = Fraction(checked(c)["max_cosine"])
    return found


@cache
def closed_cosine(n: int, size: int) -> Any:
    """A closed form of a lower bound on s*(n, N): Rankin's, or Levenshtein's where it has one; else None."""
    return (
        levenshtein.levenshtein_cosine(n, size).exact if size > 2 * n else elementary.rankin_cosine(n, size)
    )


@cache
def found_cosine(n: int, size: int, starts: int) -> Fraction:
    """A cosine that a code found by the optimiser certainly stays below (at most 2^-150 above its own)."""
    return certify_max_cosine(optimise(n, size, seed=0, budget=starts).points)[1]


@cache
def descended_cosine(n: int, size: int, starts: int) -> Fraction:
    """The same for the best of some annealed random codes, without the optimiser's polish (large codes)."""
    drawn = stream(0, "codes.descended", n, size).standard_normal((starts, size, n))
    codes = anneal(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True))
    return min(certify_max_cosine(code)[1] for code in codes)


def size_interval(known: int, n: int, s: str) -> Real:
    """A(n, s), between the size of a code at hand and the best proved upper bound."""
    return Real.between(known, max(known, largest_size(n, s)))
