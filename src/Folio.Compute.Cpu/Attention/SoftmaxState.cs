using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>What is known of a query vector's softmax after some positions: Σ 2^(s − max) · v [channels], then max, and eight lanes of Σ 2^(s − max), position mod 8.</summary>
/// <param name="memory">[channels + 16]</param>
/// <param name="channels">Padded to whole vectors.</param>
internal readonly unsafe struct SoftmaxState(float* memory, int channels)
{
    /// <summary>The max where no position has been seen.</summary>
    private const float Nothing = float.MinValue;

    public float Max
    {
        get => memory[channels];
        private set => memory[channels] = value;
    }

    public Vector256<float> Sums
    {
        get => Vector256.Load(memory + channels + 8);
        set => value.Store(memory + channels + 8);
    }

    public void Clear()
    {
        new Span<float>(memory, channels + 16).Clear();
        Max = Nothing;
    }

    /// <summary>Makes room for larger scores: what has been summed shrinks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Raise(float max)
    {
        if (!(max > Max)) return;
        if (Max != Nothing)
        {
            Vector256<float> factor = AttentionSoftmax.Exp2(Vector256.Create(Max - max));
            for (int i = 0; i < channels; i += 8) (Vector256.Load(memory + i) * factor).Store(memory + i);
            Sums *= factor;
        }

        Max = max;
    }

    /// <summary>Adds what is known after later positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge(SoftmaxState later)
    {
        if (later.Max == Nothing) return;
        if (Max == Nothing)
        {
            later.Copy(memory);
            return;
        }

        float larger = MathF.Max(Max, later.Max);
        Vector256<float> mine = AttentionSoftmax.Exp2(Vector256.Create(Max - larger)), others = AttentionSoftmax.Exp2(Vector256.Create(later.Max - larger));
        later.AddTo(memory, mine, others);
        Max = larger;
    }

    /// <summary>Writes Σ p · v, the p being the probabilities of all positions seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target, int count)
    {
        float inverse = 1 / VectorMath.Sum(Sums);
        int i = 0;
        for (; i <= count - 8; i += 8) (Vector256.Load(memory + i) * inverse).Store(target + i);
        for (; i < count; i++) target[i] = memory[i] * inverse;
    }

    private void Copy(float* target) => new Span<float>(memory, channels + 16).CopyTo(new(target, channels + 16));

    private void AddTo(float* target, Vector256<float> theirs, Vector256<float> mine)
    {
        for (int i = 0; i < channels + 16; i += 8)
        {
            if (i != channels) Vector256.FusedMultiplyAdd(Vector256.Load(memory + i), mine, Vector256.Load(target + i) * theirs).Store(target + i);
        }
    }
}
