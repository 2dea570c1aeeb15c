namespace Folio.Compute.Cpu.Linear;

/// <summary>Exact activations times panels of fp32 or bf16; a block is a step of a kernel.</summary>
internal readonly unsafe struct FloatProduct(TiledRows x, bool half, bool wide, EmittedFunctions functions) : ITiledProduct
{
    public RowTiles Tiles => x.Tiles;

    public int MaxTileRows => FloatKernelEmitter.MaxRows(wide);

    public int Blocks => x.Inputs / FloatTile.Step;

    public int BlockBytes => FloatTile.Step / (half ? 2 : 1) * Panel.WordBytes;

    public int Lanes(int rows) => FloatKernelEmitter.Vectors(wide, rows) * (wide ? 16 : 8);

    public void Run(int tile, byte* weights, int first, int blocks, int lane, float* sums)
    {
        int height = x.Tiles.Height(tile);
        var work = new FloatTile
        {
            Words = weights + (long)first * BlockBytes + lane * sizeof(uint),
            X = x.Tile(tile) + (long)first * FloatTile.Step * height,
            Sums = sums,
            Steps = blocks,
        };
        functions.Call(&work, height);
    }
}
