// What compute capability 9.0 has beside (sm_90a): products that a warpgroup, four warps from a multiple of four on, makes beside its threads, of matrices in shared memory. Sections
// named are those of the PTX ISA's chapter "Asynchronous Warpgroup Level Matrix Multiply-Accumulate Instructions". Two bodies, as gpu.cuh has.
#pragma once
#include "gpu.cuh"

#ifndef __CUDACC__
#include "warpgroup.h"
#else

// ---- Order. What a product in flight reads and writes, registers and shared memory, is left alone until it has been waited for. ----

// The compiler moves no access to these registers over this place.
template <int N> DEVICE void pin(float (&x)[N])
{
#pragma unroll
    for (int i = 0; i < N; i++) asm volatile("" : "+f"(x[i])::"memory");
}

template <int N> DEVICE void pin(uint32 (&x)[N])
{
#pragma unroll
    for (int i = 0; i < N; i++) asm volatile("" : "+r"(x[i])::"memory");
}

template <class T, int N, int M> DEVICE void pin(T (&x)[N][M])
{
#pragma unroll
    for (int i = 0; i < N; i++) pin(x[i]);
}

// Before products, of all registers that they take: what was written to them has been written.
template <class... Registers> DEVICE void products_begin(Registers&... registers)
{
    (pin(registers), ...);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

// Closes a group of products.
DEVICE void products_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Until at most `Pending` of the last groups are under way, and those of these registers are not.
template <int Pending, class... Registers> DEVICE void products_wait(Registers&... registers)
{
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
    (pin(registers), ...);
}

// What this thread has written to shared memory is there for products: before the barrier behind which they begin ("Async proxy").
DEVICE void products_see_writes() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// ---- Products: d [64, N] += a [64, 16] · b [16, N], or = where `add` is false; fp32 sums. ----

// Fragments of a warp's 16 rows are those of mma.sync m16n8k16, one of d for every eight columns ("Register Fragments").

#define REGISTERS_8(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define REGISTERS_32(d) REGISTERS_8(d, 0), REGISTERS_8(d, 8), REGISTERS_8(d, 16), REGISTERS_8(d, 24)
#define REGISTERS_64(d) REGISTERS_32(d), REGISTERS_8(d, 32), REGISTERS_8(d, 40), REGISTERS_8(d, 48), REGISTERS_8(d, 56)
#define NAMES_32 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define NAMES_64 NAMES_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"

// Both from shared memory, "K-major": a row of a, or a column of b, is a row there. The last four operands: +1 · a, +1 · b, neither transposed.
#define SHARED_PRODUCT(T, type, columns, registers, names, a_name, b_name, add_name)                                                                \
    template <> DEVICE void multiply_add_group<T>(float (&d)[columns / 2], uint64 a, uint64 b, bool add)                                            \
    {                                                                                                                                               \
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " add_name ", 0;\nwgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." type "." type       \
                     " {" names "}, " a_name ", " b_name ", p, 1, 1, 0, 0;\n}" : registers(d) : "l"(a), "l"(b), "r"(static_cast<int>(add)));         \
    }

// a from registers; b from shared memory, "MN-major": a row of b is a row there. The last operand: transposed.
#define REGISTER_PRODUCT(T, type, columns, registers, names, a_names, b_name, add_name)                                                             \
    template <> DEVICE void multiply_add_group<T>(float (&d)[columns / 2], const uint32 (&a)[4], uint64 b, bool add)                                \
    {                                                                                                                                               \
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " add_name ", 0;\nwgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." type "." type       \
                     " {" names "}, {" a_names "}, " b_name ", p, 1, 1, 1;\n}"                                                                       \
                     : registers(d) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(static_cast<int>(add)));                               \
    }

template <class T> DEVICE void multiply_add_group(float (&d)[32], uint64 a, uint64 b, bool add);
template <class T> DEVICE void multiply_add_group(float (&d)[64], uint64 a, uint64 b, bool add);
template <class T> DEVICE void multiply_add_group(float (&d)[32], const uint32 (&a)[4], uint64 b, bool add);
template <class T> DEVICE void multiply_add_group(float (&d)[64], const uint32 (&a)[4], uint64 b, bool add);

SHARED_PRODUCT(bf16, "bf16", 64, REGISTERS_32, NAMES_32, "%32", "%33", "%34")
SHARED_PRODUCT(bf16, "bf16", 128, REGISTERS_64, NAMES_64, "%64", "%65", "%66")
SHARED_PRODUCT(f16, "f16", 64, REGISTERS_32, NAMES_32, "%32", "%33", "%34")
SHARED_PRODUCT(f16, "f16", 128, REGISTERS_64, NAMES_64, "%64", "%65", "%66")
REGISTER_PRODUCT(bf16, "bf16", 64, REGISTERS_32, NAMES_32, "%32, %33, %34, %35", "%36", "%37")
REGISTER_PRODUCT(bf16, "bf16", 128, REGISTERS_64, NAMES_64, "%64, %65, %66, %67", "%68", "%69")
REGISTER_PRODUCT(f16, "f16", 64, REGISTERS_32, NAMES_32, "%32, %33, %34, %35", "%36", "%37")
REGISTER_PRODUCT(f16, "f16", 128, REGISTERS_64, NAMES_64, "%64, %65, %66, %67", "%68", "%69")

#endif

// ---- For both ----

// A matrix of 16-bit numbers in shared memory as products read it ("Shared Memory Matrix Layout", 128-byte swizzle): a panel of 64 columns behind the other, each [Rows, 64]. A row has eight pieces of
// 16 bytes; piece p of row r lies where piece p ^ r % 8 would, so that a column of eight pieces lies in all banks. Eight rows are an atom of 1024 bytes, and begin at a multiple of that.
template <int Rows> struct Panels
{
    static constexpr int row_bytes = 128, atom_bytes = 8 * row_bytes, panel_bytes = Rows * row_bytes;
    Shared<uint8> first;

    // Eight columns of a row.
    DEVICE Shared<uint8> piece(int row, int index) const { return first + (index / 8 * panel_bytes + row * row_bytes + ((index ^ row) & 7) * 16); }

    // Columns [16 · step, + 16) of the rows from a multiple of eight on, to be summed over: "K-major", whose leading offset counts for nothing and is 1.
    DEVICE uint64 columns(int row, int step) const { return descriptor(step / 4 * panel_bytes + row * row_bytes + step % 4 * 32, 16); }

    // Rows [16 · step, + 16), to be summed over, of the columns from a panel on: "MN-major", whose leading offset is from panel to panel.
    DEVICE uint64 rows(int panel, int step) const { return descriptor(panel * panel_bytes + step * 2 * atom_bytes, panel_bytes); }

private:
    // "Matrix Descriptor Format": the address, the leading and the stride dimension's offset (from atom to atom) from bits 0, 16 and 32 on, in units of 16 bytes; from bit 62 on 1: 128-byte swizzle.
    DEVICE uint64 descriptor(int offset, int leading) const
    {
        return ((shared_address(first) + offset) & 0x3FFFFu) >> 4 | static_cast<uint64>(leading >> 4) << 16 | static_cast<uint64>(atom_bytes >> 4) << 32 | 1ull << 62;
    }
};
