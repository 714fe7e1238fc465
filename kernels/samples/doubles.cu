// Double precision: roots, divisions, sums that keep what rounding loses.
#include "atomic.h"
#include "maths.h"

// Both roots of a x^2 + b x + c, without losing digits where they differ much; equal ones where there are none.
extern "C" __global__ void doubles_quadratic(const double *coefficients, double *roots, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const double a = coefficients[3 * i], b = coefficients[3 * i + 1], c = coefficients[3 * i + 2];
    const double discriminant = fma(b, b, -4.0 * a * c);
    double low = -b / (2.0 * a), high = low;
    if (discriminant > 0.0) {
        const double q = -0.5 * (b + (b < 0.0 ? -sqrt(discriminant) : sqrt(discriminant)));
        low = q / a;
        high = c / q;
    }
    roots[2 * i] = low < high ? low : high;
    roots[2 * i + 1] = low < high ? high : low;
}

// Cube roots by Newton's steps until nothing changes; numbers of either sign.
extern "C" __global__ void doubles_newton(const double *values, double *roots, uint32 *steps, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const double value = fabs(values[i]);
    double root = value < 1.0 ? 1.0 : value, last = 2.0 * root;
    uint32 taken = 0;
    while (root < last && taken < 500) {
        last = root;
        root = (2.0 * root + value / (root * root)) / 3.0;
        taken++;
    }
    roots[i] = values[i] < 0.0 ? -last : last;
    steps[i] = taken;
}

// The sum of each row with a second sum of what was lost (Neumaier's).
extern "C" __global__ void doubles_sum(const double *values, double *sums, uint32 rows, uint32 columns) {
    const uint32 row = global_index();
    if (row >= rows) return;
    double sum = 0.0, lost = 0.0;
    for (uint32 at = 0; at < columns; at++) {
        const double value = values[row * columns + at], next = sum + value;
        lost += fabs(sum) >= fabs(value) ? (sum - next) + value : (value - next) + sum;
        sum = next;
    }
    sums[row] = sum + lost;
}

// Whole numbers in doubles, added by atomics from all sides.
extern "C" __global__ void doubles_dot(const double *a, const double *b, double *dot, uint32 count) {
    double sum = 0.0;
    for (uint32 i = global_index(); i < count; i += global_size()) sum = fma(a[i], b[i], sum);
    atomicAdd(dot, sum);
}

// To other types and back.
extern "C" __global__ void doubles_convert(const double *values, float *singles, int *whole, uint64 *large, double *back,
                                           uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    singles[i] = (float)values[i];
    whole[i] = (int)values[i];
    large[i] = (uint64)fabs(values[i] * 1048576.0);
    back[i] = (double)whole[i] + (double)large[i] + (double)singles[i];
}
