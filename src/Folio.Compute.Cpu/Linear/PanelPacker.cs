using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu.Linear;

/// <summary>A stored matrix without its name, for jobs.</summary>
internal unsafe struct StoredRows
{
    public byte* Data;
    public int Rows;
    public bool Transposed;
    public GCHandle<RowReader> Reader; // of rows that must be made; jobs hold no references
}

/// <summary>Where the inputs of an output lie.</summary>
internal unsafe struct RowPlace
{
    public byte* First;
    public long Step; // from number to number, in numbers
}

/// <summary>Stored matrices, one below the other, to panels.</summary>
internal unsafe struct PackArguments
{
    public StoredRows* Parts;
    public int PartCount;
    public int Columns;
    public byte* Panels; // zeroed: lanes without an output stay so
    public long PanelBytes;
    public long RowBytes;
    public byte* Made; // [workers, lanes, RowBytes] rows that a reader makes

    public readonly byte* Panel(int index) => Panels + index * PanelBytes;

    /// <summary>Finds the outputs of a panel, and makes those that must be made.</summary>
    /// <param name="places">Receives one a lane.</param>
    /// <returns>Lanes that have an output.</returns>
    public readonly int Locate(int panel, int worker, RowPlace* places)
    {
        int lane = 0;
        while (lane < Linear.Panel.Lanes)
        {
            int row = panel * Linear.Panel.Lanes + lane;
            StoredRows* part = Find(ref row);
            if (part == null) break;

            int end = lane + Math.Min(Linear.Panel.Lanes - lane, part->Rows - row);
            long apart = part->Transposed ? RowBytes / Columns : RowBytes;
            byte* first = part->Data + row * apart;
            if (part->Reader.IsAllocated)
            {
                first = Made + ((long)worker * Linear.Panel.Lanes + lane) * RowBytes;
                part->Reader.Target.Read(row, end - lane, first);
            }

            for (; lane < end; lane++, first += apart) places[lane] = new() { First = first, Step = part->Transposed ? part->Rows : 1 };
        }

        return lane;
    }

    /// <summary>The part that holds an output.</summary>
    /// <param name="row">The output; receives its row in the part.</param>
    /// <returns>Null past the last output.</returns>
    private readonly StoredRows* Find(ref int row)
    {
        for (int part = 0; part < PartCount; part++)
        {
            if (row < Parts[part].Rows) return Parts + part;
            row -= Parts[part].Rows;
        }

        return null;
    }
}

/// <summary>Packs quantised blocks. An item is a panel, written block by block: what a block's lanes write stays in the first-level cache.</summary>
internal readonly unsafe struct PackBlocksJob<TFormat>(PackArguments arguments) : IParallelJob where TFormat : IBlockFormat
{
    private readonly PackArguments _a = arguments;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        byte* to = _a.Panel(item), codes = stackalloc byte[TFormat.Values];
        RowPlace* from = stackalloc RowPlace[Panel.Lanes];
        int blocks = _a.Columns / TFormat.Values, lanes = _a.Locate(item, worker, from);
        BlockScales scales;
        for (long block = 0; block < blocks; block++, to += QuantizedPanel<TFormat>.BlockBytes)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                TFormat.Unpack(from[lane].First + block * TFormat.Bytes, codes, &scales);
                WriteScales(&scales, to, lane);
                WriteCodes(codes, (uint*)(to + QuantizedPanel<TFormat>.CodesOffset) + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteScales(BlockScales* scales, byte* block, int lane)
    {
        ((ushort*)block)[lane] = scales->D;
        if (TFormat.HasMins) ((ushort*)(block + QuantizedPanel<TFormat>.MinsOffset))[lane] = scales->M;
        if (!QuantizedPanel<TFormat>.HasFactors) return;
        for (int group = 0; group < QuantizedPanel<TFormat>.Groups; group++)
        {
            block[QuantizedPanel<TFormat>.FactorsOffset + group * Panel.Lanes + lane] = (byte)scales->Scales[group];
            if (TFormat.HasMins) block[QuantizedPanel<TFormat>.MinFactorsOffset + group * Panel.Lanes + lane] = (byte)scales->Mins[group];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteCodes(byte* codes, uint* word)
    {
        byte* end = codes + TFormat.Values;
        if (QuantizedPanel<TFormat>.Bits == 6)
        {
            for (; codes < end; codes += 16, word += 3 * Panel.Lanes) WriteSixBits((uint*)codes, word);
            return;
        }

        for (; codes < end; codes += QuantizedPanel<TFormat>.CodesPerWord, word += Panel.Lanes)
            *word = QuantizedPanel<TFormat>.Bits == 8 ? *(uint*)codes : JoinNibbles(*(ulong*)codes);
    }

    /// <summary>Sixteen codes to three words: see <see cref="Panel"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteSixBits(uint* codes, uint* word)
    {
        uint last = codes[3];
        word[0] = codes[0] | (last & 0x03030303) << 6;
        word[Panel.Lanes] = codes[1] | (last & 0x0C0C0C0C) << 4;
        word[2 * Panel.Lanes] = codes[2] | (last & 0x30303030) << 2;
    }

    /// <summary>Eight bytes below 16 to one word, the first byte lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint JoinNibbles(ulong bytes)
    {
        bytes = (bytes | bytes >> 4) & 0x00FF00FF00FF00FF;
        bytes = (bytes | bytes >> 8) & 0x0000FFFF0000FFFF;
        return (uint)(bytes | bytes >> 16);
    }
}

/// <summary>Packs numbers of 16 or 32 bits. An item is a panel, written in pieces that stay in the first-level cache.</summary>
internal readonly unsafe struct PackNumbersJob<T>(PackArguments arguments) : IParallelJob where T : unmanaged
{
    private const int Piece = 64; // inputs

    private readonly PackArguments _a = arguments;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        int perWord = sizeof(uint) / sizeof(T);
        byte* panel = _a.Panel(item);
        RowPlace* places = stackalloc RowPlace[Panel.Lanes];
        int lanes = _a.Locate(item, worker, places);
        for (int start = 0; start < _a.Columns; start += Piece)
        {
            int end = Math.Min(start + Piece, _a.Columns);
            for (int lane = 0; lane < lanes; lane++)
            {
                long step = places[lane].Step;
                T* from = (T*)places[lane].First + start * step;
                uint* word = (uint*)panel + (long)(start / perWord) * Panel.Lanes + lane;
                for (int k = start; k < end; k += perWord, from += perWord * step, word += Panel.Lanes)
                    *word = perWord == 1 ? *(uint*)from : *(ushort*)from | (k + 1 < end ? (uint)((ushort*)from)[step] << 16 : 0);
            }
        }
    }
}
