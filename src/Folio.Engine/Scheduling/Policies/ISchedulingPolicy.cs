namespace Folio.Engine;

/// <summary>Who is admitted next, and who goes first among those that were admitted.</summary>
/// <remarks>A policy queues newcomers; whoever was preempted is the scheduler's, and comes back before any newcomer that doesn't precede it.</remarks>
internal interface ISchedulingPolicy
{
    /// <summary>Newcomers that wait.</summary>
    int Count { get; }

    /// <summary>The newcomer whose turn is next.</summary>
    SequenceGroup? Next { get; }

    void Add(SequenceGroup newcomer);

    /// <summary>The newcomer is admitted.</summary>
    void Admit(SequenceGroup newcomer);

    /// <summary>The newcomer has given up.</summary>
    void Remove(SequenceGroup newcomer);

    /// <summary>Whether <paramref name="a"/> gets blocks and budget before <paramref name="b"/>; whom nobody follows is preempted first.</summary>
    bool Precedes(SequenceGroup a, SequenceGroup b);

    /// <summary>One of the group's sequences has got a token.</summary>
    void Served(SequenceGroup group);

    /// <summary>A group that was admitted has ended.</summary>
    void Ended(SequenceGroup group)
    {
    }

    /// <summary>Asked when a step begins, before which the order of those that were admitted stands: whether it has changed since.</summary>
    bool Reorders() => false;

    /// <summary>All newcomers, in no order that counts.</summary>
    IEnumerable<SequenceGroup> Newcomers();

    static ISchedulingPolicy For(SchedulingPolicy policy) => policy switch
    {
        SchedulingPolicy.Priority => new PriorityPolicy(),
        SchedulingPolicy.Fair => new FairPolicy(),
        _ => new FcfsPolicy(),
    };
}
