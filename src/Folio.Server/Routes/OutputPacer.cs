using System.Text;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Puts several tokens of a sequence into one output (vLLM's stream_interval): the first comes at once, then so many together, and what is left with the end.</summary>
/// <param name="interval">Tokens to an output; 1: as they come.</param>
internal sealed class OutputPacer(int interval)
{
    private readonly Dictionary<(int Prompt, int Index), Held> _held = [];

    /// <param name="interval">Tokens to an output; 1: as they come.</param>
    public static IAsyncEnumerable<(int Prompt, GenerationOutput Output)> Pace(IAsyncEnumerable<(int Prompt, GenerationOutput Output)> outputs, int interval) =>
        interval == 1 ? outputs : new OutputPacer(interval).PaceAsync(outputs);

    /// <returns>Null while there is more to wait for.</returns>
    public GenerationOutput? Take(int prompt, GenerationOutput output)
    {
        if (interval == 1) return output;
        if (!_held.TryGetValue((prompt, output.Index), out Held? held))
        {
            _held.Add((prompt, output.Index), new());
            return output;
        }

        held.Add(output);
        return output.FinishReason is not null || held.Tokens >= interval ? held.Take(output) : null;
    }

    private async IAsyncEnumerable<(int, GenerationOutput)> PaceAsync(IAsyncEnumerable<(int Prompt, GenerationOutput Output)> outputs)
    {
        await foreach ((int prompt, GenerationOutput output) in outputs)
        {
            if (Take(prompt, output) is { } due) yield return (prompt, due);
        }
    }

    /// <summary>What a sequence has gained and hasn't been told of.</summary>
    private sealed class Held
    {
        private readonly List<int> _ids = [];
        private readonly StringBuilder _text = new();
        private List<PositionLogprobs>? _logprobs;

        public int Tokens => _ids.Count;

        public void Add(GenerationOutput output)
        {
            _ids.AddRange(output.TokenIds);
            _text.Append(output.Text);
            if (output.Logprobs is { } logprobs) (_logprobs ??= []).AddRange(logprobs);
        }

        /// <summary>All of it, as one output.</summary>
        /// <param name="last">The one that was added last.</param>
        public GenerationOutput Take(GenerationOutput last)
        {
            GenerationOutput whole = last with { TokenIds = [.. _ids], Text = _text.ToString(), Logprobs = _logprobs };
            _ids.Clear();
            _text.Clear();
            _logprobs = null;
            return whole;
        }
    }
}
