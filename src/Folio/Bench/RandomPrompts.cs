using Folio.Simulation;

namespace Folio.Bench;

/// <summary>Prompts without meaning, of the wanted lengths: token ids, or words where a server takes no ids.</summary>
internal static class RandomPrompts
{
    /// <summary>Vocabularies begin with marks and single bytes, which would be no text.</summary>
    private const int FirstId = 300;

    /// <summary>Words that most vocabularies have as one token with the space before them, so that a prompt has about as many tokens as words.</summary>
    private static readonly string[] s_words =
    [
        "the", "of", "and", "to", "in", "is", "that", "it", "was", "for", "on", "are", "as", "with", "his", "they", "at", "be", "this", "have", "from", "or", "one", "had", "by", "word", "but", "not", "what", "all", "were", "we",
        "when", "your", "can", "said", "there", "use", "an", "each", "which", "she", "do", "how", "their", "if", "will", "up", "other", "about", "out", "many", "then", "them", "these", "so", "some", "her", "would", "make",
        "like", "him", "into", "time",
    ];

    /// <param name="vocabulary">Ids are below this.</param>
    public static int[] Ids(SimulatedRequest request, int number, int vocabulary)
    {
        int first = Math.Min(FirstId, vocabulary / 2);
        return [.. request.Prompt(number).Select(made => first + made % (vocabulary - first))];
    }

    public static string Text(SimulatedRequest request, int number) => string.Join(' ', request.Prompt(number).Select(made => s_words[made % s_words.Length]));

    /// <summary>A number for a request's own text: other seeds bring other texts, so that no cache has them from an earlier run.</summary>
    public static int Number(ulong seed, int index) => (int)(Draws.Mix(seed, (ulong)index) >> 33);
}
