using Folio.Compute;

namespace Folio.Engine.Tests;

/// <summary>
/// Another runner's steps beside the host, as late as they may be: nothing that was launched is computed before somebody waits for it. Tokens that weren't known when a step was
/// launched are put in their places when it is computed.
/// </summary>
internal sealed class LateRunner(IModelRunner inner) : IModelRunner
{
    private readonly Queue<(Action Run, bool IsDraw)> _launched = []; // and not yet run
    private readonly Queue<int[]> _tokens = [];                       // drawn and not yet taken
    private int[] _lastTokens = [];                                   // of the last draw that has run

    public bool RunsBeside => true;

    /// <summary>Draws that were begun and not yet ended.</summary>
    public int UnderWay { get; private set; }

    /// <summary>Called with each batch as it is launched; what it throws is the launch's failure.</summary>
    public Action<StepBatch>? Launching { get; set; }

    /// <summary>Steps launched while another's draws had not been taken.</summary>
    public int Overlapped { get; private set; }

    /// <summary>Token rows whose token wasn't known when they were launched.</summary>
    public long Placeholders { get; private set; }

    public int VocabularySize => inner.VocabularySize;

    public int BytesPerBlock => inner.BytesPerBlock;

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        BlockCopy[] own = copies.ToArray();
        Launch(() => inner.CopyBlocks(own));
    }

    public void SwapOut(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        Assert.Equal(0, UnderWay);
        RunAll();
        inner.SwapOut(tier, copies);
    }

    public void SwapIn(SwapTier tier, ReadOnlySpan<BlockCopy> copies)
    {
        Assert.Equal(0, UnderWay);
        RunAll();
        inner.SwapIn(tier, copies);
    }

    public void ReadBlock(int block, Span<byte> image)
    {
        RunAll();
        inner.ReadBlock(block, image);
    }

    public void WriteBlock(int block, ReadOnlySpan<byte> image)
    {
        byte[] own = image.ToArray();
        Launch(() => inner.WriteBlock(block, own));
    }

    public void Execute(StepBatch batch)
    {
        Launching?.Invoke(batch);
        if (UnderWay > 0) Overlapped++;
        StepBatch own = Copy(batch);
        Launch(() =>
        {
            Resolve(own);
            inner.Execute(own);
        });
    }

    public Span<float> Logits(int row)
    {
        RunAll();
        return inner.Logits(row);
    }

    public ReadOnlySpan<float> HiddenState(int tokenRow)
    {
        RunAll();
        return inner.HiddenState(tokenRow);
    }

    public void BeginSample(ReadOnlySpan<SampleRequest> requests)
    {
        Assert.True(++UnderWay <= 2, "more than two steps are under way");
        SampleRequest[] own = requests.ToArray();
        _launched.Enqueue((() =>
        {
            inner.BeginSample(own);
            _lastTokens = new int[own.Length];
            inner.EndSample(_lastTokens);
            _tokens.Enqueue(_lastTokens);
        }, true));
    }

    public void EndSample(Span<int> tokens)
    {
        Assert.True(--UnderWay >= 0, "nothing was drawn");
        Exception? failure = null;
        while (_tokens.Count == 0)
        {
            (Action run, bool isDraw) = _launched.Dequeue();
            try
            {
                if (failure is null) run();
            }
            catch (Exception error)
            {
                failure = error;
                _lastTokens = [];
            }

            if (failure is not null && isDraw) throw failure; // the rest of the step is not run
        }

        _tokens.Dequeue().CopyTo(tokens);
    }

    public void Dispose() => inner.Dispose();

    private void Launch(Action run) => _launched.Enqueue((run, false));

    private void RunAll()
    {
        while (_launched.TryDequeue(out (Action Run, bool IsDraw) next)) next.Run();
    }

    private void Resolve(StepBatch batch)
    {
        foreach (ref int id in batch.TokenIds.AsSpan(0, batch.Tokens))
        {
            if (id >= 0) continue;
            Placeholders++;
            int draw = -1 - id, token = draw < _lastTokens.Length ? _lastTokens[draw] : -1;
            id = Math.Max(0, token); // none was drawn: any will do
        }
    }

    private static StepBatch Copy(StepBatch batch)
    {
        var copy = new StepBatch(batch.MaxTokens, batch.MaxSequences, batch.MaxBlocksPerSequence);
        for (int sequence = 0; sequence < batch.Sequences; sequence++)
        {
            int first = batch.QueryStarts[sequence], tokens = batch.QueryStarts[sequence + 1] - first;
            copy.Add(batch.TokenIds.AsSpan(first, tokens), batch.Positions[first], batch.BlockTable(sequence), blockSize: 1 + batch.Positions[first] + tokens, promptLength: 0);
        }

        for (int row = 0; row < batch.LogitRows; row++) copy.WantLogits(batch.LogitRowTokens[row]);
        batch.SlotMapping.CopyTo(copy.SlotMapping.AsSpan());
        batch.RopeLengths.CopyTo(copy.RopeLengths.AsSpan());
        return copy;
    }
}
