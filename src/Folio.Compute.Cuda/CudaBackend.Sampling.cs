using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Sampling;

namespace Folio.Compute.Cuda;

/// <summary>From logits to tokens, without leaving the card: the host gets the ids.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int MaxDrawn = AttentionPlan.MaxSequences;

    private readonly SamplingKernels _sampling;
    private readonly DrawnTokens _drawn; // of the last draws; the next step's embedding reads them
    private readonly nint _drawStates;   // [requests] SamplePlan.StateBytes
    private nint _maxima;                // [rows, chunks]
    private long _maximaCount;

    public override void BeginSample(Tensor logits, ReadOnlySpan<SampleRequest> requests)
    {
        _context.Use();
        if (requests.IsEmpty)
        {
            _drawn.Begin(0);
            return;
        }

        _asked.Apply();
        HostRows? touched = OnHost(logits);
        Span<Draw> draws = _uploads.Take<Draw>(requests.Length, out nint onCard);
        bool weighs = false, cuts = false;
        for (int i = 0; i < requests.Length; i++)
        {
            touched?.Return(requests[i].Row, _context);
            draws[i] = Draw.Of(requests[i], logits.Columns);
            weighs |= draws[i].IsWeighed;
            cuts |= draws[i].IsCut;
        }

        _uploads.Send(draws, onCard);
        var rows = new LogitRows(logits.Data, Maxima(logits), logits.Columns, logits.Stride);
        var arguments = new DrawArguments(rows, onCard, _drawStates, _drawn.OnCard);
        int blocks = SamplePlan.BlocksPerRow(requests.Length, logits.Columns, _context.Multiprocessors);
        _sampling.ChunkMaxima.Launch(rows, SamplePlan.BlocksPerRow(logits.Rows, logits.Columns, _context.Multiprocessors), logits.Rows);
        if (weighs) _sampling.Weigh.Launch(arguments, blocks, requests.Length);
        if (cuts) _sampling.Cut.Launch(arguments, requests.Length);
        _sampling.Race.Launch(arguments, blocks, requests.Length);
        _drawn.Begin(requests.Length);
    }

    public override void EndSample(Span<int> results) => _drawn.End(results);

    /// <summary>Room for the largest values of chunks; the largest step's, once steps are prepared for.</summary>
    private nint Maxima(Tensor logits)
    {
        long count = (long)logits.Rows * SamplePlan.Chunks(logits.Columns);
        if (count <= _maximaCount) return _maxima;
        _maximaCount = count;
        return _maxima = _context.Allocate(count * sizeof(float), "the largest logits of chunks");
    }
}
