// One block of a launch as its kernel sees it: built-in variables, barriers, and what lanes of a warp do together. Its threads are fibers: block.cpp.
// These headers are read for every kernel; what needs no template stands in a .cpp file, compiled once.
#pragma once
#include "findings.h"
#include "launch.h"
#include "numbers.h"
#include <string.h>

struct Index { unsigned x = 0, y = 0, z = 0; };

// CUDA's built-in variables, set whenever a fiber goes on.
extern Index threadIdx, blockIdx, blockDim, gridDim;

constexpr int warp_size = 32, most_threads_of_block = 1024;

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

class Block
{
public:
    // Runs the body once a thread, to the end. False: it got stuck.
    bool run(const Launch& launch, void (*body)(const void*), const void* argument);

    void barrier(int line);

    // In and Out of one lane; `compute(in, out, mask)` sees arrays of all 32, those that don't take part with whatever was there.
    template <class In, class Out, class Compute> Out together(const char* name, int line, uint32 mask, const In& in, const Compute& compute)
    {
        static_assert(sizeof(In) <= 64 && sizeof(Out) <= 64);
        WarpValues* values;
        WarpOperation& operation = arrive(name, line, mask, values);
        memcpy(values->in + current % warp_size * sizeof(In), &in, sizeof in);
        if (operation.arrived == mask)
        {
            compute(reinterpret_cast<const In*>(values->in), reinterpret_cast<Out*>(values->out), mask);
            finish(operation);
        }
        else
        {
            wait_for_lanes(operation);
        }

        Out out;
        memcpy(&out, values->out + current % warp_size * sizeof(Out), sizeof out); // nobody can begin the next operation here before all lanes have read: they take part in it
        return out;
    }

    void warp_barrier() { warp_intervals[current / warp_size]++; }

    int current = 0;                      // the thread that runs
    int count = 0;
    uint32 interval = 0;                  // barriers passed
    uint32 warp_intervals[most_threads_of_block / warp_size] = {};   // warp barriers passed

private:
    WarpOperation& arrive(const char* name, int line, uint32 mask, WarpValues*& values);
    void finish(WarpOperation& operation);
    void wait_for_lanes(const WarpOperation& operation);
};

extern Block block;

// Runs every block of a launch. What was found, or "".
const char* launch_emulated(const Launch& launch, void (*body)(const void*), const void* argument);
