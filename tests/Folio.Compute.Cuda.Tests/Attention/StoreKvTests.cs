using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Attention;

/// <summary>What store_kv, emulated, leaves in a cache of 8 bits.</summary>
public sealed class StoreKvTests
{
    private const int Tokens = 7, Half = 4;
    private static readonly KvCacheShape Shape = new(Layers: 1, KvHeads: 2, HeadDim: 20, BlockSize: 5, Blocks: 2);

    [Fact]
    public void Int8_codes_are_multiples_of_a_scale_of_their_token_and_head_as_on_the_CPU()
    {
        float[] keys = Values(1), values = Values(2);
        Array.Clear(values, 40, 20); // a head of nothing
        byte[] cache = Stored(DType.I8, keys, values);
        ForEachHead(keys, values, (numbers, row, scale) =>
        {
            float largest = numbers.Max(MathF.Abs), factor = largest > 0 ? 127 / largest : 0;
            Assert.Equal(numbers.Select(x => (sbyte)MathF.Round(x * factor)), MemoryMarshal.Cast<byte, sbyte>(cache.AsSpan(row, 20)).ToArray());
            Assert.Equal(new byte[12], cache.AsSpan(row + 20, 12).ToArray());
            Assert.Equal(largest / 127, BitConverter.ToSingle(cache, scale));
        }, rowBytes: 32, partBytes: 5 * 32 + 32);
    }

    [Fact]
    public void Fp8_codes_are_those_of_the_nearest_numbers()
    {
        float[] keys = Values(1), values = Values(2);
        float[] edges = [448, 449, -1e9f, float.PositiveInfinity, 464, 447, 17, 19, 1 / 512f, 0.9f / 1024, 1.5f / 512, 2.5f / 512, 7.5f / 512, -7.6f / 512, 1 / 64f, float.NaN];
        edges.CopyTo(values, 0);
        byte[] cache = Stored(DType.F8_E4M3, keys, values);
        ForEachHead(keys, values, (numbers, row, _) => Assert.Equal(numbers.Select(Nearest), cache.AsSpan(row, 20).ToArray()), rowBytes: 32, partBytes: 5 * 32);
    }

    /// <summary>Among all codes; of two as near, the one whose last bit is 0.</summary>
    private static byte Nearest(float x)
    {
        double magnitude = Math.Min(Math.Abs(x), 448);
        int nearest = float.IsNaN(x) ? 127 : Enumerable.Range(0, 127).MinBy(code => (Math.Abs(magnitude - Float8Rows.ToSingle((byte)code)), code & 1));
        return (byte)(nearest | (float.IsNegative(x) ? 128 : 0));
    }

    /// <summary>Of every token and head, what was to be stored, where its row should be, and where its scale.</summary>
    private static void ForEachHead(float[] keys, float[] values, Action<float[], int, int> check, int rowBytes, int partBytes)
    {
        for (int token = 0; token < Tokens; token++)
        {
            for (int head = 0; head < 2; head++)
            {
                float[] key = keys[((token * 2 + head) * 20)..][..20], value = values[((token * 2 + head) * 20)..][..20];
                float[] turned = [.. key[Half..(2 * Half)].Select(x => -x), .. key[..Half], .. key[(2 * Half)..]];
                int slot = Slot(token), part = (slot / 5 * 4 + head) * partBytes, offset = slot % 5;
                check(turned, part + offset * rowBytes, part + 5 * rowBytes + offset * sizeof(float));
                part += 2 * partBytes;
                check(value, part + offset * rowBytes, part + 5 * rowBytes + offset * sizeof(float));
            }
        }
    }

    private static int Slot(int token) => (token * 3 + 1) % 10;

    /// <summary>Keys are turned by 90°: exactly.</summary>
    private static byte[] Stored(DType type, float[] keys, float[] values)
    {
        KvCacheShape shape = Shape with { Type = type };
        using var cache = new GuardedBuffer<byte>((int)(shape.Blocks * CudaKvCache.BytesPerBlock(shape)));
        using var k = new GuardedBuffer<float>(keys);
        using var v = new GuardedBuffer<float>(values);
        using var slots = new GuardedBuffer<int>([.. Enumerable.Range(0, Tokens).Select(Slot)]);
        using var cosines = new GuardedBuffer<float>(new float[Tokens * Half]);
        using var sines = new GuardedBuffer<float>([.. Enumerable.Repeat(1f, Tokens * Half)]);
        var arguments = new StoreKvArguments(0, k.Address, v.Address, new CudaKvCache(shape, cache.Address).Layer(0), slots.Address, cosines.Address, sines.Address, 0, 40, 0, Half, Half, 0);
        EmulatedKernel.Of("store_kv.cu", $"KV={NumberNames.Of(type)}", "BLOCK_SIZE=5", "HEAD_DIM=20").Launch("store_kv", arguments, (Tokens, 1, 1), 64, 0);
        return cache.Span.ToArray();
    }

    /// <summary>Of many magnitudes.</summary>
    private static float[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Tokens * 40).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-10, 10))))];
    }
}
