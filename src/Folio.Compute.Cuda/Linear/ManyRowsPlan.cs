namespace Folio.Compute.Cuda.Linear;

/// <summary>A product of many rows, cut into blocks of threads.</summary>
/// <param name="TileRows">Rows of a block's tile.</param>
/// <param name="Segments">Into which the weight's inputs are cut, by its shape alone: a row's bits are the same in every plan.</param>
/// <param name="RowBlocks">Tiles that have all rows.</param>
/// <param name="OutputBlocks">Tiles that have all outputs.</param>
internal readonly record struct ManyRowsPlan(int TileRows, int Segments, int RowBlocks, int OutputBlocks)
{
    /// <summary>Tiles of 64 rows whose sums are kept, at most: 32 MiB.</summary>
    public const int MostSums = 1024;

    private const int SegmentBlocks = 256, FewestInputs = 256; // two blocks on each multiprocessor of an H200; several stages

    public static ManyRowsPlan Of(int rows, int outputs, long inputs, int multiprocessors)
    {
        int outputBlocks = Blocks(outputs, ManyRowsTile.Outputs), segments = (int)Math.Clamp(SegmentBlocks / outputBlocks, 1, Math.Max(1, inputs / FewestInputs));
        ManyRowsPlan of16 = Plan(16), of64 = Plan(64), of128 = Plan(128);
        if (rows <= 16) return of16;
        if (rows <= 64) return of64;

        // Tiles of 128 rows that leave half of the card idle are slower than decoding twice, and sums that go through memory.
        bool fills = 2 * of128.Tiles >= multiprocessors;
        return fills || segments == 1 || of64.Tiles * segments > MostSums ? of128 : of64;

        ManyRowsPlan Plan(int tileRows) => new(tileRows, segments, Blocks(rows, tileRows), outputBlocks);
    }

    public int GridY => TileRows > 64 ? OutputBlocks : OutputBlocks * Segments;

    private int Tiles => RowBlocks * OutputBlocks;

    private static int Blocks(int count, int size) => (count + size - 1) / size;
}
