namespace Folio.Compute;

/// <summary>A stored matrix, borrowed from its mapped file: [rows, columns] = [outputs, inputs], row after row without gaps.</summary>
/// <param name="Name">The tensor's name, for messages.</param>
/// <param name="Data">The first row; 0 where there is a <paramref name="Reader"/>.</param>
/// <param name="Bytes">Exactly rows × columns values of <paramref name="Type"/>; validated by whoever made this.</param>
/// <param name="Transposed">Stored as [inputs, outputs] instead (GPT-2's Conv1D); F32, F16 and BF16 only.</param>
/// <param name="Reader">Makes the rows, where the file has them in another form.</param>
public readonly record struct WeightSource(string Name, DType Type, int Rows, int Columns, nint Data, long Bytes, bool Transposed = false, RowReader? Reader = null)
{
    /// <summary>Refuses a part that doesn't fit its type or the part that it is joined with.</summary>
    /// <param name="first">Whose type and inputs all parts of a product have.</param>
    public void Check(in WeightSource first)
    {
        if (Type != first.Type || Columns != first.Columns)
            throw new FolioException($"tensor '{Name}' is {Type} with {Columns} inputs; it is joined with '{first.Name}', which is {first.Type} with {first.Columns}.");

        int block = QuantizedBlocks.BlockSize(Type);
        if (Columns % block != 0) throw new FolioException($"tensor '{Name}' has rows of {Columns} values; {Type} is stored in blocks of {block}.");
        if (Transposed && block > 1) throw new FolioException($"tensor '{Name}' is {Type}, stored as [inputs, outputs]; only F32, F16 and BF16 are read so.");

        long bytes = (long)Rows * (Columns / block) * QuantizedBlocks.BlockBytes(Type);
        if (Bytes != bytes) throw new FolioException($"tensor '{Name}' has {Bytes} bytes; [{Rows}, {Columns}] {Type} takes {bytes}.");
    }
}

/// <summary>A matrix in the layout that a backend's kernels read: [rows, columns] = [outputs, inputs].</summary>
public abstract class Weight(DType type, int rows, int columns)
{
    public DType Type { get; } = type;

    /// <summary>Outputs.</summary>
    public int Rows { get; } = rows;

    /// <summary>Inputs.</summary>
    public int Columns { get; } = columns;

    /// <summary>Bytes that this matrix holds in the backend's memory.</summary>
    public abstract long Bytes { get; }
}
