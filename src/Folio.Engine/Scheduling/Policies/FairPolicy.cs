namespace Folio.Engine;

/// <summary>The tenant that has been served least goes first: at admission, for blocks and in coming back; within a tenant, first come, first served.</summary>
/// <remarks>
/// The Virtual Token Counter of "Fairness in Serving Large Language Models" (OSDI 2024, algorithm 2): service is counted in tokens, those of answers double, and a tenant
/// that comes back after a pause is lifted to the least counter of those that wait, so that nobody saves up service. The paper's engine preempts nobody; here those that were
/// admitted go by their tenants' counters too, in steps of a <see cref="Quantum"/> and as they stood when the step began: where blocks run out, whose tenant had most gives way.
/// </remarks>
internal sealed class FairPolicy : ISchedulingPolicy
{
    /// <summary>What a prompt token and an answer's token cost: the paper's weights.</summary>
    private const long PromptWeight = 1, OutputWeight = 2;

    /// <summary>Service by which tenants must differ for their admitted groups to change places.</summary>
    private const long Quantum = 256;

    /// <summary>So many tenants are remembered before those that have nothing to remember are dropped.</summary>
    private const int ManyTenants = 1024;

    private readonly Dictionary<string, Tenant> _tenants = [];
    private readonly List<Tenant> _waiting = []; // tenants with newcomers
    private long _admissions;
    private bool _stale;                         // a rank is no longer what the counter says
    private Tenant? _lastLeft;                   // the tenant whose newcomer was admitted last
    private Tenant? _least;                      // of those in _waiting; null: to be looked for

    public int Count { get; private set; }

    /// <summary>Tenants whose counters are remembered.</summary>
    public int Tenants => _tenants.Count;

    public SequenceGroup? Next
    {
        get
        {
            Tenant? least = Least();
            return least?.Newcomers.First;
        }
    }

    public void Add(SequenceGroup newcomer)
    {
        if (!_tenants.TryGetValue(newcomer.Tenant, out Tenant? tenant))
        {
            if (_tenants.Count >= ManyTenants) DropIdle();
            _tenants.Add(newcomer.Tenant, tenant = new Tenant { Rank = Floor() / Quantum });
        }

        if (tenant.Newcomers.Count == 0)
        {
            Charge(tenant, Math.Max(0, Floor() - tenant.Counter));
            _waiting.Add(tenant);
            _least = null;
        }

        newcomer.Account = tenant;

        tenant.Newcomers.AddLast(newcomer);
        Count++;
    }

    public void Admit(SequenceGroup newcomer)
    {
        Remove(newcomer);
        newcomer.Admission = ++_admissions;
        Tenant tenant = newcomer.Account!;
        tenant.Admitted++;
        Charge(tenant, PromptWeight * newcomer.PromptLength);
        _lastLeft = tenant;
    }

    public void Remove(SequenceGroup newcomer)
    {
        Tenant tenant = newcomer.Account!;
        tenant.Newcomers.Remove(newcomer);
        if (tenant.Newcomers.Count == 0) _waiting.Remove(tenant);
        _least = null;
        Count--;
    }

    public bool Precedes(SequenceGroup a, SequenceGroup b)
    {
        long rankOfA = a.Account!.Rank, rankOfB = b.Account!.Rank;
        return rankOfA != rankOfB ? rankOfA < rankOfB : a.Admission < b.Admission;
    }

    public void Served(SequenceGroup group)
    {
        Charge(group.Account!, OutputWeight);
        if (group.Account == _least) _least = null;
    }

    public void Ended(SequenceGroup group) => group.Account!.Admitted--;

    public bool Reorders()
    {
        if (!_stale) return false;
        foreach (Tenant tenant in _tenants.Values) tenant.Rank = tenant.Counter / Quantum;
        _stale = false;
        return true;
    }

    public IEnumerable<SequenceGroup> Newcomers() => _waiting.SelectMany(tenant => tenant.Newcomers.Groups());

    private void Charge(Tenant tenant, long service)
    {
        tenant.Counter += service;
        _stale |= tenant.Counter / Quantum != tenant.Rank;
    }

    private Tenant? Least()
    {
        if (_least is not null) return _least;
        foreach (Tenant tenant in _waiting)
        {
            if (_least is null || tenant.Counter < _least.Counter) _least = tenant;
        }

        return _least;
    }

    /// <summary>What the counter of a tenant that comes back is lifted to.</summary>
    private long Floor() => (Least() ?? _lastLeft)?.Counter ?? 0;

    /// <summary>A counter at or under the floor would be lifted to it anyway.</summary>
    private void DropIdle()
    {
        long floor = Floor();
        foreach ((string name, Tenant tenant) in _tenants)
        {
            if (tenant.Newcomers.Count == 0 && tenant.Admitted == 0 && tenant.Counter <= floor) _tenants.Remove(name);
        }
    }

    internal sealed class Tenant
    {
        public GroupQueue Newcomers { get; } = new();

        /// <summary>Service received, in weighted tokens.</summary>
        public long Counter { get; set; }

        /// <summary>Groups that were admitted and haven't ended.</summary>
        public int Admitted { get; set; }

        /// <summary>The counter in quanta, as it stood when the step began.</summary>
        public long Rank { get; set; }
    }
}
