using Folio.Engine;

namespace Folio.Simulation;

/// <summary>Which beams live on: after each step every beam's successor is drawn, and the better a beam ranks, the likelier it has successors.</summary>
/// <remarks>
/// A stated model, as there are no logits here: each of the k places picks its parent among the k beams with weights r^rank. Where a parent has several successors, one goes on in
/// its place and the others fork into the places of beams that have none, as the engine's own search does. What sharing saves hardly depends on r (0.7 to 0.96: within 0.7
/// points) and is what real logits give on the real engine (docs/paper, Fig. 15).
/// </remarks>
internal sealed class BeamModel(Draws draws, double rankWeight)
{
    private readonly List<Sequence> _alive = [];
    private readonly List<Sequence> _dead = [];

    /// <summary>One step's deaths and forks. Sequences are taken in order of rank.</summary>
    /// <param name="sequences">The beams of a group, all with equally many tokens.</param>
    /// <returns>Tokens in the caches of those that were forked: what a system without sharing copies.</returns>
    public long Step(ReadOnlySpan<Sequence> sequences)
    {
        Span<int> successors = stackalloc int[sequences.Length];
        successors.Clear();
        foreach (Sequence _ in sequences) successors[Pick(sequences.Length)]++;

        _dead.Clear();
        _alive.Clear();
        for (int rank = 0; rank < sequences.Length; rank++)
        {
            if (successors[rank] == 0) _dead.Add(sequences[rank]);
            for (int extra = 1; extra < successors[rank]; extra++) _alive.Add(sequences[rank]);
        }

        long tokens = 0;
        for (int i = 0; i < _dead.Count; i++)
        {
            tokens += _alive[i].Computed;
            Fork?.Invoke(_alive[i], _dead[i]);
        }

        return tokens;
    }

    /// <summary>Makes the second share the first's cache; null where nothing is shared.</summary>
    public Action<Sequence, Sequence>? Fork { get; init; }

    private int Pick(int width)
    {
        double total = (1 - Math.Pow(rankWeight, width)) / (1 - rankWeight), at = draws.NextUniform() * total;
        int rank = 0;
        for (double weight = 1; rank < width - 1 && at >= weight; weight *= rankWeight, rank++) at -= weight;
        return rank;
    }
}
