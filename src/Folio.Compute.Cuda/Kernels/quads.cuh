// Four neighbours of a row at once: 16 bytes of fp32, 8 of 16-bit numbers. Where a row isn't made of whole quads at such addresses, value by value.
#pragma once
#include "gpu.cuh"

DEVICE float4 load_quad(const float* from) { return load<float4>(from); }
template <class T> DEVICE float4 load_quad(const T* from)
{
    uint2 x = load<uint2>(from);
    return {half_of<T>(x.x, 0), half_of<T>(x.x, 1), half_of<T>(x.y, 0), half_of<T>(x.y, 1)};
}

DEVICE void store_quad(float* to, float4 x) { store(to, x); }
template <class T> DEVICE void store_quad(T* to, float4 x) { store(to, uint2{pack<T>(x.x, x.y), pack<T>(x.z, x.w)}); }

// Whether rows are made of whole quads: where the first begins, and values from row to row. Null is fine: nothing is there to be read.
template <class T> DEVICE bool has_quads(const T* rows, int stride) { return reinterpret_cast<uint64>(rows) % (4 * sizeof(T)) == 0 && stride % 4 == 0; }

// The values of a row from `from` on of which there are `count`, zeros behind them.
DEVICE float4 load_quad(const float* from, int count, bool whole)
{
    if (whole) return load_quad(from);
    return {from[0], count > 1 ? from[1] : 0, count > 2 ? from[2] : 0, count > 3 ? from[3] : 0};
}

template <class T> DEVICE void store_quad(T* to, float4 x, int count, bool whole)
{
    if (whole) return store_quad(to, x);
    to[0] = from_float<T>(x.x);
    if (count > 1) to[1] = from_float<T>(x.y);
    if (count > 2) to[2] = from_float<T>(x.z);
    if (count > 3) to[3] = from_float<T>(x.w);
}
