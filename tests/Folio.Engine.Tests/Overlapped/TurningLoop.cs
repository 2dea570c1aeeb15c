using Folio.Compute;
using Folio.Paging;

namespace Folio.Engine.Tests;

/// <summary>A loop beside which nothing at all is computed, with sequences that go on for long: what is left is the host's work.</summary>
internal sealed class TurningLoop
{
    private readonly List<SequenceGroup> _groups = [];
    private readonly EngineLoop _loop;

    public TurningLoop(int sequences)
    {
        const int longest = 1000;
        StepLimits limits = new(Tokens: 2 * sequences, sequences, sequences);
        var pool = new BlockPool(sequences * longest / 16, blockSize: 16, prefixCaching: true);
        var inbox = new RequestInbox();
        var metrics = new EngineMetrics(longest);
        var costs = StepCosts.For(1);
        var runner = new IdleRunner();
        _loop = new EngineLoop(inbox, new Scheduler(pool, limits, longest, new(), costs, metrics), runner, new Sampler(runner, limits), costs, metrics);
        for (int i = 0; i < sequences; i++)
        {
            var group = new SequenceGroup(Given.Request(prompt: 1 + i % 16, longest - 20), longest, [], pool, (ulong)i, new RequestOutlet());
            _groups.Add(group);
            inbox.Post(new(MessageKind.Submit, group, 0));
        }
    }

    public void Run(int turns)
    {
        for (int turn = 0; turn < turns; turn++)
        {
            Assert.True(_loop.Step());
            foreach (SequenceGroup group in _groups)
            {
                while (group.Outlet.Events.TryRead(out _)) { }
            }
        }
    }

    private sealed class IdleRunner : IModelRunner
    {
        public int VocabularySize => 40;

        public bool RunsBeside => true;

        public int BytesPerBlock => 1;

        public void CopyBlocks(ReadOnlySpan<Compute.BlockCopy> copies)
        {
        }

        public void SwapOut(SwapTier tier, ReadOnlySpan<Compute.BlockCopy> copies)
        {
        }

        public void SwapIn(SwapTier tier, ReadOnlySpan<Compute.BlockCopy> copies)
        {
        }

        public void ReadBlock(int block, Span<byte> image)
        {
        }

        public void WriteBlock(int block, ReadOnlySpan<byte> image)
        {
        }

        public void Execute(StepBatch batch)
        {
        }

        public Span<float> Logits(int row) => [];

        public ReadOnlySpan<float> HiddenState(int tokenRow) => [];

        public void BeginSample(ReadOnlySpan<SampleRequest> requests)
        {
        }

        public void EndSample(Span<int> tokens) => tokens.Fill(7);

        public void Dispose()
        {
        }
    }
}
