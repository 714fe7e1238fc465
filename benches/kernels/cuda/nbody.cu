// The pull of all bodies (x, y, z, mass) on each: every block walks them by tiles in shared memory.
#define TILE 256
#define SOFTENING 1e-3f

extern "C" __global__ void nbody(const float4 *bodies, float4 *pulls, int n) {
    __shared__ float4 tile[TILE];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float4 body = i < n ? bodies[i] : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    float px = 0.0f, py = 0.0f, pz = 0.0f;
    for (int start = 0; start < n; start += TILE) {
        int other = start + threadIdx.x;
        tile[threadIdx.x] = other < n ? bodies[other] : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        __syncthreads();
        for (int k = 0; k < TILE; k++) {
            float4 there = tile[k];
            float x = there.x - body.x;
            float y = there.y - body.y;
            float z = there.z - body.z;
            float near = rsqrtf(x * x + y * y + z * z + SOFTENING);
            float force = there.w * near * near * near;
            px += x * force;
            py += y * force;
            pz += z * force;
        }
        __syncthreads();
    }
    if (i < n) pulls[i] = make_float4(px, py, pz, 0.0f);
}
