using Folio.Paging;

namespace Folio.Engine;

/// <summary>Which blocks of prefixes are worth keeping: those of the cache and those that the file has, in one tree, most used first, parents before children.</summary>
internal sealed class PrefixSelection
{
    private readonly PrefixTable _tree;
    private readonly int[] _blocks;   // [nodes] block of the cache that holds the node; None: only the file does
    private readonly int[] _stored;   // [nodes] record of the file; None: only the cache has it
    private readonly long[] _uses;    // [nodes] never less than any child's: a long prompt's last block keeps those before it

    /// <param name="stored">What the file keeps. Uses there count half: what was asked for yesterday makes room for today's in time.</param>
    /// <param name="loads">[records] how often each was loaded in this run.</param>
    /// <param name="blocks">What the cache holds, parents before their children. A block whose parent isn't among them is of no use.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    public PrefixSelection(PrefixTable stored, ReadOnlySpan<int> loads, IReadOnlyCollection<IndexedBlock> blocks, int blockSize)
    {
        int most = stored.Count + blocks.Count;
        _tree = new PrefixTable(most, blockSize);
        (_blocks, _stored, _uses) = (new int[most], new int[most], new long[most]);
        AddStored(stored, loads);
        AddCached(blocks);
        for (int node = _tree.Count - 1; node >= 0; node--)
        {
            int parent = _tree[node].Parent;
            if (parent != PrefixTable.Root) _uses[parent] = Math.Max(_uses[parent], _uses[node]);
        }
    }

    /// <summary>Whether this differs from what the file keeps already.</summary>
    public bool Changed { get; private set; }

    public ref readonly PrefixRecord this[int node] => ref _tree[node];

    public ReadOnlySpan<int> Tokens(int node) => _tree.Tokens(node);

    /// <summary>The block of the cache that holds the node; None: the file has it, as <see cref="Stored"/>.</summary>
    public int Block(int node) => _blocks[node];

    public int Stored(int node) => _stored[node];

    public uint Uses(int node) => (uint)Math.Clamp(_uses[node], 0, uint.MaxValue);

    /// <summary>So many nodes at most, in the order in which they are worth their room.</summary>
    public List<int> Best(int most)
    {
        var children = new List<int>?[_tree.Count];
        var open = new PriorityQueue<int, (long, int, int)>(); // nodes whose parents are chosen
        for (int node = 0; node < _tree.Count; node++)
        {
            int parent = _tree[node].Parent;
            if (parent == PrefixTable.Root) Open(node);
            else (children[parent] ??= []).Add(node);
        }

        List<int> best = [];
        while (best.Count < most && open.TryDequeue(out int node, out _))
        {
            best.Add(node);
            foreach (int child in children[node] ?? []) Open(child);
        }

        return best;

        void Open(int node) => open.Enqueue(node, (-_uses[node], _blocks[node] == PrefixTable.None ? 1 : 0, node));
    }

    private void AddStored(PrefixTable stored, ReadOnlySpan<int> loads)
    {
        var nodes = new int[stored.Count]; // of each record
        for (int record = 0; record < stored.Count; record++)
        {
            PrefixRecord kept = stored[record];
            nodes[record] = PrefixTable.None;
            if (stored.IsDropped(record) || (kept.Parent != PrefixTable.Root && nodes[kept.Parent] == PrefixTable.None))
            {
                Changed = true;
                continue;
            }

            int parent = kept.Parent == PrefixTable.Root ? PrefixTable.Root : nodes[kept.Parent];
            int node = nodes[record] = AddNode(parent, kept.Namespace, stored.Tokens(record));
            _stored[node] = record;
            _uses[node] = kept.Uses / 2 + loads[record];
            Changed |= loads[record] > 0;
        }
    }

    private void AddCached(IReadOnlyCollection<IndexedBlock> blocks)
    {
        var nodes = new Dictionary<int, int>(blocks.Count) { [PrefixIndex.Root] = PrefixTable.Root }; // of each block
        foreach (IndexedBlock block in blocks)
        {
            if (!nodes.TryGetValue(block.Parent, out int parent)) continue;
            Digest @namespace = block.Salt is null ? default : Digest.Of(block.Salt);
            int node = _tree.Find(parent, @namespace, block.Tokens.Span);
            Changed |= node == PrefixTable.None || block.Uses > 0;
            if (node == PrefixTable.None) node = AddNode(parent, @namespace, block.Tokens.Span);
            nodes.Add(block.Block, node);
            _blocks[node] = block.Block;
            _uses[node] += block.Uses;
        }
    }

    private int AddNode(int parent, Digest @namespace, ReadOnlySpan<int> tokens)
    {
        int node = _tree.Add(new(parent, 0, @namespace, 0), tokens);
        _blocks[node] = _stored[node] = PrefixTable.None;
        return node;
    }
}
