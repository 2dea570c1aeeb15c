// The threads of a block as fibers: who goes on, who waits, and for what.
#include "block.h"
#include "copies.h"
#include "fibers.h"
#include "group_products.h"
#include "shared.h"
#include <algorithm>
#include <vector>

Index threadIdx, blockIdx, blockDim, gridDim;
Block block;

namespace
{

enum class State { Ready, AtBarrier, AtWarp, Ended };

struct Thread
{
    int stack = -1;                 // -1: not begun
    void* stack_pointer = nullptr;
    State state = State::Ready;
    int line = 0;                   // of the barrier or warp operation it waits at
    const char* operation = "";
};

// The threads that could go on, a bit each.
class ReadySet
{
public:
    void add(int i) { words[i / 64] |= 1ull << i % 64; }
    void remove(int i) { words[i / 64] &= ~(1ull << i % 64); }

    // The first at or behind a thread; -1: none.
    int first(int from) const
    {
        for (int word = from / 64; word < count; word++)
        {
            uint64 left = words[word] & (word == from / 64 ? ~0ull << from % 64 : ~0ull);
            if (left != 0) return word * 64 + __builtin_ctzll(left);
        }

        return -1;
    }

    int last() const
    {
        for (int word = count - 1; word >= 0; word--)
            if (words[word] != 0) return word * 64 + 63 - __builtin_clzll(words[word]);
        return -1;
    }

private:
    static constexpr int count = most_threads_of_block / 64;
    uint64 words[count] = {};
};

struct Warp
{
    static constexpr int slots = 8;   // masks in use at once
    WarpOperation operations[slots];
    WarpValues values[slots];
};

std::vector<Thread> threads;
std::vector<Warp> warps;
std::vector<FiberStack> stacks;
std::vector<int> free_stacks;
ReadySet ready;
void* scheduler = nullptr;   // the stack pointer of run
void (*body)(const void*);
const void* argument;
Order order;
uint32 randomness;

int choose()
{
    if (order == Order::Ascending) return ready.first(0);
    if (order == Order::Descending) return ready.last();
    randomness = randomness * 1664525u + 1013904223u;
    int next = ready.first(static_cast<int>((randomness >> 8) % static_cast<unsigned>(block.count)));
    return next >= 0 ? next : ready.first(0);
}

void run_thread()
{
    body(argument);
    Thread& self = threads[block.current];
    self.state = State::Ended;
    ready.remove(block.current);
    free_stacks.push_back(self.stack);
    folio_switch_fiber(&self.stack_pointer, scheduler);
    abort();
}

// Goes on with another thread. One that never waits gives its stack, still in the cache, to the next.
void resume(void** from, int next)
{
    block.current = next;
    threadIdx = {static_cast<unsigned>(next), 0, 0};
    Thread& thread = threads[next];
    if (thread.stack < 0)
    {
        if (free_stacks.empty())
        {
            free_stacks.push_back(static_cast<int>(stacks.size()));
            stacks.emplace_back();
        }

        thread.stack = free_stacks.back();
        free_stacks.pop_back();
        thread.stack_pointer = stacks[thread.stack].begin(&run_thread, thread.stack);
    }

    folio_switch_fiber(from, thread.stack_pointer);
}

void wake(int thread)
{
    threads[thread].state = State::Ready;
    ready.add(thread);
}

void wait(State state, const char* operation, int line)
{
    Thread& self = threads[block.current];
    ready.remove(block.current);
    self.state = state;
    self.operation = operation;
    self.line = line;
    int next = choose();
    if (next >= 0) resume(&self.stack_pointer, next);
    else folio_switch_fiber(&self.stack_pointer, scheduler);
}

bool all_ended()
{
    return std::all_of(threads.begin(), threads.end(), [](const Thread& thread) { return thread.state == State::Ended; });
}

void explain()
{
    for (int i = 0; i < block.count; i++)
    {
        if (i > 0 && threads[i].state == threads[i - 1].state && threads[i].line == threads[i - 1].line) continue;
        if (threads[i].state == State::Ended) findings.add("stuck: thread %d has ended", i);
        else findings.add("stuck: thread %d waits at %s, line %d", i, threads[i].operation, threads[i].line);
    }
}

// All at the same barrier: on they go. Else somebody waits for one who never comes.
bool release_barrier()
{
    bool together = std::all_of(threads.begin(), threads.end(), [](const Thread& thread) { return thread.state == State::AtBarrier && thread.line == threads[0].line; });
    if (!together)
    {
        if (!all_ended()) explain();
        return false;
    }

    block.interval++;
    for (int i = 0; i < block.count; i++) wake(i);
    return true;
}

}

bool Block::run(const Launch& launch, void (*body_of_thread)(const void*), const void* argument_of_body)
{
    body = body_of_thread;
    argument = argument_of_body;
    count = static_cast<int>(launch.threads);
    order = launch.order;
    randomness = launch.seed * 2654435761u + blockIdx.x * 97 + blockIdx.y * 89 + blockIdx.z * 83 + 1;
    threads.assign(count, {});
    if (static_cast<int>(warps.size()) * warp_size < count) warps.resize((count + warp_size - 1) / warp_size);
    for (Warp& warp : warps)
        for (WarpOperation& operation : warp.operations) operation = {};
    std::fill(std::begin(warp_intervals), std::end(warp_intervals), 0);
    interval = 0;
    free_stacks.resize(stacks.size());
    for (size_t i = 0; i < stacks.size(); i++) free_stacks[i] = static_cast<int>(i);
    ready = {};
    for (int i = 0; i < count; i++) ready.add(i);

    for (;;)
    {
        int next = choose();
        if (next >= 0) resume(&scheduler, next);
        else if (!release_barrier()) return all_ended();
    }
}

void Block::barrier(int line) { wait(State::AtBarrier, "__syncthreads", line); }

WarpOperation& Block::arrive(const char* name, int line, uint32 mask, WarpValues*& values)
{
    Warp& warp = warps[current / warp_size];
    uint32 own = 1u << current % warp_size;
    if ((mask & own) == 0) findings.add("thread %d calls %s (line %d) with a mask that lacks it", current, name, line);
    int slot = 0;
    while (slot < Warp::slots && warp.operations[slot].mask != mask && warp.operations[slot].mask != 0) slot++;
    if (slot == Warp::slots) abort(); // more masks than slots
    WarpOperation& operation = warp.operations[slot];
    if (operation.arrived == 0) operation = {name, line, mask, 0};
    else if (operation.name != name || operation.line != line)
        findings.add("thread %d calls %s (line %d) while its warp is at %s (line %d)", current, name, line, operation.name, operation.line);
    operation.arrived |= own;
    values = &warp.values[slot];
    return operation;
}

void Block::finish(WarpOperation& operation)
{
    operation.arrived = 0;
    for (uint32 others = operation.mask & ~(1u << current % warp_size); others != 0; others &= others - 1) wake(current / warp_size * warp_size + __builtin_ctz(others));
}

void Block::wait_for_lanes(const WarpOperation& operation) { wait(State::AtWarp, operation.name, operation.line); }

const char* launch_emulated(const Launch& launch, void (*body_of_thread)(const void*), const void* argument_of_body)
{
    findings.clear();
    gridDim = {launch.grid_x, launch.grid_y, launch.grid_z};
    blockDim = {launch.threads, 1, 1};
    bool stuck = false;
    for (unsigned z = 0; z < launch.grid_z && !stuck; z++)
        for (unsigned y = 0; y < launch.grid_y && !stuck; y++)
            for (unsigned x = 0; x < launch.grid_x && !stuck; x++)
            {
                blockIdx = {x, y, z};
                shared_memory.reset(launch.shared_bytes);
                group_products.reset();
                stuck = !block.run(launch, body_of_thread, argument_of_body);
                async_copies.finish(stuck);
                group_products.finish(stuck);
            }

    return findings.text();
}
