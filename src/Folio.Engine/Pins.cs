using System.Security.Cryptography;

namespace Folio.Engine;

/// <summary>The prefixes that are pinned or accepted to be, by owner and name. The loop's thread changes them, any may look.</summary>
internal sealed class Pins
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Owner, string Id), (PinnedPrefix Prefix, SequenceGroup Group)> _pins = [];

    /// <summary>Those that are computed.</summary>
    public IReadOnlyList<PinnedPrefix> All
    {
        get
        {
            lock (_lock) return [.. _pins.Values.Where(pin => pin.Group.State == GroupState.Pinned).Select(pin => pin.Prefix)];
        }
    }

    /// <param name="owner">Whose it is.</param>
    /// <param name="id">Its name, under which nothing may be; null: one is made, by chance, so that it tells nothing of other owners' pins.</param>
    /// <param name="group">What holds its blocks, or will.</param>
    public PinnedPrefix Add(string owner, string? id, SequenceGroup group)
    {
        id ??= $"prefix-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        var prefix = new PinnedPrefix(id, group.PromptLength, owner);
        lock (_lock) _pins.Add((owner, id), (prefix, group));
        return prefix;
    }

    /// <returns>What is under that name; null: nothing.</returns>
    public SequenceGroup? Find(string owner, string? id)
    {
        lock (_lock) return id is not null && _pins.TryGetValue((owner, id), out var pin) ? pin.Group : null;
    }

    /// <summary>Nothing happens when it isn't there: another may have its name.</summary>
    public void Remove(SequenceGroup group)
    {
        lock (_lock)
        {
            foreach (((string, string) name, (_, SequenceGroup known)) in _pins)
            {
                if (known != group) continue;
                _pins.Remove(name);
                return;
            }
        }
    }
}
