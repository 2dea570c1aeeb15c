using Folio.Engine;
using Folio.Simulation;

namespace Folio.Paper.Real;

/// <summary>How many blocks sharing saves on the real engine: there real logits decide which beams live.</summary>
internal static class RealSharing
{
    private const int Requests = 32;
    private const int LongestPrompt = 100;

    private static readonly int[] s_beginning = [1]; // the demo model's BOS

    /// <summary>Requests with Alpaca lengths and prompts in the model's own words: what is random isn't what beams are made for.</summary>
    public static GenerationRequest[] Ask(RealEngine engine)
    {
        IReadOnlyList<SimulatedRequest> lengths = PaperWorkloads.Alpaca(rate: 1, seconds: 2 * Requests, PaperNumbers.Seed).First(Requests).Requests;
        int[][] texts = engine.RunPaged(lengths.Select((_, i) => new GenerationRequest
        {
            Prompt = s_beginning,
            Sampling = new() { Seed = i, MaxTokens = LongestPrompt, IgnoreEos = true },
        })).Outputs;
        return [.. lengths.Select((length, i) => new GenerationRequest
        {
            Prompt = texts[i].AsMemory(0, Math.Min(length.PromptTokens, LongestPrompt)),
            Sampling = new() { Seed = i, MaxTokens = length.OutputTokens, IgnoreEos = true },
        })];
    }

    /// <returns>See <see cref="SharingUse.Saved"/>.</returns>
    public static double Saved(RealEngine engine, GenerationRequest[] requests, int width, bool beams) =>
        engine.RunPaged(requests.Select(request => request with { Sampling = request.Sampling with { N = width, UseBeamSearch = beams } })).Sharing.Saved;
}
