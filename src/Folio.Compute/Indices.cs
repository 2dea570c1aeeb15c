namespace Folio.Compute;

/// <summary>Row numbers of a step: of a table, of the cache, of a buffer.</summary>
/// <param name="values">Host memory, valid during the call.</param>
/// <param name="address">Where they lie in the backend's memory since <see cref="Backend.Run"/>; 0: nowhere.</param>
public readonly ref struct Indices(ReadOnlySpan<int> values, nint address = 0)
{
    public ReadOnlySpan<int> Values { get; } = values;

    public nint Address { get; } = address;

    public int Length => Values.Length;

    public static implicit operator Indices(ReadOnlySpan<int> values) => new(values);

    public static implicit operator Indices(Span<int> values) => new(values);

    public static implicit operator Indices(int[] values) => new(values);
}
