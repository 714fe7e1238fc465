"""tinygrad: compiled functions, replayed as graphs whose nodes are updated, on one device and on two."""

import numpy as np
from check import close, draw, passed, same
from tinygrad import Context, Device, Tensor, TinyJit, Variable, nn


def normal(*shape):
    return draw.standard_normal(shape).astype(np.float32)


def replays():
    """From the third call on, the kernels are one graph; its nodes get the new inputs."""

    @TinyJit
    def layers(x, w):
        hidden = (x @ w).relu()
        return (hidden @ w).softmax().realize(), hidden.sum(0).realize()

    w = normal(7, 7)
    weight = Tensor(w).realize()
    for turn in range(6):
        x = normal(5, 7)
        chance, total = layers(Tensor(x).realize(), weight)
        hidden = np.maximum(x @ w, 0)
        want = np.exp(hidden @ w - (hidden @ w).max(1, keepdims=True))
        close(f"chances of turn {turn}", chance.numpy(), want / want.sum(1, keepdims=True))
        close(f"totals of turn {turn}", total.numpy(), hidden.sum(0))


def state():
    """A graph that changes what it read: each replay goes on where the last one stopped."""
    counter, seen = Tensor(np.zeros(4, np.int32)).realize(), []

    @TinyJit
    def step(x):
        counter.assign(counter * 3 + x).realize()
        return (counter + 1).realize()

    want = np.zeros(4, np.int32)
    for turn in range(8):
        x = draw.integers(0, 9, 4, dtype=np.int32)
        want = want * 3 + x
        same(f"state of turn {turn}", step(Tensor(x).realize()).numpy(), want + 1)


def symbolic():
    """The length is a parameter of the kernels and of their grids."""

    @TinyJit
    def attention(q, keys):
        return ((q @ keys.T).softmax() @ keys).realize()

    keys = normal(10, 4)
    store, last = Tensor(keys).realize(), Variable("last", 1, 9)
    for turn in range(1, 8):
        q = normal(3, 4)
        got = attention(Tensor(q).realize(), store.shrink(((0, last.bind(turn) + 1), (0, 4))))
        scores = np.exp(q @ keys[: turn + 1].T)
        close(f"keys up to {turn}", got.numpy(), scores / scores.sum(1, keepdims=True) @ keys[: turn + 1])


def training():
    """Compiled training steps do what eager ones do, bit by bit."""
    data, target = normal(6, 16, 5), normal(6, 16, 1)
    results = []
    for compile in (TinyJit, lambda function: function):
        weights = [Tensor(np.linspace(-1, 1, 40, dtype=np.float32).reshape(5, 8)), Tensor.ones(8, 1).contiguous()]
        steps = nn.optim.Adam(weights, lr=0.05)

        @compile
        def step(x, y):
            steps.zero_grad()
            loss = ((x @ weights[0]).tanh() @ weights[1] - y).square().mean().backward()
            return loss.realize(*steps.schedule_step())

        with Context(TRAINING=1):
            losses = [step(Tensor(x).realize(), Tensor(y).realize()).numpy() for x, y in zip(data, target)]
        results.append((losses, [w.numpy() for w in weights]))
    for (one, other) in zip(results[0][0] + results[0][1], results[1][0] + results[1][1]):
        same("compiled and eager", one, other)


def two_devices():
    """Halves on two devices, summed and put together again; eager, then as graphs with copies between them."""
    devices = tuple(f"{Device.DEFAULT}:{number}" for number in range(2))
    w = normal(8, 6)
    rows, columns = Tensor(w).shard(devices, axis=0).realize(), Tensor(w).shard(devices, axis=1).realize()

    @TinyJit
    def halves(x, y):
        return (x @ rows).realize(), (y @ columns).contiguous().realize()

    def wait():
        # A graph goes to the stream of the device used last, which orders nothing on the other one.
        for device in devices:
            Device[device].synchronize()

    for turn in range(5):
        x = normal(4, 8)
        split, whole = Tensor(x).shard(devices, axis=1).realize(), Tensor(x).shard(devices).realize()
        wait()
        summed, joined = halves(split, whole)
        wait()
        close(f"summed, turn {turn}", summed.to(devices[0]).numpy(), x @ w)
        close(f"joined, turn {turn}", joined.to(devices[1]).numpy(), x @ w)


replays()
state()
symbolic()
training()
# A copy from one device to another is ordered after nothing on the target: buffers must not be handed out again there.
with Context(LRU=0):
    two_devices()
passed()
