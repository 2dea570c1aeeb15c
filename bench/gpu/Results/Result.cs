using System.Text.Json.Serialization;

namespace Folio.GpuBench;

/// <summary>What a line of results is.</summary>
internal enum ResultKind
{
    /// <summary>An item of a part begins: if the process ends behind it, it was this one.</summary>
    Begun,

    /// <summary>Something about the machine.</summary>
    Fact,

    /// <summary>What the card can do at most, measured.</summary>
    Limit,

    /// <summary>Right or wrong.</summary>
    Check,

    /// <summary>How fast something is.</summary>
    Figure,

    /// <summary>It couldn't be done, and nothing is wrong: no such kernel yet, no library.</summary>
    Missing,

    /// <summary>It couldn't be done, and should have been.</summary>
    Failure,
}

/// <summary>One line of results.</summary>
internal sealed record Result(ResultKind Kind, string Name)
{
    /// <summary>Of which part; set by whoever runs it.</summary>
    public string Part { get; init; } = "";

    /// <summary>What a fact says, why something failed, or a remark.</summary>
    public string? Text { get; init; }

    // ---- A begun item ----

    public int? Item { get; init; }

    // ---- Checks ----

    /// <summary>The largest found.</summary>
    public double? Error { get; init; }

    public double? Allowed { get; init; }

    public bool? Passed { get; init; }

    // ---- Figures and limits ----

    /// <summary>The median.</summary>
    public double? Value { get; init; }

    public double? Low { get; init; }

    public double? High { get; init; }

    public int? Runs { get; init; }

    public string? Unit { get; init; }

    /// <summary>What the value means in the unit of its limit: GB/s, TFLOP/s.</summary>
    public double? Rate { get; init; }

    /// <summary>The limit that it is held against, by name.</summary>
    public string? Limit { get; init; }

    /// <summary>The share of the limit that is asked for.</summary>
    public double? WantedShare { get; init; }

    /// <summary>The value that is asked for.</summary>
    public double? Wanted { get; init; }

    /// <summary>Less is better.</summary>
    public bool AtMost { get; init; }

    [JsonIgnore]
    public bool IsWrong => Kind == ResultKind.Failure || Passed is false;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Result))]
internal sealed partial class ResultJson : JsonSerializerContext;
