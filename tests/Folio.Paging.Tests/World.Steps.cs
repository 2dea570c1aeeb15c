namespace Folio.Paging.Tests;

internal sealed partial class World
{
    /// <summary>What a step has planned for a sequence.</summary>
    /// <param name="Sequence">The sequence.</param>
    /// <param name="TokensBefore">Its tokens before the step.</param>
    /// <param name="Start">Its first token to be computed: what lies between was hit.</param>
    /// <param name="CopiesBefore">The step's copies before its own.</param>
    private readonly record struct Planned(Sequence Sequence, int TokensBefore, int Start, int CopiesBefore);

    /// <summary>
    /// A step as the engine runs it: hits, slots and publication of several sequences before anything is computed, so that a later one may hit what an earlier
    /// one is about to compute. The last to be planned may be withdrawn. A step that fails takes back what it published, and its sequences are given up.
    /// </summary>
    private void Step(Operation operation)
    {
        var planned = new List<Planned>();
        foreach (Sequence sequence in Some(operation, 1 + operation.Choice % 3))
        {
            if (sequence.IsAway) continue;
            var plan = new Planned(sequence, sequence.Tokens.Count, 0, _copies.Count);
            Match(sequence, operation.Amount);
            plan = plan with { Start = sequence.Tokens.Count };
            if (Append(sequence, 1 + operation.Amount % (2 * _blockSize)))
            {
                Index(sequence, merge: false);
                planned.Add(plan);
            }
            else
            {
                Retract(plan); // what it hit may only be computed now
            }
        }

        for (int withdrawn = operation.Kind == Kind.Step ? operation.Choice / 6 : 0; withdrawn > 0 && planned.Count > 0; withdrawn--)
        {
            Unindex(planned[^1].Sequence, planned[^1].Start);
            Retract(planned[^1]);
            planned.RemoveAt(planned.Count - 1);
        }

        if (operation.Kind == Kind.FailStep)
        {
            foreach (Planned plan in planned) Unindex(plan.Sequence, plan.Start);
            foreach (Planned plan in planned) Free(plan.Sequence);
            return;
        }

        foreach (BlockCopy copy in _copies.Copies) Copy(_deviceSlots, copy.Source, _deviceSlots, copy.Destination);
        foreach (Planned plan in planned) Compute(plan.Sequence, plan.Start);
        foreach (Planned plan in planned) Index(plan.Sequence, merge: true);
    }

    private void Retract(Planned plan)
    {
        Sequence sequence = plan.Sequence;
        for (int held = (plan.TokensBefore + _blockSize - 1) / _blockSize; sequence.Blocks.Count > held; sequence.Blocks.RemoveAt(sequence.Blocks.Count - 1))
        {
            _naiveDevice.Release(sequence.Blocks[^1]);
        }

        if (_copies.Count > plan.CopiesBefore)
        {
            _naiveDevice.Share(_copies.Copies[^1].Source);
            _naiveDevice.Release(sequence.Blocks[^1]);
            sequence.Blocks[^1] = _copies.Copies[^1].Source;
        }

        sequence.Tokens.RemoveRange(plan.TokensBefore, sequence.Tokens.Count - plan.TokensBefore);
        sequence.Contents.RemoveRange(plan.TokensBefore, sequence.Contents.Count - plan.TokensBefore);
        sequence.Indexed = Math.Min(sequence.Indexed, plan.TokensBefore / _blockSize);
        sequence.Device.Retract(plan.TokensBefore, _copies, plan.CopiesBefore);
        Check.That(_copies.Count == plan.CopiesBefore, "a withdrawn copy is still in the list");
    }

    private void SwapOut(Operation operation)
    {
        Sequence[] group = [.. Some(operation, 1 + operation.Amount % 3).Where(sequence => !sequence.IsAway)];
        _map.Clear();
        int needed = group.Sum(sequence => _map.CountUnique(sequence.Device));
        int expected = group.SelectMany(sequence => sequence.Blocks).Distinct().Count();
        Check.That(needed == expected, $"{needed} blocks would move, not {expected}");
        if (needed > _host.Free) return; // the engine would recompute them

        _map.Clear();
        var moved = new Dictionary<int, int>();
        foreach (Sequence sequence in group)
        {
            sequence.Device.MoveTo(sequence.Host, _map, _copies);
            sequence.IsAway = true;
            Moved(sequence, sequence.Host, from: 0, _naiveDevice, _naiveHost, moved);
        }

        Check.That(_copies.Count == expected, $"{_copies.Count} copies for {expected} blocks");
        foreach (BlockCopy copy in _copies.Copies) Copy(_deviceSlots, copy.Source, _hostSlots, copy.Destination);
    }

    private void SwapIn(Operation operation)
    {
        Sequence[] group = [.. Some(operation, MostSequences).Where(sequence => sequence.IsAway).Take(1 + operation.Amount % 3)];
        List<List<int>> away = [.. group.Select(sequence => sequence.Blocks)];
        foreach (Sequence sequence in group) MatchAway(sequence, wanted: operation.Choice % 3 == 0 || operation.Choice % 3 == 1 && sequence == group[0]);

        _map.Clear();
        int needed = group.Sum(sequence => _map.CountUnique(sequence.Host, sequence.Device.Blocks.Length));
        var moved = new Dictionary<int, int>();
        if (needed > _device.Free)
        {
            foreach ((Sequence sequence, List<int> blocks) in group.Zip(away))
            {
                foreach (int block in Enumerable.Reverse(sequence.Blocks)) _naiveDevice.Release(block);
                sequence.Device.Free();
                sequence.Blocks = blocks;
            }

            return;
        }

        _map.Clear();
        foreach ((Sequence sequence, List<int> blocks) in group.Zip(away))
        {
            List<int> hits = sequence.Blocks;
            foreach ((int source, int hit) in blocks.Zip(hits)) moved[source] = hit;
            sequence.Host.MoveTo(sequence.Device, _map, _copies);
            sequence.IsAway = false;
            sequence.Blocks = blocks;
            Moved(sequence, sequence.Device, hits.Count, _naiveHost, _naiveDevice, moved);
            sequence.Indexed = hits.Count;
        }

        Check.That(_copies.Count == needed, $"{_copies.Count} copies for {needed} blocks");
        foreach (BlockCopy copy in _copies.Copies) Copy(_hostSlots, copy.Source, _deviceSlots, copy.Destination);
    }

    /// <summary>What of a sequence that is away the cache still has becomes the start of its table.</summary>
    private void MatchAway(Sequence sequence, bool wanted)
    {
        sequence.Blocks = [];
        if (!wanted || !_caching) return;
        sequence.Blocks = [.. Chain(sequence.Salt, sequence.Contents)];
        foreach (int block in sequence.Blocks)
        {
            _naiveDevice.Share(block);
            _naiveDevice.Index[block].Uses++;
        }

        int gained = sequence.Device.Match(sequence.Tokens.ToArray(), sequence.Namespace);
        Check.That(gained == sequence.Blocks.Count * _blockSize, $"{gained} tokens were hit on the way back");
    }

    private static void Moved(Sequence sequence, BlockTable table, int from, NaivePool source, NaivePool target, Dictionary<int, int> moved)
    {
        for (int i = from; i < sequence.Blocks.Count; i++)
        {
            int block = table.Blocks[i];
            if (moved.TryAdd(sequence.Blocks[i], block)) target.Allocated(block);
            else target.Share(block);
            Check.That(moved[sequence.Blocks[i]] == block, "a shared block was moved twice");
        }

        foreach (int block in Enumerable.Reverse(sequence.Blocks)) source.Release(block);
        sequence.Blocks = [.. table.Blocks];
    }

    /// <summary>Takes free blocks and gives them back, what they held being lost.</summary>
    private void Evict(int count)
    {
        var table = new BlockTable(_device);
        Check.That(table.TryAppend(Math.Min(count, _device.Free) * _blockSize, _copies), "free blocks can't be taken");
        foreach (int block in table.Blocks) _naiveDevice.Allocated(block);
        foreach (int block in table.Blocks) _naiveDevice.Release(block);
        table.Free();
    }

    /// <summary>Forgets the index, but for one sequence that makes what it holds known again (a pinned prefix).</summary>
    private void Reset(Sequence pinned)
    {
        if (!_caching) return;
        _device.Prefixes!.Reset();
        _naiveDevice.Reset();
        _epoch++;
        if (pinned.IsAway) return;
        pinned.Device.Renew();
        pinned.Indexed = 0;
        pinned.Epoch = _epoch;
        Index(pinned, merge: true);
    }

    private List<Sequence> Some(Operation operation, int count) =>
        [.. Enumerable.Range(0, Math.Min(count, _sequences.Count)).Select(i => _sequences[(operation.Sequence + i) % _sequences.Count])];
}
