using System.Diagnostics;
using Folio.Compute;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Linear;

namespace Folio.GpuBench;

/// <summary>What the machine is, and what its card can do at most: the limits that figures are held against.</summary>
internal sealed unsafe class Facts(Options options) : Part(options), IDisposable
{
    public const string Card = "card";

    // CUdevice_attribute
    private const int ClockRate = 13, MemoryClockRate = 36, MemoryBusWidth = 37, L2CacheBytes = 38;

    private readonly CudaContext _context = new(ordinal: 0);

    public override IEnumerable<Item> Items =>
    [
        new("the card", Describe),
        new("libraries", log => log.Fact("libraries", $"NVRTC {Nvrtc.Version.Major}.{Nvrtc.Version.Minor}; cuBLASLt {(CublasLt.IsHere ? "is here" : "isn't here")}")),
        new("nvidia-smi", AskTheTool),
        new("memory", MeasureMemory),
        new("the link", MeasureLink),
        new("products", MeasureProducts),
    ];

    public void Dispose() => _context.Dispose();

    private void Describe(ResultLog log)
    {
        CudaContext.Check(CudaDriver.cuDriverGetVersion(out int version), "cuDriverGetVersion");
        (long free, long total) = _context.Memory;
        log.Fact(Card, _context.Name);
        log.Fact("architecture", $"{_context.Architecture}, {_context.Multiprocessors} multiprocessors at {Attribute(ClockRate) / 1000} MHz at most, {SizeText.Of(Attribute(L2CacheBytes))} of L2");
        double specified = 2.0 * Attribute(MemoryClockRate) * 1e3 * Attribute(MemoryBusWidth) / 8 / 1e9;
        log.Fact("card memory", $"{SizeText.Of(total)}, {SizeText.Of(free)} free; {Attribute(MemoryClockRate) / 1000} MHz × {Attribute(MemoryBusWidth)} bits: {specified:0} GB/s as specified");
        log.Fact("driver", $"for CUDA {version / 1000}.{version % 1000 / 10}");
        log.Fact("host", $"{Environment.ProcessorCount} processors, {SizeText.Of(HostMemory.Available)} of memory to spare");
    }

    /// <summary>What the driver's own tool says, if it is here: what the driver calls itself, clocks and temperature before anything has run.</summary>
    private static void AskTheTool(ResultLog log)
    {
        const string fields = "driver_version,clocks.sm,clocks.mem,power.limit,temperature.gpu,ecc.mode.current,mig.mode.current";
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", [$"--query-gpu={fields}", "--format=csv,noheader", "--id=0"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            log.Fact($"nvidia-smi: {fields}", process.StandardOutput.ReadToEnd().Trim());
        }
        catch (System.ComponentModel.Win32Exception)
        {
            log.Missing("nvidia-smi", "isn't here");
        }
    }

    private void MeasureMemory(ResultLog log)
    {
        long bytes = Options.Size(4L << 30, 1L << 16);
        int blocks = 8 * _context.Multiprocessors;
        nint from = _context.Allocate(bytes, "a buffer to read"), to = _context.Allocate(bytes, "a buffer to write"), sums = _context.Allocate(blocks * 256L * sizeof(uint), "sums");
        RandomBuffer.Fill(_context, from, bytes);
        using var clock = new CardClock(Options, _context);
        Kernel read = OwnKernels.Read(_context);
        Samples reading = clock.Measure(() => read.Launch(new ReadArguments(from, sums, bytes), blocks));
        Samples copying = clock.Measure(() => CudaContext.Check(CudaDriver.cuMemcpyDtoDAsync(to, from, (nuint)bytes, _context.Stream), "cuMemcpyDtoDAsync"));
        bool readsFaster = 2 * reading.Median < copying.Median;
        log.Limit(Limits.Memory, readsFaster ? reading : copying, (readsFaster ? 1 : 2) * bytes / 1e9, "GB/s");
        log.Figure("reading", reading, bytes / 1e9, "GB/s");
        log.Figure("copying, both ways counted", copying, 2 * bytes / 1e9, "GB/s");
    }

    private void MeasureLink(ResultLog log)
    {
        long bytes = Options.Size(1L << 29, 1L << 16);
        nint onCard = _context.Allocate(bytes, "a buffer"), pinned = _context.AllocatePinned(bytes, "a buffer");
        new Span<byte>((void*)pinned, (int)bytes).Fill(1);
        using var clock = new CardClock(Options, _context);
        log.Limit(Limits.ToCard, clock.Measure(() => _context.Upload(onCard, (void*)pinned, bytes)), bytes / 1e9, "GB/s");
        log.Limit(Limits.ToHost, clock.Measure(() => _context.Download((void*)pinned, onCard, bytes)), bytes / 1e9, "GB/s");
        _context.FreePinned(pinned);
    }

    private void MeasureProducts(ResultLog log)
    {
        using DenseProducts? products = DenseProducts.TryCreate(_context);
        if (products is null)
        {
            log.Missing(Limits.Products, "cuBLASLt isn't here");
            return;
        }

        int size = Options.Size(8192, 64);
        using var clock = new CardClock(Options, _context);
        nint x = RandomBuffer.Make(_context, 2L * size * size), w = RandomBuffer.Make(_context, 2L * size * size), y = _context.Allocate(4L * size * size, "a product");
        var arguments = new LinearArguments(x, new WeightRows(w, 0, size), 0, y, size, size, size, size, Accumulate: 0);
        log.Limit(Limits.Products, clock.Measure(() => ProductSpeed.Multiply(products, arguments)), 2.0 * size * size * size / 1e12, "TFLOP/s");
    }

    private static int Attribute(int attribute)
    {
        CudaContext.Check(CudaDriver.cuDeviceGet(out int device, 0), "cuDeviceGet");
        CudaContext.Check(CudaDriver.cuDeviceGetAttribute(out int value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }
}
