// Steps of k-means on points of two coordinates.
#include "atomic.h"
#include "vector.h"

// The nearest centre of each point, the first of those equally near; centres go through shared memory.
extern "C" __global__ void kmeans_assign(const float2 *points, const float2 *centres, uint32 *owner, uint32 count,
                                         uint32 clusters) {
    __shared__ float2 here[64];
    for (uint32 at = threadIdx.x; at < clusters; at += blockDim.x) here[at] = centres[at];
    __syncthreads();
    const uint32 i = global_index();
    if (i >= count) return;
    const float2 point = points[i];
    float least = 3.4e38f;
    uint32 nearest = 0;
    for (uint32 cluster = 0; cluster < clusters; cluster++) {
        const float x = point.x - here[cluster].x, y = point.y - here[cluster].y;
        const float squared = fmaf(x, x, y * y);
        if (squared < least) {
            least = squared;
            nearest = cluster;
        }
    }
    owner[i] = nearest;
}

// Sums of coordinates in units of 2^-16, so that any order of additions gives the same, and numbers of points.
extern "C" __global__ void kmeans_add(const float2 *points, const uint32 *owner, uint64 *sums, uint32 *sizes,
                                      uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint32 cluster = owner[i];
    atomicAdd(&sums[2 * cluster], (uint64)(long long)(points[i].x * 65536.0f));
    atomicAdd(&sums[2 * cluster + 1], (uint64)(long long)(points[i].y * 65536.0f));
    atomicAdd(&sizes[cluster], 1u);
}

extern "C" __global__ void kmeans_move(const uint64 *sums, const uint32 *sizes, float2 *centres, uint32 clusters) {
    const uint32 cluster = global_index();
    if (cluster >= clusters || sizes[cluster] == 0) return;
    const float scale = 65536.0f * (float)sizes[cluster];
    centres[cluster] = {(float)(long long)sums[2 * cluster] / scale, (float)(long long)sums[2 * cluster + 1] / scale};
}
