// The peer: a oneTBB flow graph of the same shape. Reads nodes, edges and (from, to) pairs as
// 32-bit words from the file named first, and prints CPU nanoseconds a node, to build and to run
// again (the median of several runs), with one thread.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <vector>

#include <tbb/flow_graph.h>
#include <tbb/global_control.h>

static double now_ns() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    std::FILE *file = std::fopen(arguments[1], "rb");
    std::uint32_t head[2];
    if (!file || std::fread(head, 4, 2, file) != 2) return 2;
    std::vector<std::uint32_t> edges(2 * std::size_t(head[1]));
    if (std::fread(edges.data(), 4, edges.size(), file) != edges.size()) return 2;
    std::fclose(file);

    tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    using namespace tbb::flow;
    double start = now_ns();
    graph graph;
    std::deque<continue_node<continue_msg>> nodes;
    std::vector<char> has_dependency(head[0]);
    volatile std::uint64_t ran = 0;
    for (std::uint32_t i = 0; i < head[0]; i++)
        nodes.emplace_back(graph, [&ran](const continue_msg &) { ran = ran + 1; });
    for (std::size_t i = 0; i < edges.size(); i += 2) {
        make_edge(nodes[edges[i]], nodes[edges[i + 1]]);
        has_dependency[edges[i + 1]] = 1;
    }
    double build = (now_ns() - start) / head[0];

    std::vector<double> runs;
    for (int run = -1; run < std::atoi(arguments[2]); run++) {
        start = now_ns();
        for (std::uint32_t i = 0; i < head[0]; i++)
            if (!has_dependency[i]) nodes[i].try_put(continue_msg());
        graph.wait_for_all();
        if (run >= 0) runs.push_back((now_ns() - start) / head[0]);
    }
    std::sort(runs.begin(), runs.end());
    if (ran != std::uint64_t(head[0]) * (runs.size() + 1)) return 3;
    std::printf("build %f\nrun %f\n", build, runs[runs.size() / 2]);
}
