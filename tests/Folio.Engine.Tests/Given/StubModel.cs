using System.Runtime.InteropServices;
using Folio.Compute;

namespace Folio.Engine.Tests;

/// <summary>
/// A model whose cache stores the token written to each slot and whose logits are a hash of all tokens of the sequence as *read back through the block table*:
/// any slip in paging, copying or scheduling changes its answers.
/// </summary>
internal sealed class StubModel(int blocks, int blockSize, int vocabulary = 40) : IModelRunner
{
    private const int Unwritten = -1;

    private readonly int[] _slots = [.. Enumerable.Repeat(Unwritten, blocks * blockSize)];
    private readonly Dictionary<(SwapTier Tier, int Slot), int[]> _swapped = []; // the tokens of each block that was swapped out
    private readonly List<float[]> _logits = [];

    public int VocabularySize => vocabulary;

    /// <summary>Called before each step.</summary>
    public Action<StepBatch>? BeforeStep { get; set; }

    /// <summary>Changes a row of logits after it is made: (tokens of the sequence up to it, row).</summary>
    public Action<int[], float[]>? Bend { get; set; }

    public int Steps { get; private set; }

    public int CopiedBlocks { get; private set; }

    public int CopyCalls { get; private set; }

    public long Tokens { get; private set; }

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.Length == 0) return;
        CopyCalls++;
        CopiedBlocks += copies.Length;
        foreach (BlockCopy copy in copies) _slots.AsSpan(copy.Source * blockSize, blockSize).CopyTo(_slots.AsSpan(copy.Destination * blockSize));
    }

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        foreach (BlockCopy copy in copies) _swapped[(tier, copy.Destination)] = _slots[(copy.Source * blockSize)..((copy.Source + 1) * blockSize)];
    }

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        foreach (BlockCopy copy in copies) _swapped[(tier, copy.Source)].CopyTo(_slots, copy.Destination * blockSize);
    }

    public int BytesPerBlock => blockSize * sizeof(int);

    public void ReadBlock(int block, Span<byte> image) => MemoryMarshal.AsBytes(_slots.AsSpan(block * blockSize, blockSize)).CopyTo(image);

    public void WriteBlock(int block, ReadOnlySpan<byte> image) => image[..BytesPerBlock].CopyTo(MemoryMarshal.AsBytes(_slots.AsSpan(block * blockSize, blockSize)));

    public void Execute(StepBatch batch)
    {
        Steps++;
        Tokens += batch.Tokens;
        BeforeStep?.Invoke(batch);
        int[] writes = batch.SlotMapping[..batch.Tokens];
        Assert.Equal(writes.Length, writes.Distinct().Count());
        for (int row = 0; row < batch.Tokens; row++) _slots[batch.SlotMapping[row]] = batch.TokenIds[row];

        for (int i = _logits.Count; i < batch.LogitRows; i++) _logits.Add(new float[vocabulary]);
        int sequence = 0;
        for (int i = 0; i < batch.LogitRows; i++)
        {
            int row = batch.LogitRowTokens[i];
            while (row >= batch.QueryStarts[sequence + 1]) sequence++;
            Fill(_logits[i], ReadBack(batch.BlockTable(sequence), batch.Positions[row] + 1));
        }
    }

    public Span<float> Logits(int row) => _logits[row];

    public void Sample(ReadOnlySpan<SampleRequest> requests, Span<int> tokens)
    {
        for (int i = 0; i < requests.Length; i++)
        {
            SampleRequest request = requests[i];
            float[] row = _logits[request.Row];
            bool greedy = request.Temperature < 1e-5f;
            int best = -1;
            double bestScore = double.NegativeInfinity;
            for (int id = 0; id < row.Length; id++)
            {
                if (!greedy) row[id] /= request.Temperature;
                double noise = (Mix(request.Seed ^ Mix((ulong)request.Position ^ Mix((ulong)id))) >> 11) * (1.0 / (1L << 53));
                double score = greedy ? row[id] : row[id] - Math.Log(-Math.Log(noise + 1e-300));
                if (score > bestScore) (best, bestScore) = (id, score);
            }

            tokens[i] = best;
        }
    }

    public void Dispose()
    {
    }

    private int[] ReadBack(ReadOnlySpan<int> table, int tokens)
    {
        var read = new int[tokens];
        for (int t = 0; t < tokens; t++)
        {
            read[t] = _slots[table[t / blockSize] * blockSize + t % blockSize];
            Assert.NotEqual(Unwritten, read[t]);
        }

        return read;
    }

    /// <summary>[vocabulary] what follows these tokens.</summary>
    public float[] LogitsAfter(int[] tokens)
    {
        var row = new float[vocabulary];
        Fill(row, tokens);
        return row;
    }

    private void Fill(float[] row, int[] tokens)
    {
        ulong hash = 0;
        foreach (int token in tokens) hash = Mix(hash ^ (ulong)token);
        for (int id = 0; id < row.Length; id++) row[id] = (Mix(hash + (ulong)id) >> 40) * (8f / (1 << 24)) - 4;
        Bend?.Invoke(tokens, row);
    }

    /// <summary>The finaliser of SplitMix64.</summary>
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
