// wgmma: products of a warpgroup out of shared memory, made when they are waited for. Until then their registers are no numbers. Findings beside those of shared memory: operands that warps disagree
// about, products without a fence behind the last that were waited for, registers changed under way, descriptors of another layout than the 128-byte swizzle, products that nobody waits for.
#pragma once
#include "shared.h"

// What a lane brings to a product: where its part of d and, unless it is in shared memory, of a lies.
struct GroupOperands
{
    float* d;
    const uint32* registers;
    uint32 values[4];
    uint64 a, b;
    bool add;
};

// What a product's instruction says.
struct GroupInstruction
{
    int columns;                 // of d
    float (*to_float)(uint16);
    bool a_in_registers, b_transposed;
    int line;
};

// Of the warp that runs; its last lane calls for all.
class GroupProducts
{
public:
    void fence();
    void issue(const GroupOperands* lanes, const GroupInstruction& instruction);
    void commit();
    void wait(int allowed);

    // For a new block; behind one, which got stuck or not.
    void reset();
    void finish(bool stuck);
};

extern GroupProducts group_products;
