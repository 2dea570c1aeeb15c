using System.Diagnostics;
using System.Runtime.InteropServices;
using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Bench;

/// <summary>Speed of the matrix product for each stored type and number of rows. Speed doesn't depend on values: weights are zero bits.</summary>
internal static unsafe class MatrixBench
{
    private const double WarmUpSeconds = 0.3, MeasureSeconds = 1;

    /// <summary>The matrices of one forward pass, as the engine packs them (Q, K, V in one; gate and up in one): (outputs, inputs).</summary>
    public static (int Outputs, int Columns)[] SmolLm2 { get; } =
    [
        .. Enumerable.Repeat<(int, int)[]>([(960, 576), (576, 576), (3072, 576), (576, 1536)], 30).SelectMany(layer => layer),
        (49152, 576),
    ];

    public static void Products(string title, (int Outputs, int Columns)[] shapes, DType[] types, int[] rowCounts, int? threads, CpuActivations? activations, Ceilings ceilings)
    {
        Console.WriteLine($"\n{title}\n{"type",-6}{"rows",6}{"ms",10}{"best ms",10}{"Gop/s",8}{"of peak",8}{"GB/s",7}{"of read",8}{"x row 1",9}");
        foreach (DType type in types)
        {
            if (shapes.Any(shape => shape.Columns % QuantizedBlocks.BlockSize(type) != 0)) shapes = [.. shapes.Select(shape => (shape.Outputs, (shape.Columns + 255) / 256 * 256))];
            using var backend = new CpuBackend(threads, activations: activations);
            Weight[] weights = PackCopies(backend, type, shapes);
            double operations = 2 * weights.Sum(weight => (double)weight.Rows * weight.Columns), bytes = weights.Sum(weight => weight.Bytes);
            Tensor x = backend.Allocate(rowCounts.Max(), shapes.Max(shape => shape.Columns)), y = backend.Allocate(rowCounts.Max(), shapes.Max(shape => shape.Outputs));
            double peak = ceilings.Gops(type, activations), copies = weights.Length / (double)shapes.Length, oneRow = 0;
            foreach (int rows in rowCounts)
            {
                (double median, double best) = Time(weights.Length, i =>
                {
                    Weight weight = weights[i];
                    backend.Linear(x.FirstRows(rows).Slice(0, weight.Columns), weight, default, y.FirstRows(rows).Slice(0, weight.Rows));
                });
                if (oneRow == 0) oneRow = median;
                double gops = rows * operations / median / 1e9, read = bytes / median / 1e9;
                Console.WriteLine($"{type,-6}{rows,6}{median / copies * 1e3,10:F3}{best / copies * 1e3,10:F3}{gops,8:F0}{gops / peak,8:P0}{read,7:F1}{read / ceilings.Bandwidth,8:P0}{median / oneRow,9:F2}");
            }
        }
    }

    public static void Packing(DType[] types, int? threads)
    {
        Console.WriteLine($"\npacking SmolLM2-135M\n{"type",-6}{"stored MB",10}{"packed MB",10}{"ms first",10}{"ms again",10}");
        foreach (DType type in types)
        {
            var times = new double[2];
            double stored = 0, packed = 0;
            for (int run = 0; run < 2; run++)
            {
                using var backend = new CpuBackend(threads);
                (int Outputs, int Columns)[] shapes = [.. SmolLm2.Select(shape => (shape.Outputs, (shape.Columns + 255) / 256 * 256))];
                long most = shapes.Max(shape => StoredBytes(type, shape));
                void* zeros = NativeMemory.AllocZeroed((nuint)most);
                long start = Stopwatch.GetTimestamp();
                Weight[] weights = [.. shapes.Select(shape => backend.Pack(Source(type, shape, (nint)zeros)))];
                times[run] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                NativeMemory.Free(zeros);
                stored = shapes.Sum(shape => StoredBytes(type, shape)) / 1e6;
                packed = weights.Sum(weight => weight.Bytes) / 1e6;
            }

            Console.WriteLine($"{type,-6}{stored,10:F0}{packed,10:F0}{times[0],10:F0}{times[1],10:F0}");
        }
    }

    /// <summary>Enough copies to exceed the caches, as a model's weights do.</summary>
    private static Weight[] PackCopies(CpuBackend backend, DType type, (int Outputs, int Columns)[] shapes)
    {
        const long enough = 100L << 20;
        void* zeros = NativeMemory.AllocZeroed((nuint)shapes.Max(shape => StoredBytes(type, shape)));
        var weights = new List<Weight>();
        do weights.AddRange(shapes.Select(shape => backend.Pack(Source(type, shape, (nint)zeros))));
        while (shapes.Length == 1 && weights.Sum(weight => weight.Bytes) < enough);
        NativeMemory.Free(zeros);
        return [.. weights];
    }

    private static WeightSource Source(DType type, (int Outputs, int Columns) shape, nint data) =>
        new("zeros", type, shape.Outputs, shape.Columns, data, StoredBytes(type, shape));

    private static long StoredBytes(DType type, (int Outputs, int Columns) shape) =>
        (long)shape.Outputs * shape.Columns / QuantizedBlocks.BlockSize(type) * QuantizedBlocks.BlockBytes(type);

    /// <summary>Times each matrix by itself, over and over in turn: a neighbour's time slice then spoils single samples, not the median.</summary>
    /// <returns>Seconds for all matrices once: the sums of their medians and of their best times.</returns>
    private static (double Median, double Best) Time(int matrices, Action<int> run)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds;) RunAll(null);
        List<double>[] times = [.. Enumerable.Range(0, matrices).Select(_ => new List<double>())];
        for (long start = Stopwatch.GetTimestamp(); times[0].Count < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < MeasureSeconds;) RunAll(times);
        foreach (List<double> samples in times) samples.Sort();
        return (times.Sum(samples => samples[samples.Count / 2]), times.Sum(samples => samples[0]));

        void RunAll(List<double>[]? times)
        {
            for (int i = 0; i < matrices; i++)
            {
                long before = Stopwatch.GetTimestamp();
                run(i);
                times?[i].Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
        }
    }
}
