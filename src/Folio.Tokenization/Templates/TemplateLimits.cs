namespace Folio.Tokenization.Templates;

/// <summary>What one rendering may spend. Templates come with models from strangers, so each of these is always on.</summary>
/// <remarks>
/// The defaults hold for any published template with a million tokens of conversation; a step is 100 ns or so.
/// A template made to exhaust them runs for a second or two and holds half a GB at most.
/// </remarks>
public sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Expressions evaluated, list elements made and comparisons done: the bound on time.</summary>
    public long MaxSteps { get; init; } = 10_000_000;

    /// <summary>Length of the rendered text, and of any text on the way to it, in UTF-16 characters.</summary>
    public int MaxOutput { get; init; } = 16 << 20;

    /// <summary>Characters of all texts made on the way: with <see cref="MaxSteps"/>, the bound on memory.</summary>
    public long MaxCharacters { get; init; } = 128 << 20;

    /// <summary>Macros and recursive loops within each other, and the nesting of values.</summary>
    public int MaxDepth { get; init; } = 200;
}
