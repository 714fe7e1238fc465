"""tinygrad: products, convolutions, attention and small models, forward and through training steps."""

import numpy as np
from check import close, draw, passed
from tinygrad import Context, Tensor, nn


def normal(*shape):
    return draw.standard_normal(shape).astype(np.float32)


def softmax(a):
    weights = np.exp(a - a.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def products():
    m, n, k = (int(size) for size in draw.integers(5, 24, 3))
    a, b = normal(m, k), normal(k, n)
    close("product", (Tensor(a) @ Tensor(b)).numpy(), a @ b)
    a, b = normal(3, m, k), normal(3, k, n)
    close("batch of products", (Tensor(a) @ Tensor(b)).numpy(), a @ b)
    # Whole tiles of half precision go to the matrix unit: mma.sync.
    a, b = normal(16, 32).astype(np.float16), normal(32, 16).astype(np.float16)
    close("half product", Tensor(a).dot(Tensor(b), dtype="float").numpy(), a.astype(np.float32) @ b.astype(np.float32), 1e-3)
    close("half product, half sum", (Tensor(a) @ Tensor(b)).numpy(), a.astype(np.float32) @ b.astype(np.float32), 5e-3)
    a = normal(32, 32)
    close("square", (Tensor(a) @ Tensor(a)).numpy(), a @ a)
    a, b = draw.integers(-9, 9, (9, 20)).astype(np.int32), draw.integers(-9, 9, (20, 7)).astype(np.int32)
    close("whole product", (Tensor(a) @ Tensor(b)).numpy(), a @ b, 0)
    a, b = normal(6, 7), normal(7)
    close("einsum", Tensor.einsum("ij,j->i", Tensor(a), Tensor(b)).numpy(), a @ b)


def conv(image, weight, stride=1, padding=0):
    image = np.pad(image, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(image, weight.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("bchwxy,ocxy->bohw", windows, weight)


def convolutions():
    image, weight = normal(2, 3, int(draw.integers(8, 12)), 9), normal(4, 3, 3, 3)
    x, w = Tensor(image), Tensor(weight)
    close("convolution", x.conv2d(w).numpy(), conv(image, weight))
    close("with stride", x.conv2d(w, stride=2, padding=1).numpy(), conv(image, weight, 2, 1))
    square = image[:, :, :8, :8]
    blocks = square.reshape(2, 3, 4, 2, 4, 2)
    close("largest of windows", Tensor(square).max_pool2d(2).numpy(), blocks.max((3, 5)))
    close("mean of windows", Tensor(square).avg_pool2d(2).numpy(), blocks.mean((3, 5)))
    depth = normal(3, 1, 3, 3)
    want = np.concatenate([conv(image[:, c : c + 1], depth[c : c + 1]) for c in range(3)], 1)
    close("by depth", x.conv2d(Tensor(depth), groups=3).numpy(), want)


def attention():
    q, k, v = normal(2, 2, 9, 8), normal(2, 2, 9, 8), normal(2, 2, 9, 8)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(np.float32(8))
    got = Tensor(q).scaled_dot_product_attention(Tensor(k), Tensor(v))
    close("attention", got.numpy(), softmax(scores) @ v)
    hidden = np.where(np.tril(np.ones((9, 9), bool)), scores, -np.inf)
    got = Tensor(q).scaled_dot_product_attention(Tensor(k), Tensor(v), is_causal=True)
    close("causal attention", got.numpy(), softmax(hidden) @ v)


class Block:
    """A transformer block: attention and a small network, each after a layer norm and around a by-pass."""

    def __init__(self, width, heads):
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def __call__(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.first(x)).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = qkv[0].scaled_dot_product_attention(qkv[1], qkv[2], is_causal=True)
        x = x + self.out(mixed.permute(0, 2, 1, 3).reshape(batch, length, width))
        return x + self.down(self.up(self.second(x)).relu())

    def reference(self, x):
        def linear(layer, x):
            return x @ layer.weight.numpy().T + layer.bias.numpy()

        def norm(layer, x):
            x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
            return x * layer.weight.numpy() + layer.bias.numpy()

        batch, length, width = x.shape
        qkv = linear(self.qkv, norm(self.first, x)).reshape(batch, length, 3, self.heads, width // self.heads).transpose(2, 0, 3, 1, 4)
        scores = qkv[0] @ qkv[1].swapaxes(-1, -2) / np.sqrt(width // self.heads)
        mixed = softmax(np.where(np.tril(np.ones((length, length), bool)), scores, -np.inf)) @ qkv[2]
        x = x + linear(self.out, mixed.transpose(0, 2, 1, 3).reshape(batch, length, width))
        return x + linear(self.down, np.maximum(linear(self.up, norm(self.second, x)), 0))


def given(model):
    """A model with parameters that follow from the seed."""
    for parameter in nn.state.get_parameters(model):
        parameter.replace(Tensor(normal(*parameter.shape) * 0.3))
    return model


def transformer():
    block, x = given(Block(16, 2)), normal(2, 6, 16)
    close("transformer block", block(Tensor(x)).numpy(), block.reference(x), 1e-4)


def perceptron(inputs, weights, labels):
    """Loss and gradients of two layers with a softmax at the end."""
    first, second = weights
    hidden = inputs @ first
    active = np.maximum(hidden, 0)
    chance = softmax(active @ second)
    loss = -np.log(chance[np.arange(len(labels)), labels]).mean()
    error = (chance - np.eye(second.shape[1])[labels]) / len(labels)
    return loss, [inputs.T @ ((error @ second.T) * (hidden > 0)), active.T @ error]


def sgd(weights, gradients, state):
    return [w - 0.1 * g for w, g in zip(weights, gradients)]


def adam(weights, gradients, state):
    step, means, squares = state.setdefault("step", 0) + 1, state.setdefault("m", [0, 0]), state.setdefault("v", [0, 0])
    state["step"] = step
    for i, g in enumerate(gradients):
        means[i], squares[i] = 0.9 * means[i] + 0.1 * g, 0.999 * squares[i] + 0.001 * g * g
    corrected = [(m / (1 - 0.9**step), v / (1 - 0.999**step)) for m, v in zip(means, squares)]
    return [w - 0.01 * m / (np.sqrt(v) + 1e-8) for w, (m, v) in zip(weights, corrected)]


def training():
    inputs, labels = normal(16, 10), draw.integers(0, 4, 16).astype(np.int32)
    start = [normal(10, 12) * 0.3, normal(12, 4) * 0.3]
    for name, optimiser, rule, tolerance in (
        ("SGD", lambda p: nn.optim.SGD(p, lr=0.1), sgd, 1e-4),
        ("Adam", lambda p: nn.optim.Adam(p, lr=0.01), adam, 2e-3),
    ):
        weights = [w.astype(np.float64) for w in start]
        layers, state = [Tensor(w) for w in start], {}
        steps = optimiser(layers)
        with Context(TRAINING=1):
            for step in range(3):
                steps.zero_grad()
                hidden = (Tensor(inputs) @ layers[0]).relu()
                loss = (hidden @ layers[1]).sparse_categorical_crossentropy(Tensor(labels)).backward()
                loss.realize(*steps.schedule_step())
                want, gradients = perceptron(inputs, weights, labels)
                weights = rule(weights, gradients, state)
                close(f"{name}, loss of step {step}", loss.numpy(), np.float32(want), 1e-4)
        for layer, weight in zip(layers, weights):
            close(f"{name}, weights", layer.numpy(), weight, tolerance)


class Convolutions:
    """A small network for images."""

    def __init__(self):
        self.first, self.last = nn.Conv2d(1, 4, 3), nn.Linear(4 * 9, 3)

    def __call__(self, x):
        return self.last(self.first(x).relu().max_pool2d(2).flatten(1))


def image_loss(parameters, image, labels):
    """The loss of that network."""
    weight, bias, last, offset = parameters
    hidden = np.maximum(conv(image, weight) + bias[:, None, None], 0)
    pooled = hidden.reshape(-1, 4, 3, 2, 3, 2).max((3, 5)).reshape(-1, 36)
    chance = softmax(pooled @ last.T + offset)
    return -np.log(chance[np.arange(len(labels)), labels]).mean()


def image_network():
    """A step goes down the slope: what it changes is compared with differences of the loss."""
    labels, image = draw.integers(0, 3, 9).astype(np.int32), normal(9, 1, 8, 8)
    model = given(Convolutions())
    parameters = nn.state.get_parameters(model)
    steps = nn.optim.SGD(parameters, lr=0.5)
    for step in range(2):
        before = [parameter.numpy().astype(np.float64) for parameter in parameters]
        with Context(TRAINING=1):
            steps.zero_grad()
            loss = model(Tensor(image)).sparse_categorical_crossentropy(Tensor(labels)).backward()
            loss.realize(*steps.schedule_step())
        close(f"loss of step {step}", loss.numpy(), image_loss(before, image, labels))
        for which, parameter in enumerate(parameters):
            at = tuple(int(draw.integers(0, size)) for size in parameter.shape)
            moved, losses = before[which][at] - parameter.numpy()[at], []
            # A step so small hardly ever crosses an edge of the largest value of a window.
            for change in (1e-8, -2e-8):
                before[which][at] += change
                losses.append(image_loss(before, image, labels))
            close(f"slope of parameter {which} in step {step}", moved / 0.5, (losses[0] - losses[1]) / 2e-8, 1e-4)


products()
convolutions()
attention()
transformer()
training()
image_network()
passed()
