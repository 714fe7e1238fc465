// Graphs as lists of neighbours: breadth first, connected parts, shortest ways, ranks.
#include "atomic.h"

struct Graph {
    const uint32 *starts;
    const uint32 *neighbours;
    uint32 nodes;
};

// One step of breadth-first search: neighbours of `level` that have no level yet get the next one.
extern "C" __global__ void graph_bfs_level(Graph graph, uint32 *levels, uint32 level, uint32 *changed) {
    const uint32 node = global_index();
    if (node >= graph.nodes || levels[node] != level) return;
    for (uint32 at = graph.starts[node]; at < graph.starts[node + 1]; at++)
        if (levels[graph.neighbours[at]] == 0xffffffffu) {
            levels[graph.neighbours[at]] = level + 1;
            *changed = 1;
        }
}

// The same with a queue of the nodes to look at next, each put there by who is first to reach it.
extern "C" __global__ void graph_bfs_queue(Graph graph, uint32 *levels, const uint32 *queue, uint32 queued,
                                           uint32 *next, uint32 *next_count, uint32 level) {
    const uint32 i = global_index();
    if (i >= queued) return;
    const uint32 node = queue[i];
    for (uint32 at = graph.starts[node]; at < graph.starts[node + 1]; at++) {
        const uint32 other = graph.neighbours[at];
        if (atomicCAS(&levels[other], 0xffffffffu, level + 1) == 0xffffffffu)
            next[atomicAdd(next_count, 1u)] = other;
    }
}

static __device__ __forceinline__ uint32 root_of(volatile uint32 *parents, uint32 node) {
    uint32 parent = parents[node];
    while (parent != node) {
        const uint32 above = parents[parent];
        parents[node] = above;
        node = parent;
        parent = above;
    }
    return node;
}

// Union-find: every edge joins the trees of its ends, the larger root under the smaller one.
extern "C" __global__ void graph_union(Graph graph, uint32 *parents) {
    const uint32 node = global_index();
    if (node >= graph.nodes) return;
    for (uint32 at = graph.starts[node]; at < graph.starts[node + 1]; at++) {
        uint32 a = root_of(parents, node), b = root_of(parents, graph.neighbours[at]);
        while (a != b) {
            const uint32 larger = a > b ? a : b, smaller = a > b ? b : a;
            const uint32 seen = atomicCAS(&parents[larger], larger, smaller);
            if (seen == larger) break;
            a = root_of(parents, seen);
            b = root_of(parents, smaller);
        }
    }
}

extern "C" __global__ void graph_find(uint32 *parents, uint32 *roots, uint32 nodes) {
    const uint32 node = global_index();
    if (node < nodes) roots[node] = root_of(parents, node);
}

// Bellman and Ford's round over all edges, by atomic minima.
extern "C" __global__ void graph_relax(Graph graph, const uint32 *lengths, uint32 *distances, uint32 *changed) {
    const uint32 node = global_index();
    if (node >= graph.nodes || distances[node] == 0xffffffffu) return;
    for (uint32 at = graph.starts[node]; at < graph.starts[node + 1]; at++) {
        const uint32 way = distances[node] + lengths[at];
        if (atomicMin(&distances[graph.neighbours[at]], way) > way) *changed = 1;
    }
}

// One round of ranks, gathered over neighbours in order.
extern "C" __global__ void graph_rank(Graph graph, const float *ranks, float *next) {
    const uint32 node = global_index();
    if (node >= graph.nodes) return;
    float sum = 0.0f;
    for (uint32 at = graph.starts[node]; at < graph.starts[node + 1]; at++) {
        const uint32 other = graph.neighbours[at];
        sum += ranks[other] / (float)(graph.starts[other + 1] - graph.starts[other]);
    }
    next[node] = fmaf(0.85f, sum, 0.15f / (float)graph.nodes);
}
