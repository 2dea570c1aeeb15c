namespace Folio.Engine;

/// <summary>Groups in a row, linked through themselves: adding at the end and removing anywhere cost the same and allocate nothing.</summary>
internal sealed class GroupQueue
{
    public SequenceGroup? First { get; private set; }

    public SequenceGroup? Last { get; private set; }

    public int Count { get; private set; }

    public void AddLast(SequenceGroup group)
    {
        group.Previous = Last;
        group.Next = null;
        if (Last is null) First = group;
        else Last.Next = group;
        Last = group;
        Count++;
    }

    /// <summary>Puts the group behind all that precede it.</summary>
    public void Insert(SequenceGroup group, ISchedulingPolicy policy) => InsertFrom(Last, group, policy);

    /// <summary>Puts all groups in their order again: quick where few have changed places.</summary>
    public void Sort(ISchedulingPolicy policy)
    {
        for (SequenceGroup? group = First?.Next, next; group is not null; group = next)
        {
            next = group.Next;
            SequenceGroup before = group.Previous!;
            if (!policy.Precedes(group, before)) continue;
            Remove(group);
            InsertFrom(before.Previous, group, policy);
        }
    }

    public void Remove(SequenceGroup group)
    {
        if (group.Previous is null) First = group.Next;
        else group.Previous.Next = group.Next;
        if (group.Next is null) Last = group.Previous;
        else group.Next.Previous = group.Previous;
        group.Next = group.Previous = null;
        Count--;
    }

    /// <param name="before">From here on towards the first, a place behind one that the group doesn't precede is looked for.</param>
    private void InsertFrom(SequenceGroup? before, SequenceGroup group, ISchedulingPolicy policy)
    {
        while (before is not null && policy.Precedes(group, before)) before = before.Previous;
        group.Previous = before;
        group.Next = before is null ? First : before.Next;
        if (group.Next is null) Last = group;
        else group.Next.Previous = group;
        if (before is null) First = group;
        else before.Next = group;
        Count++;
    }

    public IEnumerable<SequenceGroup> Groups()
    {
        for (SequenceGroup? group = First; group is not null; group = group.Next) yield return group;
    }
}
