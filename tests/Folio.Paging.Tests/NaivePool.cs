namespace Folio.Paging.Tests;

/// <summary>What a pool with a prefix index must do, with lists and searches. It learns the ids that were allocated and says whether they were allowed.</summary>
internal sealed class NaivePool(int blocks)
{
    public const int None = -1;

    /// <param name="Parent">The block before it, or <see cref="None"/>.</param>
    /// <param name="Content">What the backend stores for its tokens. As each token's content stands for all before it, this is the prefix.</param>
    /// <param name="Salt">Its namespace; null is the shared one.</param>
    public sealed record Node(int Parent, long[] Content, string? Salt)
    {
        public int Uses { get; set; }
    }

    public HashSet<int> Worthless { get; } = [.. Enumerable.Range(0, blocks)];

    /// <summary>Free and indexed, in the order of eviction.</summary>
    public List<int> Cached { get; } = [];

    public Dictionary<int, Node> Index { get; } = [];

    public int[] References { get; } = new int[blocks];

    public int Free => Worthless.Count + Cached.Count;

    public void Allocated(int block)
    {
        if (Worthless.Count == 0)
        {
            Check.That(block == Cached[0], $"block {block} was evicted, {Cached[0]} was due");
            Forget(block);
        }

        Check.That(Worthless.Remove(block), $"block {block} was allocated, {(References[block] > 0 ? "which is held" : "which is worth more than others")}");
        References[block] = 1;
    }

    public void Share(int block)
    {
        Cached.Remove(block);
        References[block]++;
    }

    public void Release(int block)
    {
        if (--References[block] > 0) return;
        if (!Index.ContainsKey(block)) Worthless.Add(block);
        for (; Index.ContainsKey(block) && References[block] == 0; block = Index[block].Parent)
        {
            Cached.Remove(block); // an ancestor that was freed earlier leaves after its child all the same
            Cached.Add(block);
        }
    }

    public int Find(int parent, long[] content, string? salt)
    {
        int own = FindIn(salt);
        bool shared = parent == None || Index[parent].Salt is null;
        return own == None && shared ? FindIn(null) : own;

        int FindIn(string? space) => Index.Where(pair => pair.Value.Parent == parent && pair.Value.Salt == space && pair.Value.Content.AsSpan().SequenceEqual(content))
            .Select(pair => pair.Key).DefaultIfEmpty(None).Single();
    }

    public void Forget(int block)
    {
        foreach (int child in Index.Where(pair => pair.Value.Parent == block).Select(pair => pair.Key).ToList()) Forget(child);
        Index.Remove(block);
        if (Cached.Remove(block)) Worthless.Add(block);
    }

    public void Reset()
    {
        Index.Clear();
        Worthless.UnionWith(Cached);
        Cached.Clear();
    }
}

internal static class Check
{
    public static void That(bool condition, string fault)
    {
        if (!condition) throw new InvalidOperationException(fault);
    }
}
