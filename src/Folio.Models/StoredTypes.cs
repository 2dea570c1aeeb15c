using System.Runtime.InteropServices;
using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>The stored types that weights may have: those of the checkpoint formats for which the backends have kernels.</summary>
internal static unsafe class StoredTypes
{
    private static readonly (TensorType Stored, DType Type)[] Pairs =
    [
        (TensorType.F32, DType.F32), (TensorType.F16, DType.F16), (TensorType.BF16, DType.BF16),
        (TensorType.Q8_0, DType.Q8_0), (TensorType.Q4_0, DType.Q4_0), (TensorType.Q4_1, DType.Q4_1), (TensorType.Q5_0, DType.Q5_0), (TensorType.Q5_1, DType.Q5_1),
        (TensorType.Q2_K, DType.Q2_K), (TensorType.Q3_K, DType.Q3_K), (TensorType.Q4_K, DType.Q4_K), (TensorType.Q5_K, DType.Q5_K), (TensorType.Q6_K, DType.Q6_K),
    ];

    public static readonly TensorType[] Readable = [.. Pairs.Select(pair => pair.Stored)];

    public static DType Of(TensorType stored) => Pairs.First(pair => pair.Stored == stored).Type;

    /// <summary>The numbers of an I32 tensor.</summary>
    public static int[] ToIntegers(StoredTensor tensor)
    {
        int[] numbers = new int[tensor.Bytes / sizeof(int)];
        new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.Bytes)).CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    /// <summary>A vector's values: norms and biases are never quantised.</summary>
    public static float[] ToFloats(StoredTensor tensor)
    {
        tensor.ExpectType(TensorType.F32, TensorType.F16, TensorType.BF16);
        var bytes = new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.Bytes));
        float[] values = new float[bytes.Length / tensor.Type.BlockBytes()];
        switch (tensor.Type)
        {
            case TensorType.F32:
                bytes.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
                break;
            case TensorType.F16:
                for (int i = 0; i < values.Length; i++) values[i] = (float)MemoryMarshal.Read<Half>(bytes[(2 * i)..]);
                break;
            default: // BF16: the upper half of an fp32
                for (int i = 0; i < values.Length; i++) values[i] = BitConverter.Int32BitsToSingle(MemoryMarshal.Read<ushort>(bytes[(2 * i)..]) << 16);
                break;
        }

        return values;
    }
}
