//! Numbers of twice the precision of `f64`, as the sum of two: for functions whose direct formulas cancel.

use crate::interp::exact::two_sum;

/// `high + low`, where `low` is less than half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    /// The number, rounded.
    pub high: f64,
    /// What is left.
    pub low: f64,
}

/// ln 2
const LN_2: Wide = Wide { high: std::f64::consts::LN_2, low: 2.3190468138462996e-17 };
/// Steps of halving before the series of `exp`.
const HALVINGS: i32 = 8;

/// A sum of two numbers of which the first is the larger, exactly.
fn quick(a: f64, b: f64) -> Wide {
    let high = a + b;
    Wide { high, low: b - (high - a) }
}

impl From<f64> for Wide {
    fn from(high: f64) -> Wide {
        Wide { high, low: 0.0 }
    }
}

impl Wide {
    /// a + b, exactly.
    pub fn sum(a: f64, b: f64) -> Wide {
        let (high, low) = two_sum(a, b);
        Wide { high, low }
    }

    /// a * b, exactly unless it is near the ends of the range.
    pub fn product(a: f64, b: f64) -> Wide {
        let high = a * b;
        Wide { high, low: a.mul_add(b, -high) }
    }

    /// The sum.
    pub fn add(self, other: Wide) -> Wide {
        let (high, low) = (Wide::sum(self.high, other.high), Wide::sum(self.low, other.low));
        let first = quick(high.high, high.low + low.high);
        quick(first.high, first.low + low.low)
    }

    /// The difference.
    pub fn sub(self, other: Wide) -> Wide {
        self.add(other.negate())
    }

    /// The negative.
    pub fn negate(self) -> Wide {
        Wide { high: -self.high, low: -self.low }
    }

    /// The product.
    pub fn mul(self, other: Wide) -> Wide {
        let product = Wide::product(self.high, other.high);
        quick(product.high, product.low + (self.high * other.low + self.low * other.high))
    }

    /// The quotient.
    pub fn div(self, other: Wide) -> Wide {
        let first = self.high / other.high;
        let rest = self.sub(other.mul(first.into()));
        let second = rest.high / other.high;
        let rest = rest.sub(other.mul(second.into()));
        quick(first, second).add((rest.high / other.high).into())
    }

    /// The square root of a number that is at least 0.
    pub fn sqrt(self) -> Wide {
        if self.high == 0.0 {
            return self;
        }
        let root = self.high.sqrt();
        let rest = self.sub(Wide::product(root, root));
        quick(root, rest.high / (2.0 * root))
    }

    /// Times a power of two, exactly unless it leaves the range.
    pub fn scale(self, power: i32) -> Wide {
        Wide { high: libm::scalbn(self.high, power), low: libm::scalbn(self.low, power) }
    }

    /// e to this as a number near 1 and a power of two. For at most a few thousand.
    pub fn exp(self) -> (Wide, i32) {
        let power = (self.high / LN_2.high).round_ties_even();
        let small = self.sub(LN_2.mul(power.into())).scale(-HALVINGS);
        // exp(x) - 1 by its series, then ((1 + y)^2 - 1) = 2y + y^2 for each halving.
        let mut term = small;
        let mut less_one = small;
        for index in 2..12 {
            term = term.mul(small).div(f64::from(index).into());
            less_one = less_one.add(term);
        }
        for _ in 0..HALVINGS {
            less_one = less_one.scale(1).add(less_one.mul(less_one));
        }
        (less_one.add(1.0.into()), power as i32)
    }

    /// The logarithm of a number greater than 0.
    pub fn ln(self) -> Wide {
        let near = libm::log(self.high);
        let (factor, power) = Wide::from(-near).exp();
        // What the first guess missed: ln(1 + r) with r of the size of a rounding.
        let half = power / 2;
        let ratio = self.scale(half).mul(factor).scale(power - half).sub(1.0.into());
        let square = ratio.mul(ratio).scale(-1);
        Wide::from(near).add(ratio.sub(square))
    }

    /// Rounded to one number.
    pub fn round(self) -> f64 {
        self.high + self.low
    }
}

/// A wide number times a power of two as one number, rounded once unless the result is denormal.
pub fn scaled((number, power): (Wide, i32)) -> f64 {
    libm::scalbn(number.round(), power)
}
