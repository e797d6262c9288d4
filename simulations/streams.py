"""Random streams named by what they are for, independent of who draws from them and when."""

import hashlib
import json

import numpy as np

from simulations.backends import Array, Backend


def key(seed: int, *name: str | int) -> int:
    """Return the 128-bit Philox key of a stream: the head of a SHA-256 over canonical JSON.

    Raises:
        TypeError: a part of the name is neither str nor int (a bool, a float, an array). Such parts
            have no canonical spelling, so the same stream could get two names.
    """
    for part in (seed, *name):
        if type(part) not in (int, str):
            raise TypeError(f"a stream is named by str and int, not by {part!r} ({type(part).__name__})")
    if not isinstance(seed, int):
        raise TypeError(f"the seed is an int, not {seed!r}")
    text = json.dumps([seed, list(name)], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:16], "big")


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """Return the generator of the stream called ``name`` under the root ``seed``.

    Streams with different names have different Philox4x64-10 keys (Salmon, Moraes, Dror and Shaw 2011)
    and are independent for every practical purpose, so results depend neither on the order of the
    draws nor on the number of workers.

    Raises:
        TypeError: see ``key``.
    """
    return np.random.Generator(np.random.Philox(key=key(seed, *name)))


class DeviceStream:
    """Normal numbers drawn where they are used: by torch's own generator on a torch device.

    Other backends draw from a Philox stream on the host and move the numbers.  Either way the stream's name
    starts with "device", so its numbers are never those of ``stream(seed, *name)``.  Torch's CUDA generator
    (Philox) takes 64 bits of the key, its CPU generator (Mersenne twister) only 32.
    """

    def __init__(self, backend: Backend, seed: int, *name: str | int) -> None:
        self.backend = backend
        if backend.name == "torch":
            self._device = backend.array(np.zeros(())).device
            self._generator = backend.xp.Generator(device=self._device)
            self._generator.manual_seed(key(seed, "device", *name) >> 64)
        else:
            self._generator = stream(seed, "device", *name)

    def standard_normal(self, shape: tuple[int, ...]) -> Array:
        """Independent standard normal numbers in float64, on the device."""
        if self.backend.name != "torch":
            return self.backend.double.array(self._generator.standard_normal(shape))
        xp = self.backend.xp
        return xp.randn(shape, generator=self._generator, dtype=xp.float64, device=self._device)

    def sphere(self, n: int, M: int, d: int, m: float = 1.0) -> Array:
        """n sets of M memories uniform on the sphere of radius m in R^d, float64 on the device, (n, M, d)."""
        xp = self.backend.xp
        drawn = self.standard_normal((n, M, d))
        return m * drawn / xp.sqrt(xp.sum(drawn * drawn, axis=-1, keepdims=True))


def device_stream(backend: Backend, seed: int, *name: str | int) -> DeviceStream:
    """Return the stream called ``name`` on the device of ``backend``, under the root ``seed``.

    Raises:
        TypeError: see ``key``.
    """
    return DeviceStream(backend, seed, *name)
