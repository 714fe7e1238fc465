// Whole numbers wider than a register: carries, products of 128 bits, division, powers.
#include "bits.h"

typedef unsigned __int128 uint128;

// Sums of numbers of four words by the carry flag; the carry out is the fifth.
extern "C" __global__ void wide_add_carry(const uint32 *a, const uint32 *b, uint32 *sums, uint32 *differences,
                                          uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    a += 4 * i;
    b += 4 * i;
    uint32 s[5], d[5];
    asm("add.cc.u32 %0, %5, %9;\n\taddc.cc.u32 %1, %6, %10;\n\taddc.cc.u32 %2, %7, %11;\n\t"
        "addc.cc.u32 %3, %8, %12;\n\taddc.u32 %4, 0, 0;"
        : "=r"(s[0]), "=r"(s[1]), "=r"(s[2]), "=r"(s[3]), "=r"(s[4])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]));
    asm("sub.cc.u32 %0, %5, %9;\n\tsubc.cc.u32 %1, %6, %10;\n\tsubc.cc.u32 %2, %7, %11;\n\t"
        "subc.cc.u32 %3, %8, %12;\n\tsubc.u32 %4, 0, 0;"
        : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3]), "=r"(d[4])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]));
    for (uint32 word = 0; word < 5; word++) {
        sums[5 * i + word] = s[word];
        differences[5 * i + word] = d[word];
    }
}

// Products of numbers of `words` words, by multiplications that add with carry; `words` is at most 8.
extern "C" __global__ void wide_multiply(const uint32 *a, const uint32 *b, uint32 *products, uint32 words,
                                         uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 product[16] = {};
    for (uint32 at = 0; at < words; at++) {
        uint32 carry = 0;
        for (uint32 by = 0; by < words; by++) {
            uint32 low, high;
            asm("mad.lo.cc.u32 %0, %2, %3, %4;\n\tmadc.hi.u32 %1, %2, %3, 0;"
                : "=&r"(low), "=r"(high)
                : "r"(a[i * words + at]), "r"(b[i * words + by]), "r"(carry));
            asm("add.cc.u32 %0, %0, %2;\n\taddc.u32 %1, %3, 0;"
                : "+r"(product[at + by]), "=r"(carry)
                : "r"(low), "r"(high));
        }
        product[at + words] = carry;
    }
    for (uint32 word = 0; word < 2 * words; word++) products[i * 2 * words + word] = product[word];
}

// Sum, product and shifts of 128-bit numbers by the compiler's own type.
extern "C" __global__ void wide_int128(const uint64 *a, const uint64 *b, uint64 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint128 x = (uint128)a[2 * i + 1] << 64 | a[2 * i], y = (uint128)b[2 * i + 1] << 64 | b[2 * i];
    const uint128 sum = x + y, product = x * y, moved = x >> (y & 127), difference = x - y;
    const uint128 results[4] = {sum, product, moved, difference};
    for (uint32 which = 0; which < 4; which++) {
        out[8 * i + 2 * which] = (uint64)results[which];
        out[8 * i + 2 * which + 1] = (uint64)(results[which] >> 64);
    }
}

// Quotients and remainders of 64 and 32 bits, signed and unsigned, and the greatest common divisor.
extern "C" __global__ void wide_divide(const uint64 *a, const uint64 *b, uint64 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint64 x = a[i], y = b[i] | 1;
    uint64 *mine = out + 7 * i;
    mine[0] = x / y;
    mine[1] = x % y;
    mine[2] = (uint64)((long long)x / (long long)y);
    mine[3] = (uint64)((long long)x % (long long)y);
    mine[4] = (uint32)x / (uint32)y;
    mine[5] = (uint64)(long long)((int)x % (int)y);
    uint64 larger = x, smaller = y;
    while (smaller != 0) {
        const uint64 rest = larger % smaller;
        larger = smaller;
        smaller = rest;
    }
    mine[6] = larger;
}

// Powers modulo the prime 2^61 - 1.
extern "C" __global__ void wide_power(const uint64 *bases, const uint64 *powers, uint64 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint64 prime = (1ull << 61) - 1;
    uint64 base = bases[i] % prime, result = 1;
    for (uint64 power = powers[i]; power != 0; power >>= 1) {
        for (uint32 half = power & 1 ? 0 : 1; half < 2; half++) {
            const uint128 product = (uint128)base * (half == 0 ? result : base);
            uint64 folded = (uint64)(product & prime) + (uint64)(product >> 61);
            folded = folded >= prime ? folded - prime : folded;
            (half == 0 ? result : base) = folded;
        }
    }
    out[i] = result;
}
