using System.Diagnostics;

namespace Folio.Compute.Cpu.Linear;

/// <summary>How fast a kernel is where tiles matter: many rows, weights in the nearest caches.</summary>
internal static unsafe class TileSpeed
{
    private const int Rows = 48, Columns = 512, Outputs = 4 * Panel.Lanes, Runs = 8; // 50 million products and sums: under a millisecond

    /// <returns>Seconds of the fastest run. Speed doesn't depend on values: all are zero.</returns>
    public static double Measure(RoundedOps ops, in RoundedPanel panel)
    {
        using var arena = new NativeArena();
        using var alone = new ThreadTeam(1);
        long panelBytes = Columns / RoundedPanel.UnitInputs / panel.Units * panel.BlockBytes;
        var arguments = new LinearArguments
        {
            Panels = (byte*)arena.Allocate(Panel.Count(Outputs) * panelBytes),
            PanelBytes = panelBytes,
            Outputs = Outputs,
            Columns = Columns,
            X = (float*)arena.Allocate(Rows * Columns * sizeof(float)),
            XStride = Columns,
            Rows = Rows,
            Y = (float*)arena.Allocate(Rows * Outputs * sizeof(float)),
            YStride = Outputs,
        };
        byte* scratch = (byte*)arena.Allocate(ops.ScratchBytes(Rows, Columns));
        double best = double.PositiveInfinity;
        for (int run = 0; run < Runs; run++)
        {
            long start = Stopwatch.GetTimestamp();
            ops.Multiply(alone, arguments, scratch);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
