namespace Folio.Engine;

/// <summary>Groups in arrival order, linked through themselves: adding at either end and removing anywhere cost the same and allocate nothing.</summary>
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

    public void AddFirst(SequenceGroup group)
    {
        group.Next = First;
        group.Previous = null;
        if (First is null) Last = group;
        else First.Previous = group;
        First = group;
        Count++;
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
}
