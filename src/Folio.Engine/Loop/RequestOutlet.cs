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
internal sealed class RequestOutlet
{
    private readonly Channel<SequenceEvent> _events = Channel.CreateUnbounded<SequenceEvent>(new() { SingleReader = true, SingleWriter = true });

    public ChannelReader<SequenceEvent> Events => _events.Reader;

    /// <summary>When the request was submitted, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long ArrivedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>When it first took part in a step; 0: not yet.</summary>
    public long ScheduledAt { get; set; }

    public void Write(SequenceEvent happened) => _events.Writer.TryWrite(happened);

    /// <summary>Nothing more will come.</summary>
    /// <param name="failure">Why, if not because all sequences have finished.</param>
    public void Complete(FolioException? failure = null) => _events.Writer.TryComplete(failure);
}
