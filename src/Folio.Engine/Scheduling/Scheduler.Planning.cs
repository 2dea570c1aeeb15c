using System.Diagnostics;
using Folio.Paging;

namespace Folio.Engine;

/// <summary>Who takes part in the next step: those that run, those that come back, newcomers.</summary>
internal sealed partial class Scheduler
{
    /// <summary>Decode tokens of the running groups that haven't been planned for yet: no prompt may take their share of the budget.</summary>
    private int _decodesToCome;

    /// <summary>Running groups with prompts that haven't been planned for yet.</summary>
    private int _prefillsToCome;

    /// <summary>Tokens that prompts may take in this step without stalling those who decode, and what is left of them.</summary>
    private int _promptTokens, _promptTokensLeft;

    /// <summary>Blocks' worth of tokens that prompts get in any case: who stands behind a long prompt gets on too.</summary>
    private const int LeastPromptBlocks = 2;

    private bool _admitting;

    /// <summary>The step before is still under way, so nobody is preempted or swapped in: who has ended by a token that isn't known yet may leave the blocks.</summary>
    private bool _ahead;

    /// <summary>Somebody would have had to be, so there is no plan.</summary>
    private bool _tooEarly;

    private void Plan()
    {
        (_plan, _planBefore) = (_planBefore, _plan);
        _plan.Clear();
        _moved.Clear();
        (Unservable, _tooEarly) = (null, false);
        if (_policy.Reorders())
        {
            _running.Sort(_policy);
            _preempted.Sort(_policy);
        }

        bool nobodyPreempted = PlanRunning();
        if (nobodyPreempted)
        {
            Admit();
            LengthenPrefills();
        }
    }

    /// <returns>False when somebody had to be preempted, or can't run at all: then nobody is admitted in this step.</returns>
    private bool PlanRunning()
    {
        CountDemand();
        long before = Preemptions;
        for (SequenceGroup? group = _running.First; group is not null && _plan.TokensLeft > 0; group = group.Next)
        {
            if (!TryPlan(group)) break; // it was the last itself
        }

        return Preemptions == before && Unservable is null && !_tooEarly;
    }

    private void CountDemand()
    {
        _decodesToCome = _prefillsToCome = 0;
        for (SequenceGroup? group = _running.First; group is not null; group = group.Next)
        {
            _decodesToCome += group.Decodes();
            if (group.Prefills()) _prefillsToCome++;
        }

        bool paced = _settings.MaxPrefillStall is not null && _decodesToCome > 0;
        _promptTokensLeft = _promptTokens = paced ? Math.Max(LeastPromptBlocks * _pool.BlockSize, _costs.PromptTokens(_settings.MaxPrefillStall!.Value, _decodesToCome)) : int.MaxValue;
    }

    /// <summary>Plans what the group can do in this step.</summary>
    /// <returns>False when the group itself had to be preempted.</returns>
    private bool TryPlan(SequenceGroup group)
    {
        int own = group.Decodes(), decodes = own;
        bool prefills = group.Prefills();
        if (prefills) _prefillsToCome--;
        if (!group.TakesLastTokenAlone && (decodes > _plan.TokensLeft || decodes > _plan.RowsLeft)) decodes = 0;

        int share = prefills ? PrefillShare(first: group == _running.First) : 0;
        foreach (Sequence sequence in group.Sequences)
        {
            if (!group.Runs(sequence)) continue;
            if (sequence.Decodes)
            {
                if (decodes == 0 || _plan.TokensLeft == 0 || _plan.RowsLeft == 0) continue;
                if (!TryAppend(sequence, Math.Min(sequence.Length - sequence.Computed, _plan.TokensLeft), sequence.Computed, PreemptionReason.Decode)) return false;
            }
            else if (share > 0)
            {
                if (!TryPrefill(sequence, ref share)) return false;
            }
        }

        _decodesToCome -= own;
        return true;
    }

    /// <summary>What a prompt gets of the budget: all that the decodes leave it, or half of it, in whole blocks while it lasts, where somebody stands behind. Who goes first gets on in any case.</summary>
    private int PrefillShare(bool first)
    {
        if (_settings.WholePrompts) return _plan.TokensLeft;
        int left = Math.Max(first ? 1 : 0, Math.Min(_plan.TokensLeft - _decodesToCome, _promptTokensLeft));
        bool alone = _prefillsToCome == 0 && Waiting == 0;
        if (alone) return left;
        int half = (left + 1) / 2;
        return left <= _pool.BlockSize ? half : Math.Min(left, _pool.BlocksFor(half) * _pool.BlockSize);
    }

    private bool TryPrefill(Sequence sequence, ref int share)
    {
        int before = sequence.Computed;
        (int cached, int stored) = TakeCached(sequence);
        int tokens = StepPlan.Room(sequence, Math.Min(share, _plan.TokensLeft), Math.Max(0, _plan.RowsLeft - _decodesToCome));
        if (tokens <= 0 || (_settings.WholePrompts && tokens < sequence.Length))
        {
            sequence.Table.Retract(before, _plan.Copies, _plan.Copies.Count); // what it found may be computed in this very step: nobody may hold it who isn't in the step
            return true;
        }

        int pastBlock = (sequence.Computed + tokens) % _pool.BlockSize;
        if (pastBlock < tokens && sequence.Computed + tokens < sequence.Length - 1) tokens -= pastBlock; // others that begin alike can go on only where a block ends
        if (!TryAppend(sequence, tokens, before, PreemptionReason.Prefill)) return false;
        CountCached(sequence.Group, cached, stored);
        Index(sequence, merge: false); // at once: who comes in this very step with the same prompt shares it
        share -= tokens;
        return true;
    }

    /// <summary>Takes slots for the tokens, from other groups if need be, and plans them.</summary>
    /// <remarks>Nobody is preempted for who has just been admitted: it was seen to fit, and what it lacks all the same it gets in the next step.</remarks>
    /// <returns>False when the group itself was the last and had to go.</returns>
    private bool TryAppend(Sequence sequence, int tokens, int tokensBefore, PreemptionReason reason)
    {
        int copiesBefore = _plan.Copies.Count;
        while (!sequence.Table.TryAppend(tokens, _plan.Copies))
        {
            SequenceGroup group = sequence.Group, last = _running.Last!;
            if (!_admitting && !_ahead && last != group)
            {
                Preempt(last, reason);
                continue;
            }

            sequence.Table.Retract(tokensBefore, _plan.Copies, copiesBefore);
            if (_admitting) return true;
            _plan.Withdraw(group);
            if (_ahead) _tooEarly = true;
            else if (group.Previous is null) Unservable = group; // it is alone, and there are too few blocks even so
            else Preempt(group, reason);
            return false;
        }

        _plan.Add(sequence, tokens, tokensBefore, copiesBefore);
        if (reason == PreemptionReason.Prefill) _promptTokensLeft -= tokens;
        return true;
    }

    private static void CountCached(SequenceGroup group, int tokens, int stored)
    {
        if (group.Preemptions > 0 || group.Forked) return;
        group.CachedTokens += Math.Min(tokens, group.PromptLength - group.CachedTokens);
        group.StoredTokens += Math.Min(stored, group.PromptLength - group.StoredTokens);
    }

    /// <summary>Lets the sequence share the cached blocks that hold its next tokens.</summary>
    /// <returns>Tokens gained, and those of them that were on disk.</returns>
    private (int Tokens, int Stored) TakeCached(Sequence sequence)
    {
        SequenceGroup group = sequence.Group;
        int may = group.MayMatch(sequence);
        if (may < sequence.Computed + _pool.BlockSize) return default;
        int gained = sequence.Table.Match(sequence.Tokens(0, may), group.Namespace);
        int stored = _admitting && _stored is not null ? _stored.Load(sequence, may, _plan.Copies) : 0;
        return (gained + stored, stored);
    }

    /// <remarks>Not while an older prompt takes every row of logits: whoever was admitted behind it would hold blocks and draw no token.</remarks>
    private void Admit()
    {
        _admitting = true;
        while (Next() is { } group && _plan.TokensLeft > 0 && _plan.RowsLeft > 0 && RunningSequences + group.Alive <= _maxSequences)
        {
            if (_promptTokensLeft <= 0 && group.Prefills()) break;
            if (!Fits(group))
            {
                if (_running.Count == 0) Unservable = group;
                break;
            }

            _tooEarly = _ahead && group.Tier is not null;
            if (_tooEarly) break;
            Enter(group);
            _decodesToCome = group.Decodes();
            _prefillsToCome = group.Prefills() ? 1 : 0;
            TryPlan(group);
        }

        _admitting = false;
    }

    /// <summary>Whose turn is next: a preempted group, unless a newcomer precedes it.</summary>
    private SequenceGroup? Next()
    {
        SequenceGroup? newcomer = _policy.Next, preempted = _preempted.First;
        return preempted is null || (newcomer is not null && _policy.Precedes(newcomer, preempted)) ? newcomer : preempted;
    }

    private void Enter(SequenceGroup group)
    {
        if (group.State == GroupState.Preempted)
        {
            _preempted.Remove(group);
            if (group.Outlet.IsObserved) group.Outlet.Tell(new(RequestStage.Resumed, Stopwatch.GetTimestamp()) { Tier = group.Tier });
            if (group.Tier is { } tier)
            {
                _swap.MoveIn(group, _plan.SwapIns(tier));
                _moved.Add(group);
                Swapped--;
            }
        }
        else
        {
            _policy.Admit(group);
            LeaveWaitingRoom(group);
        }

        group.State = GroupState.Running;
        RunningSequences += group.Alive;
        _running.Insert(group, _policy);
    }

    /// <summary>Whether there are blocks for all of the group's tokens so far, and for what it and all that run are expected to gain soon.</summary>
    private bool Fits(SequenceGroup group)
    {
        int needed = group.BlocksToTake(0, _pool), room = _pool.Free - Growth(group, needed);
        if (needed <= room || _pool.Prefixes is not { } prefixes) return needed <= room;
        Sequence leader = group.Leader;
        int cached = leader.Swapped?.Tokens ?? group.MayMatch(leader);
        return needed - prefixes.Peek(leader.Tokens(0, cached), group.Namespace).InUse <= room;
    }

    /// <summary>
    /// Blocks that the newcomer, once it has those that it needs, and all that run take while each of their sequences gains a useful number of tokens; the watermark at least.
    /// With nobody running that is for nobody.
    /// </summary>
    private int Growth(SequenceGroup newcomer, int needed)
    {
        if (_running.Count == 0) return 0;
        int tokens = newcomer.State == GroupState.Preempted ? _settings.ResumeTokens : _settings.GrowthTokens;
        if (tokens > 0) tokens = Math.Max(tokens, newcomer.Leader.Length / _promptTokens); // steps until its prompt is read, in each of which the others gain a token
        int blocks = newcomer.BlocksToTake(tokens, _pool) - needed;
        for (SequenceGroup? group = _running.First; group is not null; group = group.Next) blocks += group.BlocksToTake(tokens, _pool);
        return Math.Max(_watermarkBlocks, blocks);
    }

    /// <summary>Gives what is left of the budget to prompts that left a share to others.</summary>
    private void LengthenPrefills()
    {
        for (int i = 0; i < _plan.Scheduled.Length && Math.Min(_plan.TokensLeft, _promptTokensLeft) > 0; i++)
        {
            Sequence sequence = _plan.Scheduled[i].Sequence;
            int more = StepPlan.Room(sequence, Math.Min(_plan.TokensLeft, _promptTokensLeft), _plan.RowsLeft);
            if (more <= 0 || IsCachedBehind(sequence) || !sequence.Table.TryAppend(more, _plan.Copies)) continue;
            _plan.Extend(i, more);
            _promptTokensLeft -= more;
            Index(sequence, merge: false);
        }
    }

    /// <summary>Whether the sequence's next block is known by now: somebody behind computes it in this very step, and it need not be computed twice.</summary>
    private bool IsCachedBehind(Sequence sequence)
    {
        int blocks = sequence.Computed / _pool.BlockSize, end = (blocks + 1) * _pool.BlockSize;
        if (_pool.Prefixes is not { } prefixes || sequence.Computed % _pool.BlockSize != 0 || end > sequence.Group.MayMatch(sequence)) return false;
        return prefixes.Peek(sequence.Tokens(0, end), sequence.Group.Namespace).Hits > blocks;
    }
}
