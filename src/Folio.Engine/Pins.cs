namespace Folio.Engine;

/// <summary>The prefixes that are pinned, by owner and name. The loop's thread changes them, any may look.</summary>
internal sealed class Pins
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Owner, string Id), (PinnedPrefix Prefix, SequenceGroup Group)> _pins = [];
    private long _named;

    public IReadOnlyList<PinnedPrefix> All
    {
        get
        {
            lock (_lock) return [.. _pins.Values.Select(pin => pin.Prefix)];
        }
    }

    /// <param name="owner">Whose it is.</param>
    /// <param name="id">Its name, under which nothing may be pinned; null: one is made.</param>
    /// <param name="group">What holds its blocks.</param>
    public PinnedPrefix Add(string owner, string? id, SequenceGroup group)
    {
        lock (_lock)
        {
            id ??= FreeName(owner);
            var prefix = new PinnedPrefix(id, group.PromptLength, owner);
            _pins.Add((owner, id), (prefix, group));
            return prefix;
        }
    }

    /// <returns>What is pinned under that name; null: nothing.</returns>
    public SequenceGroup? Find(string owner, string? id)
    {
        lock (_lock) return id is not null && _pins.TryGetValue((owner, id), out var pin) ? pin.Group : null;
    }

    /// <returns>What was pinned under that name, to be let go of; null: nothing.</returns>
    public SequenceGroup? Remove(string owner, string? id)
    {
        lock (_lock) return id is not null && _pins.Remove((owner, id), out var pin) ? pin.Group : null;
    }

    /// <summary>Names may look like made ones: whoever gave one keeps what it stands for.</summary>
    private string FreeName(string owner)
    {
        string id;
        do id = $"prefix-{++_named}";
        while (_pins.ContainsKey((owner, id)));
        return id;
    }
}
