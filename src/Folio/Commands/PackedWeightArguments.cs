using System.CommandLine;
using Folio.Compute.Cpu;

namespace Folio.Commands;

/// <summary>Where weights are kept as the kernels want them, for the next start.</summary>
internal sealed class PackedWeightArguments
{
    private const long DefaultSpace = 32L << 30;

    private readonly Option<string?> _directory = new("--packed-cache-dir")
    {
        Description = "A folder where weights are kept in the layout of the processor's kernels, so that the next start maps them (default: folio/packed in $XDG_CACHE_HOME or ~/.cache, on macOS in ~/Library/Caches, on Windows in %LOCALAPPDATA%).",
        HelpName = "DIR",
    };

    private readonly Option<long?> _space = OptionOf.Size("--packed-cache-space", "Most room that weights packed for the processor take there; those used least lately go first (default: 32G).");
    private readonly Option<bool> _off = new("--no-packed-cache") { Description = "Weights are packed for the processor anew at each start." };

    public PackedWeightArguments(Command command)
    {
        foreach (Option option in Options) command.Options.Add(option);
        command.Validators.Add(given =>
        {
            if (!given.GetValue(_off)) return;
            if (given.GetResult(_directory) is not null || given.GetResult(_space) is not null) given.AddError("--no-packed-cache keeps no weights; --packed-cache-dir and --packed-cache-space say where and how many are kept.");
        });
    }

    public Option[] Options => [_directory, _space, _off];

    /// <returns>Null: packed weights aren't kept.</returns>
    public PackedWeightCache? Cache(ParseResult parsed, Action<string> warning)
    {
        if (parsed.GetValue(_off) || (parsed.GetValue(_directory) ?? CacheFolder.Of("packed")) is not { } directory) return null;
        return new(directory, parsed.GetValue(_space) ?? DefaultSpace, warning);
    }
}
