using Folio.Paging;

namespace Folio.Engine.Tests;

/// <summary>Requests of every kind for the demo model: all that <see cref="Given.MixedRequest"/> draws, and best_of, stop strings, bad words and allowed ids.</summary>
internal static class StormRequests
{
    private const int Vocabulary = 8180, LongestPrompt = 16, MostTokens = 22, MostSequences = 3;

    /// <param name="seed">Of all draws.</param>
    /// <param name="count">How many.</param>
    /// <param name="pools">Each request fits alone in each of these pools.</param>
    public static GenerationRequest[] Draw(int seed, int count, params BlockPool[] pools)
    {
        var random = new Random(seed);
        var requests = new List<GenerationRequest>();
        while (requests.Count < count)
        {
            GenerationRequest request = Given.MixedRequest(random, Vocabulary, LongestPrompt, MostTokens, MostSequences);
            request = request with { Sampling = WithLimits(random, request.Sampling) };
            if (pools.All(pool => Fits(request, pool))) requests.Add(request);
        }

        return [.. requests];
    }

    private static SamplingParams WithLimits(Random random, SamplingParams sampling)
    {
        if (random.Next(6) == 0) sampling = sampling with { BadWords = [[random.Next(1, Vocabulary)], [random.Next(1, Vocabulary), random.Next(1, Vocabulary)]] };
        if (random.Next(6) == 0) sampling = sampling with { AllowedTokenIds = [.. Enumerable.Range(0, 40).Select(_ => random.Next(1, Vocabulary))] };
        if (sampling.UseBeamSearch) return sampling;
        if (random.Next(4) == 0) sampling = sampling with { Stop = [" t", "e"], IncludeStopStrInOutput = random.Next(2) == 0 };
        if (sampling.Temperature > 0 && random.Next(4) == 0) sampling = sampling with { N = random.Next(1, MostSequences), BestOf = MostSequences };
        return sampling;
    }

    private static bool Fits(GenerationRequest request, BlockPool pool)
    {
        int prompt = request.Prompt.Length;
        return SequenceGroup.BlocksAtMost(prompt, prompt + request.Sampling.MaxTokens!.Value, request.Sampling.Width, pool) <= pool.Blocks;
    }
}
