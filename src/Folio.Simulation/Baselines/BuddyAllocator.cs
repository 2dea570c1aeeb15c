namespace Folio.Simulation;

/// <summary>Contiguous ranges of a power-of-two size, split from larger ones and joined with their other half when both are free.</summary>
/// <remarks>
/// What the paper gives its Orca baselines. A pool whose size isn't a power of two is cut into the largest powers that fit, from the left, each aligned to its size; a range
/// joins only within the piece that it was split from. The lowest free range of the smallest sufficient size is taken.
/// </remarks>
internal sealed class BuddyAllocator
{
    private readonly SortedSet<int>[] _free;         // [order] starts of free ranges of 1 << order
    private readonly Dictionary<int, int> _taken = []; // start → order
    private readonly int _size;

    public BuddyAllocator(int size)
    {
        if (size < 1) throw new FolioException($"a buddy allocator of size {size} was asked for; expected 1 or more.");
        _size = size;
        _free = new SortedSet<int>[32];
        for (int order = 0; order < _free.Length; order++) _free[order] = [];
        for (int start = 0; start < size;)
        {
            int order = int.Log2(size - start);
            _free[order].Add(start);
            start += 1 << order;
        }
    }

    /// <summary>What is in no range.</summary>
    public int Free => _size - Used;

    public int Used { get; private set; }

    /// <summary>What a range for so many takes.</summary>
    public static int Rounded(int size) => (int)uint.Min(int.MaxValue, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size));

    /// <summary>Whether so many ranges for <paramref name="size"/> fit while nothing else is taken: as the pieces are powers of two, no alignment is lost.</summary>
    public bool Holds(int count, int size) => size <= _size && count <= _size >> int.Log2(Rounded(size));

    /// <returns>The start of a range that holds <paramref name="size"/>; −1 when there is none.</returns>
    public int Take(int size)
    {
        int wanted = int.Log2(Rounded(size)), order = wanted;
        while (order < _free.Length && _free[order].Count == 0) order++;
        if (order == _free.Length) return -1;

        int start = _free[order].Min;
        _free[order].Remove(start);
        while (order > wanted) _free[--order].Add(start + (1 << order));
        _taken.Add(start, wanted);
        Used += 1 << wanted;
        return start;
    }

    /// <summary>Gives a range back.</summary>
    public void Release(int start)
    {
        if (!_taken.Remove(start, out int order)) throw new InvalidOperationException($"no range begins at {start}");
        Used -= 1 << order;
        while (order + 1 < _free.Length && _free[order].Remove(start ^ (1 << order)))
        {
            start &= ~(1 << order);
            order++;
        }

        _free[order].Add(start);
    }

    /// <summary>Throws unless free and taken ranges tile the pool.</summary>
    public void Verify()
    {
        IEnumerable<(int Start, int Order)> ranges = _taken.Select(range => (range.Key, range.Value)).Concat(_free.SelectMany((starts, order) => starts.Select(start => (start, order))));
        int end = 0;
        foreach ((int start, int order) in ranges.OrderBy(range => range.Start))
        {
            if (start != end) throw new InvalidOperationException($"the pool is covered up to {end}, then from {start}");
            if (start % (1 << order) != 0) throw new InvalidOperationException($"the range of {1 << order} at {start} is not aligned");
            end = start + (1 << order);
        }

        if (end != _size) throw new InvalidOperationException($"{end} of {_size} are covered");
    }
}
