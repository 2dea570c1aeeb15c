using Folio.Engine;

namespace Folio.Server;

/// <summary>What the page draws.</summary>
/// <param name="Generates">False: the model makes embeddings alone, so there is nothing to chat with.</param>
/// <param name="Blocks">A digit a block: 0 free, 1 cached, 2 owned, 3 shared.</param>
internal sealed record PageState(string Model, string Version, bool Generates, int MaxModelLen, int BlockSize, string Blocks, IReadOnlyList<PageSequence> Sequences, PageFigures Figures)
{
    public static async Task<PageState> OfAsync(ServedModel served)
    {
        EnginePicture picture = await served.Engine.LookAsync();
        string blocks = string.Create(picture.Blocks.Length, picture.Blocks, static (text, states) =>
        {
            for (int i = 0; i < text.Length; i++) text[i] = (char)('0' + (int)states[i]);
        });
        return new(served.Names[0], ServedModel.Version, served.Info.Generates, served.Info.MaxModelLen, picture.BlockSize, blocks, [.. picture.Sequences.Select(PageSequence.Of)], PageFigures.Of(served.Engine.Metrics));
    }
}

/// <summary>As <see cref="PicturedSequence"/>.</summary>
/// <param name="Phase">waiting, prefill, decode, preempted, swapped or pinned.</param>
internal sealed record PageSequence(long Request, int Index, string Phase, int PromptTokens, int Tokens, int Computed, int[] Blocks)
{
    public static PageSequence Of(PicturedSequence sequence) => new(
        sequence.Request,
        sequence.Index,
        sequence.Phase switch
        {
            SequencePhase.Waiting => "waiting",
            SequencePhase.Prefill => "prefill",
            SequencePhase.Decode => "decode",
            SequencePhase.Preempted => "preempted",
            SequencePhase.Swapped => "swapped",
            _ => "pinned",
        },
        sequence.PromptTokens,
        sequence.Tokens,
        sequence.Computed,
        sequence.Blocks);
}

/// <summary>Totals since the start; the page draws their changes.</summary>
internal sealed record PageFigures(
    double Running, double Waiting, double Swapped, long Preemptions, long PromptTokens, long GenerationTokens, long PrefixHits, long PrefixQueries, double TtftSum, long TtftCount, double ItlSum, long ItlCount)
{
    public static PageFigures Of(EngineMetrics metrics) => new(
        metrics.RequestsRunning.Value,
        metrics.RequestsWaiting.Value,
        metrics.RequestsSwapped.Value,
        metrics.Preemptions.Value,
        metrics.PromptTokens.Value,
        metrics.GenerationTokens.Value,
        metrics.PrefixCacheHits.Value,
        metrics.PrefixCacheQueries.Value,
        metrics.TimeToFirstToken.Sum,
        metrics.TimeToFirstToken.CumulativeCounts()[^1],
        metrics.InterTokenLatency.Sum,
        metrics.InterTokenLatency.CumulativeCounts()[^1]);
}
