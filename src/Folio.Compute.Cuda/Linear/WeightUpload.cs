using System.Buffers;
using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda.Linear;

/// <summary>Takes matrices from their mapped file to the card: packed piece by piece into pinned memory, by all processors, while the piece before is on its way.</summary>
internal sealed unsafe class WeightUpload : IDisposable
{
    /// <summary>Inputs are filled up to a multiple of this, by which many_rows goes over them.</summary>
    private const int InputAlignment = 32;

    private const long PieceBytes = 32 << 20;

    private readonly CudaContext _context;
    private readonly nint[] _pinned;
    private readonly nint[] _sent;
    private int _turn;

    public WeightUpload(CudaContext context)
    {
        _context = context;
        _pinned = [context.AllocatePinned(PieceBytes, "staging memory"), context.AllocatePinned(PieceBytes, "staging memory")];
        _sent = [context.NewEvent(), context.NewEvent()];
    }

    /// <param name="parts">One below the other.</param>
    public CudaWeight Pack(ReadOnlySpan<WeightSource> parts)
    {
        WeightSource first = parts[0];
        int outputs = 0;
        foreach (ref readonly WeightSource part in parts)
        {
            part.Check(first);
            outputs = checked(outputs + part.Rows);
        }

        var format = WeightFormat.Of(parts);
        long inputs = format.Group > 0 ? first.Columns : (first.Columns + InputAlignment - 1L) / InputAlignment * InputAlignment;
        long codeBytes = format.CodeBytes(inputs), groupBytes = format.GroupValues(inputs) * sizeof(ushort); // of a row
        var onCard = new WeightRows(_context.Allocate(outputs * codeBytes, $"tensor '{first.Name}'"), groupBytes == 0 ? 0 : _context.Allocate((outputs * groupBytes + 3) & ~3L, $"tensor '{first.Name}'"), inputs);
        if (codeBytes + groupBytes > PieceBytes) throw new CudaException($"tensor '{first.Name}' has rows of {first.Columns} values, more than {PieceBytes} bytes.");

        long row = 0;
        foreach (WeightSource part in parts)
        {
            int atOnce = (int)Math.Min(part.Rows, PieceBytes / (codeBytes + groupBytes));
            for (int start = 0; start < part.Rows; start += atOnce)
            {
                int count = Math.Min(atOnce, part.Rows - start);
                _turn ^= 1;
                CudaContext.Await(_sent[_turn]);
                byte* codes = (byte*)_pinned[_turn], groups = codes + count * codeBytes;
                PackPiece(part, format, start, count, codes, codeBytes, groups, groupBytes);
                _context.Upload(onCard.Codes + (nint)((row + start) * codeBytes), codes, count * codeBytes);
                if (groupBytes > 0) _context.Upload(onCard.Groups + (nint)((row + start) * groupBytes), groups, count * groupBytes);
                CudaContext.Record(_sent[_turn], _context.Stream);
            }

            row += part.Rows;
        }

        return new(first.Type, outputs, first.Columns, format, onCard, format.IsFp8 ? OutputScales(parts, outputs) : 0);
    }

    /// <returns>0: a row has several.</returns>
    private nint OutputScales(ReadOnlySpan<WeightSource> parts, int outputs)
    {
        float[] scales = new float[outputs];
        int row = 0;
        foreach (ref readonly WeightSource part in parts)
        {
            var reader = (Float8Rows)part.Reader!;
            if (reader.ScaleColumns < part.Columns) return 0;
            for (int own = 0; own < part.Rows; own++) scales[row++] = reader.Scales(own)[0];
        }

        nint onCard = _context.Allocate(outputs * sizeof(float), $"tensor '{parts[0].Name}'");
        fixed (float* from = scales)
        {
            _context.Upload(onCard, from, outputs * sizeof(float));
            CudaContext.Synchronize(_context.Stream); // memory that isn't pinned must stay where it is till then
        }

        return onCard;
    }

    public void Dispose()
    {
        foreach (nint memory in _pinned) _context.FreePinned(memory);
    }

    private static void PackPiece(WeightSource part, WeightFormat format, int start, int count, byte* codes, long codeBytes, byte* groups, long groupBytes)
    {
        const int rowsOfAProcessor = 64;
        Parallel.For(0, (count + rowsOfAProcessor - 1) / rowsOfAProcessor, slice =>
        {
            int first = slice * rowsOfAProcessor, end = Math.Min(count, first + rowsOfAProcessor), stored = (int)(part.Bytes / part.Rows);
            RowReader? reader = format.IsFp8 ? null : part.Reader;
            byte[] made = reader is null ? [] : ArrayPool<byte>.Shared.Rent((end - first) * stored);
            fixed (byte* rows = made) reader?.Read(start + first, end - first, rows);
            for (int row = first; row < end; row++)
            {
                var to = new Span<byte>(codes + row * codeBytes, (int)codeBytes);
                var scales = new Span<ushort>(groups + row * groupBytes, (int)groupBytes / sizeof(ushort));
                if (part.Transposed)
                {
                    Gather(part, start + row, to);
                    continue;
                }

                if (format.IsFp8)
                {
                    WeightPacker.Pack((Float8Rows)part.Reader!, start + row, format, to, scales);
                    continue;
                }

                ReadOnlySpan<byte> from = reader is null ? new((byte*)part.Data + (long)(start + row) * stored, stored) : made.AsSpan((row - first) * stored, stored);
                if (format.Group == 0) to[stored..].Clear();
                WeightPacker.Pack(part.Type, format, from, to, scales);
            }

            if (reader is not null) ArrayPool<byte>.Shared.Return(made);
        });
    }

    /// <summary>A column of a matrix that is stored as [inputs, outputs].</summary>
    private static void Gather(WeightSource part, int output, Span<byte> to)
    {
        int size = (int)(part.Bytes / ((long)part.Rows * part.Columns));
        to[(part.Columns * size)..].Clear();
        for (int input = 0; input < part.Columns; input++)
            new ReadOnlySpan<byte>((byte*)part.Data + ((long)input * part.Rows + output) * size, size).CopyTo(to[(input * size)..]);
    }
}
