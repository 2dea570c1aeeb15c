using System.Diagnostics;
using System.Threading.Channels;

namespace Folio.Engine;

/// <summary>What happened to one sequence in one step.</summary>
/// <param name="Index">Which of the request's n sequences.</param>
/// <param name="TokenId">The token that it gained; −1: none (it was aborted).</param>
/// <param name="FinishReason">Set if it ended with this.</param>
/// <param name="StopId">The stop id that ended it.</param>
/// <param name="At">When, as a <see cref="Stopwatch"/> timestamp.</param>
/// <param name="Score">With the last token of a beam: its score.</param>
internal readonly record struct SequenceEvent(int Index, int TokenId, PositionLogprobs? Logprobs, FinishReason? FinishReason, int? StopId, long At, float? Score = null);

/// <summary>The way of a request's tokens from the loop to whoever reads its stream, and the times of its stations.</summary>
/// <param name="observer">Told of those stations; null: nobody is.</param>
/// <param name="feed">The way there.</param>
/// <param name="endAlone">The observer wants to know of the end, and of nothing before.</param>
internal sealed class RequestOutlet(Action<RequestEvent>? observer = null, LifecycleFeed? feed = null, bool endAlone = false)
{
    private readonly Channel<SequenceEvent> _events = Channel.CreateUnbounded<SequenceEvent>(new() { SingleReader = true, SingleWriter = true });
    private bool _begun; // a token has been written

    public ChannelReader<SequenceEvent> Events => _events.Reader;

    /// <summary>When the request was submitted, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long ArrivedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>When it first took part in a step; 0: not yet.</summary>
    public long ScheduledAt { get; set; }

    /// <summary>When nothing more came; 0: not yet.</summary>
    public long EndedAt { get; private set; }

    /// <summary>Whether it is worth while to make an event.</summary>
    public bool IsObserved => observer is not null;

    public void Tell(in RequestEvent happened)
    {
        if (observer is not null && (!endAlone || happened.Stage == RequestStage.Ended)) feed!.Post(observer, happened);
    }

    public void Write(SequenceEvent happened)
    {
        if (observer is not null && !_begun && happened.TokenId >= 0)
        {
            _begun = true;
            Tell(new(RequestStage.FirstToken, happened.At));
        }

        _events.Writer.TryWrite(happened);
    }

    /// <summary>Nothing more will come.</summary>
    /// <param name="failure">Why, if not because all sequences have finished.</param>
    public void Complete(FolioException? failure = null)
    {
        if (EndedAt == 0) EndedAt = Stopwatch.GetTimestamp();
        _events.Writer.TryComplete(failure);
    }

    /// <summary>Waits for the end of a group that draws no tokens: of that, only an abort is told, and must be read.</summary>
    /// <returns>False: it was aborted.</returns>
    public async Task<bool> EndAsync()
    {
        bool served = true;
        await foreach (SequenceEvent _ in Events.ReadAllAsync(CancellationToken.None).ConfigureAwait(false)) served = false;
        return served;
    }
}
