using System.CommandLine;
using System.Text;
using Folio.Engine;
using Folio.Server;

namespace Folio.Commands;

/// <summary>Prompts from files that are computed before anybody asks, and kept: the paper's shared prefix.</summary>
internal sealed class PinArguments
{
    private readonly Option<string[]> _prefixes = new("--pin-prefix") { Description = "A file with the beginning of raw prompts, kept in the cache; may be given several times.", HelpName = "FILE" };
    private readonly Option<string[]> _systemPrompts = new("--pin-system-prompt") { Description = "A file with a system prompt, kept in the cache; may be given several times.", HelpName = "FILE" };

    public PinArguments(Command command)
    {
        command.Options.Add(_prefixes);
        command.Options.Add(_systemPrompts);
    }

    /// <summary>The files' texts, to be had before a model is fetched and loaded for nothing.</summary>
    /// <exception cref="FolioException">The first that can't be read, with the reason.</exception>
    public Texts Read(ParseResult parsed) => new(
        [.. (parsed.GetValue(_prefixes) ?? []).Select(file => Read("--pin-prefix", file))],
        [.. (parsed.GetValue(_systemPrompts) ?? []).Select(file => Read("--pin-system-prompt", file))]);

    /// <summary>Pins each file's text under the file's name.</summary>
    /// <exception cref="FolioException">The first that can't be, with the reason.</exception>
    public static async Task PinAsync(Texts texts, LlmEngine engine, ServerOptions options, CancellationToken cancellation)
    {
        foreach (PinText prefix in texts.Prefixes) await PinAsync(prefix, engine, (id, text) => PinnedPrompts.PinTextAsync(engine, id, text, cancellation));
        foreach (PinText prompt in texts.SystemPrompts) await PinAsync(prompt, engine, (id, text) => PinnedPrompts.PinSystemPromptAsync(engine, id, text, options, cancellation));
    }

    private static async Task PinAsync(PinText given, LlmEngine engine, Func<string, string, Task<PinnedPrefix>> pin)
    {
        string id = Path.GetFileName(given.File);
        try
        {
            if (engine.PinnedPrefixes.Any(pinned => pinned.Id == id)) throw new FolioException("another file of that name is pinned already, and names are how pinned prefixes are told apart.");
            PinnedPrefix prefix = await pin(id, given.Text);
            Console.Error.WriteLine($"{id}: {prefix.Tokens} tokens are kept in the cache");
        }
        catch (FolioException error)
        {
            throw new FolioException($"{given.Option} {given.File}: {error.Message}", error);
        }
    }

    private static PinText Read(string option, string file)
    {
        try
        {
            return new(option, file, ReadText(file));
        }
        catch (Exception error) when (error is FolioException or IOException or UnauthorizedAccessException)
        {
            throw new FolioException($"{option} {file}: {error.Message}", error);
        }
    }

    /// <summary>The file's text without the line break at its end, which editors put there.</summary>
    private static string ReadText(string file)
    {
        if (!File.Exists(file)) throw new FolioException("there is no such file.");
        string text;
        try
        {
            text = File.ReadAllText(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException error)
        {
            throw new FolioException("the file isn't UTF-8 text.", error);
        }

        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }

    /// <summary>What is to be pinned: beginnings of raw prompts, and system prompts.</summary>
    public sealed record Texts(IReadOnlyList<PinText> Prefixes, IReadOnlyList<PinText> SystemPrompts);

    /// <summary>A file's text, and the option that named it.</summary>
    public sealed record PinText(string Option, string File, string Text);
}
