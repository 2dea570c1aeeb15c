using System.CommandLine;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>The prefix cache's options, for the commands that keep an engine for more than one prompt, or start one again with a like prompt.</summary>
internal sealed class PrefixCacheArguments
{
    private readonly Option<bool> _off = new("--no-enable-prefix-caching") { Description = "Prompts that begin alike are computed each for itself." };
    private readonly Option<string?> _directory = new("--prefix-cache-dir") { Description = "A folder where cached prefixes outlive a restart, the most used first; made if it isn't there (default: they don't).", HelpName = "DIR" };
    private readonly Option<long?> _space = OptionOf.Size("--prefix-cache-disk-space", "Most room that they take there (default: 1G).");

    public PrefixCacheArguments(Command command)
    {
        foreach (Option option in (Option[])[_off, _directory, _space]) command.Options.Add(option);
        command.Validators.Add(given =>
        {
            if (given.GetResult(_space) is not null && given.GetResult(_directory) is null) given.AddError("--prefix-cache-disk-space has no effect without --prefix-cache-dir, the folder that it limits.");
        });
    }

    public EngineOptions Apply(ParseResult parsed, EngineOptions options) => options with
    {
        EnablePrefixCaching = !parsed.GetValue(_off),
        PrefixCacheDirectory = parsed.GetValue(_directory),
        PrefixCacheDiskSpace = parsed.GetValue(_space) ?? options.PrefixCacheDiskSpace,
    };
}
