using Folio.Compute;
using Folio.Engine;
using Folio.Simulation;

namespace Folio.Paper.Real;

/// <summary>A model runner that notes what each step asked of it.</summary>
/// <param name="runner">Who does the work.</param>
/// <param name="executing">Called when a step has been planned and is about to run.</param>
internal sealed class ObservedRunner(IModelRunner runner, Action executing) : IModelRunner
{
    /// <summary>The step's work so far: its samples are counted as they are drawn. Whoever steps sets it back before.</summary>
    public StepWork Work { get; set; }

    public int VocabularySize => runner.VocabularySize;

    public bool RunsBeside => false;

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
        }

        executing();
        Work = new(batch.Tokens, batch.Sequences, context, pairs, Samples: 0);
        runner.Execute(batch);
    }

    public Span<float> Logits(int row) => runner.Logits(row);

    public ReadOnlySpan<float> HiddenState(int tokenRow) => runner.HiddenState(tokenRow);

    public void BeginSample(ReadOnlySpan<SampleRequest> requests)
    {
        Work = Work with { Samples = Work.Samples + requests.Length };
        runner.BeginSample(requests);
    }

    public void EndSample(Span<int> tokens) => runner.EndSample(tokens);

    public void Dispose() => runner.Dispose();
}
