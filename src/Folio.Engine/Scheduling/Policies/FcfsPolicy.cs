namespace Folio.Engine;

/// <summary>First come, first served, strictly.</summary>
internal sealed class FcfsPolicy : ISchedulingPolicy
{
    private readonly GroupQueue _queue = new();

    public int Count => _queue.Count;

    public SequenceGroup? Next => _queue.First;

    public void Add(SequenceGroup newcomer) => _queue.AddLast(newcomer);

    public void Admit(SequenceGroup newcomer) => _queue.Remove(newcomer);

    public void Remove(SequenceGroup newcomer) => _queue.Remove(newcomer);

    public bool Precedes(SequenceGroup a, SequenceGroup b) => a.Arrival < b.Arrival;

    public void Served(SequenceGroup group)
    {
    }

    public IEnumerable<SequenceGroup> Newcomers() => _queue.Groups();
}
