// Captures and graphs. A graph keeps the queues of the streams that it was captured from, so that its branches too are ordered by their events only.
#pragma once
#include "streams.h"
#include <algorithm>
#include <map>
#include <thread>

struct Node
{
    size_t branch;
    Work work;
};

struct Graph
{
    std::vector<Node> nodes;   // in the order of the calls
    size_t branches = 1;

    // Whether everything comes before the end of branch 0.
    bool joined() const
    {
        std::map<const Mark*, size_t> recorded;   // by which node
        for (size_t i = 0; i < nodes.size(); i++)
            if (nodes[i].work.records != nullptr) recorded[nodes[i].work.records.get()] = i;
        std::vector<size_t> covered(branches, 0);  // of each branch, how many nodes from the first
        covered[0] = nodes.size();
        for (size_t i = nodes.size(); i-- > 0;)
        {
            const Node& node = nodes[i];
            if (i >= covered[node.branch]) { if (node.work.records != nullptr && node.work.task == nullptr) continue; return false; }
            if (node.work.waits == nullptr) continue;
            size_t at = recorded.at(node.work.waits.get());
            covered[nodes[at].branch] = std::max(covered[nodes[at].branch], at + 1);
        }

        return true;
    }
};

struct Capture
{
    int mode;                 // 0 global, 1 of the thread, 2 relaxed
    std::thread::id thread;
    Graph graph;
    bool invalid = false, ended = false;
    std::vector<std::shared_ptr<Stream>> streams;   // [branches]; the first began it

    bool forbids_unsafe_calls() const { return mode == 0 || (mode == 1 && thread == std::this_thread::get_id()); }
};

struct Executable
{
    Graph graph;
    std::shared_ptr<Mark> last;   // of the last launch: launches of one graph run one after another

    void launch(const std::shared_ptr<Stream>& stream)
    {
        if (last != nullptr) stream->queue.push_back({last, nullptr, nullptr});
        std::vector<std::shared_ptr<Stream>> branches{stream};
        while (branches.size() < graph.branches) branches.push_back(std::make_shared<Stream>(false));
        std::map<Mark*, std::shared_ptr<Mark>> marks;
        for (const Node& node : graph.nodes)
        {
            Work work{nullptr, node.work.task, nullptr};
            if (node.work.waits != nullptr) work.waits = marks.at(node.work.waits.get());
            if (node.work.records != nullptr)
            {
                work.records = marks[node.work.records.get()] = std::make_shared<Mark>();
                work.records->stream = branches[node.branch];
            }

            branches[node.branch]->queue.push_back(work);
        }

        last = record(stream);
    }
};
