using Folio.Compute.Cuda.Attention;
using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda.Steps;

/// <summary>Brings all of a step's numbers to the card in one copy from pinned memory.</summary>
/// <remarks>Two pinned buffers take turns, so that a step can be prepared while the one before runs.</remarks>
internal sealed unsafe class StepUpload
{
    private readonly CudaContext _context;
    private readonly int*[] _pinned = new int*[2];
    private readonly nint[] _sent;
    private int _turn;

    public StepUpload(CudaContext context, int maxTokens, int maxSequences, int maxBlocksPerSequence, AttentionPlan plan)
    {
        _context = context;
        long numbers = new StepLayout(maxTokens, maxSequences, maxTokens, plan.MaxTiles).End + (long)maxSequences * maxBlocksPerSequence + plan.Items.Length;
        for (int i = 0; i < 2; i++) _pinned[i] = (int*)context.AllocatePinned(numbers * sizeof(int), "a step's numbers");
        Address = context.Allocate(numbers * sizeof(int), "a step's numbers");
        _sent = [context.NewEvent(), context.NewEvent()];
    }

    /// <summary>Of the header.</summary>
    public nint Address { get; }

    public nint At(int offset) => Address + (nint)offset * sizeof(int);

    public StepAddresses Addresses(in StepLayout layout) => new(At(layout.TokenIds), At(layout.Positions), At(layout.SlotMapping), At(layout.LogitRowTokens));

    /// <param name="size">Sequences that the layout has room for. Those behind the batch's own, of one row each, write nothing and are nothing.</param>
    public void Send(StepBatch batch, AttentionPlan plan, in StepLayout layout, int blockSize, int size)
    {
        _turn ^= 1;
        CudaContext.Await(_sent[_turn]); // which was sent two steps ago
        int* numbers = _pinned[_turn];
        Put(numbers + layout.TokenIds, batch.TokenIds, batch.Tokens);
        Put(numbers + layout.Positions, batch.Positions, batch.Tokens);
        Put(numbers + layout.SlotMapping, batch.SlotMapping, batch.Tokens);
        Put(numbers + layout.LogitRowTokens, batch.LogitRowTokens, batch.LogitRows);
        Put(numbers + layout.QueryStarts, batch.QueryStarts, batch.Sequences + 1);
        Put(numbers + layout.Lengths, plan.Lengths, batch.Sequences);
        Put(numbers + layout.Rows, plan.Rows, batch.Sequences);
        Put(numbers + layout.Partitions, plan.Partitions, batch.Sequences);
        Put(numbers + layout.PartStarts, plan.PartStarts, batch.Sequences);
        plan.TileSequences.CopyTo(new(numbers + layout.Tiles, plan.TileCount));
        plan.TileFirstRows.CopyTo(new(numbers + layout.Tiles + plan.TileCount, plan.TileCount));

        if (size > batch.Sequences) Fill(numbers, batch.Sequences, size, layout);

        int next = layout.End;
        for (int sequence = 0; sequence < batch.Sequences; sequence++)
        {
            int blocks = (batch.ContextLengths[sequence] + blockSize - 1) / blockSize;
            batch.BlockTable(sequence)[..blocks].CopyTo(new(numbers + next, blocks));
            numbers[layout.Tables + sequence] = next;
            next += blocks;
        }

        Put(numbers + next, plan.Items, plan.ItemCount);
        *(StepHeader*)numbers = new(layout.Tables, plan.ItemCount, next);
        _context.Upload(Address, numbers, (long)(next + plan.ItemCount) * sizeof(int));
        CudaContext.Record(_sent[_turn], _context.Stream);
    }

    private static void Fill(int* numbers, int first, int size, in StepLayout layout)
    {
        for (int i = first; i < size; i++)
        {
            numbers[layout.TokenIds + i] = numbers[layout.Positions + i] = numbers[layout.Lengths + i] = numbers[layout.Partitions + i] = numbers[layout.PartStarts + i] = numbers[layout.Tables + i] = 0;
            numbers[layout.SlotMapping + i] = -1;
            numbers[layout.Rows + i] = numbers[layout.LogitRowTokens + i] = i;
        }
    }

    private static void Put(int* to, int[] from, int count) => from.AsSpan(0, count).CopyTo(new(to, count));
}
