"""Rigorous enclosures for object arrays of Real: maxima, spectral norms, fixed points, special values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

from bounds.balls import DomainError, Undecided, ball, check, finite, monotone, precision
from bounds.real import ONE, Real, as_real

Array = Any


def exact_array(nested: Any) -> Array:
    """Object array of :class:`Real` of the same shape as ``nested`` (numbers, text like "3/7", or an array).

    Floats are read as the dyadic rationals they are. Raises TypeError for truth values and ragged lists.
    """
    source = np.asarray(nested, dtype=object)
    result = np.empty(source.shape, dtype=object)
    for index, x in enumerate(source.flat):
        result.flat[index] = as_real(x)
    return result


def pi() -> Real:
    """The circle constant at the current precision."""
    return Real(arb.pi())


def e() -> Real:
    """Euler's number at the current precision."""
    return ONE.exp()


# Maxima


def _larger(a: Any, b: Any) -> Real:
    x, y = as_real(a), as_real(b)
    u, v = x._v, y._v
    if u >= v:
        return x
    if v >= u:
        return y
    return Real(ball(u).max(ball(v)))


_maximum = np.frompyfunc(_larger, 2, 1)


def enclose_max(a: Array, axis: int | None = -1) -> Any:
    """Maximum along ``axis`` (of all elements for None), enclosed even where balls overlap.

    Exact rationals stay exact. Returns an object array with that axis removed, or one :class:`Real`.
    Raises ValueError for an empty axis.
    """
    values = np.asarray(a, dtype=object)
    values, axis = (values.ravel(), 0) if axis is None else (values, axis)
    if values.shape[axis] == 0:
        raise ValueError("the maximum of no numbers is not defined")
    result = _maximum.reduce(values, axis=axis)
    return result if isinstance(result, np.ndarray) else as_real(result)


def enclose_min(a: Array, axis: int | None = -1) -> Any:
    """Minimum along ``axis``; see :func:`enclose_max`."""
    return -enclose_max(-np.asarray(a, dtype=object), axis)


# Norms


def _length(square: Any) -> Any:
    if isinstance(square, Real) and not square.is_exact and not square.ball >= 0:
        return Real(arb(0).union(square.ball.abs_upper().sqrt()))
    return square.sqrt()


_lengths = np.frompyfunc(_length, 1, 1)


def euclidean_norm(a: Array) -> Any:
    """Euclidean norm along the last axis of an object array of :class:`Real` or of duals.

    A ball around 0 stands for [0, top] here: the sum of squares is not negative, whatever its ball says.
    """
    values = np.asarray(a, dtype=object)
    return _lengths(np.sum(values * values, axis=-1))


def _square_matrix(a: Array) -> Array:
    values = np.asarray(a, dtype=object)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or values.shape[0] == 0:
        raise ValueError(f"a square matrix is needed, not an array of shape {values.shape}")
    return exact_array(values)


def _matrix(values: Array) -> arb_mat:
    return arb_mat([[ball(as_real(x)._v) for x in row] for row in values])


def spectral_norm(a: Array) -> Real:
    """Enclosure of the largest absolute eigenvalue of a symmetric (d, d) matrix; it may be a repeated one.

    With s_p = tr A^p and p even, (s_2p / s_p)^(1/p) <= norm <= s_p^(1/p); p doubles until the two meet
    (Gelfand's formula with the trace in place of a norm). Exact for diagonal matrices of rationals
    (so for d = 1). Raises ValueError when the matrix is not square or certainly not symmetric.
    """
    values = _square_matrix(a)
    d = len(values)
    off = [(values[i, j], values[j, i]) for i in range(d) for j in range(i)]
    if any(not u.ball.overlaps(v.ball) or (u.is_exact and v.is_exact and u != v) for u, v in off):
        raise ValueError("the matrix is not symmetric")
    if all(u.is_exact and u == 0 and v.is_exact and v == 0 for u, v in off):
        return as_real(enclose_max(np.abs(np.diagonal(values))))
    bits = ctx.prec
    # Squaring doubles relative errors; the p-th root takes that back, as long as the errors stay below one.
    with precision(2 * bits + 64):
        lo, hi = _trace_squeeze(_matrix(values), bits)
    return Real(lo.union(hi))


def _trace_squeeze(matrix: arb_mat, bits: int) -> tuple[arb, arb]:
    """Bounds on the norm from traces of A^2, A^4, A^8, ...; at most ``bits`` + 10 squarings."""
    lo, hi = arb(0), None
    previous, p = arb(0), 1
    for _ in range(bits + 10):
        matrix = matrix * matrix
        trace, p = matrix.trace(), 2 * p
        top = trace.upper()
        if hi is None and not top > 0:
            return arb(0), arb(0)
        if not (trace.is_finite() and trace > 0):
            break
        bound = _root(top, p).upper()
        if previous > 0:
            lower = _root(trace.lower() / previous.upper(), p // 2).lower()
            lo = lower if lower > lo else lo
        if hi is not None and not bound < hi:
            break
        hi, previous = bound, trace
        if (hi - lo) < hi * arb((1, -bits)):
            break
    if hi is None:  # the ball around A^2 has trace around zero: only the Frobenius bound is left
        hi = top.sqrt().upper()
    return lo, hi


def _root(x: arb, n: int) -> arb:
    return (x.log() / n).exp()


# Cap areas


def beta_lower_regularised(a: Any, b: Any, x: Any) -> Real:
    """Regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1; exact at x = 0 and x = 1.

    Raises DomainError for arguments certified outside, Undecided for balls straddling a border.
    """
    p, q, t = as_real(a)._v, as_real(b)._v, as_real(x)._v
    for name, v in (("a", p), ("b", q)):
        check(f"incomplete beta, {name}", v, v > 0, v <= 0)
    check("incomplete beta, x", t, t >= 0 and t <= 1, t < 0 or t > 1)
    if type(t) is fmpq and (t == 0 or t == 1):
        return Real(t)
    first, second = ball(p), ball(q)
    value = monotone(lambda u: u.beta_lower(first, second, regularized=True), ball(t), 0, 1)
    return Real(finite(value, "incomplete beta", t))


# Fixed points


def enclose_fixed_point(
    update: Callable[[Array], Array], jacobian: Callable[[Array], Array], guess: Array
) -> Array:
    """Balls that certainly contain a fixed point of ``update``, near ``guess``.

    ``update`` maps an object array of shape (d,) to one of shape (d,); ``jacobian`` returns its derivative,
    of shape (d, d), and must enclose the derivative over the whole box when it is given balls. ``guess``
    holds d floats. The guess is first refined by Newton's method (from a poor guess it may settle on another
    fixed point than the nearest); then Krawczyk's test is made on growing boxes around the refined point
    until one is mapped into its own interior. The enclosure is about as wide as the rounding error of one
    evaluation of ``update``; within the tested box the fixed point is unique.

    Raises ValueError for a guess that is not a vector of finite floats, ArithmeticError when Newton's method
    finds no fixed point or a singular one, Undecided when the test fails at this precision.

    Source: R. Krawczyk, Computing 4 (1969), 187-201; S. M. Rump, Acta Numerica 19 (2010), section 13.
    """
    start = np.asarray(guess, dtype=np.float64)
    if start.ndim != 1 or start.size == 0 or not np.isfinite(start).all():
        raise ValueError("the guess must be a non-empty vector of finite floats")
    try:
        centre = _newton(update, jacobian, arb_mat([[float(x)] for x in start]))
    except DomainError as error:
        raise ArithmeticError(f"Newton's method left the domain of the update: {error}") from error
    return _vector(_krawczyk(update, jacobian, centre))


def _vector(column: arb_mat) -> Array:
    return exact_array(np.array(column.entries(), dtype=object))


def _size(column: arb_mat) -> arb:
    """Upper bound on the largest absolute entry."""
    largest = arb(0)
    for x in column.entries():
        bound = x.abs_upper()
        largest = bound if bound > largest else largest
    return largest


def _displacement(update: Callable[[Array], Array], x: arb_mat) -> arb_mat:
    """update(x) - x."""
    image = np.asarray(update(_vector(x)), dtype=object)
    if image.shape != (x.nrows(),):
        raise ValueError(f"update returned shape {image.shape} for a vector of length {x.nrows()}")
    return _matrix(image[:, np.newaxis]) - x


def _slope(jacobian: Callable[[Array], Array], x: arb_mat) -> arb_mat:
    """I - jacobian(x)."""
    d = x.nrows()
    derivative = np.asarray(jacobian(_vector(x)), dtype=object)
    if derivative.shape != (d, d):
        raise ValueError(f"jacobian returned shape {derivative.shape} for a vector of length {d}")
    return _matrix(np.eye(d, dtype=np.int64).astype(object)) - _matrix(derivative)


def _newton(
    update: Callable[[Array], Array], jacobian: Callable[[Array], Array], x: arb_mat, steps: int = 64
) -> arb_mat:
    """A point (zero radii) where update(x) = x up to rounding, by Newton's method on midpoints."""
    before = None
    settled = arb((1, -(ctx.prec // 2)))
    for _ in range(steps):
        try:
            step = _slope(jacobian, x).mid().solve(_displacement(update, x).mid()).mid()
        except ZeroDivisionError as error:
            raise ArithmeticError("I - jacobian is singular on the way to the fixed point") from error
        x = (x + step).mid()
        now = _size(step) / (1 + _size(x))
        # Quadratic convergence ends at the rounding error, where steps stop shrinking.
        if now == 0 or (before is not None and now < settled and not now < before / 2):
            return x
        before = now
    raise ArithmeticError(f"no fixed point found near the guess: {steps} Newton steps did not settle")


def _preconditioner(slope: arb_mat) -> arb_mat:
    """Float inverse of the midpoints, read as exact numbers: any matrix is valid, a good one succeeds."""
    d = slope.nrows()
    middle = np.array([float(x.mid()) for x in slope.entries()]).reshape(d, d)
    try:
        inverse = np.linalg.inv(middle)
    except np.linalg.LinAlgError as error:
        raise ArithmeticError("I - jacobian is singular at the fixed point") from error
    if not np.isfinite(inverse).all():
        raise ArithmeticError("I - jacobian has no finite inverse in floats")
    return arb_mat([[float(x) for x in row] for row in inverse])


def _krawczyk(
    update: Callable[[Array], Array], jacobian: Callable[[Array], Array], centre: arb_mat
) -> arb_mat:
    d = centre.nrows()
    c = _preconditioner(_slope(jacobian, centre))
    shift = c * _displacement(update, centre)
    identity = _matrix(np.eye(d, dtype=np.int64).astype(object))

    def image(box: arb_mat) -> arb_mat:
        return centre + shift + (identity - c * _slope(jacobian, box)) * (box - centre)

    scale = 1 + _size(centre)
    radii = [2 * x.abs_upper() + scale * arb((1, 8 - ctx.prec)) for x in shift.entries()]
    growth = arb(1)
    while max(float(r * growth) for r in radii) < 0.1 * float(scale):
        box = arb_mat(
            [[x + arb(0, (r * growth).upper())] for x, r in zip(centre.entries(), radii, strict=True)]
        )
        try:
            mapped = image(box)
        except (Undecided, DomainError):
            break  # larger boxes cannot do better
        pairs = zip(box.entries(), mapped.entries(), strict=True)
        if all(y.is_finite() and x.contains_interior(y) for x, y in pairs):
            return _tighten(image, mapped)
        growth *= 4096
    raise Undecided(f"Krawczyk's test proved no fixed point in any box around the guess at {ctx.prec} bits")


def _tighten(image: Callable[[arb_mat], arb_mat], box: arb_mat) -> arb_mat:
    """Iterate the Krawczyk map: a fixed point in the box stays in its image."""
    for _ in range(ctx.prec // 16 + 4):
        smaller = image(box)
        gain = sum(float(y.rad()) for y in smaller.entries()) / max(
            sum(float(x.rad()) for x in box.entries()), 5e-324
        )
        if not gain < 0.5:
            return box
        box = smaller
    return box
