"""A user's own layer as a dynamics: NumPy, torch or JAX, by value or by name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from simulations.variants import VariantError, variant
from verify.dynamics.problem import Dynamics, Energy, Floats, Problem, Update
from verify.loader import InputError, place

EPS = float(np.finfo(np.float64).eps)
ARRAYS = ("numpy", "torch", "jax")
DIGITS: tuple[type[np.floating[Any]], ...] = (np.float64, np.float32)


class DynamicsError(InputError):
    """One sentence: which callable or option, what was expected, what was found."""


# -- by name ------------------------------------------------------------------------------------------


def load(name: str) -> Callable[..., Any]:
    """The callable called ``package.module:function`` or ``path/to/file.py:function``.

    Packages are looked up in the working directory as well.

    Raises:
        DynamicsError: no such module, file or name; it does not import; what it names is no callable, or
            a class where an instance is wanted.
    """
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute:
        raise DynamicsError(
            f"{name}: expected package.module:function or path/to/file.py:function, found no such pair"
        )
    found = _from_file(where) if where.endswith(".py") else _from_package(where)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise DynamicsError(f"{name}: expected {part!r} in {where}, found no such name")
        found = getattr(found, part)
    if isinstance(found, type) or not callable(found):
        kind = "a class" if isinstance(found, type) else f"a {type(found).__name__}"
        raise DynamicsError(f"{name}: expected a function or another callable object, found {kind}")
    return found  # type: ignore[no-any-return]


def _from_file(path: str) -> Any:
    file = Path(path)
    if not file.is_file():
        raise DynamicsError(f"{path}: expected a Python file, found no such file")
    spec = importlib.util.spec_from_file_location(f"hopcheck_dynamics_{abs(hash(str(file.resolve())))}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses in the file look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise DynamicsError(f"{path}: expected a file that imports, found {place(error, file)}") from error
    return module


def _from_package(name: str) -> Any:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise DynamicsError(
            f"{name}: expected a module that imports, found no module {error.name!r}"
        ) from error
    except Exception as error:
        raise DynamicsError(f"{name}: expected a module that imports, found {place(error)}") from error
    finally:
        sys.path.remove("")


# -- arrays -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Adapted:
    """A callable on arrays of some library as one on NumPy float64 arrays, which gets copies of its inputs.

    ``digits`` is the data type the arrays are handed over in, ``eps`` the spacing of the results; ``spins``
    tells that entries other than -1 and +1 are refused.
    """

    function: Callable[..., Any]
    arrays: str
    digits: type[np.floating[Any]]
    spins: bool = False
    eps: float = EPS

    def __call__(self, memories: Floats, query: Floats, beta: float) -> Floats:
        return _to_numpy(self.raw(Problem(memories, query, beta)))

    def raw(self, p: Problem) -> Any:
        """What the callable itself returns."""
        return self.function(self._hand(p.memories), self._hand(p.query), float(p.beta))

    def changes_inputs(self, memories: Floats, query: Floats, beta: float) -> bool:
        """Whether a call changes its arguments."""
        given = [self._hand(a) for a in (memories, query)]
        before = [_to_numpy(a).copy() for a in given]
        try:
            self.function(*given, float(beta))
        except Exception:
            return False
        return not all(np.array_equal(_to_numpy(a), b) for a, b in zip(given, before, strict=True))

    def _hand(self, a: Floats) -> Any:
        copy = np.array(a, dtype=self.digits)
        if self.arrays == "torch":
            return importlib.import_module("torch").from_numpy(copy)
        if self.arrays == "jax":
            return importlib.import_module("jax.numpy").asarray(copy)
        return copy


def _to_numpy(a: Any) -> Floats:
    if hasattr(a, "detach"):
        a = a.detach().cpu().double().numpy()
    return np.asarray(a, dtype=np.float64)


def _spacing(a: Any) -> float:
    """The eps of an array's own data type; float64 for plain Python numbers."""
    if hasattr(a, "detach"):
        torch = importlib.import_module("torch")
        return float(torch.finfo(a.dtype).eps) if a.is_floating_point() else EPS
    kind = getattr(a, "dtype", np.dtype(np.float64))
    if kind.kind in "biu":
        return EPS
    try:
        return float(np.finfo(kind).eps)
    except ValueError:  # bfloat16 of JAX
        return float(importlib.import_module("jax.numpy").finfo(kind).eps)


PROBE = Problem(np.array([[1.0, 0.0], [0.0, 1.0], [-0.5, 0.25]]), np.array([0.5, -0.25]), 1.0)


@np.errstate(all="ignore")
def adapt(function: Callable[..., Any], arrays: str | None = None) -> Adapted:
    """Find out how to call a layer: on which arrays (NumPy first unless told), at which precision, and
    whether with signs only.

    Raises:
        DynamicsError: unknown library, one that is not installed, or a callable that takes three memories in
            the plane, a query and a temperature of none of them.
    """
    if arrays is not None and arrays not in ARRAYS:
        raise DynamicsError(f"arrays: expected one of {', '.join(ARRAYS)}, found {arrays!r}")
    first: Exception | None = None
    for library in (arrays,) if arrays else ARRAYS:
        if arrays and importlib.util.find_spec(library) is None:
            raise DynamicsError(f"arrays {arrays}: expected the package {arrays}, found it not installed")
        if not arrays and library not in sys.modules:  # a layer made of it would have imported it
            continue
        for digits, spins in product(DIGITS, (False, True)):
            trial = Adapted(function, library, digits, spins)
            try:
                eps = _spacing(trial.raw(PROBE.signs() if spins else PROBE))
            except Exception as error:
                first = first or error
            else:
                coarse = eps > EPS
                return replace(trial, digits=np.float32 if coarse else digits, eps=eps)
    assert first is not None
    raise DynamicsError(
        f"{name_of(function)}: expected a callable of memories (M, d), query (d,) and beta, "
        f"found one that raises {place(first)}"
    ) from first


def name_of(function: Callable[..., Any]) -> str:
    """The name of a callable, or of its type."""
    return getattr(function, "__qualname__", type(function).__name__)


# -- a dynamics ---------------------------------------------------------------------------------------


def shipped(name: str, accuracy: float = 0.0) -> Dynamics:
    """The dynamics of a shipped variant such as ``sparse`` or ``entmax:alpha=1.25``.

    Raises:
        DynamicsError: there is no variant of that name.
    """
    try:
        model = variant(name)
    except VariantError as error:
        raise DynamicsError(str(error)) from None
    step = adapt(model.update, "numpy")
    weights: Update | None = None
    scores: Update | None = None
    if getattr(model, "weights", None) is not None:

        def weights(memories: Floats, query: Floats, beta: float) -> Floats:
            return np.asarray(model.weights(model.scores(memories, query, beta), np), dtype=np.float64)

        scores = model.scores
    energy: Energy | None = model.energy
    return Dynamics(
        name=name,
        update=step,
        energy=energy,
        weights=weights,
        scores=scores,
        margin=getattr(model, "margin", None),
        lipschitz=getattr(model, "lipschitz", None),
        eps=max(EPS, accuracy, getattr(model, "accuracy", 0.0)),
        spins=step.spins,
        changes_inputs=step.changes_inputs,
    )


def own(
    function: Callable[..., Any],
    *,
    energy: Callable[..., Any] | None = None,
    weights: Callable[..., Any] | None = None,
    like: str | Callable[..., Any] | None = None,
    margin: float | None = None,
    lipschitz: float | None = None,
    arrays: str | None = None,
    accuracy: float = 0.0,
) -> Dynamics:
    """The dynamics of a user's layer; energy, margin and Lipschitz constant of ``like`` where none is given.

    ``accuracy``: the relative accuracy of T where it is less than that of its data type.

    Raises:
        DynamicsError: see :func:`adapt` and :func:`shipped`.
    """
    model = shipped(like) if isinstance(like, str) else own(like) if like is not None else None
    step = adapt(function, arrays)

    def handed(other: Callable[..., Any] | None) -> Adapted | None:
        return Adapted(other, step.arrays, step.digits) if other is not None else None

    own_energy: Energy | None = handed(energy)  # type: ignore[assignment]
    return Dynamics(
        name=name_of(function),
        update=step,
        energy=own_energy or (model.energy if model else None),
        weights=handed(weights),
        scores=model.scores if model else None,
        margin=margin if margin is not None or model is None else model.margin,
        lipschitz=lipschitz if lipschitz is not None or model is None else model.lipschitz,
        reference=model,
        eps=max(step.eps, accuracy),
        energy_eps=step.eps if own_energy else EPS,
        digits=step.digits,
        spins=step.spins,
        changes_inputs=step.changes_inputs,
    )


def arrays_of(dynamics: Dynamics) -> str:
    """The library on whose arrays a dynamics runs."""
    return dynamics.update.arrays if isinstance(dynamics.update, Adapted) else "numpy"
