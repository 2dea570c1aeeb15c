namespace Folio.Compute.Cpu.Emit;

/// <summary>Instructions on tiles (AMX): eight registers of up to 16 rows of 64 bytes, whose shapes are configured.</summary>
internal sealed partial class X64Assembler
{
    /// <summary>Shapes of all tiles, from 64 bytes: Intel's manual, volume 1, "TILECFG"; they become zero.</summary>
    public void ConfigureTiles(Mem memory)
    {
        Tile(Prefix.None, second: 0, index: 0, (int)memory.Base);
        Write(0x49);
        Address(0, memory, mayBeShort: true);
    }

    /// <summary>Back to no tiles, so that the system has none to save.</summary>
    public void ReleaseTiles()
    {
        Tile(Prefix.None, second: 0, index: 0, 0);
        Write(0x49, 0xC0);
    }

    public void ZeroTile(int tile)
    {
        Tile(Prefix.F2, second: 0, index: 0, 0);
        Write(0x49, (byte)(0xC0 | tile << 3));
    }

    /// <summary>The rows of a tile = those at memory, stride · scale bytes apart.</summary>
    /// <param name="scale">1, 2, 4 or 8.</param>
    public void LoadTile(int tile, Mem memory, Gp stride, int scale) => MoveTile(Prefix.F2, tile, memory, stride, scale);

    public void StoreTile(int tile, Mem memory, Gp stride, int scale) => MoveTile(Prefix.F3, tile, memory, stride, scale);

    /// <summary>sums[row, lane] += the int8 of a · the uint8 of b, four neighbours at a time: a [rows, k], b [k / 4, lanes, 4] (tdpbsud).</summary>
    public void DotTiles(int sums, int a, int b)
    {
        Tile(Prefix.F3, b, index: 0, 0);
        Write(0x5E, (byte)(0xC0 | sums << 3 | a));
    }

    /// <summary>sums[row, lane] += the pairs of bf16 of a · those of b: a [rows, k, 2], b [k, lanes, 2] (tdpbf16ps).</summary>
    public void DotPairTiles(int sums, int a, int b)
    {
        Tile(Prefix.F3, b, index: 0, 0);
        Write(0x5C, (byte)(0xC0 | sums << 3 | a));
    }

    private void MoveTile(Prefix prefix, int tile, Mem memory, Gp stride, int scale)
    {
        Tile(prefix, second: 0, (int)stride, (int)memory.Base);
        Write(0x4B, (byte)(0x80 | tile << 3 | 4), (byte)(int.Log2(scale) << 6 | ((int)stride & 7) << 3 | (int)memory.Base & 7));
        Write32(memory.Offset);
    }

    /// <summary>VEX, 128 bits, the second map: no operand of these stands behind the eighth register but an address.</summary>
    private void Tile(Prefix prefix, int second, int index, int at) =>
        Write(0xC4, (byte)(1 << 7 | Not(index, 3) << 6 | Not(at, 3) << 5 | (int)OpcodeMap.M0F38), (byte)((~second & 15) << 3 | (int)prefix));
}
