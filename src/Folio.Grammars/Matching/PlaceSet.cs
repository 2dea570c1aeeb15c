namespace Folio.Grammars;

/// <summary>A set of numbers that is emptied often: emptying costs nothing.</summary>
internal sealed class PlaceSet
{
    private long[] _values = new long[64];
    private int[] _stamps = new int[64];
    private int _stamp = 1, _count;

    public void Clear()
    {
        _count = 0;
        if (_stamp++ < int.MaxValue) return;
        Array.Clear(_stamps);
        _stamp = 1;
    }

    /// <returns>False if it was there already.</returns>
    public bool Add(long value)
    {
        if (_count * 2 >= _values.Length) Grow();
        int place = Place(value);
        if (_stamps[place] == _stamp) return false;
        _values[place] = value;
        _stamps[place] = _stamp;
        _count++;
        return true;
    }

    private int Place(long value)
    {
        int mask = _values.Length - 1;
        int place = (int)((ulong)(value * -7046029254386353131L) >> 33) & mask;
        while (_stamps[place] == _stamp && _values[place] != value) place = (place + 1) & mask;
        return place;
    }

    private void Grow()
    {
        (long[] values, int[] stamps) = (_values, _stamps);
        (_values, _stamps) = (new long[2 * values.Length], new int[2 * values.Length]);
        for (int i = 0; i < values.Length; i++)
        {
            if (stamps[i] != _stamp) continue;
            int place = Place(values[i]);
            (_values[place], _stamps[place]) = (values[i], _stamp);
        }
    }
}
