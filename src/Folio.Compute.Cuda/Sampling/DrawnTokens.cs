using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>Drawn ids: on the card until the next draws, and on their way to the host, in the order of their steps.</summary>
internal sealed unsafe class DrawnTokens
{
    /// <summary>Draws whose ids the host may not have taken yet.</summary>
    private const int Most = 4;

    private readonly CudaContext _context;
    private readonly int*[] _pinned = new int*[Most];
    private readonly nint[] _arrived = new nint[Most];
    private int _begun, _ended;

    public DrawnTokens(CudaContext context, int maxRequests)
    {
        _context = context;
        OnCard = context.Allocate((long)maxRequests * sizeof(int), "drawn tokens");
        for (int i = 0; i < Most; i++)
        {
            _pinned[i] = (int*)context.AllocatePinned((long)maxRequests * sizeof(int), "drawn tokens");
            _arrived[i] = context.NewEvent();
        }
    }

    /// <summary>[requests]</summary>
    public nint OnCard { get; }

    public void Begin(int requests)
    {
        if (_begun - _ended == Most) throw new InvalidOperationException($"{Most} draws wait to be taken");
        int slot = _begun % Most;
        if (requests > 0) _context.Download(_pinned[slot], OnCard, (long)requests * sizeof(int));
        CudaContext.Record(_arrived[slot], _context.Stream);
        _begun++; // a draw that failed is none
    }

    /// <summary>Waits for the earliest draws that were not taken yet.</summary>
    public void End(Span<int> results)
    {
        if (_begun == _ended) throw new InvalidOperationException("nothing was drawn that was not taken");
        int slot = _ended++ % Most;
        _context.Use();
        CudaContext.Await(_arrived[slot]);
        new ReadOnlySpan<int>(_pinned[slot], results.Length).CopyTo(results);
    }
}
