namespace Folio.Compute.Cpu;

/// <summary>One worker's memory for one tile. For 24 query vectors of 64 channels its parts that are in use together fit into a first-level cache of 32 KB.</summary>
internal readonly unsafe struct AttentionScratch
{
    /// <summary>Scores and keys before and behind a chunk: whole vectors are stored at its ends.</summary>
    private const int Slack = 16;

    private const int RowSize = AttentionPlan.ChunkTokens * 2; // pointers, in floats

    public const int ScoreStride = Slack + AttentionPlan.ChunkTokens + Slack;

    /// <summary>Numbers from one channel's keys to the next's.</summary>
    public const int KeyRow = Slack + AttentionPlan.ChunkTokens + Slack;

    public readonly float* Queries;         // [queries, headDim], scaled
    public readonly float* Merged;          // [queries, StateStride(headDim)]
    public readonly float* Partial;         // likewise
    public readonly float* Largest;         // [queries] of the chunk's scores
    public readonly int* From, To;          // [queries] visible positions of the chunk, relative to its origin; none where From ≥ To
    public readonly float* KeyScales, ValueScales; // of the chunk's tokens, where numbers have scales
    public readonly byte** Rows;            // [ChunkTokens] where each token's values lie in the cache
    public readonly float* Values;          // [ChunkTokens, PaddedChannels(headDim)] in fp32, in the same memory as the keys
    private readonly float* _scores;        // [queries, ScoreStride]

    public AttentionScratch(float* memory, int queries, int headDim)
    {
        Rows = (byte**)memory;
        Values = memory + RowSize;
        Queries = Values + ChunkSize(headDim);
        Merged = Queries + queries * RoundUp(headDim, 16);
        Partial = Merged + queries * StateStride(headDim);
        _scores = Partial + queries * StateStride(headDim);
        Largest = _scores + queries * ScoreStride;
        From = (int*)(Largest + queries);
        To = From + queries;
        KeyScales = (float*)(To + queries) + Slack;
        ValueScales = KeyScales + ScoreStride;
    }

    /// <summary>The chunk's keys in fp32, its first token in the first channel: [headDim, KeyRow].</summary>
    public float* Keys => Values + Slack;

    /// <summary>The scores of query vector <paramref name="query"/>, the chunk's first token at [0].</summary>
    public float* Scores(int query) => _scores + query * ScoreStride + Slack;

    /// <summary>Values between the softmax states of two query vectors: see <see cref="SoftmaxState"/>.</summary>
    public static int StateStride(int headDim) => PaddedChannels(headDim) + 16;

    /// <summary>Channels rounded up to what the widest tile takes; what is in the padding is never used.</summary>
    public static int PaddedChannels(int headDim) => RoundUp(headDim, 32);

    public static long Size(int queries, int headDim) =>
        RoundUp(RowSize + ChunkSize(headDim) + queries * (RoundUp(headDim, 16) + 2 * StateStride(headDim) + ScoreStride + 3) + 2 * ScoreStride, 16);

    private static int ChunkSize(int headDim) => Math.Max(headDim * KeyRow, AttentionPlan.ChunkTokens * PaddedChannels(headDim));

    private static int RoundUp(int values, int multiple) => (values + multiple - 1) / multiple * multiple;
}
