using System.Runtime.InteropServices;
using Folio.Compute;

namespace Folio.Engine.Tests;

/// <summary>
/// A model whose cache stores the token written to each slot, with a hash of all tokens up to it, and whose logits are a hash of all tokens of the sequence as *read back
/// through the block table*: any slip in paging, sharing, copying or scheduling changes its answers or is seen as a cache that isn't this prefix's.
/// </summary>
internal sealed class StubModel(int blocks, int blockSize, int vocabulary = 40) : IModelRunner
{
    private const int Unwritten = -1;

    private readonly int[] _slots = [.. Enumerable.Repeat(Unwritten, blocks * blockSize)];
    private readonly ulong[] _prefixes = new ulong[blocks * blockSize];
    private readonly Dictionary<(SwapTier Tier, int Slot), byte[]> _swapped = []; // the image of each block that was swapped out
    private readonly List<float[]> _logits = [];
    private StepBatch? _batch;
    private int[] _drawn = []; // what was drawn last

    public int VocabularySize => vocabulary;

    public bool RunsBeside => false;

    /// <summary>Called before each step.</summary>
    public Action<StepBatch>? BeforeStep { get; set; }

    /// <summary>Changes a row of logits after it is made: (tokens of the sequence up to it, row).</summary>
    public Action<int[], float[]>? Bend { get; set; }

    public int Steps { get; private set; }

    public int CopiedBlocks { get; private set; }

    public int CopyCalls { get; private set; }

    public long Tokens { get; private set; }

    public long SwappedBlocks { get; private set; }

    /// <summary>Thrown by the next swap out.</summary>
    public Exception? SwapFailure { get; set; }

    public int BytesPerBlock => blockSize * (sizeof(int) + sizeof(ulong));

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.Length == 0) return;
        CopyCalls++;
        CopiedBlocks += copies.Length;
        foreach (BlockCopy copy in copies) WriteBlock(copy.Destination, Image(copy.Source));
    }

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        SwappedBlocks += copies.Length;
        if (SwapFailure is { } failure)
        {
            SwapFailure = null;
            throw failure;
        }

        foreach (BlockCopy copy in copies) _swapped[(tier, copy.Destination)] = Image(copy.Source);
    }

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        foreach (BlockCopy copy in copies) WriteBlock(copy.Destination, _swapped[(tier, copy.Source)]);
    }

    public void ReadBlock(int block, Span<byte> image)
    {
        MemoryMarshal.AsBytes(_slots.AsSpan(block * blockSize, blockSize)).CopyTo(image);
        MemoryMarshal.AsBytes(_prefixes.AsSpan(block * blockSize, blockSize)).CopyTo(image[(blockSize * sizeof(int))..]);
    }

    public void WriteBlock(int block, ReadOnlySpan<byte> image)
    {
        image[..(blockSize * sizeof(int))].CopyTo(MemoryMarshal.AsBytes(_slots.AsSpan(block * blockSize, blockSize)));
        image[(blockSize * sizeof(int))..BytesPerBlock].CopyTo(MemoryMarshal.AsBytes(_prefixes.AsSpan(block * blockSize, blockSize)));
    }

    public void Execute(StepBatch batch)
    {
        Steps++;
        Tokens += batch.Tokens;
        _batch = batch;
        BeforeStep?.Invoke(batch);
        int[] writes = batch.SlotMapping[..batch.Tokens];
        Assert.Equal(writes.Length, writes.Distinct().Count());
        for (int s = 0, row = 0; s < batch.Sequences; s++)
        {
            for (; row < batch.QueryStarts[s + 1]; row++) Write(batch, row, batch.BlockTable(s));
        }

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

    /// <summary>A hash of the tokens up to the row's, as logits are.</summary>
    public ReadOnlySpan<float> HiddenState(int tokenRow)
    {
        int sequence = 0;
        while (tokenRow >= _batch!.QueryStarts[sequence + 1]) sequence++;
        return LogitsAfter(ReadBack(_batch.BlockTable(sequence), _batch.Positions[tokenRow] + 1));
    }

    public void BeginSample(ReadOnlySpan<SampleRequest> requests)
    {
        _drawn = new int[requests.Length];
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

            _drawn[i] = best;
        }
    }

    public void EndSample(Span<int> tokens) => _drawn.CopyTo(tokens);

    public void Dispose()
    {
    }

    private byte[] Image(int block)
    {
        var image = new byte[BytesPerBlock];
        ReadBlock(block, image);
        return image;
    }

    private void Write(StepBatch batch, int row, ReadOnlySpan<int> table)
    {
        int slot = batch.SlotMapping[row], position = batch.Positions[row];
        ulong before = position == 0 ? 0 : _prefixes[Slot(table, position - 1)];
        _slots[slot] = batch.TokenIds[row];
        _prefixes[slot] = Mix(before ^ (ulong)batch.TokenIds[row]);
    }

    private int Slot(ReadOnlySpan<int> table, int position) => table[position / blockSize] * blockSize + position % blockSize;

    private int[] ReadBack(ReadOnlySpan<int> table, int tokens)
    {
        var read = new int[tokens];
        ulong prefix = 0;
        for (int t = 0; t < tokens; t++)
        {
            int slot = Slot(table, t);
            read[t] = _slots[slot];
            Assert.NotEqual(Unwritten, read[t]);
            prefix = Mix(prefix ^ (ulong)read[t]);
            Assert.Equal(prefix, _prefixes[slot]);
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
