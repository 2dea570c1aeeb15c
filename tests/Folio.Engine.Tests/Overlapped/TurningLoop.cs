using Folio.Bench;
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
        var runner = new IdleRunner(runsBeside: true);
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
}
