"""Writes libdevice.tsv: values of the device library's functions by mpmath 1.3, which computes with any number of digits.

A row is: function, arguments, value. Floats are the 16 hex digits of their bits; a value is two of them whose sum has 106
bits of the true one. Half of the arguments are `float` numbers, so that both widths can use the row.
Run: python3 libdevice.py > libdevice.tsv
"""

import random
import struct
from fractions import Fraction

import mpmath as mp

mp.mp.prec = 250
rng = random.Random(20240229)
ROWS = 40


def bits(x):
    return struct.pack(">d", x).hex()


def to_float(x):
    """The nearest float, through mpmath's own rounding; infinity beyond the range."""
    return mp.mpf(x).__float__() if abs(x) < mp.mpf(2) ** 1024 else float("inf") * (1 if x > 0 else -1)


def pair(value):
    value = mp.mpf(value)
    high = to_float(value)
    low = 0.0 if high in (float("inf"), float("-inf")) else to_float(value - mp.mpf(high))
    return f"{bits(high)} {bits(low)}"


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def uniform(low, high):
    return lambda narrow: rng.uniform(low, high)


def sized(low, high, signed=False):
    """Of a size between two powers of 2, all equally likely."""

    def one(narrow):
        x = 2.0 ** (rng.uniform(max(low, -125), min(high, 126)) if narrow else rng.uniform(low, high))
        return -x if signed and rng.random() < 0.5 else x

    return one


def near(points, low=-45, high=-2, side=0):
    """Close to one of some points."""

    def one(narrow):
        distance = 2.0 ** rng.uniform(max(low, -18) if narrow else low, high)
        return rng.choice(points) + distance * (side or rng.choice([1, -1]))

    return one


def arguments(*sources):
    """Arguments of a function of one number."""
    rows = []
    while len(rows) < ROWS:
        narrow = len(rows) % 2 == 0
        x = rng.choice(sources)(narrow)
        rows.append((single(x) if narrow else x,))
    return rows


def several(*sources):
    """Arguments of a function of several numbers."""
    rows = []
    while len(rows) < ROWS:
        narrow = len(rows) % 2 == 0
        row = tuple(source(narrow) for source in sources)
        rows.append(tuple(single(x) if narrow and isinstance(x, float) else x for x in row))
    return rows


def emit(name, rows, function, most=None):
    for row in rows:
        value = function(*(x if isinstance(x, int) else mp.mpf(x) for x in row))
        # mpmath knows no sign of 0; the test has those.
        if value == 0 or (most is not None and abs(value) > most):
            continue
        words = " ".join(str(x) if isinstance(x, int) else bits(x) for x in row)
        print(f"{name}\t{words}\t{pair(value)}")


def erfcinv(p):
    """By Newton's method on the logarithm of erfc."""
    if p > 1:
        return -erfcinv(2 - p)
    log = mp.log(p)
    y = mp.sqrt(-log) if p < 0.1 else mp.mpf("0.5")
    for _ in range(200):
        value = mp.erfc(y)
        step = (mp.log(value) - log) * value / (2 / mp.sqrt(mp.pi) * mp.exp(-y * y))
        y += step
        if abs(step) < abs(y) * mp.mpf(2) ** -200:
            break
    return y


def ndtri(p):
    return -mp.sqrt(2) * erfcinv(2 * p)


def trigonometry():
    turns = [float(k * mp.pi / 2) for k in (1, 2, 3, 4, 5, 101, 22, 1000)]
    angles = arguments(uniform(-10, 10), sized(-300, 1000, True), sized(-5, 40, True), near(turns))
    # mpmath reduces arguments of a thousand bits exactly if it is given that precision.
    mp.mp.prec = 1400
    emit("sin", angles, mp.sin)
    emit("cos", angles, mp.cos)
    emit("tan", angles, mp.tan)
    mp.mp.prec = 250
    small = arguments(uniform(-3.1, 3.1))
    emit("sin_near", small, mp.sin)
    emit("cos_near", small, mp.cos)
    emit("tan_near", arguments(uniform(-1.5, 1.5)), mp.tan)
    turns = arguments(uniform(-10, 10), sized(-300, 52, True), near([0.25, 0.5, 1.0, 1.5, 7.5, -3.0]))
    mp.mp.prec = 400
    emit("sinpi", turns, mp.sinpi)
    emit("cospi", turns, mp.cospi)
    mp.mp.prec = 250
    unit = arguments(uniform(-1, 1), sized(-300, -1, True), near([1.0], side=-1), near([-1.0], side=1))
    for name, function in (("asin", mp.asin), ("acos", mp.acos), ("atanh", mp.atanh)):
        emit(name, unit, function)
    wide = arguments(uniform(-10, 10), sized(-300, 300, True), sized(-20, 20, True))
    emit("atan", wide, mp.atan)
    emit("asinh", wide, mp.asinh)
    emit("tanh", arguments(uniform(-20, 20), sized(-300, 2, True)), mp.tanh)
    hyperbolic = arguments(uniform(-80, 80), uniform(-3, 3), sized(-300, 6, True), sized(-20, 9.4, True))
    emit("sinh", hyperbolic, mp.sinh)
    emit("cosh", hyperbolic, mp.cosh)
    emit("acosh", arguments(uniform(1, 10), sized(1, 300), near([1.0], side=1)), mp.acosh)
    emit("atan2", several(sized(-100, 100, True), sized(-100, 100, True)), mp.atan2)
    emit("atan2", several(uniform(-3, 3), uniform(-3, 3)), mp.atan2)


def exponentials():
    powers = arguments(uniform(-80, 80), uniform(-2, 2), uniform(-740, 709), sized(-300, 0, True))
    emit("exp", powers, mp.exp)
    emit("exp_near", arguments(uniform(-20, 20)), mp.exp)
    emit("expm1", powers, mp.expm1)
    emit("exp2", arguments(uniform(-125, 127), uniform(-1070, 1023), sized(-300, 0, True)), lambda x: mp.power(2, x))
    emit("exp10", arguments(uniform(-37, 38), uniform(-322, 308), sized(-300, 0, True)), lambda x: mp.power(10, x))
    positive = arguments(uniform(0, 10), sized(-1060, 1020), near([1.0]))
    emit("log", positive, mp.log)
    emit("log2", positive, lambda x: mp.log(x, 2))
    emit("log10", positive, mp.log10)
    emit("log1p", arguments(uniform(-1, 10), sized(-300, 300), near([-1.0], side=1), sized(-300, -2, True)), mp.log1p)
    any_size = arguments(sized(-1060, 1020, True), uniform(-10, 10))
    emit("cbrt", any_size, lambda x: mp.sign(x) * mp.cbrt(abs(x)))
    emit("rcbrt", any_size, lambda x: mp.sign(x) / mp.cbrt(abs(x)))
    emit("rsqrt", positive, lambda x: 1 / mp.sqrt(x))
    emit("pow", several(uniform(0, 3), uniform(-60, 60)), mp.power)
    emit("pow", several(sized(-20, 20), uniform(-5, 5)), mp.power)
    emit("pow", several(near([1.0]), sized(0, 20, True)), mp.power, most=mp.mpf(2) ** 1000)
    integer = lambda narrow: rng.randint(-20, 20)
    emit("powi", several(sized(-5, 5, True), integer), mp.power)
    emit("powi", several(near([1.0], high=-8), lambda narrow: rng.randint(-9999, 9999)), mp.power)


def lengths():
    sizes = sized(-1000, 1000, True)
    for count in (2, 3, 4):
        rows = several(*[sizes] * count) + several(*[uniform(-9, 9)] * count)
        hypotenuse = lambda *xs: mp.sqrt(sum(x * x for x in xs))
        name = "hypot" if count == 2 else f"norm{count}d"
        emit(name, rows, hypotenuse)
        emit("r" + name, rows, lambda *xs: 1 / hypotenuse(*xs))


def distributions():
    centre = arguments(uniform(-6, 6), sized(-300, 0, True), uniform(-1, 1))
    emit("erf", centre, mp.erf)
    emit("erfc", centre + arguments(uniform(0, 27), uniform(0, 10)), mp.erfc)
    emit("erfcx", arguments(uniform(-9, 30), sized(-300, 100), uniform(-26, 0)), lambda x: mp.exp(x * x) * mp.erfc(x)
         if x < 1000 else 1 / (x * mp.sqrt(mp.pi)) * (1 - 1 / (2 * x * x) + 3 / (4 * x**4)))
    emit("normcdf", arguments(uniform(-9, 9), uniform(-38, 0), sized(-300, 0, True)), mp.ncdf)
    unit = arguments(uniform(-1, 1), sized(-300, -1, True), near([1.0], low=-50, side=-1), near([-1.0], side=1))
    emit("erfinv", unit, lambda x: mp.sign(x) * erfcinv(1 - abs(x)) if abs(x) > 0.5 else mp.erfinv(x))
    whole = arguments(uniform(0, 2), sized(-1060, 0), near([1.0]), near([2.0], side=-1))
    emit("erfcinv", whole, lambda p: mp.erfinv(1 - p) if abs(1 - p) < 0.5 else erfcinv(p))
    half = arguments(uniform(0, 1), sized(-1060, -1), near([0.5]), near([1.0], side=-1))
    emit("normcdfinv", half, lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1) if abs(p - 0.5) < 0.25 else ndtri(p))
    gamma = arguments(uniform(-20, 34), uniform(0, 170), near([1.0, 2.0, 3.0]), sized(-300, 0, True), uniform(-33, 0))
    emit("tgamma", gamma, mp.gamma, most=mp.mpf(2) ** 1020)
    outside = arguments(uniform(-2.2, 34), sized(2, 1000), sized(-300, 0), near([1.0, 2.0]), uniform(-60, -24))
    emit("lgamma", outside, lambda x: mp.log(abs(mp.gamma(x))) if x < 0 else mp.loggamma(x), most=mp.mpf(2) ** 1020)


def bessel():
    near_zero = arguments(uniform(0, 8), sized(-300, 2))
    signed = arguments(uniform(-8, 8), sized(-300, 2, True))
    zeros = [float(mp.besseljzero(n, k)) for n in (0, 1) for k in (1, 2)]
    signed += arguments(near(zeros, low=-25))
    emit("j0", signed, lambda x: mp.besselj(0, x))
    emit("j1", signed, lambda x: mp.besselj(1, x))
    zeros = [float(mp.besselyzero(n, k)) for n in (0, 1) for k in (1, 2)]
    near_zero += arguments(near(zeros, low=-25))
    emit("y0", near_zero, lambda x: mp.bessely(0, x))
    emit("y1", near_zero, lambda x: mp.bessely(1, x), most=mp.mpf(2) ** 1000)
    far = arguments(uniform(8, 60), sized(4, 30))
    for n in (0, 1):
        emit(f"j{n}_far", far, lambda x: mp.besselj(n, x))
        emit(f"y{n}_far", far, lambda x: mp.bessely(n, x))
    order = lambda narrow: rng.randint(2, 128)
    emit("jn", several(order, uniform(0, 200)), mp.besselj)
    emit("jn", several(order, uniform(-9, 9)), mp.besselj)
    emit("yn", [(n, n * 1.5 + abs(x)) for n, x in several(order, sized(-2, 6))], mp.bessely)
    for n in (0, 1):
        emit(f"cyl_bessel_i{n}", arguments(uniform(-80, 80), sized(-300, 9.4, True), uniform(25, 35)),
             lambda x: mp.besseli(n, x))


def remainders():
    """With fractions: exact."""
    sources = [(sized(-60, 60, True), sized(-60, 60, True)), (uniform(-90, 90), uniform(-9, 9)),
               (sized(0, 1000, True), sized(-1000, 0, True))]
    for x, y in sum((several(*pair) for pair in sources), []):
        a, b = Fraction(x), Fraction(y)
        below = abs(a) - abs(b) * (abs(a) // abs(b))
        nearest = round(a / b)
        words = f"{bits(x)} {bits(y)}"
        print(f"fmod\t{words}\t{bits(float(below if a > 0 else -below))} {bits(0.0)}")
        print(f"remainder\t{words}\t{bits(float(a - b * nearest))} {bits(0.0)}")
        low = abs(nearest) % 8
        print(f"quotient\t{words}\t{bits(float(low if a / b > 0 else -low))} {bits(0.0)}")


trigonometry()
exponentials()
lengths()
distributions()
bessel()
remainders()
