namespace Folio.Engine;

/// <summary>Decides who runs in a step and where keys and values lie. The loop drives one; the paper's baselines stand behind the same engine as others.</summary>
internal interface IScheduler
{
    /// <summary>Groups that run.</summary>
    int Running { get; }

    /// <summary>Groups that wait, new or preempted.</summary>
    int Waiting { get; }

    /// <summary>Of those that wait, the groups that are swapped out.</summary>
    int Swapped { get; }

    /// <summary>Groups preempted since the start.</summary>
    long Preemptions { get; }

    /// <summary>The share of the blocks that is in use.</summary>
    double KvCacheUsage { get; }

    /// <summary>Takes a request in.</summary>
    /// <returns>False, and the group has ended, if it could never run.</returns>
    bool Add(SequenceGroup group);

    /// <summary>Plans the next step. The plan is filled anew by a later call.</summary>
    StepPlan Schedule();

    /// <summary>
    /// Plans the next step while the one before runs, whose plan stays as it is: sequences whose token is being drawn (<see cref="Sequence.IsPending"/>) go on with it.
    /// </summary>
    /// <returns>Null: not before those tokens are known, because somebody might have to be preempted, or is to be swapped in.</returns>
    StepPlan? ScheduleAhead() => null;

    /// <summary>Notes what the planned step has computed, before its tokens are appended; or will have, before any other step.</summary>
    void Commit();

    /// <summary>Takes back what was planned last: nothing of it has been computed.</summary>
    void Discard();

    /// <summary>A step failed that may have been committed: nobody finds what it was to compute.</summary>
    void Forget(StepPlan plan)
    {
    }

    /// <summary>The plan's swaps failed: whose blocks were to be moved has them no more, and is computed again.</summary>
    void LoseMoved();

    /// <summary>Who can't run although nobody else does; null: nobody. Set by <see cref="Schedule"/>.</summary>
    SequenceGroup? Unservable { get; }

    /// <summary>Ends one sequence; its blocks are free at once, those that nobody else holds.</summary>
    void Finish(Sequence sequence);

    /// <summary>Ends a group in whatever state it is.</summary>
    void Finish(SequenceGroup group);

    /// <summary>All groups, those that run first.</summary>
    IEnumerable<SequenceGroup> Groups();

    /// <summary>Throws if an invariant of blocks or queues is broken.</summary>
    void Verify();

    /// <summary>Throws if the plan writes a slot that another sequence may read. Called before the step runs.</summary>
    void VerifyPlan();
}
