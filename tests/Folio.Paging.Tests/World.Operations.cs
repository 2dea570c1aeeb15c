namespace Folio.Paging.Tests;

internal sealed partial class World
{
    private void New(Operation operation)
    {
        string? salt = operation.Choice % 4 == 0 ? null : $"salt {operation.Choice % 4}";
        int ns = salt is null || !_caching ? PrefixIndex.Shared : _device.Prefixes!.Enter(salt);
        _sequences.Add(new Sequence(_device, _host, salt, ns) { Taste = operation.Amount % 3 });
    }

    private void Free(Sequence sequence)
    {
        (sequence.IsAway ? sequence.Host : sequence.Device).Free();
        NaivePool naive = sequence.IsAway ? _naiveHost : _naiveDevice;
        foreach (int block in Enumerable.Reverse(sequence.Blocks)) naive.Release(block);
        _sequences.Remove(sequence);
        if (_caching) _device.Prefixes!.Leave(sequence.Namespace);
    }

    /// <summary>Makes slots; <see cref="Compute"/> writes them.</summary>
    private bool Append(Sequence sequence, int count)
    {
        // The naive account: a block for each started blockSize tokens, one more if the last is partly filled and another table holds it.
        int held = sequence.Blocks.Count, tokens = sequence.Tokens.Count;
        bool copied = count > 0 && tokens % _blockSize != 0 && _naiveDevice.References[sequence.Blocks[^1]] > 1;
        int wanted = (tokens + count + _blockSize - 1) / _blockSize - held + (copied ? 1 : 0);
        int copiesBefore = _copies.Count;
        Check.That(sequence.Device.BlocksNeeded(count) == wanted, $"{wanted} blocks are needed, not {sequence.Device.BlocksNeeded(count)}");
        bool appended = sequence.Device.TryAppend(count, _copies);
        Check.That(appended == wanted <= _naiveDevice.Free, $"append said {appended} with {_naiveDevice.Free} blocks free and {wanted} wanted");
        Check.That(_copies.Count - copiesBefore == (appended && copied ? 1 : 0), $"{_copies.Count - copiesBefore} copies");
        if (!appended) return false;

        if (held == 0) sequence.Epoch = _epoch;
        if (copied)
        {
            int own = sequence.Device.Blocks[held - 1];
            Check.That(_copies.Copies[^1] == new BlockCopy(sequence.Blocks[^1], own), "a copy is between other blocks");
            _naiveDevice.Allocated(own);
            _naiveDevice.Release(sequence.Blocks[^1]);
            sequence.Blocks[^1] = own;
        }

        foreach (int block in sequence.Device.Blocks[held..])
        {
            _naiveDevice.Allocated(block);
            sequence.Blocks.Add(block);
        }

        while (sequence.Tokens.Count < tokens + count) Speak(sequence.Taste, sequence.Tokens, sequence.Contents);
        return true;
    }

    /// <summary>What the backend does in a step: writes the content of a sequence's tokens from the first new one on.</summary>
    private void Compute(Sequence sequence, int start)
    {
        for (int t = start; t < sequence.Tokens.Count; t++)
        {
            int block = sequence.Device.Blocks[t / _blockSize];
            bool known = _naiveDevice.Index.ContainsKey(block); // then whoever shares it hit it in this very step, and reads what is written now
            Check.That(_device.References(block) == 1 || known, $"block {block} is shared and written");
            _deviceSlots[Slot(sequence.Device, t)] = sequence.Contents[t];
        }
    }

    private void Match(Sequence sequence, int more)
    {
        if (!_caching)
        {
            Check.That(sequence.Device.Match([1, 2, 3], 0) == 0, "a hit without an index");
            return;
        }

        List<int> tokens = [.. sequence.Tokens];
        List<long> contents = [.. sequence.Contents];
        while (tokens.Count < sequence.Tokens.Count + more) Speak(sequence.Taste, tokens, contents);
        CheckPeek(sequence, tokens, contents);

        int before = sequence.Tokens.Count, expected = 0;
        if (sequence.Blocks.Count == 0) sequence.Epoch = _epoch;
        if (sequence.Epoch == _epoch && sequence.Indexed == sequence.Blocks.Count)
        {
            foreach (int block in Chain(sequence.Salt, contents).Skip(sequence.Blocks.Count).ToList())
            {
                _naiveDevice.Share(block);
                _naiveDevice.Index[block].Uses++;
                sequence.Blocks.Add(block);
                sequence.Indexed++;
                expected += _blockSize;
            }
        }

        sequence.Tokens.AddRange(tokens[before..(before + expected)]);
        sequence.Contents.AddRange(contents[before..(before + expected)]);
        int gained = sequence.Device.Match(tokens.ToArray(), sequence.Namespace);
        Check.That(gained == expected, $"{gained} tokens were hit, not {expected}");
    }

    private void CheckPeek(Sequence sequence, List<int> tokens, List<long> contents)
    {
        List<int> chain = [.. Chain(sequence.Salt, contents)];
        (int Hits, int InUse) expected = (chain.Count, chain.Count(block => _naiveDevice.References[block] > 0));
        (int Hits, int InUse) peeked = _device.Prefixes!.Peek(tokens.ToArray(), sequence.Namespace);
        Check.That(peeked == expected, $"peek saw {peeked}, not {expected}");
    }

    /// <summary>The indexed blocks that hold these contents from the first on.</summary>
    private IEnumerable<int> Chain(string? salt, List<long> contents)
    {
        int block = NaivePool.None;
        for (int start = 0; start + _blockSize <= contents.Count; start += _blockSize)
        {
            block = _naiveDevice.Find(block, [.. contents[start..(start + _blockSize)]], salt);
            if (block == NaivePool.None) yield break;
            yield return block;
        }
    }

    private void Index(Sequence sequence, bool merge)
    {
        if (_caching && sequence.Epoch == _epoch)
        {
            for (int i = sequence.Indexed; i < sequence.Tokens.Count / _blockSize; i++)
            {
                int parent = i == 0 ? NaivePool.None : sequence.Blocks[i - 1], own = sequence.Blocks[i];
                long[] content = [.. sequence.Contents[(i * _blockSize)..((i + 1) * _blockSize)]];
                int known = _naiveDevice.Find(parent, content, sequence.Salt);
                if (known == NaivePool.None && !_naiveDevice.Index.ContainsKey(own))
                {
                    _naiveDevice.Index[own] = new(parent, content, sequence.Salt);
                }
                else if (known != own)
                {
                    if (known == NaivePool.None || !merge) break;
                    _naiveDevice.Share(known);
                    _naiveDevice.Release(own);
                    sequence.Blocks[i] = known;
                }

                sequence.Indexed = i + 1;
            }
        }

        int[] beyond = [.. sequence.Tokens, .. Enumerable.Repeat(0, _blockSize)]; // tokens without a slot are nobody's content
        sequence.Device.Index(beyond, sequence.Namespace, merge);
    }

    private void Unindex(Sequence sequence, int fromToken)
    {
        sequence.Device.Unindex(fromToken);
        foreach (int block in sequence.Blocks.Skip(fromToken / _blockSize)) _naiveDevice.Forget(block);
    }

    private void Fork(Sequence parent, int taste)
    {
        int ns = parent.Salt is null || !_caching ? PrefixIndex.Shared : _device.Prefixes!.Enter(parent.Salt);
        var child = new Sequence(_device, _host, parent.Salt, ns) { Taste = taste, Blocks = [.. parent.Blocks], Indexed = parent.Indexed, Epoch = parent.Epoch };
        child.Tokens.AddRange(parent.Tokens);
        child.Contents.AddRange(parent.Contents);
        foreach (int block in child.Blocks) _naiveDevice.Share(block);
        child.Device.ForkFrom(parent.Device);
        _sequences.Add(child);
    }

    /// <summary>The next token, and its content: a function of all tokens up to it.</summary>
    private static void Speak(int taste, List<int> tokens, List<long> contents)
    {
        long prefix = contents.Count == 0 ? 1 : contents[^1];
        int token = (int)((prefix >>> 33) * (taste + 1) >>> 3) & 1;
        tokens.Add(token);
        contents.Add(unchecked((prefix ^ (token + 7)) * 0x2545F4914F6CDD1D));
    }

    private void Copy(long[] from, int source, long[] to, int destination) =>
        from.AsSpan(source * _blockSize, _blockSize).CopyTo(to.AsSpan(destination * _blockSize));
}
