// The emulated body of warpgroup.cuh: group_products.h.
#pragma once
#include "group_products.h"

template <class Do> void together_once(const char* name, int line, const Do& what)
{
    block.together<Nothing, Nothing>(name, line, all_lanes, {}, [&what](const Nothing*, Nothing*, uint32) { what(); });
}

template <class... Registers> void products_begin(Registers&...) { together_once("wgmma.fence", 0, [] { group_products.fence(); }); }
inline void products_commit() { together_once("wgmma.commit_group", 0, [] { group_products.commit(); }); }
template <int Pending, class... Registers> void products_wait(Registers&...) { together_once("wgmma.wait_group", 0, [] { group_products.wait(Pending); }); }
inline void products_see_writes() { shared_memory.fence_proxy(); }

inline void issue_product(const GroupOperands& mine, const GroupInstruction& instruction)
{
    block.together<GroupOperands, Nothing>("wgmma.mma_async", instruction.line, all_lanes, mine, [&instruction](const GroupOperands* lanes, Nothing*, uint32) { group_products.issue(lanes, instruction); });
}

template <class T, int N> void multiply_add_group(float (&d)[N], uint64 a, uint64 b, bool add, LINE)
{
    issue_product({d, nullptr, {}, a, b, add}, {2 * N, [](uint16 bits) { return to_float(T{bits}); }, false, false, line});
}

template <class T, int N> void multiply_add_group(float (&d)[N], const uint32 (&a)[4], uint64 b, bool add, LINE)
{
    issue_product({d, a, {a[0], a[1], a[2], a[3]}, 0, b, add}, {2 * N, [](uint16 bits) { return to_float(T{bits}); }, true, true, line});
}

template <class T> uint32 shared_address(Shared<T> p) { return shared_memory.address(p.p); }
