"""Halide: kernels that compute each point by itself, over types, functions and versions of PTX."""

import halide as hl
import numpy as np
from check import close, draw, passed, same

x, y, inner, other = hl.Var("x"), hl.Var("y"), hl.Var("inner"), hl.Var("other")
COUNT = int(draw.integers(100, 200))
# Its buffers know an unsigned number of 64 bits by this name only.
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "ulonglong")


def run(*values, capability="80"):
    """All values at each point, by one kernel."""
    result = hl.Func("result")
    result[x] = hl.Tuple(values) if len(values) > 1 else values[0]
    result.gpu_tile(x, inner, 32, hl.TailStrategy.GuardWithIf)
    found = result.realize([COUNT], hl.Target(f"host-cuda-cuda_capability_{capability}"))
    return [np.array(buffer) for buffer in found] if len(values) > 1 else np.array(found)


def integers(kind):
    limits = np.iinfo(kind)
    return draw.integers(limits.min, limits.max, COUNT, dtype=kind, endpoint=True).astype(kind)


def vector_add():
    a, b = draw.standard_normal(COUNT).astype(np.float32), draw.standard_normal(COUNT).astype(np.float32)
    one, two = hl.Buffer(a), hl.Buffer(b)
    for capability in ("30", "70", "86"):
        same(f"sum for {capability}", run(one[x] + two[x], capability=capability), a + b)


def whole_numbers():
    inputs, values = {}, []
    for kind in INTEGERS:
        a, b = integers(kind), integers(kind)
        shift = draw.integers(0, np.iinfo(kind).bits, COUNT).astype(kind)
        inputs[kind] = a, b, shift, np.maximum(b, 1).astype(kind)
        one, two, three, four = (hl.Buffer(value) for value in inputs[kind])
        values += [
            (one[x] + two[x]) * one[x] ^ two[x],
            hl.min(one[x], two[x]),
            hl.select(one[x] < two[x], one[x] - two[x], two[x]),
            one[x] >> three[x],
            one[x] / four[x],
            one[x] % four[x],
        ]
    found = run(*values[:24]) + run(*values[24:])
    for kind, (a, b, shift, divisor) in inputs.items():
        mixed, least, chosen, right, quotient, rest = found[:6]
        found = found[6:]
        same(f"{kind} mixed", mixed, (a + b) * a ^ b)
        same(f"{kind} least", least, np.minimum(a, b))
        same(f"{kind} chosen", chosen, np.where(a < b, a - b, b))
        same(f"{kind} shifted", right, a >> shift)
        same(f"{kind} quotient", quotient, a // divisor)
        same(f"{kind} rest", rest, a % divisor)


def bits_and_bytes():
    a, b, c = integers("uint32"), integers("uint8"), integers("uint8")
    one, two, three = hl.Buffer(a), hl.Buffer(b), hl.Buffer(c)
    ones, zeros, full, far, mean = run(
        hl.popcount(one[x]),
        hl.count_leading_zeros(one[x]),
        hl.saturating_add(two[x], three[x]),
        hl.absd(two[x], three[x]),
        hl.rounding_halving_add(two[x], three[x]),
    )
    same("ones", ones, np.bitwise_count(a).astype(np.uint32))
    same("leading zeros", zeros, np.array([32 - int(value).bit_length() for value in a], np.uint32))
    b, c = b.astype(int), c.astype(int)
    same("saturating sum", full, np.minimum(b + c, 255).astype(np.uint8))
    same("difference", far, np.abs(b - c).astype(np.uint8))
    same("rounded mean", mean, ((b + c + 1) // 2).astype(np.uint8))


def real_numbers():
    for kind, tolerance in (("float32", 1e-6), ("float64", 1e-14)):
        a, b = draw.standard_normal(COUNT).astype(kind), draw.standard_normal(COUNT).astype(kind)
        one, two = hl.Buffer(a), hl.Buffer(b)
        number = hl.cast(hl.Int(32), one[x] * 100)
        mixed, floor, ceil, whole, back = run(
            one[x] * two[x] + one[x] / (two[x] * two[x] + 1),
            hl.floor(one[x]),
            hl.ceil(two[x]),
            number,
            hl.cast(one.type(), number),
        )
        close(f"{kind} mixed", mixed, a * b + a / (b * b + 1), tolerance)
        same(f"{kind} floor", floor, np.floor(a))
        same(f"{kind} ceiling", ceil, np.ceil(b))
        same(f"{kind} to int32", whole, (a * 100).astype(np.int32))
        same(f"int32 to {kind}", back, np.trunc(a * 100))
    a = draw.standard_normal(COUNT).astype(np.float32)
    half = hl.cast(hl.Float(16), hl.Buffer(a)[x])
    got = run(hl.cast(hl.Float(32), half * half + half))
    a = a.astype(np.float16)
    close("float16", got, (a * a + a).astype(np.float32), 2e-3)


def functions():
    a = draw.uniform(-2, 2, COUNT).astype(np.float32)
    positive = np.abs(a) + np.float32(0.1)
    one, two = hl.Buffer(a)[x], hl.Buffer(positive)[x]
    names = ("sin", "cos", "tan", "exp", "tanh", "sinh", "cosh", "sqrt", "log")
    values = [getattr(hl, name)(two if name in ("sqrt", "log") else one) for name in names]
    for name, got in zip(names, run(*values)):
        close(name, got, getattr(np, name)(positive if name in ("sqrt", "log") else a))
    arcs = ("asin", "acos", "atan")
    *found, angle, power, fast, inverse = run(
        *(getattr(hl, name)(one / 2) for name in arcs),
        hl.atan2(one, two),
        hl.pow(two, one),
        hl.fast_exp(one) + hl.fast_log(two),
        hl.fast_inverse_sqrt(two),
    )
    for name, got in zip(arcs, found):
        close(name, got, getattr(np, "arc" + name[1:])(a / 2))
    close("atan2", angle, np.arctan2(a, positive))
    close("power", power, positive**a)
    close("fast functions", fast, np.exp(a) + np.log(positive), 1e-4)
    close("fast inverse root", inverse, 1 / np.sqrt(positive), 1e-4)
    wide, double = hl.cast(hl.Float(64), one), a.astype(np.float64)
    close("double functions", run(hl.exp(wide) + hl.sin(wide)), np.exp(double) + np.sin(double), 1e-12)


def two_dimensions():
    width, height = 16, int(draw.integers(20, 50))
    a = draw.integers(0, 256, (height, width), dtype=np.uint8)
    source, four, tile = hl.Buffer(a), hl.Var("four"), hl.Var("tile")
    result = hl.Func("result")
    result[x, y] = (255 - source[x, y]) * hl.cast(hl.UInt(8), x + y)
    result.split(x, x, four, 4).vectorize(four).gpu_tile(x, y, tile, other, 2, 4, hl.TailStrategy.GuardWithIf)
    got = np.array(result.realize([width, height], hl.Target("host-cuda-cuda_capability_80")))
    same("four at once", got, (255 - a) * np.add.outer(np.arange(height), np.arange(width)).astype(np.uint8))


vector_add()
whole_numbers()
bits_and_bytes()
real_numbers()
functions()
two_dimensions()
passed()
