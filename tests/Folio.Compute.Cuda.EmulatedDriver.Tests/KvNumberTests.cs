namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>The cache's 8-bit numbers as matrix instructions get them.</summary>
public sealed class KvNumberTests
{
    private const string Source = """
        #include "kv_numbers.cuh"
        struct Arguments { uint32* to; };
        KERNEL(widen_all, Arguments, 64)
        {
            uint32 first = threadIdx.x * 4, word = first | (first + 1) << 8 | (first + 2) << 16 | (first + 3) << 24;
            Widened integers = widen<int8>(word), numbers = widen<e4m3>(word), by_bits = {f16_of_e4m3_bits(word << 8), f16_of_e4m3_bits(word)};
            store(a.to + threadIdx.x * 2, uint2{integers.even, integers.odd});
            store(a.to + 128 + threadIdx.x * 2, uint2{numbers.even, numbers.odd});
            store(a.to + 256 + threadIdx.x * 2, uint2{by_bits.even, by_bits.odd});
        }
        """;

    [Fact]
    public unsafe void All_codes_of_8_bits_are_widened_exactly_by_either_way()
    {
        using var card = new Card();
        nint stream = card.Stream(), to = card.Allocate(3 * 128 * sizeof(uint));
        card.Launch(card.KernelOf("widen_all", Source), to, grid: 1, threads: 64, stream);
        float[] words = card.Download(to, 3 * 128, stream);
        for (int code = 0; code < 256; code++)
        {
            Assert.Equal((sbyte)code, BitConverter.Int32BitsToSingle(Half(0, code) << 16));
            float expected = Float8Rows.ToSingle((byte)code);
            Assert.Equal(expected, (float)BitConverter.UInt16BitsToHalf((ushort)Half(1, code)));
            Assert.Equal(float.IsNaN(expected) ? code == 127 ? 480 : -480 : expected, (float)BitConverter.UInt16BitsToHalf((ushort)Half(2, code)));
        }

        // A word holds codes 4i to 4i + 3, the even ones in the first of two results.
        int Half(int way, int code) => BitConverter.SingleToInt32Bits(words[way * 128 + code / 4 * 2 + code % 2]) >> code % 4 / 2 * 16 & 0xFFFF;
    }
}
