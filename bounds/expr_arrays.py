"""Linear floating-point reading of an expression, on any array-API namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import array_api_compat
import numpy as np
import scipy.special

from bounds import expr_special
from bounds.expr_fold import named_values

Array = Any


def standard_namespace(xp: Any) -> Any:
    """The array-API form of a namespace (plain ``numpy`` or ``torch`` become their compat wrappers)."""
    return array_api_compat.array_namespace((np if xp is None else xp).asarray(0.0))


def to_host(a: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A float64 NumPy copy of an array of any namespace."""
    if array_api_compat.is_torch_array(a):
        a = a.detach().cpu()
    elif array_api_compat.is_cupy_array(a):
        a = a.get()
    return np.asarray(a, dtype=np.float64)


def number(p: int, q: int) -> float:
    """p/q correctly rounded; beyond the largest float, infinity."""
    try:
        return p / q
    except OverflowError:
        return float("inf") if (p > 0) == (q > 0) else float("-inf")


@dataclass(frozen=True, slots=True)
class Placement:
    """Namespace, floating dtype and device which all arrays of one evaluation share."""

    xp: Any
    dtype: Any
    device: Any

    @classmethod
    def of(cls, xp: Any, values: Sequence[Any]) -> Placement:
        """Chosen by the floating arrays among ``values``; the namespace's default where there are none."""
        arrays = [v for v in values if array_api_compat.is_array_api_obj(v) and not isinstance(v, np.generic)]
        own = [v for v in arrays if standard_namespace(array_api_compat.array_namespace(v)) is xp]
        floating = [v.dtype for v in own if xp.isdtype(v.dtype, "real floating")]
        dtype = xp.result_type(*floating) if floating else xp.asarray(0.0).dtype
        device = array_api_compat.device(own[0]) if own else None
        return cls(xp, dtype, device)

    def array(self, value: Any) -> Array:
        """``value`` (array, number or Fraction) as a real floating array here.

        Raises TypeError for complex input.
        """
        xp = self.xp
        if isinstance(value, int | Fraction):
            value = number(value.numerator, value.denominator)
        elif hasattr(value, "is_Rational"):
            value = number(int(value.p), int(value.q))
        a = xp.asarray(value) if self.device is None else xp.asarray(value, device=self.device)
        if xp.isdtype(a.dtype, "complex floating"):
            raise TypeError("complex values given for a real symbol")
        return a if a.dtype == self.dtype else xp.astype(a, self.dtype)

    def from_host(self, a: Any) -> Array:
        """A NumPy array moved to this place."""
        place = {"dtype": self.dtype} | ({} if self.device is None else {"device": self.device})
        return self.xp.asarray(a, **place)

    def yes(self) -> Array:
        """The scalar True, as an array."""
        return self.xp.asarray(True) if self.device is None else self.xp.asarray(True, device=self.device)


class Losses:
    """Counts, per subexpression, the elements which left the real domain there."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self.left: list[tuple[Any, int]] = []

    def settle(self, node: Any, before: Array, bad: Array) -> Array:
        """``before`` without ``bad``; elements lost here and not earlier are charged to ``node``."""
        xp = self._xp
        gone = xp.logical_and(before, bad)
        count = int(xp.sum(xp.astype(gone, xp.int64)))
        if count:
            self.left.append((node, count))
        return xp.logical_and(before, xp.logical_not(bad))


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with the mask of the elements at which it is real; the others hold NaN."""

    value: Array
    defined: Array


class LinearArrays:
    """Algebra of floating arrays with masks.  Not thread-safe: it collects ``losses``."""

    def __init__(self, env: Mapping[Any, Any], xp: Any) -> None:
        self._env = named_values(env)
        self.xp = standard_namespace(xp)
        self.place = Placement.of(self.xp, list(self._env.values()))
        self.losses = Losses(self.xp)

    def _cell(self, node: Any, value: Array, before: Array, outside: Array | None = None) -> Cell:
        # NaN without a violated domain is an indeterminate form of overflows, such as inf - inf: the
        # number exists but these floats cannot hold it, so it is masked like an undefined one.
        xp = self.xp
        bad = xp.isnan(value)
        if outside is not None:
            bad = xp.logical_or(bad, outside)
        defined = self.losses.settle(node, before, bad)
        return Cell(xp.where(defined, value, self.place.array(float("nan"))), defined)

    def _both(self, args: Sequence[Cell]) -> Array:
        return reduce(self.xp.logical_and, [a.defined for a in args])

    def rational(self, p: int, q: int) -> Cell:
        return Cell(self.place.array(number(p, q)), self.place.yes())

    def constant(self, name: str) -> Cell:
        return Cell(self.place.array(np.pi if name == "pi" else np.e), self.place.yes())

    def symbol(self, name: str, node: Any) -> Cell:
        if name not in self._env:
            raise KeyError(f"no value given for {name}")
        value = self.place.array(self._env[name])
        return self._cell(node, value, self.place.yes(), self.xp.logical_not(self.xp.isfinite(value)))

    def no_value(self, node: Any) -> Cell:
        return self._cell(node, self.place.array(float("nan")), self.place.yes())

    def add(self, args: Sequence[Cell], node: Any) -> Cell:
        return self._cell(node, reduce(lambda a, b: a + b, [a.value for a in args]), self._both(args))

    def mul(self, args: Sequence[Cell], node: Any) -> Cell:
        return self._cell(node, reduce(lambda a, b: a * b, [a.value for a in args]), self._both(args))

    def int_power(self, base: Cell, n: int, node: Any) -> Cell:
        v = base.value
        if n == 0:
            return self._cell(node, self.xp.ones_like(v), base.defined)
        magnitude = v * v if abs(n) == 2 else v if abs(n) == 1 else None
        if magnitude is None:
            return self._cell(node, v ** float(n), base.defined, v == 0 if n < 0 else None)
        return self._cell(
            node, magnitude if n > 0 else 1 / magnitude, base.defined, v == 0 if n < 0 else None
        )

    def power(self, base: Cell, exponent: Cell, node: Any) -> Cell:
        xp, b, e = self.xp, base.value, exponent.value
        rooted = xp.logical_and(b < 0, e != xp.floor(e))
        divided = xp.logical_and(b == 0, e < 0)
        return self._cell(node, b**e, self._both([base, exponent]), xp.logical_or(rooted, divided))

    def call(self, name: str, args: Sequence[Cell], node: Any) -> Cell:
        values = [a.value for a in args]
        outside = _OUTSIDE[name](self.xp, values[0]) if name in _OUTSIDE else None
        return self._cell(node, self._function(name, values), self._both(args), outside)

    def _function(self, name: str, values: Sequence[Array]) -> Array:
        if name in _HOST:
            return self.place.from_host(_HOST[name](*[to_host(v) for v in values]))
        if name in ("max", "min"):
            return reduce(self.xp.maximum if name == "max" else self.xp.minimum, values)
        return getattr(self.xp, "ceil" if name == "ceiling" else name)(*values)


_OUTSIDE: dict[str, Callable[[Any, Array], Array]] = {
    "log": lambda xp, v: v <= 0,
    "sqrt": lambda xp, v: v < 0,
    "acos": lambda xp, v: xp.abs(v) > 1,
    "gamma": lambda xp, v: xp.logical_and(v <= 0, v == xp.floor(v)),
    "loggamma": lambda xp, v: v <= 0,
}
"""Where a function of one argument has no real value.  Those not listed give NaN there by themselves."""

_HOST: dict[str, Callable[..., Any]] = {
    "gamma": scipy.special.gamma,
    "loggamma": scipy.special.gammaln,
    "lambertw0": lambda x: expr_special.lambertw(x, 0),
    "lambertw_1": lambda x: expr_special.lambertw(x, -1),
    "cap_area": expr_special.cap_area,
}
