using System.Text.Json;
using Folio.Engine;

namespace Folio.Requests;

/// <summary>A prompt as ids, with its text where it is known.</summary>
internal readonly record struct Prompt(int[] Ids, string? Text)
{
    /// <summary>What one of a request's prompts is called: as the request, where it is the only one.</summary>
    public static string NameOf(string id, int index, int count) => count == 1 ? id : $"{id}-{index}";
}

/// <summary>A body of /v1/completions, understood.</summary>
internal sealed record CompletionRequest(string Model, IReadOnlyList<Prompt> Prompts, SamplingParams Sampling, AnswerFields Answer, Caller Caller)
{
    /// <summary>OpenAI's default of this route.</summary>
    private const int DefaultMaxTokens = 16;

    /// <summary>max_tokens is 0: only the prompt is wanted back. One token is computed, since a forward pass yields it, and thrown away.</summary>
    public bool PromptOnly { get; private init; }

    /// <summary>What each answer must obey; null: nothing.</summary>
    public StructuredOutput? Structure { get; private init; }

    /// <summary>How many likeliest tokens are to be told of each position; null: nothing.</summary>
    public int? Logprobs { get; private init; }

    /// <param name="holder">Whose key it came with.</param>
    /// <param name="cancellation">Looked at between prompts: many take their time.</param>
    public static CompletionRequest Read(Fields body, ServedModel served, Holder holder, CancellationToken cancellation = default)
    {
        FieldPolicies.Completion.Check(body);
        string model = served.Resolve(body.Text("model"));
        StructuredOutput? structure = StructuredOutput.Read(body);
        AnswerFields answer = AnswerFields.Read(body, served.Info.Tokenizer is not null);
        int? logprobs = ReadLogprobs(body, "logprobs", served);
        ReadLogprobs(body, "prompt_logprobs", served);

        int? maxTokens = ReadMaxTokens(body);
        bool promptOnly = maxTokens == 0 && answer.Echo;
        if (maxTokens < 1 && !promptOnly) throw ApiException.BadRequest($"max_tokens must be at least 1, got {maxTokens}.", "max_tokens");

        SamplingParams sampling = SamplingFields.Read(body, served.Info);
        if (answer.Stream) SamplingFields.RequireStreamable(sampling);
        sampling = sampling with
        {
            MaxTokens = promptOnly ? 1 : maxTokens,
            Logprobs = promptOnly ? null : logprobs,
            PromptLogprobs = sampling.PromptLogprobs ?? (answer.Echo ? logprobs : null),
        };
        if (promptOnly) sampling = sampling with { MinTokens = 0, Stop = [] };

        IReadOnlyList<Prompt> prompts = PromptField.Read(body, served, answer, cancellation);
        int each = sampling.BestOf ?? sampling.N;
        if ((long)prompts.Count * each > served.Options.MaxSequencesPerRequest)
        {
            throw ApiException.BadRequest($"{prompts.Count} prompts times {each} sequences exceed {served.Options.MaxSequencesPerRequest} sequences in one request.", "prompt");
        }

        return new(model, prompts, sampling, answer, Caller.Read(body, served, holder)) { PromptOnly = promptOnly, Logprobs = logprobs, Structure = promptOnly ? null : structure };
    }

    /// <summary>Absent: 16; null: the room left in the context.</summary>
    private static int? ReadMaxTokens(Fields body) => body.Element.TryGetProperty("max_tokens", out _) ? body.Integer("max_tokens") : DefaultMaxTokens;

    internal static int? ReadLogprobs(Fields body, string name, ServedModel served)
    {
        int? count = body.Integer(name);
        int most = served.Engine.Options.MaxLogprobs;
        if (count < 0 || count > most) throw ApiException.BadRequest($"{name} must be in [0, {most}], got {count}.", name);
        return count;
    }
}
