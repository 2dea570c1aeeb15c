using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Sampling;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Sampling;

/// <summary>Penalties, biases and masks, emulated, beside vLLM's formulas written out.</summary>
public sealed class PenalizeTests
{
    private const int Vocabulary = 300, Stride = 304, Count = 3;

    [Theory]
    [InlineData(1.3f, 0.5f, -0.25f), InlineData(1f, 0.1f, 0.7f), InlineData(1e-38f, 0f, 0f)]
    public void Ids_that_a_request_names_or_has_used_change_and_others_do_not(float repetition, float frequency, float presence)
    {
        var random = new Random(1);
        float[] logits = Logits(random);
        List<LogitChange> penalties = [];
        List<PenalizedRow> rows = [];
        float[] expected = [.. logits];
        foreach (int row in (int[])[2, 0])
        {
            int first = penalties.Count;
            for (int id = row; id < Vocabulary; id += 2 + row)
            {
                int uses = random.Next(4);
                bool excluded = random.Next(6) == 0, inPrompt = random.Next(2) == 0;
                float bias = random.Next(2) == 0 ? 0 : random.NextSingle() * 20 - 10;
                penalties.Add(new(id, (uint)uses | (inPrompt || uses > 0 ? LogitChange.Repeated : 0) | (excluded ? LogitChange.Excluded : 0), bias));

                float logit = excluded ? float.NegativeInfinity : logits[row * Stride + id] + bias;
                if ((inPrompt || uses > 0) && !float.IsNegativeInfinity(logit)) logit = float.Clamp(logit > 0 ? logit / repetition : logit * repetition, -1e30f, 1e30f);
                if (uses > 0) logit = logit - frequency * uses - presence;
                expected[row * Stride + id] = logit;
            }

            rows.Add(new(row, first, penalties.Count - first, repetition, frequency, presence));
        }

        using GuardedBuffer<float> buffer = new(logits);
        using GuardedBuffer<LogitChange> lists = new(CollectionsMarshal.AsSpan(penalties));
        using GuardedBuffer<PenalizedRow> named = new(CollectionsMarshal.AsSpan(rows));
        EmulatedKernel.Of("penalize.cu").Launch("penalize", new PenalizeArguments(buffer.Address, named.Address, lists.Address, Stride), (2, rows.Count, 1), 64, 0);
        Assert.Equal(expected, buffer.Span.ToArray());
    }

    [Fact]
    public void A_mask_leaves_the_ids_whose_bits_are_set()
    {
        const int words = 10; // as many as 64-bit words hold
        float[] logits = Logits(new(2)), expected = [.. logits];
        ulong[] masks = new ulong[3 * words / 2];
        foreach (int id in (int[])[0, 31, 32, 63, 64, 200, 299]) masks[words + (id >> 6)] |= 1UL << (id & 63);
        for (int id = 0; id < Vocabulary; id++)
        {
            if ((masks[words + id / 64] >> (id % 64) & 1) == 0) expected[Stride + id] = float.NegativeInfinity;
            expected[2 * Stride + id] = float.NegativeInfinity;
        }

        using GuardedBuffer<float> buffer = new(logits);
        using GuardedBuffer<ulong> bits = new(masks);
        using GuardedBuffer<MaskedRow> rows = new([new(1, 2), new(2, 0)]);
        EmulatedKernel.Of("penalize.cu").Launch("apply_mask", new ApplyMaskArguments(buffer.Address, rows.Address, bits.Address, Stride, Vocabulary, words), (2, 2, 1), 64, 0);
        Assert.Equal(expected, buffer.Span.ToArray());
    }

    private static float[] Logits(Random random) => [.. Enumerable.Range(0, Count * Stride).Select(i => i % 50 == 7 ? float.NegativeInfinity : random.NextSingle() * 10 - 5)];
}
