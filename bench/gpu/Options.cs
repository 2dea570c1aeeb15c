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

    /// <summary>For people.</summary>
    public static string Usage => $"""
        Checks and measures Folio's CUDA backend on the card at hand: docs/performance-gpu.md.

          --out FOLDER       where report.md and results.json go (gpu-bench)
          --parts NAME,…     what runs (all of it): {string.Join(", ", PartNames)}
          --seconds N        for everything (560)
          --golden FOLDER    models with what they are expected to answer (none)
          --kernels FOLDER   where compiled kernels are kept (folio-gpu-bench-kernels among the temporary files)
          --tiny             sizes for an emulated card: shows that the bench runs, and measures nothing
        """;

    private static IEnumerable<string> PartNames => PartList.All.Append(Peers.Entry).Select(part => part.Name);

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

            string value = i + 1 < arguments.Length ? arguments[++i] : throw new FolioException($"{name} is no option, or needs a value; --help lists those that there are.");
            options = name switch
            {
                "--out" => options with { Out = value },
                "--golden" => options with { Golden = value },
                "--kernels" => options with { Kernels = value },
                "--parts" => options with { Parts = [.. value.Split(',').Select(Known)] },
                "--seconds" => options with { Seconds = Positive(name, value) },
                "--part" => options with { Part = value },
                "--from" => options with { From = int.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new FolioException($"{name} is no option; --help lists those that there are."),
            };
        }

        return options;
    }

    private static string Known(string part) => PartNames.Contains(part) ? part : throw new FolioException($"--parts names '{part}', which is none; there are {string.Join(", ", PartNames)}.");

    private static double Positive(string name, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is > 0 and < int.MaxValue ? number : throw new FolioException($"{name} is '{value}'; a number above 0 was expected.");

    /// <summary>For the process of one part.</summary>
    public string[] ArgumentsFor(string part, int from) =>
        ["--part", part, "--from", from.ToString(CultureInfo.InvariantCulture), "--out", Out, "--kernels", Kernels, .. Golden is null ? [] : (string[])["--golden", Golden], .. Tiny ? (string[])["--tiny"] : []];

    /// <summary>A size, or what stands for it on an emulated card.</summary>
    public T Size<T>(T real, T tiny) => Tiny ? tiny : real;
}
