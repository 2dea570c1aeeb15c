namespace Folio.Engine;

/// <summary>The tenant that has been served least is admitted next; within a tenant, first come, first served.</summary>
/// <remarks>
/// The Virtual Token Counter of "Fairness in Serving Large Language Models" (OSDI 2024, algorithm 2): service is counted in tokens, those of answers double, and a tenant
/// that comes back after a pause is lifted to the least counter of those that wait, so that nobody saves up service. Those that were admitted go in the order of admission.
/// </remarks>
internal sealed class FairPolicy : ISchedulingPolicy
{
    /// <summary>What a prompt token and an answer's token cost: the paper's weights.</summary>
    private const long PromptWeight = 1, OutputWeight = 2;

    /// <summary>So many tenants are remembered before those that have nothing to remember are dropped.</summary>
    private const int ManyTenants = 1024;

    private readonly Dictionary<string, Tenant> _tenants = [];
    private readonly List<Tenant> _waiting = []; // tenants with newcomers
    private long _admissions;
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
            _tenants.Add(newcomer.Tenant, tenant = new Tenant());
        }

        if (tenant.Newcomers.Count == 0)
        {
            tenant.Counter = Math.Max(tenant.Counter, Floor());
            _waiting.Add(tenant);
            _least = null;
        }

        tenant.Newcomers.AddLast(newcomer);
        Count++;
    }

    public void Admit(SequenceGroup newcomer)
    {
        Remove(newcomer);
        newcomer.Admission = ++_admissions;
        Tenant tenant = _tenants[newcomer.Tenant];
        tenant.Counter += PromptWeight * newcomer.PromptLength;
        _lastLeft = tenant;
    }

    public void Remove(SequenceGroup newcomer)
    {
        Tenant tenant = _tenants[newcomer.Tenant];
        tenant.Newcomers.Remove(newcomer);
        if (tenant.Newcomers.Count == 0) _waiting.Remove(tenant);
        _least = null;
        Count--;
    }

    public bool Precedes(SequenceGroup a, SequenceGroup b) => a.Admission < b.Admission;

    public void Served(SequenceGroup group)
    {
        if (!_tenants.TryGetValue(group.Tenant, out Tenant? tenant)) return;
        tenant.Counter += OutputWeight;
        if (tenant == _least) _least = null;
    }

    public IEnumerable<SequenceGroup> Newcomers() => _waiting.SelectMany(tenant => tenant.Newcomers.Groups());

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
            if (tenant.Newcomers.Count == 0 && tenant.Counter <= floor) _tenants.Remove(name);
        }
    }

    private sealed class Tenant
    {
        public GroupQueue Newcomers { get; } = new();

        /// <summary>Service received, in weighted tokens.</summary>
        public long Counter { get; set; }
    }
}
