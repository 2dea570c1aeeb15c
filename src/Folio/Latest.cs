namespace Folio;

/// <summary>What was reported last, for another thread.</summary>
internal sealed class Latest<T> : IProgress<T>
    where T : struct
{
    private readonly Lock _lock = new();
    private T? _value;

    public T? Value
    {
        get
        {
            lock (_lock) return _value;
        }
    }

    public void Report(T value)
    {
        lock (_lock) _value = value;
    }
}
