namespace Folio.Engine;

/// <summary>The prefixes that are pinned, by name. Any thread.</summary>
internal sealed class Pins
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PinnedPrefix Prefix, SequenceGroup Group)> _pins = [];

    public IReadOnlyList<PinnedPrefix> All
    {
        get
        {
            lock (_lock) return [.. _pins.Values.Select(pin => pin.Prefix)];
        }
    }

    /// <returns>What was pinned under that name before, to be let go of; null: nothing.</returns>
    public SequenceGroup? Add(PinnedPrefix prefix, SequenceGroup group)
    {
        lock (_lock)
        {
            SequenceGroup? before = _pins.TryGetValue(prefix.Id, out var pin) ? pin.Group : null;
            _pins[prefix.Id] = (prefix, group);
            return before;
        }
    }

    /// <returns>What was pinned under that name, to be let go of; null: nothing.</returns>
    public SequenceGroup? Remove(string id)
    {
        lock (_lock) return _pins.Remove(id, out var pin) ? pin.Group : null;
    }
}
