using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>Where log-probabilities are put together, and how the host gets them: one wait for all rows of a step.</summary>
internal sealed unsafe class LogprobBuffers
{
    private readonly CudaContext _context;
    private readonly nint _memory;
    private readonly int* _pinned;
    private readonly int _rows;

    public LogprobBuffers(CudaContext context, int rows)
    {
        (_context, _rows) = (context, rows);
        long numbers = rows * (3L + 2 * SamplePlan.MostLikeliest);
        _memory = context.Allocate(numbers * sizeof(int), "log-probabilities");
        _pinned = (int*)context.AllocatePinned(numbers * sizeof(int), "log-probabilities");
    }

    /// <summary>[rows], by row of the logits.</summary>
    public nint Norms => _memory;

    /// <summary>[requests]</summary>
    public nint Logprobs => At(1);

    /// <summary>[requests]</summary>
    public nint Ranks => At(2);

    /// <summary>[requests, top]</summary>
    public nint Ids => At(3);

    /// <summary>[requests, top]</summary>
    public nint IdLogprobs => At(3 + SamplePlan.MostLikeliest);

    public void Read(ReadOnlySpan<LogprobRequest> requests, int top, Span<TokenRank> tokens, Span<TokenRank> likeliest)
    {
        int count = requests.Length;
        int* logprobs = Download(Logprobs, count), ranks = Download(Ranks, count), ids = Download(Ids, count * top), idLogprobs = Download(IdLogprobs, count * top);
        CudaContext.Synchronize(_context.Stream);
        for (int i = 0; i < count; i++) tokens[i] = new(requests[i].Token, ((float*)logprobs)[i], ranks[i]);
        for (int i = 0; i < count * top; i++) likeliest[i] = new(ids[i], ((float*)idLogprobs)[i], i % top + 1);
    }

    private nint At(int part) => _memory + (nint)((long)part * _rows * sizeof(int));

    /// <summary>To the same place of the pinned memory.</summary>
    private int* Download(nint from, int count)
    {
        int* to = _pinned + (from - _memory) / sizeof(int);
        if (count > 0) _context.Download(to, from, (long)count * sizeof(int));
        return to;
    }
}
