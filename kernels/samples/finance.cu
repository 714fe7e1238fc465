// Prices of options, by formula and by chance.
#include "atomic.h"
#include "maths.h"

struct Market {
    float rate, volatility;
};

// Below `x` on the normal curve: a polynomial of 1 / (1 + c |x|).
static __device__ __forceinline__ float normal_share(float x) {
    const float t = 1.0f / fmaf(0.2316419f, fabsf(x), 1.0f);
    float sum = fmaf(1.330274429f, t, -1.821255978f);
    sum = fmaf(sum, t, 1.781477937f);
    sum = fmaf(sum, t, -0.356563782f);
    sum = fmaf(sum, t, 0.319381530f);
    const float above = 0.39894228f * approximate_exp(-0.5f * x * x) * sum * t;
    return x > 0.0f ? 1.0f - above : above;
}

// The Black-Scholes price of the right to buy and of the right to sell.
extern "C" __global__ void black_scholes(const float *prices, const float *strikes, const float *years, float *calls,
                                         float *puts, Market market, uint32 count) {
    for (uint32 i = global_index(); i < count; i += global_size()) {
        const float root = sqrtf(years[i]);
        const float spread = market.volatility * root;
        const float growth = fmaf(0.5f * market.volatility, market.volatility, market.rate);
        const float ratio = approximate_log2(prices[i] / strikes[i]) * 0.693147181f;
        const float d1 = fmaf(growth, years[i], ratio) / spread;
        const float share1 = normal_share(d1), share2 = normal_share(d1 - spread);
        const float later = strikes[i] * approximate_exp(-market.rate * years[i]);
        calls[i] = prices[i] * share1 - later * share2;
        puts[i] = later * (1.0f - share2) - prices[i] * (1.0f - share1);
    }
}

// The same in double precision, with libdevice's functions.
extern "C" __global__ void black_scholes_f64(const double *prices, const double *strikes, const double *years,
                                             double *calls, double rate, double volatility, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const double spread = volatility * sqrt(years[i]);
    const double d1 = (log(prices[i] / strikes[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / spread;
    const double d2 = d1 - spread;
    const double share1 = 0.5 + 0.5 * (double)erff((float)(d1 * 0.70710678118654752440));
    const double share2 = 0.5 + 0.5 * (double)erff((float)(d2 * 0.70710678118654752440));
    calls[i] = prices[i] * share1 - strikes[i] * exp(-rate * years[i]) * share2;
}

static __device__ __forceinline__ uint32 xorshift(uint32 &state) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

// How many of each thread's random points of a square are inside its circle: whole numbers, so exact.
extern "C" __global__ void monte_carlo_circle(uint64 *inside, uint32 rounds, uint32 seed) {
    uint32 state = (seed + global_index()) * 2654435761u | 1;
    uint32 hits = 0;
    for (uint32 round = 0; round < rounds; round++) {
        const uint64 x = xorshift(state) >> 4, y = xorshift(state) >> 4;
        hits += x * x + y * y < 1ull << 56;
    }
    atomicAdd(inside, (uint64)hits);
}

// Paths of a price by normal steps of Box and Muller's, from libdevice's functions: the mean gain of each thread.
extern "C" __global__ void monte_carlo_option(float *gains, Market market, float strike, uint32 paths) {
    const uint32 i = global_index();
    uint32 state = (i + 1) * 2654435761u | 1;
    float sum = 0.0f;
    for (uint32 path = 0; path < paths; path++) {
        const float u = (float)((xorshift(state) >> 8) + 1) * 5.9604645e-8f;
        const float v = (float)(xorshift(state) >> 8) * 5.9604645e-8f;
        const float normal = sqrtf(-2.0f * logf(u)) * cosf(6.28318531f * v);
        const float drift = market.rate - 0.5f * market.volatility * market.volatility;
        sum += fmaxf(expf(fmaf(market.volatility, normal, drift)) - strike, 0.0f);
    }
    gains[i] = sum / (float)paths;
}
