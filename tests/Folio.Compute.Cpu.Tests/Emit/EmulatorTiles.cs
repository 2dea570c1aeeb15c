using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Instructions on tiles (AMX), and what their configuration must be (Intel's manual, volume 1, chapter 18): whatever would be an exception is one here.</summary>
internal sealed unsafe partial class Emulator
{
    private const int TileRowBytes = 64, TileRows = 16;

    private readonly byte[] _tiles = new byte[8 * TileRows * TileRowBytes];
    private readonly (int Rows, int RowBytes)[] _shapes = new (int, int)[8]; // zeros: not configured
    private bool _tilesInUse;

    /// <returns>False: it isn't one of these.</returns>
    private bool ExecuteTile(in Instruction i)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Ldtilecfg: ConfigureTiles(_memory.Read(Address(i), 64)); return true;
            case Mnemonic.Tilerelease: ReleaseTiles(); return true;
            case Mnemonic.Tilezero: Tile(i, 0).Clear(); return true;
            case Mnemonic.Tileloadd: MoveTile(i, i.Op0Register, (place, row) => _memory.Read(place, row.Length).CopyTo(row)); return true;
            case Mnemonic.Tilestored: MoveTile(i, i.Op1Register, (place, row) => row.CopyTo(_memory.Write(place, row.Length))); return true;
            case Mnemonic.Tdpbsud: DotTiles(i, AddBytes); return true;
            case Mnemonic.Tdpbf16ps: DotTiles(i, AddPairs); return true;
            default: return false;
        }
    }

    private void ConfigureTiles(ReadOnlySpan<byte> configuration)
    {
        ReleaseTiles();
        if (configuration[0] != 1 || configuration[1] != 0) throw new InvalidOperationException($"palette {configuration[0]}, start row {configuration[1]}: expected 1 and 0");
        if (configuration[2..16].ContainsAnyExcept((byte)0) || configuration[32..48].ContainsAnyExcept((byte)0) || configuration[56..].ContainsAnyExcept((byte)0)) throw new InvalidOperationException("a reserved byte is set");
        for (int tile = 0; tile < _shapes.Length; tile++)
        {
            (int rows, int bytes) = _shapes[tile] = (configuration[48 + tile], BinaryPrimitives.ReadUInt16LittleEndian(configuration[(16 + 2 * tile)..]));
            if (rows > TileRows || bytes > TileRowBytes || rows == 0 != (bytes == 0)) throw new InvalidOperationException($"tile {tile} has {rows} rows of {bytes} bytes");
        }

        _tilesInUse = true;
    }

    private void ReleaseTiles()
    {
        Array.Clear(_shapes);
        Array.Clear(_tiles);
        _tilesInUse = false;
    }

    /// <summary>All 16 rows of 64 bytes.</summary>
    private Span<byte> Tile(in Instruction i, int operand)
    {
        int tile = i.GetOpRegister(operand).GetNumber();
        return _shapes[tile].Rows > 0 ? _tiles.AsSpan(tile * TileRows * TileRowBytes, TileRows * TileRowBytes) : throw new InvalidOperationException($"'{i}' uses a tile without a shape");
    }

    private delegate void RowAction(ulong place, Span<byte> row);

    private void MoveTile(in Instruction i, Register register, RowAction move)
    {
        if (i.MemoryIndex == Register.None) throw NotKnown(i);
        Span<byte> tile = Tile(i, i.Op0Kind == OpKind.Register ? 0 : 1);
        (int rows, int bytes) = _shapes[register.GetNumber()];
        if (i.Op0Kind == OpKind.Register) tile.Clear();
        ulong start = General(i.MemoryBase) + i.MemoryDisplacement64, stride = General(i.MemoryIndex) * (ulong)i.MemoryIndexScale;
        for (int row = 0; row < rows; row++) move(start + (ulong)row * stride, tile.Slice(row * TileRowBytes, bytes));
    }

    /// <param name="a">A row of k words.</param>
    /// <param name="b">A word of each of k rows.</param>
    private delegate uint WordDot(uint sum, ReadOnlySpan<uint> a, ReadOnlySpan<uint> b);

    private void DotTiles(in Instruction i, WordDot dot)
    {
        Span<uint> sums = MemoryMarshal.Cast<byte, uint>(Tile(i, 0)), a = MemoryMarshal.Cast<byte, uint>(Tile(i, 1)), b = MemoryMarshal.Cast<byte, uint>(Tile(i, 2));
        ((int rows, int sumBytes), (int aRows, int aBytes), (int bRows, int bBytes)) = (_shapes[i.Op0Register.GetNumber()], _shapes[i.Op1Register.GetNumber()], _shapes[i.Op2Register.GetNumber()]);
        if (i.Op0Register == i.Op1Register || i.Op1Register == i.Op2Register || i.Op0Register == i.Op2Register) throw new InvalidOperationException($"'{i}' names a tile twice");
        if (rows != aRows || aBytes != 4 * bRows || sumBytes != bBytes || sumBytes % 4 != 0) throw new InvalidOperationException($"'{i}': [{aRows}, {aBytes}] bytes by [{bRows}, {bBytes}] to [{rows}, {sumBytes}]");
        Span<uint> column = stackalloc uint[TileRows];
        for (int lane = 0; lane < sumBytes / 4; lane++)
        {
            for (int k = 0; k < bRows; k++) column[k] = b[k * TileRows + lane]; // a row has 16 words
            for (int row = 0; row < rows; row++) sums[row * TileRows + lane] = dot(sums[row * TileRows + lane], a.Slice(row * TileRows, bRows), column[..bRows]);
        }
    }

    private static uint AddBytes(uint sum, ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        for (int k = 0; k < a.Length; k++)
        {
            for (int part = 0; part < 4; part++) sum += (uint)UnsignedTimesSigned(b[k], a[k], part);
        }

        return sum;
    }

    /// <summary>First and second numbers of the pairs are summed apart, then to each other, then to what was there.</summary>
    public static uint AddPairs(uint sum, ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        float first = 0, second = 0;
        for (int k = 0; k < a.Length; k++)
        {
            first = Flushed(MathF.FusedMultiplyAdd(Flushed(a[k] << 16), Flushed(b[k] << 16), first));
            second = Flushed(MathF.FusedMultiplyAdd(Flushed(a[k] & 0xFFFF0000), Flushed(b[k] & 0xFFFF0000), second));
        }

        return BitConverter.SingleToUInt32Bits(Flushed(Flushed(sum) + Flushed(first + second)));
    }
}
