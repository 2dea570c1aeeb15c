using Folio.Compute;
using Folio.Engine;
using Folio.Simulation;

namespace Folio.Paper.Real;

/// <summary>A model runner that notes what each step asked of it.</summary>
internal sealed class ObservedRunner(IModelRunner runner, int blockSize) : IModelRunner
{
    private readonly HashSet<int> _blocks = [];

    /// <summary>The last step's work, but for its samples, which are counted as they are drawn.</summary>
    public StepWork Work { get; private set; }

    /// <summary>Blocks that the sequences of all steps read, shared ones once a step.</summary>
    public long Blocks { get; private set; }

    /// <summary>The same with shared ones counted for each sequence.</summary>
    public long BlocksUnshared { get; private set; }

    public int VocabularySize => runner.VocabularySize;

    public int BytesPerBlock => runner.BytesPerBlock;

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies) => runner.CopyBlocks(copies);

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies) => runner.SwapOut(tier, copies);

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies) => runner.SwapIn(tier, copies);

    public void ReadBlock(int block, Span<byte> image) => runner.ReadBlock(block, image);

    public void WriteBlock(int block, ReadOnlySpan<byte> image) => runner.WriteBlock(block, image);

    public void Execute(StepBatch batch)
    {
        long context = 0, pairs = 0;
        for (int sequence = 0; sequence < batch.Sequences; sequence++)
        {
            long count = batch.QueryStarts[sequence + 1] - batch.QueryStarts[sequence], start = batch.ContextLengths[sequence] - count;
            context += start + count;
            pairs += count * start + count * (count + 1) / 2;
            foreach (int block in batch.BlockTable(sequence)[..((batch.ContextLengths[sequence] + blockSize - 1) / blockSize)])
            {
                BlocksUnshared++;
                if (_blocks.Add(block)) Blocks++;
            }
        }

        _blocks.Clear();

        Work = new(batch.Tokens, batch.Sequences, context, pairs, Samples: 0);
        runner.Execute(batch);
    }

    public Span<float> Logits(int row) => runner.Logits(row);

    public void Sample(ReadOnlySpan<SampleRequest> requests, Span<int> tokens)
    {
        Work = Work with { Samples = Work.Samples + requests.Length };
        runner.Sample(requests, tokens);
    }

    public void Dispose() => runner.Dispose();
}
