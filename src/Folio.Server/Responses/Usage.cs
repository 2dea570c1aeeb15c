using System.Text.Json.Serialization;

namespace Folio.Server;

/// <summary>What a whole answer cost, in tokens; vLLM's order of fields.</summary>
internal sealed record Usage(int PromptTokens, int TotalTokens, int CompletionTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails? CompletionTokensDetails)
{
    /// <param name="cached">Of the prompt's tokens, those that were found in the prefix cache.</param>
    public static Usage Of(int prompt, int cached, int completion) => new(prompt, prompt + completion, completion, new(cached, null, null), null);
}

/// <param name="CachedTokens">Prompt tokens that were not computed again.</param>
/// <param name="CreatedCacheTokens">vLLM's field; always null.</param>
/// <param name="MultimodalTokens">vLLM's field; always null.</param>
internal sealed record PromptTokensDetails(int CachedTokens, int? CreatedCacheTokens, int? MultimodalTokens);

internal sealed record CompletionTokensDetails(int ReasoningTokens);

/// <summary>The same in a stream, where vLLM leaves out what is null.</summary>
/// <param name="PromptTokensDetails">On the last chunk only.</param>
internal sealed record StreamUsage(
    int PromptTokens,
    int TotalTokens,
    int CompletionTokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StreamPromptTokensDetails? PromptTokensDetails)
{
    public static StreamUsage SoFar(int prompt, int completion) => new(prompt, prompt + completion, completion, null);

    public static StreamUsage Whole(int prompt, int cached, int completion) => new(prompt, prompt + completion, completion, new(cached));
}

internal sealed record StreamPromptTokensDetails(int CachedTokens);
