namespace Folio.Compute.Cpu.Emit;

/// <summary>Emits the configuration of tiles (AMX).</summary>
internal static class TileShapes
{
    /// <summary>Bytes at rsp that are overwritten.</summary>
    public const int Bytes = 64;

    /// <param name="shapes">Rows and bytes of a row of tile 0, 1, …</param>
    public static void Emit(X64Assembler asm, params ReadOnlySpan<(int Rows, int RowBytes)> shapes)
    {
        Span<long> words = stackalloc long[Bytes / sizeof(long)];
        words.Clear();
        words[0] = 1; // the palette of eight tiles
        for (int tile = 0; tile < shapes.Length; tile++)
        {
            words[2 + tile / 4] |= (long)shapes[tile].RowBytes << tile % 4 * 16;
            words[6] |= (long)shapes[tile].Rows << tile * 8;
        }

        for (int i = 0; i < words.Length; i++)
        {
            asm.Set(Gp.Rax, words[i]);
            asm.Store(new(Gp.Rsp, i * sizeof(long)), Gp.Rax);
        }

        asm.ConfigureTiles(new(Gp.Rsp, 0));
    }
}
