using Folio.Engine;

namespace Folio.Server;

/// <summary>Puts several tokens of a sequence into one output (vLLM's stream_interval): the first comes at once, then so many together, and what is left with the end.</summary>
internal sealed class OutputPacer(int interval)
{
    private readonly Dictionary<(int Prompt, int Index), GenerationOutput?> _held = [];

    /// <param name="interval">Tokens to an output; 1: as they come.</param>
    public static IAsyncEnumerable<(int Prompt, GenerationOutput Output)> Pace(IAsyncEnumerable<(int Prompt, GenerationOutput Output)> outputs, int interval) =>
        interval == 1 ? outputs : new OutputPacer(interval).PaceAsync(outputs);

    /// <returns>Null while there is more to wait for.</returns>
    public GenerationOutput? Take(int prompt, GenerationOutput output)
    {
        bool isFirst = !_held.TryGetValue((prompt, output.Index), out GenerationOutput? held);
        if (held is not null) output = Join(held, output);
        bool isDue = isFirst || output.FinishReason is not null || output.TokenIds.Count >= interval;
        _held[(prompt, output.Index)] = isDue ? null : output;
        return isDue ? output : null;
    }

    private async IAsyncEnumerable<(int, GenerationOutput)> PaceAsync(IAsyncEnumerable<(int Prompt, GenerationOutput Output)> outputs)
    {
        await foreach ((int prompt, GenerationOutput output) in outputs)
        {
            if (Take(prompt, output) is { } due) yield return (prompt, due);
        }
    }

    private static GenerationOutput Join(GenerationOutput held, GenerationOutput next) => next with
    {
        TokenIds = [.. held.TokenIds, .. next.TokenIds],
        Text = held.Text + next.Text,
        Logprobs = held.Logprobs is null ? next.Logprobs : [.. held.Logprobs, .. next.Logprobs ?? []],
    };
}
