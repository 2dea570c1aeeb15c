// One block of a launch: its threads as fibers, its barriers and warps, and what it did wrong. Names of numbers are gpu.cuh's, which includes this.
#pragma once
#include "fibers.h"
#include "launch.h"
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

struct Index { unsigned x = 0, y = 0, z = 0; };

// CUDA's built-in variables, set whenever a fiber goes on.
inline Index threadIdx, blockIdx, blockDim, gridDim;

constexpr int warp_size = 32;

// What is wrong with a kernel, in sentences. The first few are kept.
class Findings
{
public:
    void add(const char* format, ...)
    {
        if (count++ >= 8) return;
        char line[400];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        char place[100];
        snprintf(place, sizeof place, "block (%u, %u, %u): ", blockIdx.x, blockIdx.y, blockIdx.z);
        text.append(place).append(line).append("\n");
    }

    int count = 0;
    std::string text;
};

inline Findings findings;

enum class State { Ready, AtBarrier, AtWarp, Ended };

struct Thread
{
    int stack = -1;                 // -1: not begun
    void* stack_pointer = nullptr;
    State state = State::Ready;
    int line = 0;                   // of the barrier or warp operation it waits at
    const char* operation = "";
};

// An operation that lanes of a warp do together: the last to come does it for all.
struct WarpOperation
{
    const char* name = nullptr;
    int line = 0;
    uint32 mask = 0, arrived = 0;
};

// What goes in and comes out, an array of 32 values each.
struct WarpValues
{
    alignas(16) uint8 in[warp_size * 64];
    alignas(16) uint8 out[warp_size * 64];
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
    static constexpr int count = 1024 / 64;
    uint64 words[count] = {};
};

class Block
{
public:
    // Runs the body once a thread, to the end. False: it got stuck.
    template <class Body> bool run(const Launch& launch, const Body& body)
    {
        invoke = [](const void* p) { (*static_cast<const Body*>(p))(); };
        argument = &body;
        count = static_cast<int>(launch.threads);
        order = launch.order;
        random = launch.seed * 2654435761u + blockIdx.x * 97 + blockIdx.y * 89 + blockIdx.z * 83 + 1;
        threads.assign(count, {});
        if (static_cast<int>(warps.size()) * warp_size < count) warps.resize((count + warp_size - 1) / warp_size);
        for (Warp& warp : warps)
            for (WarpOperation& operation : warp.operations) operation = {};
        warp_intervals.assign(warps.size(), 0);
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

    void barrier(int line) { wait(State::AtBarrier, "__syncthreads", line); }

    // In and Out of one lane; `compute(in, out, mask)` sees arrays of all 32.
    template <class In, class Out, class Compute> Out together(const char* name, int line, uint32 mask, const In& in, const Compute& compute)
    {
        static_assert(sizeof(In) <= 64 && sizeof(Out) <= 64);
        int lane = current % warp_size, warp = current / warp_size;
        if ((mask >> lane & 1) == 0) findings.add("thread %d calls %s (line %d) with a mask that lacks it", current, name, line);
        int slot = find(warp, mask, name, line);
        WarpOperation& operation = warps[warp].operations[slot];
        WarpValues& values = warps[warp].values[slot];
        new (values.in + lane * sizeof(In)) In(in);
        operation.arrived |= 1u << lane;
        if (operation.arrived == mask)
        {
            compute(reinterpret_cast<const In*>(values.in), reinterpret_cast<Out*>(values.out), mask);
            operation.arrived = 0;
            for (uint32 others = mask & ~(1u << lane); others != 0; others &= others - 1) wake(warp * warp_size + __builtin_ctz(others));
        }
        else
        {
            wait(State::AtWarp, name, line);
        }

        return reinterpret_cast<const Out*>(values.out)[lane]; // nobody can begin the next operation on this slot before all lanes have read: they take part in it
    }

    void warp_barrier() { warp_intervals[current / warp_size]++; }

    int current = 0;                      // the thread that runs
    int count = 0;
    uint32 interval = 0;                  // barriers passed
    std::vector<uint32> warp_intervals;   // warp barriers passed

private:
    static constexpr int slots = 8;   // masks in use at once

    struct Warp
    {
        WarpOperation operations[slots];
        WarpValues values[slots];
    };

    static void enter();

    int choose()
    {
        if (order == Order::Ascending) return ready.first(0);
        if (order == Order::Descending) return ready.last();
        random = random * 1664525u + 1013904223u;
        int next = ready.first(static_cast<int>((random >> 8) % static_cast<unsigned>(count)));
        return next >= 0 ? next : ready.first(0);
    }

    // Goes on with another thread. One that never waits gives its stack, still in the cache, to the next.
    void resume(void** from, int next)
    {
        current = next;
        threadIdx = {static_cast<unsigned>(next), 0, 0};
        Thread& thread = threads[next];
        if (thread.stack < 0)
        {
            if (free_stacks.empty()) { free_stacks.push_back(static_cast<int>(stacks.size())); stacks.emplace_back(); }
            thread.stack = free_stacks.back();
            free_stacks.pop_back();
            thread.stack_pointer = stacks[thread.stack].begin(&Block::enter, thread.stack);
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
        Thread& self = threads[current];
        ready.remove(current);
        self.state = state;
        self.operation = operation;
        self.line = line;
        int next = choose();
        if (next >= 0) resume(&self.stack_pointer, next);
        else folio_switch_fiber(&self.stack_pointer, scheduler);
    }

    // All at the same barrier: on they go. Else somebody waits for one who never comes.
    bool release_barrier()
    {
        int waiting = 0;
        for (const Thread& thread : threads) waiting += thread.state == State::AtBarrier && thread.line == threads[0].line;
        if (waiting == count)
        {
            interval++;
            for (int i = 0; i < count; i++) wake(i);
            return true;
        }

        if (!all_ended()) explain();
        return false;
    }

    bool all_ended() const
    {
        return std::all_of(threads.begin(), threads.end(), [](const Thread& thread) { return thread.state == State::Ended; });
    }

    void explain()
    {
        for (int i = 0; i < count; i++)
        {
            if (i > 0 && threads[i].state == threads[i - 1].state && threads[i].line == threads[i - 1].line) continue;
            if (threads[i].state == State::Ended) findings.add("stuck: thread %d has ended", i);
            else findings.add("stuck: thread %d waits at %s, line %d", i, threads[i].operation, threads[i].line);
        }
    }

    int find(int warp, uint32 mask, const char* name, int line)
    {
        WarpOperation* operations = warps[warp].operations;
        int slot = 0;
        while (slot < slots && operations[slot].mask != mask && operations[slot].mask != 0) slot++;
        if (slot == slots)
        {
            findings.add("more than 8 masks in one warp");
            abort();
        }

        WarpOperation& operation = operations[slot];
        if (operation.arrived == 0) operation = {name, line, mask, 0};
        else if (operation.name != name || operation.line != line)
            findings.add("thread %d calls %s (line %d) while its warp is at %s (line %d)", current, name, line, operation.name, operation.line);
        return slot;
    }

    std::vector<FiberStack> stacks;
    std::vector<int> free_stacks;
    ReadySet ready;
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    void* scheduler = nullptr;
    void (*invoke)(const void*) = nullptr;
    const void* argument = nullptr;
    Order order = Order::Ascending;
    uint32 random = 1;

    friend void run_thread();
};

inline Block block;

inline void run_thread() { block.invoke(block.argument); }

inline void Block::enter()
{
    run_thread();
    Thread& self = block.threads[block.current];
    self.state = State::Ended;
    block.ready.remove(block.current);
    block.free_stacks.push_back(self.stack);
    folio_switch_fiber(&self.stack_pointer, block.scheduler);
    abort();
}
