namespace Folio.Engine;

/// <summary>The lowest priority number first, equals in order of arrival.</summary>
internal sealed class PriorityPolicy : ISchedulingPolicy
{
    private readonly SortedList<int, GroupQueue> _queues = []; // by priority; none is empty

    public int Count { get; private set; }

    public SequenceGroup? Next => _queues.Count == 0 ? null : _queues.GetValueAtIndex(0).First;

    public void Add(SequenceGroup newcomer)
    {
        if (!_queues.TryGetValue(newcomer.Priority, out GroupQueue? queue)) _queues.Add(newcomer.Priority, queue = new GroupQueue());
        queue.AddLast(newcomer);
        Count++;
    }

    public void Admit(SequenceGroup newcomer) => Remove(newcomer);

    public void Remove(SequenceGroup newcomer)
    {
        GroupQueue queue = _queues[newcomer.Priority];
        queue.Remove(newcomer);
        if (queue.Count == 0) _queues.Remove(newcomer.Priority);
        Count--;
    }

    public bool Precedes(SequenceGroup a, SequenceGroup b) => a.Priority != b.Priority ? a.Priority < b.Priority : a.Arrival < b.Arrival;

    public void Served(SequenceGroup group)
    {
    }

    public IEnumerable<SequenceGroup> Newcomers() => _queues.Values.SelectMany(queue => queue.Groups());
}
