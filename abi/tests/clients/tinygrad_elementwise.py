"""tinygrad: arithmetic, comparisons, casts and functions, element by element, over all types it has."""

import numpy as np
from check import close, draw, passed, same
from tinygrad import Tensor, dtypes

SIGNED = (np.int8, np.int16, np.int32, np.int64)
UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
FLOATS = (np.float16, np.float32, np.float64)
COUNT = int(draw.integers(65, 120))


def integers(kind, low=None, high=None):
    limits = np.iinfo(kind)
    low, high = limits.min if low is None else low, limits.max if high is None else high
    return draw.integers(low, high, COUNT, dtype=kind, endpoint=True)


def floats(kind, scale=4):
    return (draw.standard_normal(COUNT) * scale).astype(kind)


def both(what, function, reference, *inputs, check=same, **options):
    got = function(*[Tensor(value) for value in inputs]).numpy()
    with np.errstate(all="ignore"):
        check(what, got, reference(*inputs), **options)


def whole_numbers():
    for kind in SIGNED + UNSIGNED:
        a, b = integers(kind), integers(kind)
        divisor = np.where(b == 0, 3, b).astype(kind)
        name = np.dtype(kind).name
        both(f"{name} mixed", lambda a, b: (a + b) * a - (a ^ b) + (a & b).maximum(a | b),
             lambda a, b: (a + b) * a - (a ^ b) + np.maximum(a & b, a | b), a, b)
        both(f"{name} quotient", lambda a, b: a // b, lambda a, b: a // b, a, divisor)
        both(f"{name} remainder", lambda a, b: a % b, lambda a, b: a % b, a, divisor)
        both(f"{name} less", lambda a, b: (a < b).where(a, b), lambda a, b: np.where(a < b, a, b), a, b)
        both(f"{name} equal", lambda a, b: a == b, lambda a, b: a == b, a, np.where(b % 2 == 0, a, b).astype(kind))
    for kind in UNSIGNED:
        a = integers(kind)
        both(f"{kind} shifts", lambda a: (a << 3) ^ (a >> 2),
             lambda a: (a << kind(3)) ^ (a >> kind(2)), a)


def truths():
    a, b = draw.integers(0, 2, COUNT).astype(bool), draw.integers(0, 2, COUNT).astype(bool)
    both("bool", lambda a, b: ((a & b) | a.logical_not()) ^ b, lambda a, b: ((a & b) | ~a) ^ b, a, b)
    both("bool less", lambda a, b: a < b, lambda a, b: a < b, a, b)
    both("bool as number", lambda a, b: a.int() * 3 + b.float(), lambda a, b: (a * 3 + b).astype(np.float32), a, b)


def real_numbers():
    for kind, tolerance in zip(FLOATS, (2e-3, 1e-6, 1e-12)):
        a, b = floats(kind), floats(kind)
        name = np.dtype(kind).name
        both(f"{name} mixed", lambda a, b: a * b + a - b.maximum(a),
             lambda a, b: a * b + a - np.maximum(b, a), a, b, check=close, tolerance=tolerance)
        both(f"{name} quotient", lambda a, b: a / (b * b + 1), lambda a, b: a / (b * b + kind(1)), a, b,
             check=close, tolerance=tolerance)
        both(f"{name} compared", lambda a, b: (a < b).where(a, b), lambda a, b: np.where(a < b, a, b), a, b)
        both(f"{name} whole", lambda a: a.trunc() + a.floor() * 2 + a.ceil() * 3,
             lambda a: np.trunc(a) + np.floor(a) * kind(2) + np.ceil(a) * kind(3), a)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, 1.5], np.float32)
    both("special sums", lambda a: a + a, lambda a: a + a, special)
    both("special equal", lambda a: a == a, lambda a: a == a, special)
    both("special not a number", lambda a: a.isnan(), np.isnan, special)


def functions():
    a = floats(np.float32, 2)
    positive = np.abs(a) + np.float32(0.1)
    for name in ("exp", "exp2", "sin", "cos", "tanh"):
        both(name, lambda a: getattr(a, name)(), getattr(np, name), a, check=close)
    for name in ("sqrt", "log", "log2"):
        both(name, lambda a: getattr(a, name)(), getattr(np, name), positive, check=close)
    both("power", lambda a: a ** 2.5, lambda a: a ** np.float32(2.5), positive, check=close)
    both("sigmoid", lambda a: a.sigmoid(), lambda a: 1 / (1 + np.exp(-a)), a, check=close)
    both("large angles", lambda a: (a * 1000).sin(), lambda a: np.sin(a.astype(np.float64) * 1000), np.round(a, 1),
         check=close, tolerance=1e-3)


def casts():
    a = np.clip(floats(np.float32, 30), -100, 100)
    for kind in SIGNED + UNSIGNED + FLOATS:
        name = np.dtype(kind).name
        value = np.abs(a) if kind in UNSIGNED else a
        target = getattr(dtypes, name)
        both(f"float32 to {name}", lambda a: a.cast(target), lambda a: a.astype(kind), value)
        both(f"{name} to float32", lambda a: a.cast(dtypes.float32), lambda a: a.astype(np.float32), value.astype(kind))
    for small, large in ((np.int8, np.int64), (np.int16, np.uint32), (np.uint8, np.int32), (np.uint32, np.int64)):
        target = getattr(dtypes, np.dtype(large).name)
        both(f"{small} to {large}", lambda a: a.cast(target), lambda a: a.astype(large), integers(small))
        back = getattr(dtypes, np.dtype(small).name)
        both(f"{large} to {small}", lambda a: a.cast(back), lambda a: a.astype(small), integers(large))
    both("bits", lambda a: a.bitcast(dtypes.int32), lambda a: a.view(np.int32), a)


whole_numbers()
truths()
real_numbers()
functions()
casts()
brain = Tensor(floats(np.float32)).cast(dtypes.bfloat16)
close("bfloat16", (brain * brain + 1).float().numpy(), brain.float().numpy() ** 2 + 1, 2e-2)
passed()
