namespace Folio.Compute;

/// <summary>fp32 values in a backend's memory: [rows, columns], rows <see cref="Stride"/> values apart.</summary>
/// <remarks>A view: it owns nothing. Buffers belong to the backend that allocated them and live as long as it does.</remarks>
/// <param name="Data">Address of the first value, in the backend's address space; 64-byte aligned for whole buffers.</param>
public readonly record struct Tensor(nint Data, int Rows, int Columns, int Stride)
{
    /// <summary>Columns [start, start + count) of every row: a view such as the keys inside a fused QKV product.</summary>
    public Tensor Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start + (uint)count, (uint)Columns, nameof(count));
        return new(Data + (nint)start * sizeof(float), Rows, count, Stride);
    }

    /// <summary>Rows [start, start + count).</summary>
    public Tensor RowsAt(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start + (uint)count, (uint)Rows, nameof(count));
        return this with { Data = Data + (nint)start * Stride * sizeof(float), Rows = count };
    }

    /// <summary>The first <paramref name="count"/> rows: a buffer reserved for the largest batch, cut to this one.</summary>
    public Tensor FirstRows(int count) => RowsAt(0, count);
}
