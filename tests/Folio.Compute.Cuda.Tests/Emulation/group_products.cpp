#include "group_products.h"
#include <algorithm>
#include <array>
#include <vector>

GroupProducts group_products;

namespace
{

constexpr int rows_of_warp = 16, depth = 16, warps_of_group = 4;

// Number i of a lane's part of d: PTX ISA, "Matrix Fragments for wgmma.mma_async.m64nNk16", figure D.
int row_of(int lane, int i) { return lane / 4 + i / 2 % 2 * 8; }
int column_of(int lane, int i) { return i / 4 * 8 + lane % 4 * 2 + i % 2; }

// A warp's rows of d while products into it are under way.
struct Accumulator
{
    float* lanes[warp_size];
    int columns;
    std::vector<float> sums;   // [16, columns]
};

struct Product
{
    GroupInstruction instruction;
    std::array<GroupOperands, warp_size> lanes;
    int group;
};

struct WarpProducts
{
    std::vector<Accumulator> accumulators;
    std::vector<Product> products;
    int committed = 0;   // groups
    size_t issued = 0;
    bool fenced = false;
};

struct Descriptors { uint64 a, b; };

std::vector<WarpProducts> warps;
std::vector<std::vector<Descriptors>> issued;   // [warpgroups]

WarpProducts& own() { return warps[block.current / warp_size]; }

// A matrix in shared memory, in pieces of eight 16-bit numbers: "Matrix Descriptor Format" and "Canonical Layouts" of the 128-byte swizzle.
struct SharedMatrix
{
    uint32 start, leading, stride;
    int line;

    SharedMatrix(uint64 descriptor, int line)
        : start((descriptor & 0x3FFF) << 4), leading((descriptor >> 16 & 0x3FFF) << 4), stride((descriptor >> 32 & 0x3FFF) << 4), line(line)
    {
        bool swizzled = descriptor >> 62 == 1, from_boundary = (descriptor >> 49 & 7) == 0 && start % 1024 < 128;
        if (!swizzled || !from_boundary) findings.add("wgmma (line %d): a descriptor of another layout than the 128-byte swizzle from a multiple of 1024 bytes on", line);
    }

    // Eight numbers, consecutive in k, of row or column i: ((8, m), (T, 2k)) : ((8T, SBO), (1, T)).
    uint32 along_k(int i, int k) const { return swizzled(start + i / 8 * stride + i % 8 * 128 + k / 8 * 16); }

    // Eight numbers, consecutive in i, of k: ((T, 8, m), (8, k)) : ((1, T, LBO), (8T, SBO)).
    uint32 across_k(int i, int k) const { return swizzled(start + i / 64 * leading + i / 8 % 8 * 16 + k / 8 * stride + k % 8 * 128); }

private:
    // Swizzle<3, 4, 3>
    static uint32 swizzled(uint32 address) { return address ^ (address >> 7 & 7) << 4; }
};

// The pieces of both operands that a warp reads: take(first of eight, whether of b, i, k, along k).
template <class Take> void for_pieces(const Product& product, const Take& take)
{
    const GroupInstruction& instruction = product.instruction;
    SharedMatrix b(product.lanes[0].b, instruction.line);
    if (!instruction.a_in_registers)
    {
        SharedMatrix a(product.lanes[0].a, instruction.line);
        int first = block.current / warp_size % warps_of_group * rows_of_warp;
        for (int row = 0; row < rows_of_warp; row++)
            for (int k = 0; k < depth; k += 8) take(a.along_k(first + row, k), false, row, k, true);
    }

    for (int i = 0; i < instruction.columns; i += instruction.b_transposed ? 8 : 1)
        for (int k = 0; k < depth; k += instruction.b_transposed ? 1 : 8) take(instruction.b_transposed ? b.across_k(i, k) : b.along_k(i, k), true, i, k, !instruction.b_transposed);
}

void make(const Product& product, Accumulator& d)
{
    static float a[depth][rows_of_warp], b[depth][256];
    const GroupInstruction& instruction = product.instruction;
    for_pieces(product, [&](uint32 address, bool of_b, int i, int k, bool along_k)
    {
        const void* piece = shared_memory.read_by_proxy(address, 16);
        uint16 values[8] = {};
        if (piece != nullptr) memcpy(values, piece, 16);
        for (int j = 0; j < 8; j++)
        {
            float value = instruction.to_float(values[j]);
            if (of_b) b[along_k ? k + j : k][along_k ? i : i + j] = value;
            else a[k + j][i] = value;
        }
    });

    for (int lane = 0; instruction.a_in_registers && lane < warp_size; lane++)
    {
        const GroupOperands& mine = product.lanes[lane];
        if (memcmp(mine.registers, mine.values, sizeof mine.values) != 0)
            findings.add("wgmma (line %d): thread %d changes a's registers under way", instruction.line, block.current / warp_size * warp_size + lane);
        for (int i = 0; i < 8; i++) // figure A: registers 0 and 1 have rows, 2 and 3 the same rows eight further on in k
            a[lane % 4 * 2 + i % 2 + i / 4 * 8][lane / 4 + i / 2 % 2 * 8] = instruction.to_float(static_cast<uint16>(mine.values[i / 2] >> i % 2 * 16));
    }

    if (!product.lanes[0].add) std::fill(d.sums.begin(), d.sums.end(), 0.0f);
    for (int row = 0; row < rows_of_warp; row++)
    {
        float sums[256] = {};
        for (int k = 0; k < depth; k++)
            for (int column = 0; column < d.columns; column++) sums[column] += a[k][row] * b[k][column];
        for (int column = 0; column < d.columns; column++) d.sums[row * d.columns + column] += sums[column];
    }
}

Accumulator& accumulator_of(WarpProducts& warp, const Product& product)
{
    float* first = product.lanes[0].d;
    auto found = std::find_if(warp.accumulators.begin(), warp.accumulators.end(), [first](const Accumulator& one) { return one.lanes[0] == first; });
    if (found != warp.accumulators.end()) return *found;
    Accumulator& d = warp.accumulators.emplace_back();
    d.columns = product.instruction.columns;
    d.sums.resize(rows_of_warp * d.columns);
    for (int lane = 0; lane < warp_size; lane++)
    {
        d.lanes[lane] = product.lanes[lane].d;
        for (int i = 0; i < d.columns / 2; i++)
        {
            d.sums[row_of(lane, i) * d.columns + column_of(lane, i)] = d.lanes[lane][i];
            d.lanes[lane][i] = __builtin_nanf("");
        }
    }

    return d;
}

void give_back(const Accumulator& d)
{
    for (int lane = 0; lane < warp_size; lane++)
        for (int i = 0; i < d.columns / 2; i++) d.lanes[lane][i] = d.sums[row_of(lane, i) * d.columns + column_of(lane, i)];
}

// Descriptors must be the same in all warps of a group.
void compare(WarpProducts& warp, const GroupOperands* lanes, int line)
{
    std::vector<Descriptors>& group = issued[block.current / warp_size / warps_of_group];
    if (warp.issued == group.size()) group.push_back({lanes[0].a, lanes[0].b});
    Descriptors first = group[warp.issued++];
    for (int lane = 0; lane < warp_size; lane++)
    {
        if (lanes[lane].a == first.a && lanes[lane].b == first.b) continue;
        findings.add("wgmma (line %d): thread %d has other descriptors than the rest of its warpgroup", line, block.current / warp_size * warp_size + lane);
        return;
    }
}

}

void GroupProducts::reset()
{
    warps.clear();
    issued.clear();
}

void GroupProducts::fence()
{
    if (warps.empty())
    {
        warps.resize(block.count / warp_size);
        issued.resize(block.count / warp_size / warps_of_group);
    }

    own().fenced = true;
}

void GroupProducts::issue(const GroupOperands* lanes, const GroupInstruction& instruction)
{
    if (warps.empty() || !own().fenced)
    {
        findings.add("wgmma (line %d): thread %d issues a product without a fence behind what it did with registers", instruction.line, block.current);
        fence();
    }

    WarpProducts& warp = own();
    compare(warp, lanes, instruction.line);
    Product& product = warp.products.emplace_back();
    product.instruction = instruction;
    product.group = warp.committed;
    std::copy_n(lanes, warp_size, product.lanes.begin());
    accumulator_of(warp, product);
    for_pieces(product, [](uint32 address, bool, int, int, bool) { shared_memory.read_by_proxy(address, 16); }); // it may be read from now on
}

void GroupProducts::commit() { if (!warps.empty()) own().committed++; }

void GroupProducts::wait(int allowed)
{
    if (warps.empty()) return;
    WarpProducts& warp = own();
    int last = warp.committed - allowed; // groups before this are done
    auto rest = std::find_if(warp.products.begin(), warp.products.end(), [last](const Product& product) { return product.group >= last; });
    for (auto product = warp.products.begin(); product != rest; product++) make(*product, accumulator_of(warp, *product));
    warp.products.erase(warp.products.begin(), rest);
    for (size_t i = warp.accumulators.size(); i-- > 0;)
    {
        Accumulator& d = warp.accumulators[i];
        if (std::any_of(warp.products.begin(), warp.products.end(), [&d](const Product& product) { return product.lanes[0].d == d.lanes[0]; })) continue;
        give_back(d);
        warp.accumulators.erase(warp.accumulators.begin() + static_cast<long>(i));
    }

    warp.fenced = false;
}

void GroupProducts::finish(bool stuck)
{
    for (const WarpProducts& warp : warps)
    {
        if (stuck || warp.products.empty()) continue;
        findings.add("a warp ends with products under way that it never waited for");
        break;
    }

    reset();
}
