namespace Folio.Compute.Cuda.Linear;

/// <summary>A matrix on the card.</summary>
internal sealed class CudaWeight(DType type, int rows, int columns, WeightFormat format, WeightRows onCard, nint outputScales = 0) : Weight(type, rows, columns)
{
    public WeightFormat Format => format;

    /// <summary>Its rows have <see cref="WeightRows.Inputs"/> values, zeros behind the matrix's own.</summary>
    public WeightRows OnCard => onCard;

    /// <summary>[outputs] fp32 scales of fp8 whose rows have one each; 0: there are none.</summary>
    public nint OutputScales => outputScales;

    public override long Bytes => format.CodeBytes(Rows * onCard.Inputs) + format.GroupValues(Rows * onCard.Inputs) * sizeof(ushort) + (outputScales == 0 ? 0 : Rows * sizeof(float));
}
