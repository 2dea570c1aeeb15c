namespace Folio.Compute.Cpu.Linear;

/// <summary>Rounded activations times panels of a quantised type.</summary>
internal readonly unsafe struct RoundedProduct<TKernel>(RoundedRows x, RoundedPanel panel, TKernel kernel) : ITiledProduct where TKernel : unmanaged, IRoundedKernel
{
    public RowTiles Tiles => x.Tiles;

    public int MaxTileRows => kernel.MaxRows;

    public int Blocks => x.Units / panel.Units;

    public int BlockBytes => panel.BlockBytes;

    public int Lanes(int rows) => kernel.Lanes(rows);

    public void Run(int tile, byte* weights, int first, int blocks, int lane, float* sums)
    {
        int height = x.Tiles.Height(tile);
        long pair = (long)x.Tiles.Start(tile) * x.Units + (long)first * panel.Units * height;
        byte* scales = weights + (long)first * panel.BlockBytes;
        var work = new RoundedTile
        {
            Scales = scales + lane * sizeof(ushort),
            Words = scales + panel.CodesOffset + lane * sizeof(uint),
            Factors = scales + panel.FactorsOffset + lane,
            X = x.Codes + pair * RoundedPanel.UnitInputs,
            XScales = x.Scales + pair,
            Corrections = x.Corrections + pair * panel.Groups,
            Sums = sums,
            XStride = (long)height * RoundedPanel.UnitInputs,
            ScalesStride = (long)height * sizeof(float),
            Blocks = blocks,
        };
        kernel.Run(&work, height);
    }
}
