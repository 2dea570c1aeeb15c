using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Folio.Compute.Cuda.Tests.Emulation;

/// <summary>
/// An emulated driver, NVRTC, cuBLASLt and NCCL in the place of NVIDIA's: all of Folio above them runs as on a card. What they are strict about: Driver/libcuda.cpp, Driver/libcublasLt.cpp,
/// Driver/libnccl.cpp.
/// </summary>
internal static partial class EmulatedCuda
{
    private static readonly string Sources = Path.Combine(HostCompiler.EmulationFolder, "Driver");

    /// <summary>Skips the test where there is no emulation.</summary>
    public static void Require()
    {
        if (HostCompiler.Missing is { } reason) Assert.Skip(reason);
    }

    /// <summary>The folder with the libraries, for FOLIO_CUDA_PATH. Compiled once for all processes, and again when their sources change.</summary>
    public static string Build()
    {
        string hash = Hash(), folder = Path.Combine(AppContext.BaseDirectory, "emulated-cuda", hash);
        if (Directory.Exists(folder)) return folder;
        string partial = $"{folder}.{Environment.ProcessId}";
        Directory.CreateDirectory(partial);
        string version = (Convert.ToUInt32(hash[..4], 16) + 1000).ToString();
        HostCompiler.CompileRuntime(partial);
        Compile(["libcuda.cpp", "libcublasLt.cpp", "libnccl.cpp"], Path.Combine(partial, "libcuda.so.1"));
        foreach (string name in (string[])["libcublasLt.so.12", "libnccl.so.2"]) File.CreateSymbolicLink(Path.Combine(partial, name), "libcuda.so.1"); // one library, since they share the card
        Compile(["libnvrtc.cpp"], Path.Combine(partial, "libnvrtc.so.12"), $"-DEMULATION=\"{HostCompiler.EmulationFolder}\"", $"-DRUNTIME=\"{folder}/emulation.o\"", $"-DOPTIONS=\"{string.Join(' ', HostCompiler.KernelOptions)}\"", $"-DVERSION={version}");
        try
        {
            Directory.Move(partial, folder);
        }
        catch (IOException) when (Directory.Exists(folder)) // another process was first
        {
            Directory.Delete(partial, recursive: true);
        }

        return folder;
    }

    /// <summary>A setting of the libraries, which see the process's environment and not .NET's copy of it.</summary>
    public static void Set(string name, string? value)
    {
        int status = value is null ? unsetenv(name) : setenv(name, value, 1);
        Assert.Equal(0, status);
    }

    /// <summary>Before anything asks for the driver. Other threads can't run this module's code meanwhile.</summary>
    [ModuleInitializer]
    internal static void Use()
    {
        if (HostCompiler.Missing is null) Environment.SetEnvironmentVariable("FOLIO_CUDA_PATH", Build());
    }

    private static void Compile(string[] sources, string library, params string[] definitions) =>
        HostCompiler.Run(["-std=c++17", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-Wall", "-Wextra", "-Werror", .. definitions, .. sources.Select(source => Path.Combine(Sources, source)), "-o", library]);

    /// <summary>Of every source of the emulation, kernels' headers too: they decide what compiled kernels are.</summary>
    private static string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Directory.EnumerateFiles(HostCompiler.EmulationFolder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)) hash.AppendData(File.ReadAllBytes(path));
        foreach (string option in HostCompiler.KernelOptions) hash.AppendData(System.Text.Encoding.UTF8.GetBytes(option));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unsetenv(string name);
}
