namespace Folio.Compute.Cpu;

/// <summary>One worker's memory for one tile.</summary>
internal readonly unsafe struct AttentionScratch
{
    /// <summary>Scores before and behind a partition: whole vectors are stored at its ends.</summary>
    private const int Slack = 16;

    private const int ScoreStride = Slack + AttentionPlan.PartitionTokens + Slack;

    /// <summary>The sum of exponentials where a query vector sees nothing of a partition.</summary>
    public const float Nothing = 0;

    public readonly float* Queries;         // [queries, headDim], scaled
    public readonly float* Merged;          // [queries, StateStride(channelLanes)]
    public readonly float* Partial;         // likewise
    public readonly int* From, To; // [queries] visible positions of the partition at hand, relative to its origin; none where From ≥ To
    public readonly float* KeyScales, ValueScales; // of the partition's tokens, where numbers have scales
    private readonly float* _scores;       // [queries, ScoreStride]

    public AttentionScratch(float* memory, int queries, int headDim, int channelLanes)
    {
        Queries = memory;
        Merged = Queries + queries * RoundUp(headDim);
        Partial = Merged + queries * StateStride(channelLanes);
        _scores = Partial + queries * StateStride(channelLanes);
        From = (int*)(_scores + queries * ScoreStride);
        To = From + queries;
        KeyScales = (float*)(To + queries) + Slack;
        ValueScales = KeyScales + ScoreStride;
    }

    /// <summary>The scores of query vector <paramref name="query"/>, the partition's first token at [0].</summary>
    public float* Scores(int query) => _scores + query * ScoreStride + Slack;

    /// <summary>
    /// Values between the softmax states of two query vectors: Σ e^(s − max) · v [channelLanes], then max and Σ e^(s − max). A max of NaN
    /// or −∞ is a state like any other; <see cref="Nothing"/> as the sum marks that no position was visible.
    /// </summary>
    public static int StateStride(int channelLanes) => channelLanes + 8;

    public static long Size(int queries, int headDim, int channelLanes) =>
        (long)queries * (RoundUp(headDim) + 2 * StateStride(channelLanes) + ScoreStride + 2) + 2 * ScoreStride;

    private static int RoundUp(int values) => (values + 7) & ~7;
}
