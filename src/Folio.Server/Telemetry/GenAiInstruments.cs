using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Folio.Server;

/// <summary>OpenTelemetry's figures of generative AI.</summary>
/// <remarks>Source of names, units and buckets: the GenAI semantic conventions, docs/gen-ai/gen-ai-metrics.md.</remarks>
internal static class GenAiInstruments
{
    public const string Provider = "folio";

    private static readonly Histogram<double> s_duration = Seconds(
        "gen_ai.server.request.duration", "From a request's arrival to its last token.", [.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);

    private static readonly Histogram<double> s_firstToken = Seconds(
        "gen_ai.server.time_to_first_token", "From a request's arrival to its first token, where it was answered.", [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10]);

    private static readonly Histogram<double> s_perToken = Seconds(
        "gen_ai.server.time_per_output_token", "The mean time from token to token, where a request was answered.", [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5]);

    private static readonly Histogram<long> s_tokens = FolioTelemetry.Meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens of prompts and of answers.", null, new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] });

    /// <summary>Whether anybody listens.</summary>
    public static bool AreWatched => s_duration.Enabled || s_firstToken.Enabled || s_perToken.Enabled || s_tokens.Enabled;

    /// <summary>One request has ended.</summary>
    /// <param name="operation">One of <see cref="GenAiOperation"/>.</param>
    /// <param name="model">The model's name for clients.</param>
    /// <param name="duration">From its arrival to its end.</param>
    /// <param name="firstToken">From its arrival to its first token; null: there was none.</param>
    /// <param name="perToken">From token to token; null: there weren't two.</param>
    /// <param name="promptTokens">Read; null: it never came so far.</param>
    /// <param name="completionTokens">Handed out; null: none.</param>
    /// <param name="error">The kind of error that it ended with; null: it was answered.</param>
    public static void Record(string operation, string model, TimeSpan duration, TimeSpan? firstToken, TimeSpan? perToken, int? promptTokens, int? completionTokens, string? error)
    {
        var tags = new TagList
        {
            { "gen_ai.operation.name", operation },
            { "gen_ai.provider.name", Provider },
            { "gen_ai.request.model", model },
            { "gen_ai.response.model", model },
        };
        if (promptTokens is { } read) s_tokens.Record(read, [.. tags, new("gen_ai.token.type", "input")]);
        if (completionTokens is { } handedOut) s_tokens.Record(handedOut, [.. tags, new("gen_ai.token.type", "output")]);
        if (error is null && firstToken is not null) s_firstToken.Record(firstToken.Value.TotalSeconds, tags);
        if (error is null && firstToken is not null && perToken is not null) s_perToken.Record(perToken.Value.TotalSeconds, tags);
        if (error is not null) tags.Add("error.type", error);
        s_duration.Record(duration.TotalSeconds, tags);
    }

    private static Histogram<double> Seconds(string name, string description, double[] bounds) =>
        FolioTelemetry.Meter.CreateHistogram(name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
