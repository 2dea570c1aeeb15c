using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>The last values of a row that don't fill a vector: lanes beyond them read as zero and are not written.</summary>
internal static unsafe class PartialVector
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* values, int count)
    {
        float* lanes = stackalloc float[8];
        Vector256<float>.Zero.Store(lanes);
        for (int i = 0; i < count; i++) lanes[i] = values[i];
        return Vector256.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> x, float* values, int count)
    {
        float* lanes = stackalloc float[8];
        x.Store(lanes);
        for (int i = 0; i < count; i++) values[i] = lanes[i];
    }
}
