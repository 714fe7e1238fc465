// Switches: a small machine that runs a program for each thread, and words taken apart by a table of states.
#include "warp.h"

// Instructions are an opcode in the low byte and a number above it; each thread has a stack of 16 in local memory.
extern "C" __global__ void machine_run(const uint32 *program, const uint32 *inputs, uint32 *out, uint32 length,
                                       uint32 most_steps, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 stack[16];
    uint32 top = 0, at = 0, steps = 0;
    for (uint32 slot = 0; slot < 16; slot++) stack[slot] = 0;
    while (at < length && steps++ < most_steps) {
        const uint32 number = program[at] >> 8;
        uint32 &here = stack[top & 15];
        const uint32 below = stack[(top - 1) & 15];
        switch (program[at++] & 255) {
        case 0: stack[++top & 15] = number; break;
        case 1: stack[++top & 15] = inputs[i]; break;
        case 2: stack[--top & 15] = below + here; break;
        case 3: stack[--top & 15] = below - here; break;
        case 4: stack[--top & 15] = below * here; break;
        case 5: stack[--top & 15] = here != 0 ? below / here : 0; break;
        case 6: stack[++top & 15] = stack[(top - number) & 15]; break;
        case 7: stack[(top - number) & 15] = here; break;
        case 8: top--; break;
        case 9: here = here ^ here << 13; break;
        case 10: at = here != 0 ? number : at; break;
        case 11: at = number; break;
        case 12: here = here & 1; break;
        case 13: here = here >> number; break;
        case 14: here = here + number; break;
        default: at = length; break;
        }
    }
    out[2 * i] = stack[top & 15];
    out[2 * i + 1] = steps;
}

// The compilers made no table of branches of the switches here, so this one is by hand: a byte of `steps` at a time says
// what is done to a number.
extern "C" __global__ void machine_table(const uint32 *values, const uint32 *steps, uint32 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 value = values[i];
    for (uint32 left = steps[i]; left != 0; left >>= 4)
        asm volatile("{\n\t.reg .u32 which;\n\tand.b32 which, %1, 3;\n"
                     "targets: .branchtargets one, two, three, four;\n\t"
                     "brx.idx which, targets;\n"
                     "one:\n\tadd.u32 %0, %0, 77;\n\tbra.uni done;\n"
                     "two:\n\tmul.lo.u32 %0, %0, 3;\n\tbra.uni done;\n"
                     "three:\n\tnot.b32 %0, %0;\n\tbra.uni done;\n"
                     "four:\n\txor.b32 %0, %0, 0x5555;\n"
                     "done:\n\t}"
                     : "+r"(value)
                     : "r"(left));
    out[i] = value;
}

// Numbers in a text: bytes of digits, signs, points and blanks; how many there are of each kind, by states.
extern "C" __global__ void machine_scan(const uint8 *text, const uint32 *starts, uint32 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 state = 0, whole = 0, fractions = 0, wrong = 0;
    for (uint32 at = starts[i]; at <= starts[i + 1]; at++) {
        const uint8 letter = at < starts[i + 1] ? text[at] : ' ';
        const bool digit = letter >= '0' && letter <= '9', blank = letter == ' ';
        switch (state) {
        case 0: state = digit ? 2 : letter == '-' || letter == '+' ? 1 : letter == '.' ? 3 : blank ? 0 : 5; break;
        case 1: state = digit ? 2 : letter == '.' ? 3 : 5; break;
        case 2: state = digit ? 2 : letter == '.' ? 4 : blank ? 6 : 5; break;
        case 3: state = digit ? 4 : 5; break;
        case 4: state = digit ? 4 : blank ? 7 : 5; break;
        default: break;
        }
        if (state == 5 && blank) state = 8;
        switch (state) {
        case 6: whole++; state = 0; break;
        case 7: fractions++; state = 0; break;
        case 8: wrong++; state = 0; break;
        }
    }
    out[3 * i] = whole;
    out[3 * i + 1] = fractions;
    out[3 * i + 2] = wrong;
}
