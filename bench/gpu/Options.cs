using System.Globalization;

namespace Folio.GpuBench;

/// <summary>What a run is given.</summary>
internal sealed record Options
{
    /// <summary>Where report.md and results.json go.</summary>
    public string Out { get; init; } = "gpu-bench";

    /// <summary>A folder of models with what they are expected to answer (shared/golden); null: none.</summary>
    public string? Golden { get; init; }

    /// <summary>Where compiled kernels are kept, so that the next process doesn't compile them again.</summary>
    public string Kernels { get; init; } = Path.Combine(Path.GetTempPath(), "folio-gpu-bench-kernels");

    /// <summary>Parts to run, by name; empty: all.</summary>
    public string[] Parts { get; init; } = [];

    /// <summary>For everything.</summary>
    public double Seconds { get; init; } = 560;

    /// <summary>All sizes shrunk to what an emulated card does in seconds: it shows that the bench runs, and measures nothing.</summary>
    public bool Tiny { get; init; }

    /// <summary>Set in the process of one part.</summary>
    public string? Part { get; init; }

    /// <summary>Which of the part's items is the first; those before it have been done, or have broken a process.</summary>
    public int From { get; init; }

    /// <exception cref="FolioException">An argument isn't known.</exception>
    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--tiny")
            {
                options = options with { Tiny = true };
                continue;
            }

            string value = i + 1 < arguments.Length ? arguments[++i] : throw new FolioException($"{name} is nothing, or needs a value.");
            options = name switch
            {
                "--out" => options with { Out = value },
                "--golden" => options with { Golden = value },
                "--kernels" => options with { Kernels = value },
                "--parts" => options with { Parts = value.Split(',') },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--part" => options with { Part = value },
                "--from" => options with { From = int.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new FolioException($"{name} is no option; there are --out, --golden, --kernels, --parts, --seconds and --tiny."),
            };
        }

        return options;
    }

    /// <summary>For the process of one part.</summary>
    public string[] ArgumentsFor(string part, int from) =>
        ["--part", part, "--from", from.ToString(CultureInfo.InvariantCulture), "--out", Out, "--kernels", Kernels, .. Golden is null ? [] : (string[])["--golden", Golden], .. Tiny ? (string[])["--tiny"] : []];

    /// <summary>A size, or what stands for it on an emulated card.</summary>
    public T Size<T>(T real, T tiny) => Tiny ? tiny : real;
}
