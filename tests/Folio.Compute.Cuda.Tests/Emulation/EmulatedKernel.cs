using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Compiling;

namespace Folio.Compute.Cuda.Tests.Emulation;

/// <summary>Which of the threads that could go on does.</summary>
internal enum ThreadOrder
{
    Ascending,
    Descending,
    Random,
}

/// <summary>A kernel file, compiled by g++ against the emulation and loaded into this process.</summary>
internal sealed unsafe class EmulatedKernel
{
    private static readonly ConcurrentDictionary<string, Lazy<EmulatedKernel>> Known = new();
    private static readonly string Folder = Directory.CreateTempSubdirectory("folio-emulated-").FullName;
    private static readonly Lazy<string> Runtime = new(() => HostCompiler.CompileRuntime(Folder));
    private readonly nint _library;
    private readonly Lock _running = new(); // a library has one block at a time

    static EmulatedKernel()
    {
        foreach ((string name, string text) in KernelSource.Headers) File.WriteAllText(Path.Combine(Folder, name), text); // before any of the compilers that run at once
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);
    }

    private EmulatedKernel(string path) => _library = NativeLibrary.Load(path);

    /// <summary>Skips the test where there is no g++.</summary>
    public static EmulatedKernel Of(string file, params string[] definitions)
    {
        if (HostCompiler.Missing is { } reason) Assert.Skip(reason);
        var source = new KernelSource(file, definitions);
        return Known.GetOrAdd(source.ToString(), _ => new(() => Compile(source))).Value;
    }

    /// <summary>Runs every block of a launch, in each order of threads, and fails on anything that the emulation finds.</summary>
    /// <returns>Nothing: what the kernel has written is in its buffers.</returns>
    public void Launch<TArguments>(string name, TArguments arguments, (int X, int Y, int Z) grid, int threads, int sharedBytes, ThreadOrder order = ThreadOrder.Random) where TArguments : unmanaged
    {
        Assert.Equal(sizeof(TArguments), ((delegate* unmanaged<int>)NativeLibrary.GetExport(_library, name + "_argument_bytes"))());
        Assert.InRange(threads, 1, ((delegate* unmanaged<int>)NativeLibrary.GetExport(_library, name + "_most_threads"))());
        var launch = new LaunchShape(grid.X, grid.Y, grid.Z, threads, sharedBytes, (int)order, Seed: 1);
        string? findings;
        lock (_running)
        {
            var run = (delegate* unmanaged<TArguments*, LaunchShape*, byte*>)NativeLibrary.GetExport(_library, name + "_emulated");
            findings = Marshal.PtrToStringUTF8((nint)run(&arguments, &launch));
        }

        Assert.Equal("", findings);
    }

    private static EmulatedKernel Compile(KernelSource source)
    {
        string stem = Path.Combine(Folder, source.Key("emulated", (0, 0))), library = stem + ".so";
        File.WriteAllText(stem + ".cu", source.Text);
        HostCompiler.Run([.. HostCompiler.KernelOptions, "-I", Folder, "-I", HostCompiler.EmulationFolder, .. source.Definitions.Select(definition => "-D" + definition), stem + ".cu", "-x", "none", Runtime.Value, "-o", library]);
        return new(library);
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct LaunchShape(int GridX, int GridY, int GridZ, int Threads, int SharedBytes, int Order, int Seed);
}
