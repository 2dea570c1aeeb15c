using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Folio.Paging;

/// <summary>Finds full blocks by what they hold: a tree whose nodes are blocks, an edge being the exact tokens of the child.</summary>
/// <remarks>
/// A block's key is (parent block, its tokens, namespace). As the parent stands for everything before it, equal keys mean equal prefixes from token 0; tokens are
/// always compared, so a hash collision costs time and never hands one caller another's content. The hash is seeded per process.
/// Held and free blocks are indexed alike. What leaves the index takes everything below it along: a child must never name a block that means something else by now.
/// Layout: one <see cref="Entry"/> of half a cache line a block, hash chains and child lists threaded through them; tokens [blocks, blockSize]. Lookup, add
/// and remove are O(1) a block and touch no managed heap.
/// </remarks>
public sealed partial class PrefixIndex
{
    /// <summary>The namespace that every other one may read: prefixes that are pinned for everybody.</summary>
    public const int Shared = 0;

    /// <summary>The parent of a sequence's first block.</summary>
    public const int Root = -1;

    internal const int None = -1;
    private const int NotIndexed = -2; // as a parent

    private static readonly ulong Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private struct Entry
    {
        public int NextInBucket;
        public int Bucket;
        public int Parent; // Root, a block, or NotIndexed
        public int Namespace;
        public int FirstChild;
        public int NextSibling;
        public int PreviousSibling;
        public int Uses;
    }

    private readonly BlockPool _pool;
    private readonly int _blockSize;
    private readonly Entry[] _entries; // [blocks]
    private readonly int[] _tokens;    // [blocks, blockSize]
    private readonly int[] _buckets;   // [power of two >= blocks] the first block of a hash chain
    private readonly Namespaces _namespaces = new();
    private int _firstOfRoot;          // the root's child list

    internal PrefixIndex(BlockPool pool)
    {
        long tokens = (long)pool.Blocks * pool.BlockSize;
        if (tokens > Array.MaxLength) throw new FolioException($"a prefix index over {tokens} tokens was asked for; at most {Array.MaxLength} can be indexed. Use fewer blocks, or no prefix caching.");
        _pool = pool;
        _blockSize = pool.BlockSize;
        _entries = new Entry[pool.Blocks];
        _tokens = new int[tokens];
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)pool.Blocks)];
        Clear();
    }

    /// <summary>Indexed blocks, held or free.</summary>
    public int Count { get; private set; }

    /// <summary>How often <see cref="Reset"/> was called. What was written before counts as unknown from then on.</summary>
    internal int Epoch { get; private set; }

    /// <summary>How often a block was dropped while a table held it: tables that see another number look again which of their blocks are indexed.</summary>
    internal int Version { get; private set; }

    /// <summary>The namespace of a cache salt, for one more user. At least 1.</summary>
    public int Enter(string salt) => _namespaces.Enter(salt);

    /// <summary>One user less. The number serves another salt when it has no user and no indexed block left.</summary>
    public void Leave(int ns) => _namespaces.Leave(ns);

    /// <summary>How much of a prefix is there. Changes nothing.</summary>
    /// <param name="tokens">The tokens of a sequence from its first on.</param>
    /// <param name="ns">The sequence's namespace.</param>
    /// <returns>Leading full blocks of these tokens that are indexed, and how many of those some table holds: the others, when hit, are free blocks less.</returns>
    public (int Hits, int InUse) Peek(ReadOnlySpan<int> tokens, int ns)
    {
        int hits = 0, inUse = 0;
        for (int block = Root; tokens.Length >= _blockSize; tokens = tokens[_blockSize..])
        {
            block = Find(block, tokens[.._blockSize], ns);
            if (block == None) break;
            hits++;
            if (_pool.References(block) > 0) inUse++;
        }

        return (hits, inUse);
    }

    /// <summary>Forgets everything. Tables that live on go on, but what they hold is not indexed again until they were emptied, or <see cref="BlockTable.Renew">renewed</see>.</summary>
    public void Reset()
    {
        Clear();
        _namespaces.LostAll();
        _pool.AllForgotten();
        Epoch++;
    }

    public bool Contains(int block) => _entries[block].Parent != NotIndexed;

    internal int Parent(int block) => _entries[block].Parent;

    internal int Namespace(int block) => _entries[block].Namespace;

    /// <summary>The block that holds these tokens after <paramref name="parent"/>: the namespace's own, else, as long as nothing of the prefix is private, the shared one.</summary>
    /// <returns><see cref="None"/> when there is none.</returns>
    internal int Find(int parent, ReadOnlySpan<int> tokens, int ns)
    {
        int block = FindIn(parent, tokens, ns);
        if (block != None || ns == Shared || parent != Root && _entries[parent].Namespace != Shared) return block;
        return FindIn(parent, tokens, Shared);
    }

    /// <summary>Indexes a block that a table holds. No equal one may be indexed.</summary>
    internal void Add(int block, int parent, ReadOnlySpan<int> tokens, int ns)
    {
        if (Contains(block)) throw new InvalidOperationException($"block {block} is indexed already");
        if (parent != Root && _entries[parent].Namespace is var above && above != ns && above != Shared)
        {
            throw new InvalidOperationException($"a block of namespace {ns} can't follow one of namespace {above}"); // one tenant's content under another's
        }

        int bucket = Bucket(parent, tokens, ns);
        ref int siblings = ref FirstChild(parent);
        _entries[block] = new Entry
        {
            NextInBucket = _buckets[bucket],
            Bucket = bucket,
            Parent = parent,
            Namespace = ns,
            FirstChild = None,
            NextSibling = siblings,
            PreviousSibling = None,
        };
        if (siblings != None) _entries[siblings].PreviousSibling = block;
        _buckets[bucket] = siblings = block;
        tokens.CopyTo(Tokens(block));
        _namespaces.Gained(ns);
        Count++;
    }

    /// <summary>Takes a block and all that follow it out of the index; nothing happens when it isn't there.</summary>
    public void Remove(int block)
    {
        if (!Contains(block)) return;
        for (int leaf = block; ;)
        {
            while (_entries[leaf].FirstChild != None) leaf = _entries[leaf].FirstChild;
            int parent = _entries[leaf].Parent;
            RemoveLeaf(leaf);
            if (leaf == block) return;
            leaf = parent;
        }
    }

    internal void CountUse(int block) => _entries[block].Uses++;

    private void RemoveLeaf(int block)
    {
        ref Entry entry = ref _entries[block];
        ref int link = ref _buckets[entry.Bucket];
        while (link != block) link = ref _entries[link].NextInBucket;
        link = entry.NextInBucket;

        if (entry.PreviousSibling == None) FirstChild(entry.Parent) = entry.NextSibling;
        else _entries[entry.PreviousSibling].NextSibling = entry.NextSibling;
        if (entry.NextSibling != None) _entries[entry.NextSibling].PreviousSibling = entry.PreviousSibling;

        entry.Parent = NotIndexed;
        Count--;
        _namespaces.Lost(entry.Namespace);
        _pool.Forgotten(block);
        if (_pool.References(block) > 0) Version++;
    }

    private int FindIn(int parent, ReadOnlySpan<int> tokens, int ns)
    {
        for (int block = _buckets[Bucket(parent, tokens, ns)]; block != None;)
        {
            ref readonly Entry entry = ref _entries[block];
            if (entry.Parent == parent && entry.Namespace == ns && tokens.SequenceEqual(Tokens(block))) return block;
            block = entry.NextInBucket;
        }

        return None;
    }

    private void Clear()
    {
        _entries.AsSpan().Fill(new Entry { Parent = NotIndexed });
        _buckets.AsSpan().Fill(None);
        _firstOfRoot = None;
        Count = 0;
    }

    private Span<int> Tokens(int block) => _tokens.AsSpan(block * _blockSize, _blockSize);

    private ref int FirstChild(int parent) => ref parent == Root ? ref _firstOfRoot : ref _entries[parent].FirstChild;

    /// <remarks>Two tokens a round: multiply to 128 bits and fold (the step of wyhash). Who doesn't know the seed can't aim for a bucket.</remarks>
    private int Bucket(int parent, ReadOnlySpan<int> tokens, int ns)
    {
        ulong hash = Fold(Seed ^ ((ulong)(uint)parent << 32 | (uint)ns));
        foreach (ulong pair in MemoryMarshal.Cast<int, ulong>(tokens)) hash = Fold(hash ^ pair);
        if ((tokens.Length & 1) != 0) hash = Fold(hash ^ (uint)tokens[^1]);
        return (int)(hash ^ hash >> 32) & _buckets.Length - 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong value)
    {
        const ulong multiplier = 0x9E3779B97F4A7C15; // 2^64 over the golden ratio
        ulong high = Math.BigMul(value, multiplier, out ulong low);
        return high ^ low;
    }
}
