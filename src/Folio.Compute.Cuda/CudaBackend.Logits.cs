using Folio.Compute.Cuda.Sampling;

namespace Folio.Compute.Cuda;

/// <summary>What requests ask of a row of logits beside the draw.</summary>
public sealed unsafe partial class CudaBackend
{
    private readonly AskedChanges _asked;
    private LogprobBuffers? _logprobs;

    public override int MaxLogprobs => SamplePlan.MostLikeliest;

    public override void Change(Tensor logits, int row, ReadOnlySpan<LogitChange> changes, LogitPenalties penalties)
    {
        if (IsOnHost(logits, row))
        {
            base.Change(logits, row, changes, penalties);
            return;
        }

        _context.Use();
        _asked.Change(logits, row, changes, penalties);
    }

    public override void Mask(Tensor logits, int row, ReadOnlySpan<ulong> allowed)
    {
        if (IsOnHost(logits, row))
        {
            base.Mask(logits, row, allowed);
            return;
        }

        _context.Use();
        _asked.Mask(logits, row, allowed);
    }

    public override void Logprobs(Tensor logits, ReadOnlySpan<LogprobRequest> requests, Span<TokenRank> tokens, Span<TokenRank> likeliest)
    {
        if (requests.IsEmpty) return;
        _context.Use();
        _asked.Apply();
        LogprobBuffers buffers = _logprobs ??= new LogprobBuffers(_context, logits.Rows); // without steps that were prepared for
        int top = likeliest.Length / requests.Length;
        Span<int> told = _uploads.Take<int>(requests.Length, out nint toldOnCard);
        Span<NamedId> named = _uploads.Take<NamedId>(requests.Length, out nint namedOnCard);
        for (int i = 0; i < requests.Length; i++) (told[i], named[i]) = (requests[i].Row, new(requests[i].Row, requests[i].Token));
        _uploads.Send(told, toldOnCard);
        _uploads.Send(named, namedOnCard);

        var rows = new LogitRows(logits.Data, Maxima(logits), logits.Columns, logits.Stride);
        _sampling.ChunkMaxima.Launch(rows, SamplePlan.BlocksPerRow(logits.Rows, logits.Columns, _context.Multiprocessors), logits.Rows);
        _sampling.LogSumExp.Launch(new LogSumExpArguments(rows, toldOnCard, buffers.Norms), requests.Length);
        _sampling.RankIds.Launch(new RankArguments(rows, namedOnCard, buffers.Norms, buffers.Logprobs, buffers.Ranks), requests.Length);
        if (top > 0) _sampling.Likeliest.Launch(new LikeliestArguments(rows, toldOnCard, buffers.Norms, buffers.Ids, buffers.IdLogprobs, top), requests.Length);
        buffers.Read(requests, top, tokens, likeliest);
    }

    private bool IsOnHost(Tensor logits, int row) => OnHost(logits)?.Has(row) == true;
}
