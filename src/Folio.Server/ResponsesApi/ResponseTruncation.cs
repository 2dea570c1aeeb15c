namespace Folio.Server;

/// <summary>Finds how much of a conversation's beginning must go so that the rest fits the context.</summary>
/// <remarks>To measure a conversation is to render and to tokenize it. So where to look next is guessed from how many tokens its JSON made so far; mostly two or three looks are enough, and there are never more than <see cref="MostLooks"/>.</remarks>
/// <param name="cuts">Where the conversation may be cut, the whole of it first.</param>
/// <param name="room">Tokens.</param>
/// <param name="measure">Tokens of the conversation from an item on; null: more than any context could hold.</param>
internal sealed class ResponseTruncation(IReadOnlyList<ConversationCut> cuts, int room, Func<int, int?> measure)
{
    public const int MostLooks = 12;

    /// <summary>Behind so many guesses the rest is halved: then the conversation is uneven.</summary>
    private const int Guesses = 4;

    /// <param name="whole">Tokens of the whole conversation, which doesn't fit; null: too many to count.</param>
    /// <param name="cancellation">Looked at before each look.</param>
    /// <returns>The first item to keep: the earliest that fits, or the last there is.</returns>
    public int Find(int? whole, CancellationToken cancellation)
    {
        double bytesPerToken = whole is { } counted ? (double)cuts[0].Bytes / counted : 0;
        int best = cuts.Count - 1;
        for (int low = 1, high = best, looks = 0; low <= high && looks < MostLooks; looks++)
        {
            cancellation.ThrowIfCancellationRequested();
            int at = looks < Guesses && bytesPerToken > 0 ? Guess(low, high, room * bytesPerToken) : (low + high) / 2;
            int? tokens = measure(cuts[at].First);
            if (tokens > 0) bytesPerToken = (double)cuts[at].Bytes / tokens.Value;
            if (tokens <= room) (best, high) = (at, at - 1);
            else low = at + 1;
        }

        return cuts[best].First;
    }

    /// <summary>The earliest cut with no more bytes than this.</summary>
    private int Guess(int low, int high, double bytes)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (cuts[middle].Bytes <= bytes) high = middle;
            else low = middle + 1;
        }

        return high;
    }
}

/// <summary>A place where a conversation may be cut.</summary>
/// <param name="First">The first item to keep, but for what the system says.</param>
/// <param name="Bytes">JSON of what is kept.</param>
internal readonly record struct ConversationCut(int First, long Bytes);
