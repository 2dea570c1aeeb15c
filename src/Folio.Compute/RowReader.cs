namespace Folio.Compute;

/// <summary>Makes the rows of a matrix that its file has in another form than the types of <see cref="DType"/>: while it is packed, a range at a time, on any thread.</summary>
/// <remarks>What it reads has been checked before: it doesn't throw.</remarks>
public abstract unsafe class RowReader
{
    /// <summary>Neighbouring inputs of any row that share a scale, counted from the first on; 0: as the type says.</summary>
    public virtual int ScaleColumns => 0;

    /// <param name="first">Of the rows wanted.</param>
    /// <param name="rows">Receives <paramref name="count"/> rows in the source's type, one behind the other.</param>
    public abstract void Read(int first, int count, byte* rows);
}
