using Folio.Compute.Cpu.Emit;

namespace Folio.Compute.Cpu.Linear;

/// <summary>Activations times panels of fp32, fp16 or bf16; a block is a step of a kernel.</summary>
internal readonly unsafe struct FloatProduct(TiledRows x, FloatKernel kernel, EmittedFunctions functions) : ITiledProduct
{
    public RowTiles Tiles => x.Tiles;

    public int MaxTileRows => kernel.MaxRows;

    public int Blocks => x.Values / kernel.StepValues;

    public int BlockBytes => kernel.StepBytes;

    public int Lanes(int rows) => kernel.Vectors(rows) * kernel.Lanes;

    public void Run(int tile, byte* weights, int first, int blocks, int lane, float* sums)
    {
        int height = x.Tiles.Height(tile);
        var work = new FloatTile
        {
            Words = weights + (long)first * BlockBytes + lane * sizeof(uint),
            X = x.Tile(tile) + (long)first * kernel.StepValues * height,
            Sums = sums,
            Steps = blocks,
        };
        functions.Call(&work, height);
    }
}
