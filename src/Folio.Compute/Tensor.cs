namespace Folio.Compute;

/// <summary>Values in a backend's memory: [rows, columns], rows <see cref="Stride"/> values apart.</summary>
/// <remarks>A view: it owns nothing. Buffers belong to the backend that allocated them and live as long as it does.</remarks>
/// <param name="Data">Address of the first value, in the backend's address space; 64-byte aligned for whole buffers.</param>
/// <param name="Type">F32, or, of what products read, the backend's <see cref="Backend.ProductInput"/>.</param>
public readonly record struct Tensor(nint Data, int Rows, int Columns, int Stride, DType Type = DType.F32)
{
    /// <summary>Bytes of a value.</summary>
    public int ElementBytes => Type == DType.F32 ? sizeof(float) : sizeof(ushort);

    /// <summary>Columns [start, start + count) of every row: a view such as the keys inside a fused QKV product.</summary>
    public Tensor Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start + (uint)count, (uint)Columns, nameof(count));
        return this with { Data = Data + (nint)start * ElementBytes, Columns = count };
    }

    /// <summary>Rows [start, start + count).</summary>
    public Tensor RowsAt(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start + (uint)count, (uint)Rows, nameof(count));
        return this with { Data = Data + (nint)start * Stride * ElementBytes, Rows = count };
    }

    /// <summary>The first <paramref name="count"/> rows: a buffer reserved for the largest batch, cut to this one.</summary>
    public Tensor FirstRows(int count) => RowsAt(0, count);

    /// <summary>One row, told <paramref name="count"/> times: a vector that is added to each row.</summary>
    public Tensor Repeated(int count) => this with { Rows = count, Stride = 0 };
}
