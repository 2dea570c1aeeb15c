namespace Folio.Formats;

/// <summary>What a header says about a tensor, before it is believed: offsets count from the beginning of the file's data section.</summary>
internal readonly record struct Extent(string Name, TensorType Type, long[] Shape, long Begin, long Bytes)
{
    /// <summary>Only valid once <see cref="CheckInside"/> has passed: the sum could overflow before.</summary>
    public long End => Begin + Bytes;

    public static string Text(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>The bytes that a type and a shape need; refuses shapes that overflow or split a block.</summary>
    /// <param name="inRow">The innermost dimension must be whole blocks (GGUF); otherwise only the whole tensor must (safetensors).</param>
    public static long BytesOf(string file, string name, TensorType type, ReadOnlySpan<long> shape, bool inRow)
    {
        Int128 values = 1;
        bool empty = shape.Contains(0);
        foreach (long dimension in shape)
        {
            values *= empty ? 0 : dimension;
            if (values > long.MaxValue / 8) throw Problem(file, name, $"has the impossible shape {Text(shape.ToArray())}.");
        }

        long row = inRow && shape.Length > 0 ? shape[^1] : (long)values;
        if (row % type.BlockSize() != 0)
        {
            throw Problem(file, name, $"has {row} values {(inRow ? "in a row" : "in all")}; {type.Name()} stores them in blocks of {type.BlockSize()}.");
        }

        return (long)values / type.BlockSize() * type.BlockBytes(); // at most 8 bytes a value: can't overflow
    }

    /// <summary>Refuses a tensor that reaches beyond the data that the file holds.</summary>
    public void CheckInside(string file, long dataBytes)
    {
        if (Begin < 0 || Begin > dataBytes || Bytes > dataBytes - Begin)
        {
            throw Problem(file, Name, $"is said to begin at byte {Begin} of the data and to take {Bytes} bytes, but the file holds only {dataBytes} bytes of data: it is truncated or its header is wrong.");
        }
    }

    /// <summary>Refuses tensors that share bytes.</summary>
    /// <param name="gapless">Every byte must belong to a tensor, as safetensors asks.</param>
    public static void CheckApart(string file, IEnumerable<Extent> extents, long dataBytes, bool gapless)
    {
        string before = "";
        long end = 0;
        foreach (Extent extent in extents.OrderBy(extent => extent.Begin).ThenBy(extent => extent.Bytes))
        {
            if (extent.Bytes > 0 && extent.Begin < end) throw Problem(file, extent.Name, $"overlaps tensor '{before}': it begins at byte {extent.Begin} of the data, the other ends at {end}.");
            if (gapless && extent.Begin > end) throw Problem(file, extent.Name, $"begins at byte {extent.Begin} of the data, but the tensor before it ends at {end}: bytes between tensors belong to none.");
            if (extent.Bytes > 0) (before, end) = (extent.Name, extent.End);
        }

        if (gapless && end != dataBytes) throw new ModelFormatException(file, $"the tensors end at byte {end} of the data, but the file holds {dataBytes} bytes of data.");
    }

    public static ModelFormatException Problem(string file, string name, string predicate) => new(file, $"tensor '{name}' {predicate}");
}
