using System.Diagnostics;
using Folio.Engine;

namespace Folio.Server;

/// <summary>What is told of one HTTP request's prompts: in the log, as spans and as OpenTelemetry's figures. Made only where somebody looks.</summary>
internal sealed class RequestTelemetry
{
    private readonly PromptTelemetry[] _prompts;
    private int _submitted; // prompts that are the engine's, which tells their end

    private RequestTelemetry(PromptTelemetry[] prompts) => _prompts = prompts;

    /// <param name="operation">One of <see cref="GenAiOperation"/>.</param>
    /// <returns>Null: nobody looks.</returns>
    public static RequestTelemetry? Begin(LifecycleLog log, string operation, string model, string id, IReadOnlyList<Prompt> prompts, SamplingParams sampling, Caller caller) =>
        Begin(log, operation, model, id, prompts, sampling.N, activity => GenAiAttributes.Describe(activity, sampling), caller);

    /// <summary>The same for texts to be embedded, whose ends the engine tells whatever comes of them.</summary>
    public static RequestTelemetry? Begin(LifecycleLog log, string model, string id, EmbeddingsRequest request) =>
        Begin(log, GenAiOperation.Embeddings, model, id, request.Inputs, n: 1, activity => GenAiAttributes.Describe(activity, request), request.Caller);

    private static RequestTelemetry? Begin(LifecycleLog log, string operation, string model, string id, IReadOnlyList<Prompt> prompts, int n, Action<Activity> describe, Caller caller)
    {
        if (!log.IsWatched && !FolioTelemetry.Source.HasListeners() && !GenAiInstruments.AreWatched) return null;
        long now = Stopwatch.GetTimestamp();
        return new([.. prompts.Select((prompt, i) => new PromptTelemetry(log, operation, model, Prompt.NameOf(id, i, prompts.Count), prompt.Ids.Length, n, describe, caller.Tenant, now))]);
    }

    /// <summary>Its grammar is being compiled.</summary>
    public void GrammarWait()
    {
        foreach (PromptTelemetry prompt in _prompts) prompt.GrammarWait();
    }

    /// <summary>The observer of the next prompt that the engine is asked to take.</summary>
    public Action<RequestEvent> ObserverOf(int prompt) => _prompts[prompt].Happened;

    /// <summary>Whether that wants more of the engine than its end.</summary>
    public bool TellsStations(int prompt) => _prompts[prompt].TellsStations;

    /// <summary>The engine has taken one more.</summary>
    public void Submitted() => _submitted++;

    /// <summary>The engine will not be asked for those that are left.</summary>
    public void Refused(Exception error)
    {
        foreach (PromptTelemetry prompt in _prompts.AsSpan(_submitted)) prompt.Refused(error);
    }
}
