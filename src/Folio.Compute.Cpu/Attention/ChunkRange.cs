namespace Folio.Compute.Cpu;

/// <summary>What one tile and KV head see of one chunk of the context.</summary>
/// <param name="table">The sequence's block table.</param>
/// <param name="queries">Query vectors.</param>
/// <param name="origin">The chunk's first position.</param>
/// <param name="first">The first position that a query vector sees.</param>
/// <param name="end">One past the last.</param>
internal readonly unsafe struct ChunkRange(int* table, int kvHead, int queries, int origin, int first, int end)
{
    public readonly int* Table = table;
    public readonly int KvHead = kvHead, Queries = queries, Origin = origin, First = first, End = end;
}
