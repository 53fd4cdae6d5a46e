"""Chance, keyed: every draw is a function of (seed, path, entity, ordinal), never the next number of a sequence.

Knows: keys, counter-based uniforms, named streams. Does not know: who draws what.

Two kinds (design section 7). A draw that a decision can reach is `uniform(key, entity, ordinal)`: blocking one call
then disturbs no other draw. A draw that no decision can reach may come from `stream(seed, *path)`, a numpy
Generator over Philox whose key is the path (a population and a tick, say).

The mixer is SplitMix64's finaliser (Steele, Lea, Flood, OOPSLA 2014) over key, entity and ordinal in turn.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.core.compile import COMPILED, kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ODD = np.uint64(0xD1342543DE82EF95)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53
_ZERO = np.zeros(1, dtype=np.int64)


@lru_cache(maxsize=1 << 14, typed=True)
def key(seed: int, *path: str | int) -> int:
    """A 64-bit key for a seed and a path of purposes, by BLAKE2b. Order matters; parts cannot run together."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (seed, *path):
        text = f"{type(part).__name__}:{part}".encode()
        digest.update(len(text).to_bytes(4, "little") + text)
    return int.from_bytes(digest.digest(), "little")


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


def bits(k: int, entity: NDArray[np.int64], ordinal: NDArray[np.int64] | int = 0) -> NDArray[np.uint64]:
    """64 random bits per row, keyed by (k, entity, ordinal). Shapes (n,) or broadcastable."""
    entities = np.atleast_1d(np.asarray(entity, dtype=np.int64)).view(np.uint64)
    ordinals = np.atleast_1d(np.asarray(ordinal, dtype=np.int64)).view(np.uint64)
    first = _mix(entities * _GOLDEN ^ np.uint64(k))
    return _mix(first + ordinals * _ODD + _GOLDEN)


@kernel
def draw(k: np.uint64, entity: int, ordinal: int) -> float:
    """Uniform in [0, 1), equal to `uniform(k, entity, ordinal)`, for kernels. Where they are plain, entity and ordinal
    are not negative, and callers are under `np.errstate(over="ignore")`."""
    z = np.uint64(entity) * _GOLDEN ^ k
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    z = z ^ (z >> _S31)
    z = z + np.uint64(ordinal) * _ODD + _GOLDEN
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    z = z ^ (z >> _S31)
    return float(z >> _S11) * _UNIT


@kernel
def _fill_all(keys: NDArray[np.uint64], entity: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    for row in range(len(keys)):
        for i in range(len(entity)):
            out[row, i] = draw(keys[row], entity[i], 0)


@kernel
def _fill(
    k: np.uint64, entity: NDArray[np.int64], ordinal: NDArray[np.int64], step: int, out: NDArray[np.float64]
) -> None:
    for i in range(out.size):
        out[i] = draw(k, entity[i], ordinal[i * step])


def uniform(k: int, entity: NDArray[np.int64], ordinal: NDArray[np.int64] | int = 0) -> NDArray[np.float64]:
    """Uniform in [0, 1) per row, keyed by (k, entity, ordinal).

    A replay draws a few hundred uniforms thousands of times: one compiled pass costs a twelfth of numpy's sixteen.
    """
    if not COMPILED:
        return (bits(k, entity, ordinal) >> _S11).astype(np.float64) * _UNIT
    if (
        isinstance(ordinal, int)
        and isinstance(entity, np.ndarray)
        and entity.ndim == 1
        and entity.dtype == np.int64
    ):
        # What nearly all ask for. A few rows cost less than the care that any shape needs.
        out = np.empty(len(entity), dtype=np.float64)
        one = _ZERO if ordinal == 0 else np.array([ordinal], dtype=np.int64)
        _fill(np.uint64(k), np.ascontiguousarray(entity), one, 0, out)
        return out
    entities = np.atleast_1d(np.asarray(entity, dtype=np.int64))
    ordinals = np.atleast_1d(np.asarray(ordinal, dtype=np.int64))
    if len(ordinals) > 1 and len(entities) == 1:
        entities = np.broadcast_to(entities, ordinals.shape)
    out = np.empty(len(entities), dtype=np.float64)
    step = 1 if len(ordinals) > 1 else 0
    entities, ordinals = np.ascontiguousarray(entities), np.ascontiguousarray(ordinals)
    _fill(np.uint64(k), entities, ordinals, step, out)
    return out


def uniforms(keys: NDArray[np.uint64], entity: NDArray[np.int64]) -> NDArray[np.float64]:
    """As `uniform` for rows (n,) of several keys (k,): (k, n)."""
    if not COMPILED:
        return np.stack([uniform(int(k), entity) for k in keys])
    out = np.empty((len(keys), len(entity)), dtype=np.float64)
    _fill_all(keys, np.ascontiguousarray(entity), out)
    return out


def normal(k: int, entity: NDArray[np.int64], ordinal: NDArray[np.int64] | int = 0) -> NDArray[np.float64]:
    """Standard normal per row, by the inverse distribution function of the keyed uniform."""
    return np.asarray(ndtri(uniform(k, entity, ordinal) + _UNIT / 2), dtype=np.float64)


def exponential(
    k: int, entity: NDArray[np.int64], ordinal: NDArray[np.int64] | int = 0
) -> NDArray[np.float64]:
    """Exponential with mean 1 per row."""
    return -np.log1p(-uniform(k, entity, ordinal))


def poisson(
    k: int, mean: NDArray[np.float64], entity: NDArray[np.int64], ordinal: NDArray[np.int64] | int = 0
) -> NDArray[np.int64]:
    """Poisson count per row by sequential inversion of the keyed uniform; `mean` (n,) below 60 per row."""
    u = uniform(k, entity, ordinal)
    lam = np.broadcast_to(np.asarray(mean, dtype=np.float64), u.shape)
    count = np.zeros(u.shape, dtype=np.int64)
    term = np.exp(-lam)
    total = term.copy()
    open_ = u >= total
    step = 0
    while open_.any() and step < 400:
        step += 1
        term = term * lam / step
        total = total + term
        count += open_
        open_ &= u >= total
    return count


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """A generator of its own for a population and purpose that no decision can reach."""
    return np.random.Generator(np.random.Philox(key=key(seed, *path)))


def scramble(ids: NDArray[np.int64], k: int, width: int = 42) -> NDArray[np.int64]:
    """A keyed bijection on `width`-bit integers: what the network shows of an identity tells nothing of its kind."""
    mask = np.uint64((1 << width) - 1)
    half = np.uint64(width // 2)
    z = np.asarray(ids, dtype=np.int64).view(np.uint64) & mask
    for round_ in range(3):
        odd = np.uint64(key(k, "scramble", round_) | 1)
        z = (z * odd + (_GOLDEN >> np.uint64(round_))) & mask
        z ^= z >> half
    return z.view(np.int64)
