using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>One panel times some rows: sums = x · wᵀ for 32 outputs.</summary>
/// <remarks>
/// Order: each output is one chain of fused multiply-adds over k ascending, from zero, on the exact fp32 values of the weights, whatever the number of rows: so answers depend
/// neither on the batch nor on the stored form or the vector width (design §5).
/// Bound: up to three rows, weights are decoded in registers: by the decoding (about five instructions a vector) or by memory. Above, a chunk of the panel is decoded, two vectors of outputs wide, into the
/// first-level cache once and <see cref="Tile{TSimd, TV}"/> runs over it: by the multiply-add units.
/// </remarks>
internal static unsafe class PanelKernels<TSimd, TV, TDecoder>
    where TSimd : ISimd<TV> where TV : struct where TDecoder : struct, IPanelDecoder<TDecoder, TV>
{
    /// <summary>Most rows of one call: their sums stay in the first-level cache.</summary>
    public const int MaxRows = 96;

    private const int MaxDirectRows = 3;
    private const int ChunkValues = 4096; // weights decoded at a time: 16 KB, half of the first-level cache

    /// <param name="rows">[1, <see cref="MaxRows"/>]</param>
    /// <param name="x">[rows, columns], rows <paramref name="stride"/> values apart.</param>
    /// <param name="sums">[rows, 32]</param>
    [SkipLocalsInit]
    public static void Multiply(byte* panel, int columns, int rows, float* x, long stride, float* sums)
    {
        switch (rows)
        {
            case 1: MultiplyDirect<Rows1>(panel, columns, x, stride, sums); return;
            case 2: MultiplyDirect<Rows2>(panel, columns, x, stride, sums); return;
            case MaxDirectRows: MultiplyDirect<Rows3>(panel, columns, x, stride, sums); return;
        }

        float* w = stackalloc float[ChunkValues + NativeArena.Alignment / sizeof(float)];
        w = (float*)((nint)w + NativeArena.Alignment - 1 & -NativeArena.Alignment);
        new Span<float>(sums, rows * Panel.Lanes).Clear();
        int lanes = 2 * TSimd.Count, chunk = ChunkValues / lanes, tiles = (rows + TSimd.TileRows - 1) / TSimd.TileRows;
        for (int lane = 0; lane < Panel.Lanes; lane += lanes)
        {
            for (int k = 0; k < columns; k += chunk)
            {
                int inputs = Math.Min(chunk, columns - k);
                Decode(panel, k, inputs, lane, lanes, w);
                for (int tile = 0; tile < tiles; tile++)
                {
                    int first = rows * tile / tiles, count = rows * (tile + 1) / tiles - first; // tiles of nearly equal height
                    Tile<TSimd, TV>.Run(count, x + first * stride + k, stride, w, inputs, sums + first * Panel.Lanes + lane);
                }
            }
        }
    }

    /// <summary>Decodes inputs [start, start + inputs) of lanes [lane, lane + lanes) to fp32.</summary>
    /// <param name="start">A multiple of <c>TDecoder.Group</c>.</param>
    /// <param name="w">Receives [inputs, lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(byte* panel, int start, int inputs, int lane, int lanes, float* w)
    {
        int end = start + inputs;
        for (int k = start; k < end; k += TDecoder.Group)
        {
            int groupEnd = Math.Min(k + TDecoder.Group, end), group = k / TDecoder.Group % TDecoder.Groups;
            byte* block = panel + (long)(k / TDecoder.Group / TDecoder.Groups) * TDecoder.BlockBytes;
            byte* words = block + TDecoder.WordsOffset + group * TDecoder.GroupBytes;
            for (int l = lane; l < lane + lanes; l += TSimd.Count)
            {
                TDecoder decoder = TDecoder.Open(block, group, l);
                byte* ofLane = words + l * sizeof(uint);
                float* to = w + l - lane + (long)(k - start) * lanes;
                int i = k, word = 0;
                for (; i <= groupEnd - TDecoder.InputsPerWord; i += TDecoder.InputsPerWord, word++, to += TDecoder.InputsPerWord * lanes)
                    DecodeWord(decoder, TDecoder.Load(ofLane, word), lanes, to);

                if (i == groupEnd) continue;
                TV rest = TDecoder.Load(ofLane, word);
                for (; i < groupEnd; i++, to += lanes) TSimd.Store(decoder.Next(ref rest), to);
            }
        }
    }

    /// <summary>All inputs of a word, without a loop: 1, 2, 4 or 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DecodeWord(TDecoder decoder, TV bits, int lanes, float* to)
    {
        TSimd.Store(decoder.Next(ref bits), to);
        if (TDecoder.InputsPerWord == 1) return;
        TSimd.Store(decoder.Next(ref bits), to + lanes);
        if (TDecoder.InputsPerWord == 2) return;
        TSimd.Store(decoder.Next(ref bits), to + 2 * lanes);
        TSimd.Store(decoder.Next(ref bits), to + 3 * lanes);
        if (TDecoder.InputsPerWord == 4) return;
        TSimd.Store(decoder.Next(ref bits), to + 4 * lanes);
        TSimd.Store(decoder.Next(ref bits), to + 5 * lanes);
        TSimd.Store(decoder.Next(ref bits), to + 6 * lanes);
        TSimd.Store(decoder.Next(ref bits), to + 7 * lanes);
    }

    /// <summary>Up to three rows, up to four vectors of outputs at once: enough chains in flight to hide a multiply-add's latency.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyDirect<TRows>(byte* panel, int columns, float* x, long stride, float* sums) where TRows : ITileRows
    {
        bool four = TSimd.Count < 16; // 16 lanes: two vectors are a whole panel
        int n = TSimd.Count, rows = TRows.Count;
        for (int lane = 0; lane < Panel.Lanes; lane += (four ? 4 : 2) * n)
        {
            TV a0 = default, a1 = default, a2 = default, a3 = default;
            TV b0 = default, b1 = default, b2 = default, b3 = default;
            TV c0 = default, c1 = default, c2 = default, c3 = default;
            byte* block = panel;
            byte* words = block + TDecoder.WordsOffset + lane * sizeof(uint);
            for (int k = 0, group = 0; k < columns;)
            {
                TDecoder d0 = TDecoder.Open(block, group, lane), d1 = TDecoder.Open(block, group, lane + n), d2 = default, d3 = default;
                if (four)
                {
                    d2 = TDecoder.Open(block, group, lane + 2 * n);
                    d3 = TDecoder.Open(block, group, lane + 3 * n);
                }

                int groupEnd = Math.Min(k + TDecoder.Group, columns), vector = n * sizeof(uint);
                for (int word = 0; k < groupEnd; word++)
                {
                    TV bits0 = TDecoder.Load(words, word), bits1 = TDecoder.Load(words + vector, word);
                    TV bits2 = four ? TDecoder.Load(words + 2 * vector, word) : default, bits3 = four ? TDecoder.Load(words + 3 * vector, word) : default;
                    for (int wordEnd = Math.Min(k + TDecoder.InputsPerWord, groupEnd); k < wordEnd; k++)
                    {
                        TV w0 = d0.Next(ref bits0), w1 = d1.Next(ref bits1);
                        TV w2 = four ? d2.Next(ref bits2) : default, w3 = four ? d3.Next(ref bits3) : default;
                        TV factor = TSimd.Broadcast(x[k]);
                        a0 = TSimd.MultiplyAdd(w0, factor, a0);
                        a1 = TSimd.MultiplyAdd(w1, factor, a1);
                        if (four) a2 = TSimd.MultiplyAdd(w2, factor, a2);
                        if (four) a3 = TSimd.MultiplyAdd(w3, factor, a3);
                        if (rows > 1)
                        {
                            factor = TSimd.Broadcast(x[k + stride]);
                            b0 = TSimd.MultiplyAdd(w0, factor, b0);
                            b1 = TSimd.MultiplyAdd(w1, factor, b1);
                            if (four) b2 = TSimd.MultiplyAdd(w2, factor, b2);
                            if (four) b3 = TSimd.MultiplyAdd(w3, factor, b3);
                        }

                        if (rows > 2)
                        {
                            factor = TSimd.Broadcast(x[k + 2 * stride]);
                            c0 = TSimd.MultiplyAdd(w0, factor, c0);
                            c1 = TSimd.MultiplyAdd(w1, factor, c1);
                            if (four) c2 = TSimd.MultiplyAdd(w2, factor, c2);
                            if (four) c3 = TSimd.MultiplyAdd(w3, factor, c3);
                        }
                    }
                }

                words += TDecoder.GroupBytes;
                if (++group == TDecoder.Groups)
                {
                    group = 0;
                    block += TDecoder.BlockBytes;
                    words = block + TDecoder.WordsOffset + lane * sizeof(uint);
                }
            }

            Store(sums + lane, a0, a1, a2, a3);
            if (rows > 1) Store(sums + Panel.Lanes + lane, b0, b1, b2, b3);
            if (rows > 2) Store(sums + 2 * Panel.Lanes + lane, c0, c1, c2, c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* sums, TV v0, TV v1, TV v2, TV v3)
    {
        TSimd.Store(v0, sums);
        TSimd.Store(v1, sums + TSimd.Count);
        if (TSimd.Count == 16) return;
        TSimd.Store(v2, sums + 2 * TSimd.Count);
        TSimd.Store(v3, sums + 3 * TSimd.Count);
    }
}
