using Folio.Compute.Cuda.Sampling;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.Tests.Sampling;

/// <summary>Rows of logits in emulated memory, and the launches of a draw over them.</summary>
internal sealed class EmulatedSampling : IDisposable
{
    private const int MostDraws = 256;
    private readonly GuardedBuffer<byte> _states = new(MostDraws * SamplePlan.StateBytes); // as one call leaves it to the next
    private readonly GuardedBuffer<float> _logits, _maxima;
    private readonly int _count, _vocabulary, _stride;

    public EmulatedSampling(float[][] rows)
    {
        (_count, _vocabulary, _stride) = (rows.Length, rows[0].Length, rows[0].Length + 3);
        _logits = new(_count * _stride);
        _maxima = new(_count * SamplePlan.Chunks(_vocabulary));
        _logits.Span.Fill(float.PositiveInfinity); // between rows
        for (int row = 0; row < _count; row++) rows[row].CopyTo(_logits.Span[(row * _stride)..]);
    }

    public int BlocksPerRow { get; init; } = 2;

    /// <summary>Few, unless they are what is tested: the emulation's time grows with their square.</summary>
    public int RowThreads { get; init; } = 64;

    public int CutThreads { get; init; } = 64;

    public LogitRows Rows => new(_logits.Address, _maxima.Address, _vocabulary, _stride);

    public float[] Row(int row) => _logits.Span.Slice(row * _stride, _vocabulary).ToArray();

    public void FindMaxima() => EmulatedKernel.Of("chunk_maxima.cu").Launch("chunk_maxima", Rows, (BlocksPerRow, _count, 1), RowThreads, 0);

    public int[] Sample(params Draw[] draws)
    {
        using var requests = new GuardedBuffer<Draw>(draws);
        using var results = new GuardedBuffer<int>(draws.Length);
        results.Span.Fill(-2);
        var arguments = new DrawArguments(Rows, requests.Address, _states.Address, results.Address);
        FindMaxima();
        if (draws.Any(draw => draw.IsWeighed)) EmulatedKernel.Of("sample_filter.cu").Launch("weigh", arguments, (BlocksPerRow, draws.Length, 1), RowThreads, SamplePlan.SumBytes);
        if (draws.Any(draw => draw.IsCut)) EmulatedKernel.Of("sample_filter.cu").Launch("cut", arguments, (draws.Length, 1, 1), CutThreads, SamplePlan.SelectBytes);
        EmulatedKernel.Of("sample_race.cu").Launch("race", arguments, (BlocksPerRow, draws.Length, 1), RowThreads, SamplePlan.SumBytes);
        return results.Span.ToArray();
    }

    public void Dispose()
    {
        _states.Dispose();
        _logits.Dispose();
        _maxima.Dispose();
    }
}
