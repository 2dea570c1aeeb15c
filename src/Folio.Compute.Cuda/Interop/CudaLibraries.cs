using System.Reflection;
using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Interop;

/// <summary>Finds NVIDIA's libraries by the names that they have on Linux and Windows, of CUDA 13 and 12.</summary>
/// <remarks>
/// The driver's own comes with the driver. NVRTC, cuBLASLt and NCCL come with a toolkit, with a distribution's packages, or as Python wheels; looked for in the folders that FOLIO_CUDA_PATH names
/// (several, separated as in PATH: an explicit choice wins), then where the system looks, then in CUDA_PATH and the usual folder of a toolkit.
/// </remarks>
internal static class CudaLibraries
{
    public const string Driver = "folio-cuda", Nvrtc = "folio-nvrtc", CublasLt = "folio-cublaslt", Nccl = "folio-nccl";

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Loaded = [];
    private static bool _resolves;

    /// <summary>Whether a library is there. Asked before the first call into it, which would otherwise fail with a sentence about a name that nobody knows.</summary>
    public static bool Has(string library) => Handle(library) != 0;

    /// <summary>The file names of a library, the newest first.</summary>
    internal static string[] Names(string library) => (library, OperatingSystem.IsWindows()) switch
    {
        (Driver, false) => ["libcuda.so.1"],
        (Driver, true) => ["nvcuda.dll"],
        (Nvrtc, false) => ["libnvrtc.so.13", "libnvrtc.so.12"],
        (Nvrtc, true) => ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"],
        (CublasLt, false) => ["libcublasLt.so.13", "libcublasLt.so.12"],
        (CublasLt, true) => ["cublasLt64_13.dll", "cublasLt64_12.dll"],
        (Nccl, _) => ["libnccl.so.2"], // there is none for Windows
        _ => [library],
    };

    private static nint Handle(string library)
    {
        lock (Gate)
        {
            if (!_resolves) NativeLibrary.SetDllImportResolver(typeof(CudaLibraries).Assembly, Resolve);
            _resolves = true;
            if (Loaded.TryGetValue(library, out nint known)) return known;
            return Loaded[library] = Load(library);
        }
    }

    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path) => library.StartsWith("folio-", StringComparison.Ordinal) ? Handle(library) : 0;

    /// <summary>Loads a library from where the environment says it is by now; 0: from nowhere.</summary>
    internal static nint Load(string library)
    {
        string[] names = InOrder(library);
        nint handle = LoadFrom(Variable("FOLIO_CUDA_PATH").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), library, names);
        foreach (string name in names)
        {
            if (handle == 0) NativeLibrary.TryLoad(name, out handle);
        }

        return handle != 0 ? handle : LoadFrom(ToolkitFolders(), library, names);
    }

    /// <summary>Code that a newer NVRTC made isn't loaded by an older driver, and cuBLASLt brings its own: those of the driver's version come first.</summary>
    private static string[] InOrder(string library)
    {
        string[] names = Names(library);
        if (library != Driver && Has(Driver) && CudaDriver.cuDriverGetVersion(out int version) == 0 && version < 13000) Array.Reverse(names);
        return names;
    }

    private static nint LoadFrom(IEnumerable<string> folders, string library, string[] names)
    {
        foreach (string folder in folders)
        {
            foreach (string name in names)
            {
                string path = Path.Combine(folder, name);
                if (!File.Exists(path)) continue;
                if (library == Nvrtc) LoadBuiltins(folder);
                if (NativeLibrary.TryLoad(path, out nint handle)) return handle;
            }
        }

        return 0;
    }

    private static IEnumerable<string> ToolkitFolders()
    {
        if (Variable("CUDA_PATH") is { Length: > 0 } toolkit)
        {
            foreach (string folder in OperatingSystem.IsWindows() ? ["bin", @"bin\x64"] : (string[])["lib64"]) yield return Path.Combine(toolkit, folder); // CUDA 13 has bin\x64
        }

        if (!OperatingSystem.IsWindows()) yield return "/usr/local/cuda/lib64";
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";

    /// <summary>NVRTC looks for this part of itself by name only when it first compiles, where the system looks, not beside itself; one that is loaded already it finds.</summary>
    private static void LoadBuiltins(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, OperatingSystem.IsWindows() ? "nvrtc-builtins*.dll" : "libnvrtc-builtins.so.*")) NativeLibrary.TryLoad(path, out _);
    }
}
