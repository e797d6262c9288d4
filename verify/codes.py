"""Spherical codes on the command line: certified bounds held against the codes that exist."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import sympy as sp

from bounds import packing
from bounds.packing import Bound, CertificateError, Check
from verify import certified
from verify.codes_text import cosine_record, cosine_text, size_record, size_text
from verify.loader import InputError

FORMAT = "hopcheck packing certificates 1"

_SEARCH_LIMIT = 150
"""Largest number of points that are optimised without being asked for by ``--size``."""


def _codes() -> Any:
    """The package of codes, imported when a code is asked for: the bounds alone do not need it."""
    return importlib.import_module("simulations.codes")


@dataclass(frozen=True)
class Search:
    """How codes without a construction are looked for: root seed, number of starts or budget name, on or
    off.
    """

    seed: int = 0
    budget: str | int = "quick"
    enabled: bool = True


@dataclass(frozen=True)
class Found:
    """Bounds and the code behind the constructive one (None where a bound without a code is better)."""

    bounds: Any
    code: Any = None


# From a code to a certified bound


def fits(code: Any, s: Any) -> bool:
    """Whether the max cosine of a code is certainly <= the exact number ``s``."""
    value = packing.read_cosine(s)
    if code.max_cosine_exact is not None:
        exact = sp.sympify(code.max_cosine_exact)
        return bool(packing.same(exact, value) or exact < value)
    enclosure = code.max_cosine_enclosure
    return enclosure is not None and enclosure[1] <= packing.rational_below(value)


def code_certificate(code: Any, n: int, s: Any) -> dict[str, Any]:
    """The certificate that this code of max cosine <= ``s`` exists: its construction, or its coordinates."""
    size = len(code.points)
    if code.max_cosine_exact is not None:
        return packing.make("construction", "size_at_least", n, s, size, construction=code.name)
    points = [[str(Fraction(float(x))) for x in p] for p in code.points]
    return packing.make("code", "size_at_least", n, s, size, points=points)


def check(certificate: Any) -> Check:
    """Check a certificate again; codes named by their construction are built again from it.

    Raises CertificateError for anything that is not a certificate.
    """
    if not isinstance(certificate, dict) or certificate.get("kind") != "construction":
        return packing.certify(certificate)
    name = certificate.get("construction")
    if not isinstance(name, str):
        raise CertificateError(f"construction: expected the name of a code, found {name!r}")
    # The head is checked as that of any certificate; `elementary` is a rule that has no data.
    statement = packing.certify({**certificate, "kind": "elementary", "claim": "size_at_least"}).statement
    if certificate.get("claim") != "size_at_least":
        raise CertificateError("claim: a construction proves size_at_least only")
    n, size = certificate["dimension"], certificate["size"]
    for code in _named(name, n, size):
        if code.points.shape[1] <= n and len(code.points) >= size and fits(code, certificate["max_cosine"]):
            return Check(True, statement, "")
    return Check(False, statement, f"no construction {name!r} of {size} points has this max cosine")


def _named(name: str, n: int, size: int) -> Iterator[Any]:
    codes = _codes()
    if size >= 2:
        code = codes.best_known(n, size)
        if code is not None and code.name == name:
            yield code
    try:
        code = codes.construct(name)
    except (ValueError, KeyError):
        return
    if code.max_cosine_exact is not None:
        yield code


# The two questions


def largest_size(n: int, s: Any, search: Search, *, degree: int | None = None, sdp: int = 0) -> Found:
    """The certified interval for A(n, s) with the largest code at hand: constructed, else optimised.

    Raises InputError for n or s out of range.
    """
    try:
        value = packing.read_cosine(s)
        plain = packing.best_bounds(n, value, degree=degree, sdp=sdp)
    except ValueError as error:
        raise InputError(str(error)) from None
    better = [c for c in certified.size_certificates(n, value) if c["size"] < plain.upper]
    for c in sorted(better, key=lambda c: c["size"])[:1]:
        plain = plain.with_known(_stored(c, "upper", c["size"]))
    best = None
    for code in _codes().constructions(n) if plain.lower < plain.upper else ():
        if len(code.points) > (len(best.points) if best is not None else plain.lower) and fits(code, value):
            best = code
    if search.enabled:
        lower = max(plain.lower, len(best.points) if best is not None else 0)
        best = _search_up(n, value, lower, min(plain.upper, _SEARCH_LIMIT), search) or best
    if best is None:
        return Found(plain)
    certificate = code_certificate(best, n, value)
    bound = Bound(best.name, "lower", len(best.points), True, "a code", certificate)
    return Found(plain.with_known(bound), best)


def _stored(certificate: dict[str, Any], side: str, value: Any) -> Bound:
    """A three-point bound that was found beforehand, after another look at its certificate."""
    source = "Bachoc, Vallentin 2008; stored"
    return Bound("three-point", side, value, True, source, certified.checked(certificate))


def _search_up(n: int, s: Any, lower: int, upper: int, search: Search) -> Any:
    """The largest optimised code of max cosine <= s with more than ``lower`` and at most ``upper`` points,
    by halving.
    """
    best = None
    while lower < upper:
        middle = (lower + upper + 1) // 2
        code = _optimise(n, middle, search)
        if fits(code, s):
            best, lower = code, middle
        else:
            upper = middle - 1
    return best


def least_cosine(n: int, size: int, search: Search, *, degree: int | None = None, sdp: int = 0) -> Found:
    """The certified interval for the least max cosine of ``size`` points with the best code at hand.

    Raises InputError for n or size out of range.
    """
    try:
        plain = packing.best_angle_bounds(n, size, degree=degree, sdp=sdp)
    except ValueError as error:
        raise InputError(str(error)) from None
    better = [c for c in certified.cosine_certificates(n, size) if Fraction(c["max_cosine"]) > plain.lower]
    for c in sorted(better, key=lambda c: Fraction(c["max_cosine"]))[-1:]:
        plain = plain.with_known(_stored(c, "lower", Fraction(c["max_cosine"])))
    code = _codes().best_known(n, size)
    if code is None and search.enabled:
        code = _optimise(n, size, search)
    if code is None or code.max_cosine_enclosure is None:
        return Found(plain)
    high = code.max_cosine_enclosure[1]
    exact = code.max_cosine_exact
    rational = exact is not None and sp.sympify(exact).is_Rational
    value = Fraction(int(exact.p), int(exact.q)) if rational else _coarse(high)
    text = _readable(exact)
    certificate = code_certificate(code, n, text or value)
    bound = Bound(code.name, "upper", value, True, "a code", certificate, text)
    return Found(plain.with_known(bound), code)


def _coarse(high: Fraction) -> Fraction:
    """The least multiple of 2^-64 that is at least ``high``: short to write, and as good."""
    return Fraction(-((-high.numerator << 64) // high.denominator), 1 << 64)


def _readable(exact: Any) -> str:
    """Text of an exact max cosine that a certificate can hold; empty for roots of cubics and the like."""
    try:
        return str(packing.read_cosine(str(exact)))
    except ValueError:
        return ""


def _optimise(n: int, size: int, search: Search) -> Any:
    def show(progress: Any) -> None:
        line = (
            f"{size} points: start {progress.starts}/{progress.budget}, max cosine {progress.max_cosine:.10f}"
        )
        click.echo(f"\r{line}", err=True, nl=False)

    shown = sys.stderr.isatty()
    try:
        code = _codes().optimise(
            n, size, seed=search.seed, budget=search.budget, progress=show if shown else None
        )
    except ValueError as error:
        raise InputError(str(error)) from None
    if shown:
        click.echo(err=True)
    return code


def certificates(found: Found) -> dict[str, Any]:
    """The certificates of all bounds that give the two ends of the interval, as one JSON object."""
    ends = [b.certificate for side in ("lower", "upper") for b in found.bounds.attaining(side)]
    return {"format": FORMAT, "certificates": [c for c in ends if c is not None]}


# Commands


@click.command("code")
@click.option("--dimension", type=click.IntRange(min=2), required=True, help="Dimension n of the space.")
@click.option("--max-cosine", "cosine", default=None, help="s: how many points with inner products <= s?")
@click.option("--size", type=click.IntRange(min=2), default=None, help="N: how small a max cosine?")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--coordinates", is_flag=True, help="Add the coordinates of the code to the JSON object.")
@click.option("--certificate", "file", default=None, metavar="FILE", help="Write the certificates to FILE.")
@click.option("--degree", type=click.IntRange(1, 120), default=None, help="Degree of the linear programme.")
@click.option("--sdp", type=click.IntRange(0, 10), default=0, help="Degree of the three-point bound; 0: off.")
@click.option("--search/--no-search", default=True, help="Optimise a code where none is known by name.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--starts", type=click.IntRange(min=1), default=None, help="Starts of the optimiser.")
def code_command(
    dimension: int,
    cosine: str | None,
    size: int | None,
    as_json: bool,
    coordinates: bool,
    file: str | None,
    degree: int | None,
    sdp: int,
    search: bool,
    seed: int,
    starts: int | None,
) -> None:
    """Bound spherical codes: the largest size for a max cosine, or the least max cosine for a size."""
    if (cosine is None) == (size is None):
        raise InputError("expected one of --max-cosine s and --size N")
    look = Search(seed, starts or "quick", search)
    try:
        if size is None:
            found = largest_size(dimension, cosine, look, degree=degree, sdp=sdp)
            record, text = size_record(found), size_text(found)
        else:
            found = least_cosine(dimension, size, look, degree=degree, sdp=sdp)
            record, text = cosine_record(found), cosine_text(found)
    except ImportError as error:
        raise InputError(f"--sdp {sdp}: expected the extra sdp to be installed ({error})") from None
    if sdp and not any(b.name == "three-point" for b in found.bounds.bounds):
        click.echo(f"--sdp {sdp}: no three-point bound was proved that applies or gains here", err=True)
    if coordinates:
        record["code"] = found.code.points.tolist() if found.code is not None else None
    if file is not None:
        Path(file).write_text(json.dumps(certificates(found), indent=1) + "\n")
    click.echo(json.dumps(record) if as_json else text)


@click.command("certify")
@click.argument("file", metavar="FILE")
def certify_command(file: str) -> None:
    """Check certificates of packing bounds again: exit 0 valid, 1 not valid, 2 bad input."""
    try:
        given = json.loads(Path(file).read_text())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: expected JSON, found: {error}") from None
    several = isinstance(given, dict) and given.get("format") == FORMAT
    items = given.get("certificates") if several else [given]
    if not isinstance(items, list) or not items:
        raise InputError(f"{file}: expected a list of certificates")
    valid = True
    for item in items:
        try:
            result = check(item)
        except CertificateError as error:
            raise InputError(f"{file}: {error}") from None
        kind = item["kind"]
        click.echo(
            f"{'valid' if result.valid else 'NOT VALID'}: {result.statement} ({kind}"
            + (f"; {result.reason})" if result.reason else ")")
        )
        valid = valid and result.valid
    sys.exit(0 if valid else 1)
