"""Halide: pipelines of several kernels, tiles in shared memory, warps that exchange values, atomic updates."""

import halide as hl
import numpy as np
from check import close, draw, passed, same

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
xi, yi, xo, yo = hl.Var("xi"), hl.Var("yi"), hl.Var("xo"), hl.Var("yo")
TARGET = hl.Target("host-cuda-cuda_capability_80")


def realize(function, *size):
    return np.array(function.realize(list(size), TARGET))


def picture(kind=np.float32):
    height, width = (int(size) for size in draw.integers(17, 40, 2))
    values = draw.integers(0, 256, (height, width)).astype(kind)
    return values, hl.Buffer(values), width, height


def rows(a):
    """The rows above, at and below, and the same for columns of each."""
    wide = np.pad(a, 1, mode="edge")
    return [wide[i : i + a.shape[0], j : j + a.shape[1]] for i in range(3) for j in range(3)]


def blur():
    """A tile is blurred along its rows into shared memory, then along its columns."""
    a, source, width, height = picture()
    inside = hl.BoundaryConditions.repeat_edge(source)
    across, down = hl.Func("across"), hl.Func("down")
    across[x, y] = inside[x - 1, y] + inside[x, y] + inside[x + 1, y]
    down[x, y] = (across[x, y - 1] + across[x, y] + across[x, y + 1]) / 9
    down.gpu_tile(x, y, xo, yo, xi, yi, 8, 8, hl.TailStrategy.GuardWithIf)
    across.compute_at(down, xo).gpu_threads(x, y)
    close("blur", realize(down, width, height), sum(rows(a)) / 9)


def bilateral():
    """Neighbours count by how near and how similar they are; three kernels, one after the other."""
    a, source, width, height = picture()
    inside = hl.BoundaryConditions.repeat_edge(source)
    scaled, smooth, sharp = hl.Func("scaled"), hl.Func("smooth"), hl.Func("sharp")
    scaled[x, y] = inside[x, y] / 255
    window = hl.RDom([(-1, 3), (-1, 3)])
    near = scaled[x + window.x, y + window.y]
    weight = hl.exp(-(near - scaled[x, y]) * (near - scaled[x, y]) * 8)
    smooth[x, y] = hl.sum(weight * near) / hl.sum(weight)
    sharp[x, y] = hl.clamp(2 * scaled[x, y] - smooth[x, y], 0, 1)
    for function in (scaled, smooth, sharp):
        function.compute_root().gpu_tile(x, y, xo, yo, xi, yi, 16, 4, hl.TailStrategy.GuardWithIf)
    around = np.array(rows(a / 255))
    weights = np.exp(-8 * (around - a / 255) ** 2)
    want = np.clip(2 * a / 255 - (weights * around).sum(0) / weights.sum(0), 0, 1)
    close("bilateral", realize(sharp, width, height), want)


def histogram():
    """All threads count into a few cells; then a running sum by one thread, and a look-up by all."""
    a, source, width, height = picture(np.uint8)
    counts, running, equal = hl.Func("counts"), hl.Func("running"), hl.Func("equal")
    pixels, steps = hl.RDom([(0, width), (0, height)]), hl.RDom([(1, 15)])
    cell = hl.cast(hl.Int(32), source[pixels.x, pixels.y] / 16)
    counts[x] = 0
    counts[cell] += 1
    running[x] = counts[0]
    running[steps.x] = running[steps.x - 1] + counts[steps.x]
    equal[x, y] = running[hl.cast(hl.Int(32), source[x, y] / 16)]
    counts.compute_root().gpu_tile(x, xi, 16)
    parts = [hl.RVar(name) for name in ("rxo", "ryo", "rxi", "ryi")]
    counts.update().atomic().gpu_tile(pixels.x, pixels.y, *parts, 8, 8, hl.TailStrategy.GuardWithIf)
    running.compute_root().gpu_single_thread()
    running.update().gpu_single_thread()
    equal.gpu_tile(x, y, xo, yo, xi, yi, 8, 8, hl.TailStrategy.GuardWithIf)
    same("equalised", realize(equal, width, height), np.bincount(a.ravel() // 16, minlength=16).cumsum().astype(np.int32)[a // 16])


def reductions():
    """A sum in two steps, the place of the largest value, and atomic sums of floats."""
    count = 16 * int(draw.integers(20, 40))
    a = draw.permutation(count).astype(np.float32) - count // 2
    source, row = hl.Buffer(a), hl.RDom([(0, count)])
    total, best, sums = hl.Func("total"), hl.Func("best"), hl.Func("sums")
    total[()] = 0.0
    total[()] += source[row.x]
    outer, inner, lane = hl.RVar("outer"), hl.RVar("inner"), hl.Var("lane")
    part = total.update().split(row.x, outer, inner, 16).rfactor(outer, lane)
    part.compute_root().gpu_tile(lane, xi, 8, hl.TailStrategy.GuardWithIf)
    part.update().gpu_tile(lane, xi, 8, hl.TailStrategy.GuardWithIf)
    total.gpu_single_thread()
    total.update().gpu_single_thread()
    same("sum", np.array(total.realize([], TARGET)), a.sum())
    line = hl.RDom([(0, 16)])
    place = hl.argmax(source[x * 16 + line.x])
    best[x] = hl.Tuple([hl.cast(hl.Int(32), place[0]), place[1]])
    best.gpu_tile(x, xi, 8, hl.TailStrategy.GuardWithIf)
    where, largest = (np.array(buffer) for buffer in best.realize([count // 16], TARGET))
    same("place of the largest", where, a.reshape(-1, 16).argmax(1).astype(np.int32))
    same("the largest", largest, a.reshape(-1, 16).max(1))
    sums[x] = 0.0
    sums[row.x % 4] += source[row.x]
    sums.gpu_tile(x, xi, 4)
    sums.update().atomic().gpu_tile(row.x, outer, inner, 32, hl.TailStrategy.GuardWithIf)
    same("atomic sums", realize(sums, 4), a.reshape(-1, 4).sum(0))


def product():
    """A matrix product: rows and columns of a tile are fetched into shared memory, sums stay in registers."""
    m, n, k = 16, 24, int(draw.integers(9, 20))
    a, b = draw.standard_normal((m, k)).astype(np.float32), draw.standard_normal((k, n)).astype(np.float32)
    one, two, step = hl.Buffer(a), hl.Buffer(b), hl.RDom([(0, k)])
    left, sums, result = hl.Func("left"), hl.Func("sums"), hl.Func("result")
    left[x, y] = one[x, y]
    sums[x, y] = 0.0
    sums[x, y] += left[step.x, y] * two[x, step.x]
    result[x, y] = sums[x, y]
    result.gpu_tile(x, y, xo, yo, xi, yi, 8, 8)
    sums.compute_at(result, xi)
    left.compute_at(result, xo).gpu_threads(x, y)
    close("product", realize(result, n, m), a @ b)


def exchange():
    """The lanes of a warp hold a row in registers and pass each other its values: shfl."""
    a = draw.integers(0, 100, (6, 32), dtype=np.int32)
    source, kept, result = hl.Buffer(a), hl.Func("kept"), hl.Func("result")
    kept[x, y] = source[x, y] * 3
    result[x, y] = kept[x, y] + 2 * kept[(x + 1) % 32, y] - kept[31 - x, y]
    result.bound(x, 0, 32).split(y, yo, yi, 1).gpu_blocks(yo).gpu_threads(yi).reorder(x, yi, yo).gpu_lanes(x)
    kept.compute_at(result, yi).gpu_lanes(x)
    same("exchange", realize(result, 32, 6), 3 * (a + 2 * np.roll(a, -1, 1) - a[:, ::-1]))


def stays_on_the_device():
    """Two pipelines, the second reads what the first left there; the result is fetched and cropped."""
    a, source, width, height = picture(np.int32)
    first, second = hl.Func("first"), hl.Func("second")
    first[x, y] = source[x, y] * 2 + 1
    first.gpu_tile(x, y, xo, yo, xi, yi, 8, 4, hl.TailStrategy.GuardWithIf)
    middle = first.realize([width, height], TARGET)
    second[x, y] = middle[x, y] * middle[width - 1 - x, y]
    second.gpu_tile(x, y, xo, yo, xi, yi, 4, 8, hl.TailStrategy.GuardWithIf)
    got = second.realize([width, height], TARGET)
    got.copy_to_host()
    want = (2 * a + 1) * (2 * a + 1)[:, ::-1]
    same("chained", np.array(got), want)
    middle.device_free()


blur()
bilateral()
histogram()
reductions()
product()
exchange()
stays_on_the_device()
passed()
