// The emulated body of gpu.cuh: a kernel's source, compiled by g++, runs on the CPU a block after another, in fp32 as the card would up to the order of sums inside
// one matrix instruction. It finds what a card would not tell: see block.h and shared.h.
#pragma once
#include "block.h"
#include "copies.h"
#include "functions.h"
#include "shared.h"

#define DEVICE inline
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __align__(n) alignas(n)

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) uint2 { uint32 x, y; };
struct alignas(16) uint4 { uint32 x, y, z, w; };
struct alignas(16) int4 { int x, y, z, w; };

// ---- Launching ----

#define KERNEL(name, Arguments, most_threads)                                                                                                       \
    static void name##_body(const Arguments& a);                                                                                                    \
    extern "C" int name##_argument_bytes() { return sizeof(Arguments); }                                                                            \
    extern "C" int name##_most_threads() { return most_threads; }                                                                                   \
    extern "C" const char* name##_emulated(const void* arguments, const Launch* launch)                                                             \
    {                                                                                                                                               \
        return launch_emulated(*launch, [](const void* arguments) { name##_body(*static_cast<const Arguments*>(arguments)); }, arguments);          \
    }                                                                                                                                               \
    static void name##_body(const Arguments& a)

// ---- Barriers and warps ----

#define LINE int line = __builtin_LINE()

inline void __syncthreads(LINE) { block.barrier(line); }

struct Nothing {};

inline void __syncwarp(uint32 mask = 0xFFFFFFFFu, LINE)
{
    block.together<Nothing, Nothing>("__syncwarp", line, mask, {}, [](const Nothing*, Nothing*, uint32) { block.warp_barrier(); });
}

template <class T> struct FromLane { T value; int lane; };

template <class T> T shuffle(const char* name, int line, uint32 mask, T value, int from)
{
    return block.together<FromLane<T>, T>(name, line, mask, {value, from}, [name, line](const FromLane<T>* in, T* out, uint32 mask)
    {
        for (int lane = 0; lane < warp_size; lane++)
        {
            if ((mask >> lane & 1) == 0) continue;
            if ((mask >> in[lane].lane & 1) == 0) findings.add("%s (line %d): lane %d reads lane %d, which doesn't take part", name, line, lane, in[lane].lane);
            out[lane] = in[in[lane].lane].value;
        }
    });
}

template <class T> T __shfl_sync(uint32 mask, T value, int lane, LINE) { return shuffle("__shfl_sync", line, mask, value, lane % warp_size); }
template <class T> T __shfl_xor_sync(uint32 mask, T value, int distance, LINE) { return shuffle("__shfl_xor_sync", line, mask, value, block.current % warp_size ^ distance); }
template <class T> T __shfl_down_sync(uint32 mask, T value, int distance, LINE)
{
    int lane = block.current % warp_size;
    return shuffle("__shfl_down_sync", line, mask, value, lane + distance < warp_size ? lane + distance : lane);
}
template <class T> T __shfl_up_sync(uint32 mask, T value, int distance, LINE)
{
    int lane = block.current % warp_size;
    return shuffle("__shfl_up_sync", line, mask, value, lane >= distance ? lane - distance : lane);
}

inline uint32 __ballot_sync(uint32 mask, bool vote, LINE)
{
    return block.together<bool, uint32>("__ballot_sync", line, mask, vote, [](const bool* in, uint32* out, uint32 mask)
    {
        uint32 votes = 0;
        for (int lane = 0; lane < warp_size; lane++) votes |= static_cast<uint32>((mask >> lane & 1) != 0 && in[lane]) << lane;
        for (int lane = 0; lane < warp_size; lane++) out[lane] = votes;
    });
}

inline bool __any_sync(uint32 mask, bool vote, LINE) { return __ballot_sync(mask, vote, line) != 0; }
inline bool __all_sync(uint32 mask, bool vote, LINE) { return __ballot_sync(mask, vote, line) == mask; }

// ---- Atomics: one fiber runs at a time ----

template <class T> T atomicAdd(T* p, T value) { T old = *p; *p = old + value; return old; }
template <class T> T atomicAdd(Shared<T> p, T value) { shared_memory.update(p.p, sizeof value); return atomicAdd(p.p, value); }
template <class T> T atomicMax(T* p, T value) { T old = *p; *p = old < value ? value : old; return old; }
template <class T> T atomicExch(T* p, T value) { T old = *p; *p = value; return old; }
inline uint32 atomicInc(uint32* p, uint32 last) { uint32 old = *p; *p = old >= last ? 0 : old + 1; return old; }
inline void __threadfence() {}

// ---- Arithmetic ----

template <class To, class From> To bits_as(From x)
{
    static_assert(sizeof(To) == sizeof(From));
    To y;
    memcpy(&y, &x, sizeof y);
    return y;
}

inline float __uint_as_float(uint32 x) { return bits_as<float>(x); }
inline uint32 __float_as_uint(float x) { return bits_as<uint32>(x); }
inline int __float_as_int(float x) { return bits_as<int>(x); }
inline float __int_as_float(int x) { return bits_as<float>(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float quick_exp2(float x) { return exp2f(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline uint32 __umulhi(uint32 x, uint32 y) { return static_cast<uint32>(static_cast<uint64>(x) * y >> 32); }
inline uint32 __byte_perm(uint32 x, uint32 y, uint32 selector)
{
    uint64 both = x | static_cast<uint64>(y) << 32;
    uint32 result = 0;
    for (int i = 0; i < 4; i++) result |= static_cast<uint32>(both >> (selector >> i * 4 & 7) * 8 & 255) << i * 8;
    return result;
}
inline int __popc(uint32 x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<uint32>(x)); }
template <class T> T min(T x, T y) { return y < x ? y : x; }
template <class T> T max(T x, T y) { return x < y ? y : x; }

// ---- 16-bit numbers ----

inline float to_float(float x) { return x; }
inline float to_float(bf16 x) { return bits_as<float>(static_cast<uint32>(x.bits) << 16); }
inline float to_float(f16 x) { return static_cast<float>(bits_as<_Float16>(x.bits)); }

template <class T> T from_float(float x);
template <> inline float from_float<float>(float x) { return x; }
template <> inline f16 from_float<f16>(float x) { return {bits_as<uint16>(static_cast<_Float16>(x))}; }
template <> inline bf16 from_float<bf16>(float x)
{
    uint32 bits = bits_as<uint32>(x);
    if (x != x) return {0x7FFF};
    return {static_cast<uint16>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}

template <class T> uint32 pack(float low, float high) { return from_float<T>(low).bits | static_cast<uint32>(from_float<T>(high).bits) << 16; }
template <class T> float half_of(uint32 pair, int half) { return to_float(T{static_cast<uint16>(half == 0 ? pair : pair >> 16)}); }

template <class T> uint32 multiply_add_pairs(uint32 a, uint32 b, uint32 c)
{
    return pack<T>(fmaf(half_of<T>(a, 0), half_of<T>(b, 0), half_of<T>(c, 0)), fmaf(half_of<T>(a, 1), half_of<T>(b, 1), half_of<T>(c, 1)));
}

#define HAS_E4M3 1

// e4m3 (OCP's 8-bit floating point): 4 bits of exponent, 3 of mantissa, no infinity.
inline float value_of_e4m3(uint32 code)
{
    int exponent = code >> 3 & 15, mantissa = code & 7;
    float magnitude = (code & 127) == 127 ? NAN : ldexpf(static_cast<float>(exponent == 0 ? mantissa : mantissa + 8), (exponent == 0 ? 1 : exponent) - 10);
    return code & 128 ? -magnitude : magnitude;
}

inline uint32 f16_of_e4m3(uint32 pair) { return pack<f16>(value_of_e4m3(pair & 255), value_of_e4m3(pair >> 8 & 255)); }

// ---- Wide accesses ----

template <class V, class T> V load(const T* p)
{
    if (reinterpret_cast<size_t>(p) % sizeof(V) != 0) findings.add("thread %d loads %d bytes at an address that is no multiple of it", block.current, static_cast<int>(sizeof(V)));
    V v;
    memcpy(&v, p, sizeof v);
    return v;
}

template <class V, class T> V load(Shared<T> from)
{
    shared_memory.read(from.p, sizeof(V));
    return load<V>(from.p);
}

template <class T, class V> void store(T* p, V v)
{
    if (reinterpret_cast<size_t>(p) % sizeof(V) != 0) findings.add("thread %d stores %d bytes at an address that is no multiple of it", block.current, static_cast<int>(sizeof(V)));
    memcpy(p, &v, sizeof v);
}

template <class T, class V> void store(Shared<T> to, V v)
{
    shared_memory.write(to.p, sizeof v);
    store(to.p, v);
}

template <class T> uint4 load_streaming(const T* p) { return load<uint4>(p); }

#include "matrices.h"
