namespace Folio.Tokenization.Normalizing;

/// <summary>A change of the text before it is split and merged. Steps are applied to each stretch of text between added tokens.</summary>
internal abstract class TextStep
{
    /// <param name="text">The stretch.</param>
    /// <param name="isFirst">True where it begins the whole text.</param>
    public abstract string Apply(string text, bool isFirst);
}

/// <summary>Normalisation form C.</summary>
internal sealed class ComposeStep : TextStep
{
    public override string Apply(string text, bool isFirst) => CanonicalComposition.Apply(text);
}

/// <summary>Puts a mark before every stretch that is not empty (Llama 2's ▁).</summary>
internal sealed class PrependStep(string prefix) : TextStep
{
    public override string Apply(string text, bool isFirst) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Replaces one string by another.</summary>
internal sealed class ReplaceStep(string pattern, string content) : TextStep
{
    public override string Apply(string text, bool isFirst) => text.Replace(pattern, content, StringComparison.Ordinal);
}

/// <summary>When <see cref="MetaspaceStep"/> puts its mark before a stretch.</summary>
internal enum PrependScheme
{
    Never,
    First,
    Always,
}

/// <summary>Writes spaces as a mark and puts one before the text, unless it begins with one (Hugging Face's Metaspace).</summary>
internal sealed class MetaspaceStep(string replacement, PrependScheme scheme) : TextStep
{
    public override string Apply(string text, bool isFirst)
    {
        text = text.Replace(" ", replacement, StringComparison.Ordinal);
        bool prepend = scheme == PrependScheme.Always || (scheme == PrependScheme.First && isFirst);
        return prepend && !text.StartsWith(replacement, StringComparison.Ordinal) ? replacement + text : text;
    }
}

/// <summary>Begins every stretch with a space (ByteLevel's add_prefix_space).</summary>
internal sealed class PrefixSpaceStep : TextStep
{
    public override string Apply(string text, bool isFirst) => text.StartsWith(' ') ? text : " " + text;
}
