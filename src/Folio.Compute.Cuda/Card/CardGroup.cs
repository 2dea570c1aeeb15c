using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Card;

/// <summary>One card's place among cards that compute together: each has a part of a sum, and all get the whole of it.</summary>
/// <remarks>Each rank has a thread, or a process, of its own: joining waits for the others, and so may a sum.</remarks>
internal sealed class CardGroup : IDisposable
{
    private readonly CudaContext _context;
    private readonly nint _communicator;
    private bool _failed;

    /// <param name="context">This rank's card, which no other rank has.</param>
    /// <param name="id">Made once by <see cref="Nccl.NewId"/>, and given to all ranks.</param>
    /// <param name="ranks">Cards of the group.</param>
    /// <param name="rank">From 0.</param>
    public CardGroup(CudaContext context, Nccl.GroupId id, int ranks, int rank)
    {
        _context = context;
        context.Use();
        _communicator = Nccl.Join(id, ranks, rank);
    }

    /// <summary>x becomes the sum of all ranks' x, behind what was begun on the context's stream and before what comes next. All ranks ask for the same sums in the same order.</summary>
    /// <param name="x">[count] fp32 on the card.</param>
    public void Sum(nint x, long count)
    {
        _context.Use();
        try
        {
            Nccl.AddUp(_communicator, x, count, _context.Stream);
        }
        catch
        {
            _failed = true;
            throw;
        }
    }

    /// <summary>Leaving waits for what was begun; a group that has failed is left without.</summary>
    public void Dispose()
    {
        _context.Use();
        _ = _failed ? Nccl.ncclCommAbort(_communicator) : Nccl.ncclCommDestroy(_communicator);
    }
}
