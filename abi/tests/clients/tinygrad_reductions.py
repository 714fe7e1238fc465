"""tinygrad: sums and the like, normalisations, scans, sorting, indexing, and random numbers."""

import numpy as np
from check import SEED, close, draw, fail, passed, same
from tinygrad import Tensor, dtypes


def normal(*shape):
    return draw.standard_normal(shape).astype(np.float32)


def reductions():
    a = normal(*draw.integers(3, 9, 3))
    x = Tensor(a)
    for axis in (None, 1, (0, 2)):
        close(f"sum over {axis}", x.sum(axis).numpy(), a.sum(axis))
        same(f"largest over {axis}", x.max(axis).numpy(), a.max(axis))
        same(f"smallest over {axis}", x.min(axis).numpy(), a.min(axis))
    close("mean", x.mean(1).numpy(), a.mean(1))
    close("variance", x.var(2).numpy(), a.var(2, ddof=1))
    close("product", x.prod(0).numpy(), a.prod(0))
    same("place of the largest", x.argmax(1).numpy(), a.argmax(1).astype(np.int32))
    same("any", (x > 1).any(0).numpy(), (a > 1).any(0))
    same("all", (x > -1).all(0).numpy(), (a > -1).all(0))
    # Large enough for a tree of threads with shared memory and barriers.
    a = draw.integers(-1000, 1000, (2, 1024), dtype=np.int32)
    same("long sum", Tensor(a).sum(1).numpy(), a.sum(1, dtype=np.int32))
    a = normal(2, 512)
    close("long mean", Tensor(a).mean(1).numpy(), a.mean(1))
    for kind in (np.int8, np.uint16, np.int64, np.float16, np.float64):
        a = draw.integers(0, 9, (4, 33)).astype(kind)
        want = a.sum(1, dtype=kind if np.dtype(kind).kind == "f" else None)
        close(f"sum of {np.dtype(kind).name}", Tensor(a).sum(1).numpy(), want)


def normalisations():
    a = normal(int(draw.integers(3, 9)), int(draw.integers(10, 40)))
    weights = np.exp(a - a.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    close("softmax", Tensor(a).softmax().numpy(), weights)
    close("log of softmax", Tensor(a).log_softmax().numpy(), np.log(weights))
    close("log of sum", Tensor(a).logsumexp(1).numpy(), np.log(np.exp(a).sum(1)))
    layer = (a - a.mean(1, keepdims=True)) / np.sqrt(a.var(1, keepdims=True) + 1e-5)
    close("layer norm", Tensor(a).layernorm().numpy(), layer, 1e-4)


def scans():
    a = draw.integers(-9, 9, (3, int(draw.integers(20, 50))), dtype=np.int32)
    same("running sum", Tensor(a).cumsum(1).numpy(), a.cumsum(1, dtype=np.int32))
    same("running largest", Tensor(a).cummax(1)[0].numpy(), np.maximum.accumulate(a, 1))
    a = normal(300)
    close("long running sum", Tensor(a).cumsum().numpy(), a.cumsum(), 1e-4)


def sorting():
    a = normal(2, int(draw.integers(9, 16)))
    values, places = Tensor(a).sort()
    same("sorted", values.numpy(), np.sort(a))
    same("places of the sorted", places.numpy(), np.argsort(a, kind="stable").astype(np.int32))
    values, places = Tensor(a).topk(4)
    order = np.argsort(-a, kind="stable")[:, :4]
    same("four largest", values.numpy(), np.take_along_axis(a, order, 1))
    same("places of the largest", places.numpy(), order.astype(np.int32))


def indexing():
    a = normal(12, 9)
    rows = draw.integers(0, 12, 7, dtype=np.int32)
    places = draw.integers(0, 9, (12, 4), dtype=np.int32)
    x = Tensor(a)
    same("rows", x[Tensor(rows)].numpy(), a[rows])
    same("gathered", x.gather(1, Tensor(places)).numpy(), np.take_along_axis(a, places, 1))
    same("every third", x[::3, 1:-1].numpy(), a[::3, 1:-1])
    same("turned", x.T.flip(0).contiguous().numpy(), a.T[::-1])
    same("padded", x.pad(((1, 2), (0, 3))).numpy(), np.pad(a, ((1, 2), (0, 3))))
    same("rolled", x.roll(5, 0).numpy(), np.roll(a, 5, 0))
    same("joined", x.cat(x * 2, dim=1).numpy(), np.concatenate([a, a * 2], 1))
    same("triangle", x.tril().numpy(), np.tril(a))
    want = np.zeros((12, 9), np.float32)
    np.put_along_axis(want, places[:, :1], 1.5, 1)
    same("scattered", Tensor.zeros(12, 9).scatter(1, Tensor(places[:, :1]), 1.5).numpy(), want)
    same("one hot", Tensor(rows).one_hot(12).numpy(), np.eye(12, dtype=np.int32)[rows])


def threefry(numbers, key):
    """Threefry 2x32 of 20 rounds, as its paper has it; each 64-bit number is two words."""
    word = np.uint64(0xFFFFFFFF)
    keys = [key & word, key >> np.uint64(32)]
    keys.append(keys[0] ^ keys[1] ^ np.uint64(0x1BD11BDA))
    low, high = (numbers + keys[0]) & word, ((numbers >> np.uint64(32)) + keys[1]) & word
    for turn in range(5):
        for bits in ((13, 15, 26, 6), (17, 29, 16, 24))[turn % 2]:
            low = (low + high) & word
            high = ((high << np.uint64(bits)) & word) | (high >> np.uint64(32 - bits))
            high ^= low
        low = (low + keys[(turn + 1) % 3]) & word
        high = (high + keys[(turn + 2) % 3] + np.uint64(turn + 1)) & word
    return low | (high << np.uint64(32))


def random_numbers():
    numbers, key = draw.integers(0, 2**63, 50, dtype=np.uint64), draw.integers(0, 2**63, 1, dtype=np.uint64)
    same("threefry", Tensor(numbers).threefry(Tensor(key).expand(50)).numpy(), threefry(numbers, key))
    Tensor.manual_seed(SEED)
    first = Tensor.rand(1000).numpy()
    if not (0.45 < first.mean() < 0.55 and 0.07 < first.var() < 0.1 and first.min() >= 0 and first.max() < 1):
        fail("uniform", f"mean {first.mean()}, variance {first.var()}, {first.min()} to {first.max()}")
    second = Tensor.randn(1000).numpy()
    if not (abs(second.mean()) < 0.15 and 0.8 < second.var() < 1.2):
        fail("normal", f"mean {second.mean()}, variance {second.var()}")
    Tensor.manual_seed(SEED)
    same("the same seed again", Tensor.rand(1000).numpy(), first)
    dice = Tensor.randint(600, low=1, high=7, dtype=dtypes.int32).numpy()
    same("all sides of a die", np.unique(dice), np.arange(1, 7, dtype=np.int32))


reductions()
normalisations()
scans()
sorting()
indexing()
random_numbers()
passed()
