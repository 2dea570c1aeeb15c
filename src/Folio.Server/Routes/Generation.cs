using System.Threading.Channels;
using Folio.Engine;

namespace Folio.Server;

/// <summary>The prompts of one HTTP request while they run in the engine, all at once.</summary>
internal sealed class Generation : IAsyncDisposable
{
    private readonly List<GenerationStream> _streams = [];

    private Generation() { }

    /// <summary>Hands all prompts to the engine, or none: where one is refused, the others are taken back.</summary>
    public static async Task<Generation> StartAsync(LlmEngine engine, string id, IReadOnlyList<Prompt> prompts, SamplingParams sampling, CancellationToken cancellation)
    {
        var generation = new Generation();
        try
        {
            for (int i = 0; i < prompts.Count; i++)
            {
                generation._streams.Add(engine.Submit(new() { Id = prompts.Count == 1 ? id : $"{id}-{i}", Prompt = prompts[i].Ids, Sampling = sampling }, cancellation));
            }

            return generation;
        }
        catch
        {
            await generation.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the sequences of all prompts gain, as it comes.</summary>
    public IAsyncEnumerable<(int Prompt, GenerationOutput Output)> Outputs(CancellationToken cancellation) =>
        _streams.Count == 1 ? One(_streams[0], 0, cancellation) : Merge(cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (GenerationStream stream in _streams) await stream.DisposeAsync();
    }

    private static async IAsyncEnumerable<(int, GenerationOutput)> One(GenerationStream stream, int prompt, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (GenerationOutput output in stream.WithCancellation(cancellation))
        {
            if (output.FinishReason == FinishReason.Abort) // cut short by the server, which must not look like an answer
            {
                cancellation.ThrowIfCancellationRequested();
                throw new ObjectDisposedException(nameof(LlmEngine), "the engine was shut down before the answer was complete");
            }

            yield return (prompt, output);
        }
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
