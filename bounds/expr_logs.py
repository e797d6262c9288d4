"""Reading in which every node is carried as (sign, log of the absolute value).

Nothing underflows or overflows before its logarithm does: ``exp(-1e5)`` is (+1, -1e5).  The price is relative
rounding: a value carried by its logarithm L has relative error about ``eps * max(1, |L|)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import scipy.special

from bounds import expr_special
from bounds.expr_arrays import Losses, Placement, number, standard_namespace, to_host
from bounds.expr_fold import named_values

Array = Any


@dataclass(frozen=True, slots=True)
class SignedLog:
    """Numbers ``sign * exp(log)``: sign -1, 0 or 1; log is -inf at zero, +inf beyond exp(1.8e308).

    Elements with ``defined`` False have NaN in both; ``left`` lists (subexpression, elements lost there).
    """

    sign: Array
    log: Array
    defined: Array
    left: tuple[tuple[Any, int], ...] = ()


class LogArrays:
    """Algebra of :class:`SignedLog` values.  Not thread-safe: it collects ``losses``."""

    def __init__(self, env: Mapping[Any, Any], xp: Any) -> None:
        self._env = named_values(env)
        self.xp = standard_namespace(xp)
        logs = [v.log if isinstance(v, SignedLog) else v for v in self._env.values()]
        self.place = Placement.of(self.xp, logs)
        self.losses = Losses(self.xp)

    # Moving between the two forms

    def _settled(
        self, node: Any, sign: Array, log: Array, before: Array, outside: Array | None = None
    ) -> SignedLog:
        xp = self.xp
        bad = xp.logical_or(xp.isnan(sign), xp.isnan(log))
        if outside is not None:
            bad = xp.logical_or(bad, outside)
        defined = self.losses.settle(node, before, bad)
        nan = self.place.array(float("nan"))
        log = xp.where(sign == 0, self.place.array(-math.inf), log)
        return SignedLog(xp.where(defined, sign, nan), xp.where(defined, log, nan), defined)

    def _split(self, value: Array) -> tuple[Array, Array]:
        return self.xp.sign(value), self.xp.log(self.xp.abs(value))

    def _linear(self, a: SignedLog) -> Array:
        return a.sign * self.xp.exp(a.log)

    def _both(self, args: Sequence[SignedLog]) -> Array:
        return reduce(self.xp.logical_and, [a.defined for a in args])

    # Leaves

    def rational(self, p: int, q: int) -> SignedLog:
        if abs(p).bit_length() < 1000 and q.bit_length() < 1000:
            sign, log = self._split(self.place.array(number(p, q)))
        else:
            sign, log = self.place.array((p > 0) - (p < 0)), self.place.array(math.log(abs(p)) - math.log(q))
        return SignedLog(sign, log, self.place.yes())

    def constant(self, name: str) -> SignedLog:
        log = math.log(math.pi) if name == "pi" else 1.0
        return SignedLog(self.place.array(1.0), self.place.array(log), self.place.yes())

    def symbol(self, name: str, node: Any) -> SignedLog:
        if name not in self._env:
            raise KeyError(f"no value given for {name}")
        given = self._env[name]
        if isinstance(given, SignedLog):
            sign, log = self.place.array(given.sign), self.place.array(given.log)
            return self._settled(node, sign, log, self.place.yes(), self.xp.logical_not(given.defined))
        value = self.place.array(given)
        sign, log = self._split(value)
        return self._settled(node, sign, log, self.place.yes(), self.xp.logical_not(self.xp.isfinite(value)))

    def no_value(self, node: Any) -> SignedLog:
        nan = self.place.array(float("nan"))
        return self._settled(node, nan, nan, self.place.yes())

    # Arithmetic

    def add(self, args: Sequence[SignedLog], node: Any) -> SignedLog:
        pairs = [(a.sign, a.log) for a in args]
        sign, log = reduce(self._add_pair, pairs)
        return self._settled(node, sign, log, self._both(args))

    def _add_pair(self, a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
        xp = self.xp
        (sa, la), (sb, lb) = a, b
        first = la >= lb
        high, low = xp.where(first, la, lb), xp.where(first, lb, la)
        # The larger term gives the sign; zero may meet a number whose log has itself underflowed to -inf.
        sign = xp.where(xp.logical_and(first, sa != 0), sa, xp.where(sb != 0, sb, sa))
        sign = xp.where(la == lb, sign, xp.where(first, sa, sb))
        drop = xp.where(high == low, xp.zeros_like(high), high - low)
        grown = high + xp.log1p(xp.exp(-drop))
        # log(1 - exp(-drop)), from the side on which it does not cancel
        lost = xp.where(drop < 0.7, xp.log(-xp.expm1(-drop)), xp.log1p(-xp.exp(-drop)))
        opposite = sa * sb < 0
        log = xp.where(opposite, high + lost, xp.where(sa * sb == 0, high, grown))
        cancelled = xp.logical_and(opposite, la == lb)
        # Two overflows of opposite sign: the difference is unknown.
        residue = xp.where(la == math.inf, la * math.nan, xp.zeros_like(la))
        return xp.where(cancelled, residue, sign), xp.where(cancelled, residue, log)

    def mul(self, args: Sequence[SignedLog], node: Any) -> SignedLog:
        sign = reduce(lambda a, b: a * b, [a.sign for a in args])
        log = reduce(lambda a, b: a + b, [a.log for a in args])
        # An infinite log stands for a finite number, so zero times it is zero.
        log = self.xp.where(sign == 0, self.xp.zeros_like(log), log)
        return self._settled(node, sign, log, self._both(args))

    def int_power(self, base: SignedLog, n: int, node: Any) -> SignedLog:
        xp = self.xp
        if n == 0:
            return self._settled(node, xp.ones_like(base.sign), xp.zeros_like(base.log), base.defined)
        sign = base.sign if n % 2 else xp.abs(base.sign)
        return self._settled(node, sign, base.log * float(n), base.defined, base.sign == 0 if n < 0 else None)

    def power(self, base: SignedLog, exponent: SignedLog, node: Any) -> SignedLog:
        xp, e = self.xp, self._snapped(exponent)
        whole = e == xp.floor(e)
        rooted = xp.logical_and(base.sign < 0, xp.logical_not(whole))
        zero = base.sign == 0
        divided = xp.logical_and(zero, e < 0)
        odd = e - 2 * xp.floor(e / 2) == 1
        sign = xp.where(xp.logical_and(base.sign < 0, odd), -xp.ones_like(e), xp.ones_like(e))
        sign = xp.where(xp.logical_and(zero, e > 0), xp.zeros_like(e), sign)
        log = xp.where(e == 0, xp.zeros_like(e), base.log * e)
        return self._settled(node, sign, log, self._both([base, exponent]), xp.logical_or(rooted, divided))

    # Functions

    def call(self, name: str, args: Sequence[SignedLog], node: Any) -> SignedLog:
        before = self._both(args)
        special = getattr(self, "_" + name, None)
        if special is not None:
            sign, log = special(args)
            return self._settled(node, sign, log, before, self._outside(name, args[0]))
        if name in _HOST:
            parts = [to_host(part) for a in args for part in (a.sign, a.log)]
            sign, log = map(self.place.from_host, _HOST[name](*parts))
            return self._settled(node, sign, log, before)
        value = self._linear(args[0])
        outside = self.xp.abs(value) > 1 if name == "acos" else None
        sign, log = self._split(getattr(self.xp, name)(value))
        return self._settled(node, sign, log, before, outside)

    def _outside(self, name: str, a: SignedLog) -> Array | None:
        return {"log": a.sign <= 0, "sqrt": a.sign < 0}.get(name)

    def _exp(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        value = self._linear(args[0])
        return self.xp.ones_like(value), value

    def _log(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._split(args[0].log)

    def _sqrt(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return args[0].sign, args[0].log / 2

    def _abs(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self.xp.abs(args[0].sign), args[0].log

    def _like_identity(self, a: SignedLog, sign: Array, log: Array) -> tuple[Array, Array]:
        """f(u) = u (1 + O(u^2)): below 1e-9 keep u, whose linear form may have underflowed."""
        small = a.log < -21
        return self.xp.where(small, a.sign, sign), self.xp.where(small, a.log, log)

    def _sin(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._like_identity(args[0], *self._split(self.xp.sin(self._linear(args[0]))))

    def _tan(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._like_identity(args[0], *self._split(self.xp.tan(self._linear(args[0]))))

    def _tanh(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        xp, size = self.xp, self.xp.exp(args[0].log)
        # Written so that 1 - tanh(u) keeps its digits for large u.
        far = xp.log1p(-xp.exp(-2 * size)) - xp.log1p(xp.exp(-2 * size))
        log = xp.where(size > 0.4, far, xp.log(xp.tanh(size)))
        return self._like_identity(args[0], args[0].sign, log)

    def _sinh(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        xp, size = self.xp, self.xp.exp(args[0].log)
        far = size + xp.log1p(-xp.exp(-2 * size)) - math.log(2)
        log = xp.where(size > 0.4, far, xp.log(xp.sinh(xp.where(size > 0.4, xp.ones_like(size), size))))
        return self._like_identity(args[0], args[0].sign, log)

    def _cosh(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        xp, size = self.xp, self.xp.exp(args[0].log)
        return xp.ones_like(size), size + xp.log1p(xp.exp(-2 * size)) - math.log(2)

    def _floor(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._rounded(args[0], self.xp.floor)

    def _ceiling(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._rounded(args[0], self.xp.ceil)

    def _snapped(self, a: SignedLog) -> Array:
        """The linear value; an integer where it is one up to the rounding of the logarithm.

        exp(log 3) may come out next to 3, which would move floor(3) or the sign of (-2)**3.
        """
        eps = float(self.xp.finfo(self.place.dtype).eps)
        return self.place.from_host(_snap(to_host(a.sign), to_host(a.log), eps))

    def _rounded(self, a: SignedLog, fn: Callable[[Array], Array]) -> tuple[Array, Array]:
        xp, value = self.xp, self._snapped(a)
        sign, log = self._split(fn(value))
        # A positive number too small for a float still has ceiling 1, a negative one floor -1.
        lost = xp.logical_and(value == 0, a.sign != 0)
        tiny = fn(a.sign / 2)
        sign, log = xp.where(lost, tiny, sign), xp.where(lost, xp.log(xp.abs(tiny)), log)
        huge = a.log > 36
        return xp.where(huge, a.sign, sign), xp.where(huge, a.log, log)

    def _max(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._extreme(args, lambda a, b: a > b)

    def _min(self, args: Sequence[SignedLog]) -> tuple[Array, Array]:
        return self._extreme(args, lambda a, b: a < b)

    def _extreme(
        self, args: Sequence[SignedLog], wins: Callable[[Array, Array], Array]
    ) -> tuple[Array, Array]:
        xp = self.xp

        def pick(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
            (sa, la), (sb, lb) = a, b
            tied = xp.logical_and(sa == sb, sa != 0)
            first = xp.logical_or(wins(sa, sb), xp.logical_and(tied, wins(sa * la, sb * lb)))
            return xp.where(first, sa, sb), xp.where(first, la, lb)

        return reduce(pick, [(a.sign, a.log) for a in args])


def _snap(sign: Any, log: Any, eps: float = 2.3e-16) -> Any:
    value = sign * np.exp(log)
    nearest = np.round(value)
    meant = (np.abs(value - nearest) <= 4 * eps * np.abs(value) * (1 + np.abs(log))) & (nearest != 0)
    return np.where(meant, nearest, value)


def _host_gamma(sign: Any, log: Any) -> tuple[Any, Any]:
    # Near zero gamma(x) = 1/x (1 + O(x)); x itself may have underflowed.
    tiny = log < -40
    safe = np.where(tiny, 1.0, _snap(sign, log))
    value = np.where(tiny, -log, scipy.special.gammaln(safe))
    pole = (sign == 0) | ((safe <= 0) & (safe == np.floor(safe)))
    return np.where(pole, np.nan, np.where(tiny, sign, scipy.special.gammasgn(safe))), value


def _host_loggamma(sign: Any, log: Any) -> tuple[Any, Any]:
    gamma_log = _host_gamma(sign, log)[1]
    return np.where(sign > 0, np.sign(gamma_log), np.nan), np.log(np.abs(gamma_log))


def _host_cap(sign: Any, log: Any, angle_sign: Any, angle_log: Any) -> tuple[Any, Any]:
    angle = angle_sign * np.exp(angle_log)
    # exp(log pi) may exceed the float pi by a few units.
    angle = np.where((angle > math.pi) & (angle < math.pi + 4e-15), math.pi, angle)
    area = expr_special.log_cap_area(_snap(sign, log), angle)
    return np.where(np.isnan(area), np.nan, np.where(area == -np.inf, 0.0, 1.0)), area


_HOST: dict[str, Callable[..., tuple[Any, Any]]] = {
    "gamma": _host_gamma,
    "loggamma": _host_loggamma,
    "lambertw0": lambda sign, log: expr_special.lambertw_signed_log(sign, log, 0),
    "lambertw_1": lambda sign, log: expr_special.lambertw_signed_log(sign, log, -1),
    "cap_area": _host_cap,
}
