using System.Runtime.Intrinsics;

namespace Folio.Compute.Tests;

public sealed class CounterRandomTests
{
    // The known answers that its authors publish with Philox4x32-10 (Random123, kat_vectors).
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void Philox_gives_the_published_answers(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1, uint[] expected)
    {
        (uint x0, uint x1, uint x2, uint x3) = CounterRandom.Philox(c0, c1, c2, c3, key0, key1);
        Assert.Equal(expected, new[] { x0, x1, x2, x3 });
    }

    [Fact]
    public void The_vector_form_gives_the_bits_of_each_id()
    {
        const ulong seed = 0x0123456789ABCDEF;
        const long position = 0x7654321FEDCBA98;
        for (int group = 0; group < 50; group++)
        {
            CounterRandom.Bits(seed, position, group, out Vector256<uint> ids0, out Vector256<uint> ids8, out Vector256<uint> ids16, out Vector256<uint> ids24);
            uint[] bits = [.. Lanes(ids0), .. Lanes(ids8), .. Lanes(ids16), .. Lanes(ids24)];
            for (int i = 0; i < 32; i++) Assert.Equal(CounterRandom.Bits(seed, position, group * 32 + i), bits[i]);
        }

        static IEnumerable<uint> Lanes(Vector256<uint> x) => Enumerable.Range(0, 8).Select(lane => x[lane]);
    }

    [Fact]
    public void Exponential_noise_is_the_logarithm_to_single_precision_at_both_ends()
    {
        var random = new Random(1);
        for (int i = 0; i < 300_000; i++)
        {
            uint bits = i switch { 0 => 0, 1 => uint.MaxValue, 2 => 0x7FFFFFFF, 3 => 0x80000000, _ => (uint)random.NextInt64(1L << 32) };
            if (i % 3 == 1) bits >>= i % 32;
            if (i % 3 == 2) bits = ~(bits >> (i % 32));
            // 1 − v without rounding; near v = 0 its logarithm needs the series.
            double v = (bits + 0.5) / 4294967296.0, exact = v < 1e-4 ? v + v * v / 2 + v * v * v / 3 : -Math.Log((4294967295.5 - bits) / 4294967296.0);
            Assert.InRange(CounterRandom.Exponential(bits) / exact, 1 - 4e-7, 1 + 4e-7);
        }
    }

    [Fact]
    public void Noise_has_the_moments_of_the_exponential_distribution_and_no_correlation_between_neighbours()
    {
        const int n = 200_000;
        double[] noise = [.. Enumerable.Range(0, n).Select(id => (double)CounterRandom.Exponential(CounterRandom.Bits(7, 3, id)))];
        double mean = noise.Average(), variance = noise.Average(x => (x - mean) * (x - mean));
        Assert.InRange(mean, 0.99, 1.01);
        Assert.InRange(variance, 0.97, 1.03);
        foreach (int lag in (int[])[1, 8, 32])
            Assert.InRange(Enumerable.Range(0, n - lag).Average(i => (noise[i] - mean) * (noise[i + lag] - mean)), -0.01, 0.01);

        double[] next = [.. Enumerable.Range(0, n).Select(id => (double)CounterRandom.Exponential(CounterRandom.Bits(7, 4, id)))];
        Assert.InRange(noise.Zip(next, (a, b) => (a - 1) * (b - 1)).Average(), -0.01, 0.01);
    }
}
