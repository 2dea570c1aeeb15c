using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Card;

/// <summary>Order between the steps and the blocks that move to the host and back beside them: what moves waits for the steps before, and each layer of the next step for its own part.</summary>
internal sealed unsafe class MovingBlocks
{
    /// <summary>Pairs of one launch.</summary>
    public const int MostPairs = 1 << 14;

    private readonly CudaContext _context;
    private readonly nint _computed;
    private readonly nint[] _moved;      // [layers]
    private readonly int*[] _pairs = new int*[2];
    private readonly nint[] _read;       // [2] the pairs have been read
    private int _turn;

    public MovingBlocks(CudaContext context, int layers)
    {
        _context = context;
        _computed = context.NewEvent();
        _moved = new nint[layers];
        for (int layer = 0; layer < layers; layer++) _moved[layer] = context.NewEvent();
        for (int i = 0; i < 2; i++) _pairs[i] = (int*)context.AllocatePinned(MostPairs * 2L * sizeof(int), "pairs of blocks");
        _read = [context.NewEvent(), context.NewEvent()];
    }

    /// <summary>What is launched next on the copy stream comes behind all that was begun on the other.</summary>
    /// <returns>Where the kernel reads the pairs: in host memory, since they are few.</returns>
    public nint Begin(ReadOnlySpan<BlockCopy> copies)
    {
        _turn ^= 1;
        CudaContext.Await(_read[_turn]);
        MemoryMarshal.Cast<BlockCopy, int>(copies).CopyTo(new(_pairs[_turn], MostPairs * 2));
        CudaContext.Record(_computed, _context.Stream);
        CudaContext.Await(_context.CopyStream, _computed);
        return (nint)_pairs[_turn];
    }

    public void Launched(int layer)
    {
        CudaContext.Record(_moved[layer], _context.CopyStream);
        if (layer == _moved.Length - 1) CudaContext.Record(_read[_turn], _context.CopyStream);
    }

    /// <summary>What comes next on the steps' stream waits for a layer's blocks.</summary>
    /// <returns>Whether there are layers behind it to be waited for.</returns>
    public bool Await(int layer)
    {
        CudaContext.Await(_context.Stream, _moved[layer]);
        return layer < _moved.Length - 1;
    }

    public void AwaitAll() => Await(_moved.Length - 1);
}
