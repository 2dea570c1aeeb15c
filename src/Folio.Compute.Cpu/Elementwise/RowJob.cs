using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu;

/// <summary>Work on one row that touches no other row.</summary>
internal interface IRowKernel
{
    void Run(int row);
}

/// <summary>A row kernel over all rows, some thousand values an item.</summary>
internal readonly struct RowJob<TKernel>(TKernel kernel, int rows, int rowsPerItem) : IParallelJob where TKernel : unmanaged, IRowKernel
{
    public void Run(int item, int worker)
    {
        TKernel own = kernel;
        int end = Math.Min(rows, (item + 1) * rowsPerItem);
        for (int row = item * rowsPerItem; row < end; row++) own.Run(row);
    }
}

internal static unsafe class RowJob
{
    /// <summary>Values that one thread works through in about the time that handing work to another takes (1–2 µs).</summary>
    private const int ValuesPerItem = 4096;

    /// <summary>Runs the kernel on rows [0, rows) of about <paramref name="columns"/> values each.</summary>
    public static void RunRows<TKernel>(this ThreadTeam team, int rows, int columns, TKernel kernel) where TKernel : unmanaged, IRowKernel
    {
        int rowsPerItem = Math.Max(1, ValuesPerItem / Math.Max(1, columns));
        team.Run((rows + rowsPerItem - 1) / rowsPerItem, new RowJob<TKernel>(kernel, rows, rowsPerItem));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Row(this Tensor x, int row) => (float*)x.Data + (long)row * x.Stride;
}
