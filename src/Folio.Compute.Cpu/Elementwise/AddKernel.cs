using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu;

/// <summary>x += y, both [rows, columns]. Bound: reading both and writing one.</summary>
internal readonly unsafe struct AddKernel(Tensor x, Tensor y) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        float* target = x.Row(row);
        float* source = y.Row(row);
        int n = x.Columns, i = 0;
        for (; i <= n - 8; i += 8) (Vector256.Load(target + i) + Vector256.Load(source + i)).Store(target + i);
        for (; i < n; i++) target[i] += source[i];
    }
}

/// <summary>y[i] = x[rows[i]]: [any, columns] → [rows, columns]. Bound: the copy.</summary>
internal readonly unsafe struct GatherRowsKernel(Tensor x, int* rows, Tensor y) : IRowKernel
{
    public void Run(int row)
    {
        long bytes = y.Columns * sizeof(float);
        Buffer.MemoryCopy(x.Row(rows[row]), y.Row(row), bytes, bytes);
    }
}
