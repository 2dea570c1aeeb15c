namespace Folio.Chat;

/// <summary>An answer without calls: all of it is content.</summary>
internal sealed class PlainReader(MessageWriter message) : Reader(message)
{
    protected override IEnumerable<MoreText> Read()
    {
        while (PassesContent([], out _)) yield return default;
    }
}
