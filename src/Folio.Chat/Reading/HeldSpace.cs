using System.Text;

namespace Folio.Chat;

/// <summary>White space that is held back, and where it stands in the answer.</summary>
internal sealed class HeldSpace
{
    public StringBuilder Text { get; } = new();

    public int Start { get; private set; }

    /// <summary>It stands directly in front of a place.</summary>
    public bool EndsAt(int place) => Text.Length > 0 && Start + Text.Length == place;

    public void Add(ReadOnlySpan<char> space, int start)
    {
        if (Text.Length == 0) Start = start;
        Text.Append(space);
    }

    public void Clear() => Text.Clear();
}
