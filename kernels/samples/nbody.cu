// One step of gravity among bodies (x, y, z, mass): every block walks all bodies by tiles in shared memory. The
// launch gives blockDim.x * 16 bytes of dynamic shared memory.
#include "device.h"

#define SOFTENING 1e-3f

extern "C" __global__ void nbody_step(const float4 *bodies, float4 *moved, float4 *velocities, uint32 count,
                                      float seconds) {
    extern __shared__ float4 tile[];
    const uint32 i = global_index();
    const float4 nothing = {0.0f, 0.0f, 0.0f, 0.0f};
    const float4 body = i < count ? bodies[i] : nothing;
    float4 pull = nothing;
    for (uint32 start = 0; start < count; start += blockDim.x) {
        const uint32 other = start + threadIdx.x;
        tile[threadIdx.x] = other < count ? bodies[other] : nothing;
        __syncthreads();
        for (uint32 k = 0; k < blockDim.x; k++) {
            const float4 there = tile[k];
            const float x = there.x - body.x, y = there.y - body.y, z = there.z - body.z;
            const float near = rsqrtf(fmaf(x, x, fmaf(y, y, fmaf(z, z, SOFTENING))));
            const float force = there.w * near * near * near;
            pull.x = fmaf(x, force, pull.x);
            pull.y = fmaf(y, force, pull.y);
            pull.z = fmaf(z, force, pull.z);
        }
        __syncthreads();
    }
    if (i >= count) return;
    float4 velocity = velocities[i];
    velocity.x = fmaf(pull.x, seconds, velocity.x);
    velocity.y = fmaf(pull.y, seconds, velocity.y);
    velocity.z = fmaf(pull.z, seconds, velocity.z);
    velocities[i] = velocity;
    const float4 next = {fmaf(velocity.x, seconds, body.x), fmaf(velocity.y, seconds, body.y),
                         fmaf(velocity.z, seconds, body.z), body.w};
    moved[i] = next;
}
