namespace Folio.Compute;

/// <summary>A stored matrix, borrowed from its mapped file: [rows, columns] = [outputs, inputs], row after row without gaps.</summary>
/// <param name="Name">The tensor's name, for messages.</param>
/// <param name="Bytes">Exactly rows × columns values of <paramref name="Type"/>; validated by whoever made this.</param>
/// <param name="Transposed">Stored as [inputs, outputs] instead (GPT-2's Conv1D); F32, F16 and BF16 only.</param>
public readonly record struct WeightSource(string Name, DType Type, int Rows, int Columns, nint Data, long Bytes, bool Transposed = false);

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
