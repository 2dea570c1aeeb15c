using System.Text.Json.Serialization;

namespace Folio.Compare;

/// <summary>One figure of one run, as it is kept.</summary>
/// <param name="Small">Of a model of the order of 135 million parameters, not a billion.</param>
/// <param name="Type">How the model's weights are stored.</param>
/// <param name="ReadBytes">That a step of the model reads.</param>
/// <param name="Bandwidth">GB/s of memory, read just before.</param>
/// <param name="Command">That gave it, without folders.</param>
internal sealed record Measurement(
    DateTime Time, string Machine, string Metric, string Model, bool Small, string Type, double ReadBytes, string Engine, int Round, double Value, double Bandwidth, string Command)
{
    /// <summary>The model's, without folders, as <see cref="Command"/> has it.</summary>
    public string? File { get; init; }

    public int Threads { get; init; }

    public Sizes? Sizes { get; init; }

    /// <summary>Of both engines.</summary>
    public Versions? Versions { get; init; }

    /// <summary>The engines' names. The last is Folio's own plain decoding.</summary>
    public const string Folio = "Folio", Llama = "llama.cpp", Plain = "Folio, plain";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Measurement))]
internal sealed partial class MeasurementJson : JsonSerializerContext;
