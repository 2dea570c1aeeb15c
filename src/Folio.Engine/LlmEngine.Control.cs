using System.Globalization;
using System.Text;

namespace Folio.Engine;

/// <summary>Pausing the loop, asking it for something between two steps, and what happens when it doesn't answer.</summary>
public sealed partial class LlmEngine
{
    /// <summary>Requests that a report of a standstill names.</summary>
    private const int ReportedRequests = 20;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    /// <summary>Whether the engine was told to pause and not to go on since.</summary>
    public bool IsPaused => _loop.IsPaused;

    /// <summary>Whether requests wait and no step has ended for <see cref="EngineOptions.WatchdogTimeout"/>. Requests are refused until one does.</summary>
    public bool IsStalled => _watchdog is { IsStalled: true };

    /// <summary>Runs no more steps. Requests are still accepted, as many as may wait; prefixes are not computed either.</summary>
    /// <returns>Completes when the last step has ended.</returns>
    /// <exception cref="EngineUnavailableException">The engine stands still.</exception>
    public async Task PauseAsync(PauseMode mode, CancellationToken cancellation = default)
    {
        Task quiet = Task.CompletedTask;
        await OnLoop(() => quiet = _loop.Pause(mode)).ConfigureAwait(false);
        await quiet.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Goes on after <see cref="PauseAsync"/>.</summary>
    /// <exception cref="EngineUnavailableException">The engine stands still.</exception>
    public Task ResumeAsync() => OnLoop(_loop.Resume);

    /// <summary>Does something on the loop's thread, between two steps.</summary>
    private async Task OnLoop(Action action)
    {
        if (IsStalled) throw Unavailable();
        var call = new LoopCall(action);
        _awaiting.Enter(call);
        try
        {
            _inbox.Post(new(MessageKind.Call, null, 0, call.Run));
            if (_inbox.Closed) _loop.AbortPosted();
            if (IsStalled) call.Abandon(Unavailable());
            await call.Done.ConfigureAwait(false);
        }
        finally
        {
            _awaiting.Leave(call);
        }
    }

    private bool IsLoopWaitedFor() => !_inbox.Closed && !IsPaused && (_disposing || _awaiting.Any);

    private static EngineUnavailableException Unavailable() => new("the engine stands still: a step has taken longer than --watchdog-timeout (WatchdogTimeout) and hasn't ended; send the request again later.");

    private void FailStalled(TimeSpan still)
    {
        string report = Report(still);
        _awaiting.Fail(Unavailable());
        Options.Warning?.Invoke(report);
    }

    private void TellRecovered(TimeSpan still) =>
        Options.Warning?.Invoke(string.Create(CultureInfo.InvariantCulture, $"the engine goes on after a standstill of {still.TotalSeconds:0.0} s."));

    /// <summary>The state of things for the log. What it reads belongs to the loop, which stands still; a figure may be torn all the same.</summary>
    private string Report(TimeSpan still)
    {
        (SequenceGroup Group, string Id)[] requests = _awaiting.Requests();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"the engine stands still: no step has ended for {still.TotalSeconds:0.0} s (--watchdog-timeout, WatchdogTimeout); all {requests.Length} requests are failed. ");
        text.Append(CultureInfo.InvariantCulture, $"The loop is at: {_loop.Phase}; steps so far: {_loop.Steps}; blocks in use: {Math.Round(Metrics.KvCacheUsage.Value * _pool.Blocks)} of {_pool.Blocks}; ");
        text.Append(CultureInfo.InvariantCulture, $"running {Metrics.RequestsRunning.Value}, waiting {Metrics.RequestsWaiting.Value}, swapped {Metrics.RequestsSwapped.Value}, preemptions {Metrics.Preemptions.Value}.");
        foreach ((SequenceGroup group, string id) in requests.Take(ReportedRequests))
        {
            string lengths = string.Join(", ", group.Sequences.Select(sequence => $"{sequence.OutputLength} generated in {sequence.Table.Blocks.Length} blocks"));
            text.Append(CultureInfo.InvariantCulture, $"\n  {id}: {group.State}, {group.PromptLength} prompt tokens, {lengths}");
        }

        if (requests.Length > ReportedRequests) text.Append(CultureInfo.InvariantCulture, $"\n  and {requests.Length - ReportedRequests} more");
        return text.ToString();
    }
}
