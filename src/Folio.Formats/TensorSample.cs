namespace Folio.Formats;

/// <summary>
/// Pieces of a tensor, from its first byte to its last, by which weights are told from others of the same shape: training or merging changes weights everywhere, and
/// reading all would double the time of loading.
/// </summary>
public static unsafe class TensorSample
{
    private const int PieceBytes = 1024;

    /// <summary>Of each tensor. Those of a tensor that is short overlap.</summary>
    public const int Pieces = 9;

    /// <returns>The bytes where they are mapped.</returns>
    public static ReadOnlySpan<byte> Piece(StoredTensor tensor, int piece)
    {
        long last = Math.Max(0, tensor.Bytes - PieceBytes); // where the last piece begins
        long first = piece == Pieces - 1 ? last : last / (Pieces - 1) * piece;
        return new(tensor.Data + first, (int)Math.Min(tensor.Bytes, PieceBytes));
    }
}
