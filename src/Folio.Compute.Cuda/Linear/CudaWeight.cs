namespace Folio.Compute.Cuda.Linear;

/// <summary>A matrix on the card.</summary>
internal sealed class CudaWeight(DType type, int rows, int columns, WeightFormat format, WeightRows onCard) : Weight(type, rows, columns)
{
    public WeightFormat Format => format;

    /// <summary>Its rows have <see cref="WeightRows.Inputs"/> values, zeros behind the matrix's own.</summary>
    public WeightRows OnCard => onCard;

    public override long Bytes => format.CodeBytes(Rows * onCard.Inputs) + format.GroupValues(Rows * onCard.Inputs) * sizeof(ushort);
}
