namespace Folio.Paging.Tests;

internal enum Kind { New, Append, Match, Index, Step, FailStep, Unindex, Fork, Free, SwapOut, SwapIn, Evict, Reset }

/// <param name="Kind">What happens.</param>
/// <param name="Sequence">To which of the living sequences: an index modulo their number.</param>
/// <param name="Amount">How many tokens, blocks or sequences, as the kind wants.</param>
/// <param name="Choice">Which of some ways.</param>
internal readonly record struct Operation(Kind Kind, int Sequence, int Amount, int Choice)
{
    public override string ToString() => $"{Kind}({Sequence}, {Amount}, {Choice})";
}

/// <summary>Two pools and the sequences that live in them, beside a naive account of both and of every slot's content.</summary>
/// <remarks>
/// A token's content is a hash of all tokens up to it, as keys and values are a function of the whole prefix. A wrong hit, a lost copy, a block written while
/// others read it, or a child found under a parent that means something else by now all show as content that isn't what the sequence's tokens give.
/// </remarks>
internal sealed partial class World
{
    private const int MostSequences = 10;

    private readonly int _blockSize;
    private readonly bool _caching;
    private readonly BlockPool _device, _host;
    private readonly NaivePool _naiveDevice, _naiveHost;
    private readonly long[] _deviceSlots, _hostSlots;
    private readonly BlockMap _map;
    private readonly CopyList _copies = new(1);
    private readonly List<Sequence> _sequences = [];
    private int _epoch;

    private sealed class Sequence(BlockPool device, BlockPool host, string? salt, int ns)
    {
        public BlockTable Device { get; } = new(device);

        public BlockTable Host { get; } = new(host);

        public string? Salt { get; } = salt;

        public int Namespace { get; } = ns;

        /// <summary>Says, with the tokens so far, what its next token is: equal sequences of equal taste go on equally.</summary>
        public int Taste { get; set; }

        public List<int> Tokens { get; } = [];

        public List<long> Contents { get; } = [];

        public List<int> Blocks { get; set; } = [];

        public bool IsAway { get; set; }

        public int Indexed { get; set; }

        public int Epoch { get; set; }
    }

    public World(int blocks, int blockSize, int hostBlocks, bool caching)
    {
        _blockSize = blockSize;
        _caching = caching;
        _device = new BlockPool(blocks, blockSize, caching);
        _host = new BlockPool(hostBlocks, blockSize);
        _naiveDevice = new NaivePool(blocks);
        _naiveHost = new NaivePool(hostBlocks);
        _deviceSlots = new long[blocks * blockSize];
        _hostSlots = new long[hostBlocks * blockSize];
        _map = new BlockMap(Math.Max(blocks, hostBlocks));
    }

    public void Apply(Operation operation)
    {
        if (_sequences.Count == 0 || operation.Kind == Kind.New && _sequences.Count < MostSequences) New(operation);
        Sequence sequence = _sequences[operation.Sequence % _sequences.Count];
        _copies.Truncate(0);
        switch (operation.Kind)
        {
            case Kind.Free: Free(sequence); break;
            case Kind.SwapIn: SwapIn(operation); break;
            case Kind.SwapOut: SwapOut(operation); break;
            case Kind.Evict: Evict(operation.Amount); break;
            case Kind.Reset: Reset(sequence); break;
            case Kind.Step or Kind.FailStep: Step(operation); break;
            case Kind.New: break;
            default:
                if (!sequence.IsAway) ApplyToOne(sequence, operation);
                break;
        }

        Verify();
    }

    public void FreeAll()
    {
        while (_sequences.Count > 0) Free(_sequences[^1]);
        Verify();
        Check.That(_device.Free == _device.Blocks && _host.Free == _host.Blocks, "blocks are lost");
    }

    private void ApplyToOne(Sequence sequence, Operation operation)
    {
        switch (operation.Kind)
        {
            case Kind.Append:
                int start = sequence.Tokens.Count;
                if (!Append(sequence, operation.Amount)) break;
                foreach (BlockCopy copy in _copies.Copies) Copy(_deviceSlots, copy.Source, _deviceSlots, copy.Destination);
                Compute(sequence, start);
                break;
            case Kind.Match: Match(sequence, operation.Amount); break;
            case Kind.Index: Index(sequence, merge: operation.Choice % 2 == 0); break;
            case Kind.Unindex: Unindex(sequence, operation.Amount); break;
            case Kind.Fork when _sequences.Count < MostSequences: Fork(sequence, operation.Choice % 3); break;
        }
    }

    private void Verify()
    {
        _device.Verify(_sequences.Select(sequence => sequence.Device));
        _host.Verify(_sequences.Select(sequence => sequence.Host));
        Check.That(_device.Free == _naiveDevice.Free && _host.Free == _naiveHost.Free, "the pools' free counts are wrong");
        Check.That(_device.Cached == _naiveDevice.Cached.Count, $"{_device.Cached} cached, not {_naiveDevice.Cached.Count}");
        foreach (Sequence sequence in _sequences) Verify(sequence);
        foreach ((int block, NaivePool.Node node) in _naiveDevice.Index)
        {
            Check.That(_deviceSlots.AsSpan(block * _blockSize, _blockSize).SequenceEqual(node.Content), $"block {block} is indexed and doesn't hold what it is indexed for");
        }

        Check.That((_device.Prefixes?.Count ?? 0) == _naiveDevice.Index.Count, "the index has other blocks");
        foreach (IndexedBlock block in _device.Prefixes?.Blocks() ?? [])
        {
            NaivePool.Node node = _naiveDevice.Index[block.Block];
            Check.That((node.Parent, node.Salt, node.Uses) == (block.Parent, block.Salt, block.Uses), $"{block} is indexed, not {node}");
        }
    }

    private void Verify(Sequence sequence)
    {
        (BlockTable table, BlockTable other, long[] slots) = sequence.IsAway ? (sequence.Host, sequence.Device, _hostSlots) : (sequence.Device, sequence.Host, _deviceSlots);
        Check.That(table.Blocks.SequenceEqual(sequence.Blocks.ToArray()), $"a table holds {string.Join(' ', table.Blocks.ToArray())}, not {string.Join(' ', sequence.Blocks)}");
        Check.That(other.Tokens == 0 && other.Blocks.IsEmpty, "a sequence is in two pools");
        Check.That(table.Tokens == sequence.Tokens.Count, $"{table.Tokens} slots for {sequence.Tokens.Count} tokens");
        Check.That(table.Blocks.Length * _blockSize - table.Tokens < _blockSize, "a whole block is wasted");
        for (int t = 0; t < table.Tokens; t++) Check.That(slots[Slot(table, t)] == sequence.Contents[t], $"token {t} has another's content");

        if (sequence.IsAway) return;
        if (sequence.Epoch != _epoch) sequence.Indexed = 0;
        int chain = 0; // another's unindexing may have shortened it
        while (chain < sequence.Indexed && _naiveDevice.Index.GetValueOrDefault(sequence.Blocks[chain])?.Parent == (chain == 0 ? NaivePool.None : sequence.Blocks[chain - 1])) chain++;
        sequence.Indexed = chain;
        Check.That(table.Indexed == chain, $"{table.Indexed} blocks are indexed, not {chain}");
    }

    private int Slot(BlockTable table, int token) => table.Blocks[token / _blockSize] * _blockSize + token % _blockSize;
}
