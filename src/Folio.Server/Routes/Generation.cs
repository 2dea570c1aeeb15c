using System.Diagnostics;
using System.Threading.Channels;
using Folio.Engine;

namespace Folio.Server;

/// <summary>The prompts of one HTTP request while they run in the engine, all at once.</summary>
internal sealed class Generation : IAsyncDisposable
{
    private readonly string _id;
    private readonly RequestLog _log;
    private readonly Allowance? _allowance;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly List<GenerationStream> _streams = [];
    private long _firstOutputAt; // 0: none yet
    private int _unfinished;     // prompts that are not answered to their end

    private Generation(string id, RequestLog log, Allowance? allowance) => (_id, _log, _allowance) = (id, log, allowance);

    /// <summary>Of all prompts' tokens, those that were found in the prefix cache; final once each prompt has an output.</summary>
    public int CachedTokens => _streams.Sum(stream => stream.CachedTokens);

    /// <summary>Hands all prompts to the engine, or none: where one is refused, the others are taken back.</summary>
    /// <param name="operation">One of <see cref="GenAiOperation"/>.</param>
    public static async Task<Generation> StartAsync(LlmEngine engine, string operation, string id, IReadOnlyList<Prompt> prompts, SamplingParams sampling, StructuredOutput? structure, Caller caller, RequestLog log, CancellationToken cancellation)
    {
        var generation = new Generation(id, log, caller.Allowance);
        RequestTelemetry? telemetry = log.Begin(operation, id, prompts, sampling, caller);
        try
        {
            if (structure is not null) telemetry?.GrammarWait();
            RequestGrammar? grammar = structure is null ? null : await structure.CompileAsync(engine, cancellation);
            for (int i = 0; i < prompts.Count; i++)
            {
                GenerationRequest request = caller.Ask(Prompt.NameOf(id, i, prompts.Count), prompts[i], sampling, grammar) with
                {
                    Observer = telemetry?.ObserverOf(i),
                    ObservesEndAlone = telemetry?.TellsStations(i) is false,
                };
                generation._streams.Add(engine.Submit(request, cancellation));
                telemetry?.Submitted();
            }

            generation._unfinished = prompts.Count;
            caller.Allowance?.Spend(prompts.Sum(prompt => prompt.Ids.Length));
            return generation;
        }
        catch (Exception error)
        {
            telemetry?.Refused(error);
            await generation.TakeBackAsync();
            throw;
        }
    }

    /// <summary>What the sequences of all prompts gain, as it comes.</summary>
    public IAsyncEnumerable<(int Prompt, GenerationOutput Output)> Outputs(CancellationToken cancellation) =>
        _streams.Count == 1 ? One(_streams[0], 0, cancellation) : Merge(cancellation);

    public async ValueTask DisposeAsync()
    {
        await TakeBackAsync();
        TimeSpan? firstOutput = _firstOutputAt == 0 ? null : Stopwatch.GetElapsedTime(_startedAt, _firstOutputAt);
        _log.Ended(_id, _streams, firstOutput, Stopwatch.GetElapsedTime(_startedAt), cutOff: _unfinished > 0);
    }

    private async ValueTask TakeBackAsync()
    {
        foreach (GenerationStream stream in _streams) await stream.DisposeAsync();
    }

    private async IAsyncEnumerable<(int, GenerationOutput)> One(GenerationStream stream, int prompt, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (GenerationOutput output in stream.WithCancellation(cancellation))
        {
            if (output.FinishReason == FinishReason.Abort) // cut short by the server, which must not look like an answer
            {
                cancellation.ThrowIfCancellationRequested();
                throw new ObjectDisposedException(nameof(LlmEngine), "the engine was shut down before the answer was complete");
            }

            _allowance?.Spend(output.TokenIds.Count);
            Interlocked.CompareExchange(ref _firstOutputAt, Stopwatch.GetTimestamp(), 0);
            yield return (prompt, output);
        }

        Interlocked.Decrement(ref _unfinished);
    }

    private IAsyncEnumerable<(int, GenerationOutput)> Merge(CancellationToken cancellation)
    {
        var merged = Channel.CreateUnbounded<(int, GenerationOutput)>(new() { SingleReader = true });
        _ = CompleteAsync(Task.WhenAll(_streams.Select((stream, prompt) => PumpAsync(stream, prompt))));
        return merged.Reader.ReadAllAsync(cancellation);

        async Task PumpAsync(GenerationStream stream, int prompt)
        {
            try
            {
                await foreach ((int, GenerationOutput) output in One(stream, prompt, cancellation)) merged.Writer.TryWrite(output);
            }
            catch (Exception error)
            {
                merged.Writer.TryComplete(error); // the first failure ends the answer; disposing cancels the other prompts
            }
        }

        async Task CompleteAsync(Task pumps)
        {
            await pumps;
            merged.Writer.TryComplete();
        }
    }
}
