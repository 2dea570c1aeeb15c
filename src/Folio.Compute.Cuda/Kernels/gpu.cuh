// All that kernels ask of the hardware. Two bodies: this file's, for the card (CUDA C++ and inline PTX, sm_80 and on), and the tests' emulation, for machines
// without one (g++; the threads of a block are fibers). Built-ins of CUDA keep their names in both.
#pragma once

using uint8 = unsigned char;
using uint16 = unsigned short;
using uint32 = unsigned int;
using uint64 = unsigned long long;
using int64 = long long;
using int8 = signed char;

struct bf16 { uint16 bits; };
struct f16 { uint16 bits; };

constexpr uint32 all_lanes = 0xFFFFFFFFu;

#ifndef __CUDACC__
#include "emulation.h"
#else

#define DEVICE __device__ __forceinline__
#define INFINITY __int_as_float(0x7F800000)

// A kernel takes one struct, `a`, laid out as the C# struct of the same name.
#define KERNEL(name, Arguments, threads) extern "C" __global__ void __launch_bounds__(threads) name(const __grid_constant__ Arguments a)

// ---- Shared memory: pieces of the launch's one arena, taken in the same order by all threads. ----

template <class T> struct SharedOf { using Pointer = T*; };
template <class T> using Shared = typename SharedOf<T>::Pointer;

extern __shared__ __align__(1024) uint8 shared_bytes[];

struct SharedArena
{
    uint32 taken = 0;

    // Every piece begins at a multiple of 128 bytes, the first at one of 1024.
    template <class T> DEVICE Shared<T> take(int count)
    {
        T* piece = reinterpret_cast<T*>(shared_bytes + taken);
        taken += (count * static_cast<uint32>(sizeof(T)) + 127) & ~127u;
        return piece;
    }
};

// ---- Wide accesses: V of 4, 8 or 16 bytes at an address that is a multiple of its size. ----

template <class V, class T> DEVICE V load(const T* p) { return *reinterpret_cast<const V*>(p); }
template <class V, class T> DEVICE void store(T* p, V v) { *reinterpret_cast<V*>(p) = v; }

// Read once by nobody else: weights. Goes round the first-level cache.
template <class T> DEVICE uint4 load_streaming(const T* p)
{
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
    return v;
}

// ---- Copies that run beside the thread: 16 or 4 bytes from global to shared memory, zeros where `valid` is false. ----

DEVICE uint32 shared_address(const void* p) { return static_cast<uint32>(__cvta_generic_to_shared(p)); }

template <int Bytes = 16, class T> DEVICE void copy_async(T* to, const T* from, bool valid = true)
{
    int bytes = valid ? Bytes : 0;
    if constexpr (Bytes == 16) asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(bytes) : "memory");
    else asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(to)), "l"(from), "r"(bytes) : "memory");
}

DEVICE void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Until at most `Pending` of this thread's last groups are under way. Other threads' copies take a barrier too.
template <int Pending> DEVICE void copy_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

// ---- Matrix fragments (PTX ISA, "Matrix multiply-accumulate operation using mma instruction"). ----

// Four 8 × 8 matrices of 16-bit values; lane i gives the address of row i % 8 of matrix i / 8.
template <class T> DEVICE void load_matrices(uint32 (&r)[4], const T* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)));
}

// The same, each matrix transposed.
template <class T> DEVICE void load_matrices_transposed(uint32 (&r)[4], const T* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)));
}

// 2^x, to 2⁻²²; zero where that is less than 2⁻¹²⁶.
DEVICE float quick_exp2(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// ---- 16-bit numbers ----

DEVICE float to_float(float x) { return x; }
DEVICE float to_float(bf16 x) { return __uint_as_float(static_cast<uint32>(x.bits) << 16); }
DEVICE float to_float(f16 x)
{
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
}

template <class T> DEVICE T from_float(float x);
template <> DEVICE float from_float<float>(float x) { return x; }
template <> DEVICE bf16 from_float<bf16>(float x)
{
    bf16 y;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
    return y;
}
template <> DEVICE f16 from_float<f16>(float x)
{
    f16 y;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
    return y;
}

// Two in one register: low half first.
template <class T> DEVICE uint32 pack(float low, float high);
template <> DEVICE uint32 pack<bf16>(float low, float high)
{
    uint32 y;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
}
template <> DEVICE uint32 pack<f16>(float low, float high)
{
    uint32 y;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
}

template <class T> DEVICE float half_of(uint32 pair, int half) { return to_float(T{static_cast<uint16>(half == 0 ? pair : pair >> 16)}); }

// a · b + c, of both halves.
template <class T> DEVICE uint32 multiply_add_pairs(uint32 a, uint32 b, uint32 c);
template <> DEVICE uint32 multiply_add_pairs<bf16>(uint32 a, uint32 b, uint32 c)
{
    uint32 y;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(c));
    return y;
}
template <> DEVICE uint32 multiply_add_pairs<f16>(uint32 a, uint32 b, uint32 c)
{
    uint32 y;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(c));
    return y;
}

#if __CUDA_ARCH__ >= 900 || (__CUDA_ARCH__ >= 890 && __CUDACC_VER_MAJOR__ * 10 + __CUDACC_VER_MINOR__ >= 121)
#define HAS_E4M3 1

// Two numbers of 8 bits (e4m3), low ones first.
DEVICE uint32 f16_of_e4m3(uint32 pair)
{
    uint32 y;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(y) : "h"(static_cast<uint16>(pair)));
    return y;
}
#endif

// d += a · b: [16, 16] · [16, 8], fp32 sums.
template <class T> DEVICE void multiply_add(float (&d)[4], const uint32 (&a)[4], uint32 b0, uint32 b1);
template <> DEVICE void multiply_add<bf16>(float (&d)[4], const uint32 (&a)[4], uint32 b0, uint32 b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
template <> DEVICE void multiply_add<f16>(float (&d)[4], const uint32 (&a)[4], uint32 b0, uint32 b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#endif

// ---- For both ----

DEVICE int lane_index() { return static_cast<int>(threadIdx.x % 32); }
DEVICE int warp_index() { return static_cast<int>(threadIdx.x / 32); }

// Over the lanes of a warp, the same bits in each: a butterfly.
template <class T> DEVICE T warp_sum(T x)
{
    for (int distance = 16; distance > 0; distance /= 2) x += __shfl_xor_sync(all_lanes, x, distance);
    return x;
}

DEVICE float warp_max(float x)
{
    for (int distance = 16; distance > 0; distance /= 2) x = fmaxf(x, __shfl_xor_sync(all_lanes, x, distance));
    return x;
}

// Two neighbours in one access.
DEVICE void store_pair(float* to, float2 x) { store(to, x); }
template <class T> DEVICE void store_pair(T* to, float2 x) { store(to, pack<T>(x.x, x.y)); }

template <class T> DEVICE float2 load_pair(const T* from)
{
    uint32 both = load<uint32>(from);
    return {half_of<T>(both, 0), half_of<T>(both, 1)};
}
template <> DEVICE float2 load_pair<float>(const float* from) { return load<float2>(from); }
