namespace Folio.Engine;

/// <summary>How memory is divided at start; nothing on the step path allocates after that.</summary>
/// <param name="WeightBytes">Weights in the backend's layout.</param>
/// <param name="KvBytesPerToken">Keys and values of one token over all layers.</param>
/// <param name="KvBytes">The whole KV cache.</param>
/// <param name="Blocks">Blocks of the pool.</param>
/// <param name="BlockSize">Tokens of a block.</param>
/// <param name="MaxModelLen">Longest sequence, in tokens.</param>
public sealed record MemoryPlan(long WeightBytes, long KvBytesPerToken, long KvBytes, int Blocks, int BlockSize, int MaxModelLen)
{
    /// <summary>Tokens that the KV cache holds.</summary>
    public long Tokens => (long)Blocks * BlockSize;

    /// <summary>Sequences of full length that fit at once.</summary>
    public double ConcurrencyAtFullContext => (double)Tokens / MaxModelLen;
}
