"""Where array work runs: a library, a device and a data type, as one frozen value.

``Backend()`` is NumPy in float64 and does nothing: arrays pass through it uncopied.  Every other backend
takes host arrays with ``array`` and gives NumPy arrays back with ``host``.  The libraries are reached through
array-api-compat.  NumPy, array-api-strict and torch's CPU build are tested, torch on CUDA where there is a
device; CuPy and JAX are offered untested.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

Array = Any
Namespace = Any

DTYPES = ("float64", "float32")


class BackendError(ValueError):
    """One sentence: which part of a backend was asked for, what was expected, what was found."""


@dataclass(frozen=True, slots=True)
class _Library:
    """An array library: its namespace, how it names a device, how its arrays come back to NumPy."""

    package: str
    namespace: str
    device: Callable[[str], Any]
    host: Callable[[Array], Any]


@dataclass(frozen=True, slots=True)
class Backend:
    """A library (a key of ``LIBRARIES``), one of its devices, and the data type of floating-point arrays.

    Raises BackendError: an unknown name or data type, a library that is not installed, an absent device.
    """

    name: str = "numpy"
    device: str = "cpu"
    dtype: str = "float64"

    def __post_init__(self) -> None:
        if self.name not in LIBRARIES:
            raise BackendError(f"backend {self.name!r}: expected one of {', '.join(LIBRARIES)}")
        if self.dtype not in DTYPES:
            raise BackendError(f"dtype {self.dtype!r}: expected one of {', '.join(DTYPES)}")
        _namespace(self.name)
        _device(self.name, self.device)

    @property
    def xp(self) -> Namespace:
        """The array namespace."""
        return _namespace(self.name)

    @property
    def epsilon(self) -> float:
        """Distance from 1 to the next number of the data type."""
        return float(np.finfo(self.dtype).eps)

    @property
    def kind(self) -> str:
        """The device without its number: equal devices compute equal results."""
        return self.device.partition(":")[0].rstrip("0123456789")

    @property
    def double(self) -> Backend:
        """The same library and device in float64."""
        return replace(self, dtype="float64")

    def array(self, host: Array) -> Array:
        """A host array on the device; floats in the backend's data type, others as they are."""
        known = np.asarray(host)
        kind = self.dtype if known.dtype.kind == "f" else known.dtype.name
        if self.name == "numpy":
            return known.astype(kind, copy=False)
        # Libraries that share memory with NumPy do not know read-only arrays; they get their own copy.
        known = known if known.flags.writeable else known.copy()
        xp = self.xp
        return xp.asarray(known, dtype=getattr(xp, kind), device=_device(self.name, self.device))

    def host(self, array: Array) -> Array:
        """A device array as NumPy array; floats in float64, whatever their type on the device."""
        found = np.asarray(array) if self.name == "numpy" else LIBRARIES[self.name].host(array)
        return found.astype(np.float64) if found.dtype.kind == "f" and found.dtype.itemsize < 8 else found


def _numpy_device(text: str) -> str:
    if text != "cpu":
        raise BackendError(f"device {text!r}: expected cpu, the only device of NumPy")
    return text


def _torch_device(text: str) -> Any:
    torch = importlib.import_module("torch")
    kind, _, number = text.partition(":")
    if text != "cpu" and not (kind == "cuda" and (number.isdecimal() or text == "cuda")):
        raise BackendError(f"device {text!r}: expected cpu, cuda or cuda:N")
    count = torch.cuda.device_count() if kind == "cuda" and torch.cuda.is_available() else 0
    if kind == "cuda" and int(number or 0) >= count:
        raise BackendError(
            f"device {text!r}: expected a CUDA device that torch can use, found {count} of them"
        )
    return torch.device(text)


def _cupy_device(text: str) -> Any:
    cupy = importlib.import_module("cupy")
    kind, _, number = text.partition(":")
    if kind != "cuda" or not (number.isdecimal() or text == "cuda"):
        raise BackendError(f"device {text!r}: expected cuda or cuda:N, the devices of CuPy")
    if int(number or 0) >= cupy.cuda.runtime.getDeviceCount():
        raise BackendError(
            f"device {text!r}: expected a CUDA device that CuPy can use, found none of that number"
        )
    return cupy.cuda.Device(int(number or 0))


def _jax_device(text: str) -> Any:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)  # without it float64 is silently float32
    kind, _, number = text.partition(":")
    try:
        return jax.devices(kind)[int(number or 0)]
    except (RuntimeError, IndexError, ValueError):
        raise BackendError(f"device {text!r}: expected cpu, cuda or cuda:N as JAX knows them") from None


def _strict_device(text: str) -> Any:
    strict = importlib.import_module("array_api_strict")
    try:
        return strict.Device("CPU_DEVICE" if text == "cpu" else text)
    except ValueError:
        raise BackendError(f"device {text!r}: expected cpu, device1 or device2") from None


def _strict_host(array: Array) -> Any:
    return np.asarray(array.to_device(_strict_device("cpu")))


LIBRARIES: dict[str, _Library] = {
    "numpy": _Library("numpy", "array_api_compat.numpy", _numpy_device, np.asarray),
    "torch": _Library(
        "torch", "array_api_compat.torch", _torch_device, lambda a: a.detach().cpu().resolve_conj().numpy()
    ),
    "cupy": _Library("cupy", "array_api_compat.cupy", _cupy_device, lambda a: a.get()),
    "jax": _Library("jax", "jax.numpy", _jax_device, np.asarray),
    "array-api-strict": _Library("array_api_strict", "array_api_strict", _strict_device, _strict_host),
}
"""Array libraries by name."""


@cache
def _namespace(name: str) -> Namespace:
    library = LIBRARIES[name]
    try:
        importlib.import_module(library.package)
    except ImportError:
        raise BackendError(
            f"backend {name!r}: expected the package {library.package}, found it not installed"
        ) from None
    namespace = importlib.import_module(library.namespace)
    if name == "torch":
        # TensorFloat-32 keeps 10 bits of a float32 product: no error bound for float32 would hold.
        namespace.set_float32_matmul_precision("highest")
    return namespace


@cache
def _device(name: str, device: str) -> Any:
    return LIBRARIES[name].device(device)


NUMPY = Backend()
"""The default: NumPy in float64."""
