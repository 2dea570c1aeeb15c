namespace Folio.Simulation;

/// <summary>One request of a workload. Only its lengths are real; its tokens are made up.</summary>
/// <param name="Arrival">Seconds from the start.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens that each of its sequences says.</param>
public sealed record SimulatedRequest(double Arrival, int PromptTokens, int OutputTokens)
{
    /// <summary>Sequences that are drawn from the prompt (parallel sampling), or the beam's width.</summary>
    public int Width { get; init; } = 1;

    /// <summary>The sequences are beams: after each step some die and others fork in their place.</summary>
    public bool Beams { get; init; }

    /// <summary>What the prompt has in common with others: equal numbers in equal places are equal text. Empty: nothing.</summary>
    public IReadOnlyList<long> SharedIds { get; init; } = [];

    /// <summary>Prompt tokens that each of <see cref="SharedIds"/> stands for.</summary>
    public int SharedIdTokens { get; init; } = 1;

    /// <summary>Which repetition of its workload it belongs to: what is common is common within one alone.</summary>
    public int Round { get; init; }

    /// <summary>The made-up ids of the prompt.</summary>
    /// <param name="number">The request's number: what it doesn't share is its own.</param>
    public int[] Prompt(int number)
    {
        var ids = new int[PromptTokens];
        for (int position = 0; position < ids.Length; position++)
        {
            int shared = position / SharedIdTokens;
            ulong text = shared < SharedIds.Count ? Draws.Mix(Draws.Mix(1, (ulong)Round), (ulong)SharedIds[shared]) : Draws.Mix(2, (ulong)number);
            ids[position] = Id(Draws.Mix(text, (ulong)position));
        }

        return ids;
    }

    /// <summary>The made-up id that a sequence says at a position.</summary>
    public static int Said(int number, int sequence, int position) => Id(Draws.Mix(Draws.Mix(3, (ulong)number), ((ulong)sequence << 32) + (ulong)position));

    private static int Id(ulong mixed) => (int)(mixed & int.MaxValue);
}
