using System.Diagnostics;
using Folio.Engine;

namespace Folio.Server;

/// <summary>What a span tells of what was asked for.</summary>
/// <remarks>Source of names: the GenAI semantic conventions, docs/gen-ai/gen-ai-spans.md; <c>gen_ai.request.n</c> is vLLM's.</remarks>
internal static class GenAiAttributes
{
    public static void Describe(Activity activity, SamplingParams sampling)
    {
        activity.SetTag("gen_ai.request.n", sampling.N)
            .SetTag("gen_ai.request.temperature", (double)sampling.Temperature)
            .SetTag("gen_ai.request.top_p", (double)sampling.TopP)
            .SetTag("gen_ai.request.presence_penalty", (double)sampling.PresencePenalty)
            .SetTag("gen_ai.request.frequency_penalty", (double)sampling.FrequencyPenalty);
        if (sampling.N > 1) activity.SetTag("gen_ai.request.choice.count", sampling.N);
        if (sampling.TopK > 0) activity.SetTag("gen_ai.request.top_k", sampling.TopK);
        if (sampling.MaxTokens is { } most) activity.SetTag("gen_ai.request.max_tokens", most);
        if (sampling.Seed is { } seed) activity.SetTag("gen_ai.request.seed", seed);
    }

    public static void Describe(Activity activity, EmbeddingsRequest request)
    {
        activity.SetTag("gen_ai.request.encoding_formats", (string[])[request.AsBase64 ? "base64" : "float"]);
        if (request.Dimensions is { } dimensions) activity.SetTag("gen_ai.embeddings.dimension.count", dimensions);
    }
}
