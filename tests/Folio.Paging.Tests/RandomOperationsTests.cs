namespace Folio.Paging.Tests;

/// <summary>Random operations against a naive model: 10^5 over the pools below, everything verified after each.</summary>
public sealed class RandomOperationsTests(ITestOutputHelper output)
{
    private const int Operations = 20_000; // of each pool
    private const int RunLength = 400;     // short runs from empty pools, so that a failure shrinks quickly

    [Theory]
    [InlineData(7, 1, 4, true)]
    [InlineData(20, 4, 12, true)]
    [InlineData(60, 2, 20, true)]
    [InlineData(33, 3, 40, true)]
    [InlineData(20, 4, 8, false)]
    public void Random_operations_agree_with_the_naive_model(int blocks, int blockSize, int hostBlocks, bool prefixCaching)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}, {blocks} blocks of {blockSize}");
        var random = new Random(seed);
        for (int run = 0; run < Operations / RunLength; run++)
        {
            Operation[] operations = [.. Enumerable.Range(0, RunLength).Select(_ => Draw(random, blockSize))];
            if (Fault(operations) is null) continue;
            Operation[] smallest = Shrink(operations);
            Assert.Fail($"seed {seed}, run {run}: {Fault(smallest)} after {string.Join("; ", smallest)}");
        }

        string? Fault(Operation[] operations)
        {
            try
            {
                var world = new World(blocks, blockSize, hostBlocks, prefixCaching);
                foreach (Operation operation in operations) world.Apply(operation);
                world.FreeAll();
                return null;
            }
            catch (Exception fault)
            {
                return fault.Message;
            }
        }

        // Leaves out and makes plainer whatever can be while it still fails.
        Operation[] Shrink(Operation[] operations)
        {
            Operation[] before;
            do
            {
                before = operations;
                for (int length = operations.Length / 2; length > 0; length /= 2)
                {
                    for (int start = 0; start + length <= operations.Length;)
                    {
                        if (!TryReplace([.. operations[..start], .. operations[(start + length)..]])) start += length;
                    }
                }

                for (int i = 0; i < operations.Length; i++)
                {
                    TryReplace([.. operations[..i], operations[i] with { Sequence = 0 }, .. operations[(i + 1)..]]);
                    TryReplace([.. operations[..i], operations[i] with { Amount = 0 }, .. operations[(i + 1)..]]);
                    TryReplace([.. operations[..i], operations[i] with { Choice = 0 }, .. operations[(i + 1)..]]);
                }
            }
            while (operations.Length < before.Length);

            return operations;

            bool TryReplace(Operation[] simpler)
            {
                if (Fault(simpler) is null) return false;
                operations = simpler;
                return true;
            }
        }
    }

    private static Operation Draw(Random random, int blockSize) => new(
        random.Next(100) switch
        {
            < 14 => Kind.New,
            < 28 => Kind.Append,
            < 36 => Kind.Match,
            < 46 => Kind.Index,
            < 60 => Kind.Step,
            < 62 => Kind.FailStep,
            < 63 => Kind.Unindex,
            < 73 => Kind.Fork,
            < 83 => Kind.Free,
            < 89 => Kind.SwapOut,
            < 96 => Kind.SwapIn,
            < 99 => Kind.Evict,
            _ => Kind.Reset,
        },
        random.Next(1000),
        random.Next(3) == 0 ? random.Next(4 * blockSize + 1) : random.Next(3),
        random.Next(12));
}
