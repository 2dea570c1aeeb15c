using Folio.Compute;
using Folio.Compute.Cuda.Card;

namespace Folio.GpuBench;

/// <summary>Random bf16 numbers in the card's memory. Zeros would be multiplied faster, since they take less power.</summary>
internal static unsafe class RandomBuffer
{
    private const int PieceBytes = 64 << 20;

    public static nint Make(CudaContext context, long bytes)
    {
        nint memory = context.Allocate(bytes, "random numbers");
        Fill(context, memory, bytes);
        return memory;
    }

    /// <summary>The same piece over and over.</summary>
    public static void Fill(CudaContext context, nint memory, long bytes)
    {
        byte[] piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(PieceBytes, bytes), pinned: true);
        fixed (byte* data = piece)
        {
            StoredValues.Fill(DType.BF16, data, piece.Length);
            for (long at = 0; at < bytes; at += piece.Length) context.Upload(memory + (nint)at, data, Math.Min(piece.Length, bytes - at));
            CudaContext.Synchronize(context.Stream);
        }
    }
}
