using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>What is told when NVIDIA's libraries aren't there, or not as they must be.</summary>
public sealed class DriverTests : IDisposable
{
    private const string Needed = "docs/gpu.md says what a card takes, and a container is given one by docker run --gpus all; Folio's device cpu takes none.";

    private readonly string? _path = Environment.GetEnvironmentVariable("FOLIO_CUDA_PATH");
    private readonly string _empty = Directory.CreateTempSubdirectory("folio-").FullName;

    public DriverTests() => EmulatedCuda.Require();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("FOLIO_CUDA_PATH", _path);
        EmulatedCuda.Set("FOLIO_EMULATED_DRIVER", null);
        EmulatedCuda.Set("FOLIO_EMULATED_CARDS", null);
        Directory.Delete(_empty);
    }

    [Fact]
    public void A_driver_that_is_too_old()
    {
        EmulatedCuda.Set("FOLIO_EMULATED_DRIVER", "11080");
        var error = Assert.Throws<CudaException>(() => CudaDriver.Initialize());
        Assert.Equal("the NVIDIA driver is for CUDA 11.8; Folio needs one for CUDA 12.0 or newer (525 or newer).", error.Message);
    }

    [Fact]
    public void A_driver_that_sees_no_card()
    {
        EmulatedCuda.Set("FOLIO_EMULATED_CARDS", "0");
        var error = Assert.Throws<CudaException>(() => CudaDriver.Initialize());
        Assert.Equal("the NVIDIA driver is here, but sees no card (CUDA_VISIBLE_DEVICES?). " + Needed, error.Message);
    }

    [Fact]
    public void A_card_that_is_not_there()
    {
        var error = Assert.Throws<CudaException>(() => new CudaBackend(new CudaOptions { Device = 1 }));
        Assert.Equal("there is no card 1; the driver sees 1, counted from 0.", error.Message);
    }

    [Fact]
    public void No_driver()
    {
        if (NativeLibrary.TryLoad("libcuda.so.1", out _)) Assert.Skip("this machine has a driver of its own");
        Assert.Equal("no NVIDIA driver: libcuda.so.1 isn't here. " + Needed, Fails(_empty, typeof(CudaDriver), "Initialize"));
    }

    [Fact]
    public void No_NVRTC()
    {
        if (NativeLibrary.TryLoad("libnvrtc.so.12", out _) || NativeLibrary.TryLoad("libnvrtc.so.13", out _)) Assert.Skip("this machine has an NVRTC of its own");
        string message = Fails(_empty, typeof(Nvrtc), "get_Version");
        Assert.StartsWith("NVRTC, which compiles Folio's kernels for the card, isn't here (libnvrtc.so.13, libnvrtc.so.12);", message);
        Assert.EndsWith("or name its folder in FOLIO_CUDA_PATH.", message);
    }

    [Fact]
    public void No_NCCL()
    {
        if (NativeLibrary.TryLoad("libnccl.so.2", out _)) Assert.Skip("this machine has an NCCL of its own");
        Assert.Equal("NCCL, which joins cards, isn't here (libnccl.so.2); install it (libnccl2), or name its folder in FOLIO_CUDA_PATH.", Fails(_empty, typeof(Nccl), "NewId"));
    }

    [Fact]
    public void The_first_of_the_named_folders_that_has_a_library_wins()
    {
        string broken = Directory.CreateTempSubdirectory("folio-").FullName;
        File.WriteAllText(Path.Combine(broken, "libcuda.so.1"), "no library");
        Environment.SetEnvironmentVariable("FOLIO_CUDA_PATH", $"{_empty}:{broken}:{_path}");
        Assert.NotEqual(0, CudaLibraries.Load(CudaLibraries.Driver));
        Assert.True(NativeLibrary.TryGetExport(CudaLibraries.Load(CudaLibraries.Nvrtc), "nvrtcVersion", out _));
        Directory.Delete(broken, recursive: true);
    }

    [Theory]
    [InlineData(typeof(CudaDriver), CudaLibraries.Driver), InlineData(typeof(Nvrtc), CudaLibraries.Nvrtc), InlineData(typeof(CublasLt), CudaLibraries.CublasLt), InlineData(typeof(Nccl), CudaLibraries.Nccl)]
    public void The_emulation_has_all_that_is_imported(Type type, string library)
    {
        nint handle = CudaLibraries.Load(library);
        (string Name, LibraryImportAttribute? Import)[] imports = [.. type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Select(method => (method.Name, method.GetCustomAttribute<LibraryImportAttribute>()))];
        string[] names = [.. imports.Where(import => import.Import is not null).Select(import => import.Import!.EntryPoint ?? import.Name)];
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.True(NativeLibrary.TryGetExport(handle, name, out _), name));
    }

    /// <summary>The message of a static method that fails in a copy of the product that has loaded nothing yet and looks into a folder.</summary>
    private static string Fails(string folder, Type type, string method)
    {
        Environment.SetEnvironmentVariable("FOLIO_CUDA_PATH", folder);
        var context = new AssemblyLoadContext("another product", isCollectible: true);
        try
        {
            Type copy = context.LoadFromAssemblyPath(type.Assembly.Location).GetType(type.FullName!)!;
            var error = Assert.Throws<TargetInvocationException>(() => copy.GetMethod(method)!.Invoke(null, []));
            return error.InnerException!.Message;
        }
        finally
        {
            context.Unload();
        }
    }
}
