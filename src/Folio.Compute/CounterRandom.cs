using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Folio.Compute;

/// <summary>The random numbers of sampling: a pure function of (seed, position, token id). Every backend yields these bits.</summary>
/// <remarks>
/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) with key = seed (low word, high word) and
/// counter = (⌊id / 32⌋ · 8 + id mod 8, position low word, position high word, 0). Token id takes output word ⌊id / 8⌋ mod 4: eight neighbouring counters serve 32
/// consecutive ids, and each output word of theirs is one vector of 8 ids.
/// </remarks>
public static class CounterRandom
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>Token ids that one call of the vector form serves.</summary>
    public const int GroupSize = 32;

    /// <summary>The 32 random bits of one token id.</summary>
    public static uint Bits(ulong seed, long position, int id)
    {
        uint counter = (uint)id / 32 * 8 + (uint)id % 8;
        (uint x0, uint x1, uint x2, uint x3) = Philox(counter, (uint)position, (uint)(position >> 32), 0, (uint)seed, (uint)(seed >> 32));
        return ((uint)id / 8 % 4) switch { 0 => x0, 1 => x1, 2 => x2, _ => x3 };
    }

    /// <summary>The bits of the ids [32 · group, 32 · group + 32), eight in each vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bits(
        ulong seed, long position, int group, out Vector256<uint> ids0, out Vector256<uint> ids8, out Vector256<uint> ids16, out Vector256<uint> ids24)
    {
        ids0 = Vector256.Create((uint)group * 8) + Vector256<uint>.Indices;
        ids8 = Vector256.Create((uint)position);
        ids16 = Vector256.Create((uint)(position >> 32));
        ids24 = Vector256<uint>.Zero;
        uint key0 = (uint)seed, key1 = (uint)(seed >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            (Vector256<uint> low0, Vector256<uint> high0) = Multiply(ids0, Multiplier0);
            (Vector256<uint> low1, Vector256<uint> high1) = Multiply(ids16, Multiplier1);
            ids0 = high1 ^ ids8 ^ Vector256.Create(key0);
            ids8 = low1;
            ids16 = high0 ^ ids24 ^ Vector256.Create(key1);
            ids24 = low0;
            key0 += Weyl0;
            key1 += Weyl1;
        }
    }

    /// <summary>Standard exponential noise from 32 random bits: −ln(1 − v), v = (bits + ½) / 2³².</summary>
    /// <remarks>
    /// Small values, which win races, keep their full relative precision: v is used as it is below ½, and 1 − v is made from the complement above.
    /// In words: t = (min(bits, ~bits) + ½) / 2³²; then ln(1 − t) where bits &lt; 2³¹, ln t elsewhere, each as ln(1 + f) + k · ln 2 with f in [−1/3, 1/3].
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exponential(Vector256<uint> bits)
    {
        Vector256<int> negative = bits.AsInt32() >> 31;
        Vector256<float> t = (Vector256.ConvertToSingle(bits.AsInt32() ^ negative) + Vector256.Create(0.5f)) * Vector256.Create(1f / 4294967296f);

        // ln(1 − t): f = −t, or 2(1 − t) − 1 with k = −1 beyond a third.
        Vector256<float> beyond = Vector256.GreaterThan(t, Vector256.Create(1f / 3));
        Vector256<float> nearF = Vector256.ConditionalSelect(beyond, Vector256.FusedMultiplyAdd(t, Vector256.Create(-2f), Vector256<float>.One), -t);
        Vector256<float> nearK = beyond & Vector256.Create(-1f);

        // ln t: the mantissa in [2/3, 4/3) and its exponent.
        Vector256<int> exponent = (t.AsInt32() - Vector256.Create(0x3F2AAAAB)) & Vector256.Create(unchecked((int)0xFF800000));
        Vector256<float> farF = (t.AsInt32() - exponent).AsSingle() - Vector256<float>.One;
        Vector256<float> farK = Vector256.ConvertToSingle(exponent >> 23);

        Vector256<float> far = negative.AsSingle();
        return -VectorMath.LogOnePlus(Vector256.ConditionalSelect(far, farF, nearF), Vector256.ConditionalSelect(far, farK, nearK));
    }

    /// <summary>One value, the same bits as a lane of the vector form.</summary>
    public static float Exponential(uint bits) => Exponential(Vector256.Create(bits)).ToScalar();

    /// <summary>The generator itself: four random words of a 128-bit counter and a 64-bit key.</summary>
    public static (uint, uint, uint, uint) Philox(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ key1, (uint)product0);
            key0 += Weyl0;
            key1 += Weyl1;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>Low and high words of x · m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> Low, Vector256<uint> High) Multiply(Vector256<uint> x, uint m)
    {
        if (Avx2.IsSupported)
        {
            Vector256<uint> factor = Vector256.Create(m);
            Vector256<uint> even = Avx2.Multiply(x, factor).AsUInt32();                                  // lanes 0, 2, 4, 6: (low, high)
            Vector256<uint> odd = Avx2.Multiply((x.AsUInt64() >> 32).AsUInt32(), factor).AsUInt32();
            return (Avx2.Blend(even, (odd.AsUInt64() << 32).AsUInt32(), 0xAA), Avx2.Blend((even.AsUInt64() >> 32).AsUInt32(), odd, 0xAA));
        }

        Vector256<uint> mask = Vector256.Create(0xFFFFu);
        Vector256<uint> xl = x & mask, xh = x >> 16;
        Vector256<uint> ml = Vector256.Create(m & 0xFFFF), mh = Vector256.Create(m >> 16);
        Vector256<uint> middle = xh * ml + ((xl * ml) >> 16);
        Vector256<uint> other = xl * mh + (middle & mask);
        return (x * Vector256.Create(m), xh * mh + (middle >> 16) + (other >> 16));
    }
}
