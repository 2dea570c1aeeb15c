using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>What a whole answer cost, in tokens; vLLM's order of fields.</summary>
internal sealed record Usage(int PromptTokens, int TotalTokens, int CompletionTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails? CompletionTokensDetails)
{
    /// <param name="cached">Of the prompt's tokens, those that were found in the prefix cache.</param>
    /// <param name="reasoning">Of the answer's tokens, those of the reasoning; null: the model marks none.</param>
    public static Usage Of(int prompt, int cached, int completion, int? reasoning = null) =>
        new(prompt, prompt + completion, completion, new(cached, null, null), reasoning is { } tokens ? new(tokens) : null);
}

/// <param name="CachedTokens">Prompt tokens that were not computed again.</param>
/// <param name="CreatedCacheTokens">vLLM's field; always null.</param>
/// <param name="MultimodalTokens">vLLM's field; always null.</param>
internal sealed record PromptTokensDetails(int CachedTokens, int? CreatedCacheTokens, int? MultimodalTokens);

internal sealed record CompletionTokensDetails(int ReasoningTokens);

/// <summary>The same in a stream, where vLLM leaves out what is null.</summary>
/// <param name="PromptTokensDetails">On the last chunk only.</param>
/// <param name="CompletionTokensDetails">On the last chunk only, of models that mark their reasoning.</param>
internal sealed record StreamUsage(
    int PromptTokens,
    int TotalTokens,
    int CompletionTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StreamPromptTokensDetails? PromptTokensDetails,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CompletionTokensDetails? CompletionTokensDetails = null)
{
    public static StreamUsage SoFar(int prompt, int completion) => new(prompt, prompt + completion, completion, null);

    public static StreamUsage Whole(int prompt, int cached, int completion, int? reasoning = null) =>
        new(prompt, prompt + completion, completion, new(cached), reasoning is { } tokens ? new(tokens) : null);
}

internal sealed record StreamPromptTokensDetails(int CachedTokens);
