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
        int[][] texts = engine.Run(ServingSystem.Paged, lengths.Select((_, i) => new GenerationRequest
        {
            Prompt = s_beginning,
            Sampling = new() { Seed = i, MaxTokens = LongestPrompt, IgnoreEos = true },
        }), (_, _) => { });
        return [.. lengths.Select((length, i) => new GenerationRequest
        {
            Prompt = texts[i].AsMemory(0, Math.Min(length.PromptTokens, LongestPrompt)),
            Sampling = new() { Seed = i, MaxTokens = length.OutputTokens, IgnoreEos = true },
        })];
    }

    /// <returns>Blocks saved by sharing / blocks without sharing.</returns>
    public static double Saved(RealEngine engine, GenerationRequest[] requests, int width, bool beams)
    {
        long blocks = 0, unshared = 0;
        engine.Run(
            ServingSystem.Paged,
            requests.Select(request => request with { Sampling = request.Sampling with { N = width, UseBeamSearch = beams } }),
            (_, runner) => (blocks, unshared) = (runner.Blocks, runner.BlocksUnshared));
        return 1 - (double)blocks / unshared;
    }
}
