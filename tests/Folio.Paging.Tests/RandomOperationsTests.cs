namespace Folio.Paging.Tests;

/// <summary>Random operations against a model that stores every token of every sequence: what is read back through the tables must be those tokens.</summary>
public sealed class RandomOperationsTests(ITestOutputHelper output)
{
    private const int Operations = 50_000; // of each of the four pools below

    private enum Kind { Append, Fork, Free }

    /// <param name="Kind">What happens.</param>
    /// <param name="Sequence">To which of the living sequences: an index modulo their number.</param>
    /// <param name="Tokens">Tokens to append.</param>
    private readonly record struct Operation(Kind Kind, int Sequence, int Tokens);

    [Theory]
    [InlineData(7, 1)]
    [InlineData(20, 4)]
    [InlineData(100, 16)]
    [InlineData(33, 3)]
    public void Random_operations_agree_with_the_naive_model(int blocks, int blockSize)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}, {blocks} blocks of {blockSize}");
        var random = new Random(seed);
        const int chunk = 500; // short runs from an empty pool, so that a failure shrinks quickly
        for (int run = 0; run < Operations / chunk; run++)
        {
            Operation[] operations = [.. Enumerable.Range(0, chunk).Select(_ => Draw(random, blockSize))];
            if (Fault(operations, blocks, blockSize) is null) continue;
            Operation[] smallest = Shrink(operations, blocks, blockSize);
            Assert.Fail($"seed {seed}: {Fault(smallest, blocks, blockSize)} after {string.Join("; ", smallest)}");
        }
    }

    private static Operation Draw(Random random, int blockSize) => new(
        random.Next(10) switch { < 6 => Kind.Append, < 8 => Kind.Fork, _ => Kind.Free },
        random.Next(1000),
        random.Next(4) == 0 ? random.Next(3 * blockSize + 1) : 1);

    /// <returns>What went wrong, or null.</returns>
    private static string? Fault(Operation[] operations, int blocks, int blockSize)
    {
        try
        {
            var model = new Model(blocks, blockSize);
            foreach (Operation operation in operations) model.Apply(operation);
            model.FreeAll();
            return null;
        }
        catch (Exception fault)
        {
            return fault.Message;
        }
    }

    /// <summary>Leaves out whatever can be left out while it still fails.</summary>
    private static Operation[] Shrink(Operation[] operations, int blocks, int blockSize)
    {
        for (int length = operations.Length / 2; length > 0; length /= 2)
        {
            for (int start = 0; start + length <= operations.Length;)
            {
                Operation[] shorter = [.. operations[..start], .. operations[(start + length)..]];
                if (Fault(shorter, blocks, blockSize) is null) start += length;
                else operations = shorter;
            }
        }

        return operations;
    }

    private sealed class Model(int blocks, int blockSize)
    {
        private readonly BlockPool _pool = new(blocks, blockSize);
        private readonly int[] _slots = new int[blocks * blockSize]; // what the backend would store
        private readonly CopyList _copies = new(1);
        private readonly List<(BlockTable Table, List<int> Tokens)> _sequences = [];
        private int _nextToken = 1;

        public void Apply(Operation operation)
        {
            if (_sequences.Count == 0) _sequences.Add((new BlockTable(_pool), []));
            int index = operation.Sequence % _sequences.Count;
            (BlockTable table, List<int> tokens) = _sequences[index];
            switch (operation.Kind)
            {
                case Kind.Append:
                    Append(table, tokens, operation.Tokens);
                    break;
                case Kind.Fork:
                    int free = _pool.Free;
                    var child = new BlockTable(_pool);
                    child.ForkFrom(table);
                    _sequences.Add((child, [.. tokens]));
                    Require(_pool.Free == free, "a fork took a block");
                    break;
                default:
                    table.Free();
                    _sequences.RemoveAt(index);
                    break;
            }

            Verify();
        }

        public void FreeAll()
        {
            foreach ((BlockTable table, _) in _sequences) table.Free();
            _sequences.Clear();
            Verify();
            Require(_pool.Free == blocks, "blocks are lost");
        }

        private void Append(BlockTable table, List<int> tokens, int count)
        {
            // The naive account: a block for each started blockSize tokens, one more if the last is partly filled and another table holds it.
            int held = (tokens.Count + blockSize - 1) / blockSize;
            int wanted = (tokens.Count + count + blockSize - 1) / blockSize - held;
            bool shared = tokens.Count % blockSize != 0 && _sequences.Count(other => other.Table.Blocks.Contains(table.Blocks[^1])) > 1;
            if (shared && count > 0) wanted++;

            int free = _pool.Free;
            _copies.Truncate(0);
            Require(table.BlocksNeeded(count) == wanted, $"{wanted} blocks are needed, not {table.BlocksNeeded(count)}");
            bool appended = table.TryAppend(count, _copies);
            Require(appended == wanted <= free, $"append said {appended} with {free} blocks free and {wanted} wanted");
            Require(_copies.Count == (appended && shared && count > 0 ? 1 : 0), $"{_copies.Count} copies");
            if (!appended)
            {
                Require(_pool.Free == free, "a failed append took blocks");
                return;
            }

            foreach (BlockCopy copy in _copies.Copies) _slots.AsSpan(copy.Source * blockSize, blockSize).CopyTo(_slots.AsSpan(copy.Destination * blockSize));
            for (int i = 0; i < count; i++)
            {
                int position = tokens.Count;
                Require(_pool.References(table.Blocks[position / blockSize]) == 1, "a writable block is shared");
                _slots[table.Blocks[position / blockSize] * blockSize + position % blockSize] = _nextToken;
                tokens.Add(_nextToken++);
            }
        }

        private void Verify()
        {
            _pool.Verify(_sequences.Select(sequence => sequence.Table));
            foreach ((BlockTable table, List<int> tokens) in _sequences)
            {
                Require(table.Tokens == tokens.Count, $"{table.Tokens} slots for {tokens.Count} tokens");
                Require(table.Blocks.Length * blockSize - tokens.Count < blockSize, "more than one block is wasted");
                for (int t = 0; t < tokens.Count; t++) Require(_slots[table.Blocks[t / blockSize] * blockSize + t % blockSize] == tokens[t], $"token {t} was overwritten");
            }
        }

        private static void Require(bool condition, string fault)
        {
            if (!condition) throw new InvalidOperationException(fault);
        }
    }
}
