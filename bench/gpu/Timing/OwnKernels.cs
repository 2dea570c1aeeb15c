using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Interop;

namespace Folio.GpuBench;

/// <summary>Arguments of read.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct ReadArguments(nint From, nint Sums, long Bytes);

/// <summary>Kernels that the bench alone has.</summary>
internal static unsafe class OwnKernels
{
    public static Kernel Read(CudaContext context)
    {
        using var text = new StreamReader(typeof(OwnKernels).Assembly.GetManifestResourceStream("read.cu")!);
        byte[] code = Nvrtc.Compile("read.cu", text.ReadToEnd(), KernelSource.Headers, [$"--gpu-architecture={context.Architecture}", "--std=c++17"], out _);
        fixed (byte* image = code)
        {
            CudaContext.Check(CudaDriver.cuModuleLoadData(out nint module, image), "cuModuleLoadData of read.cu");
            CudaContext.Check(CudaDriver.cuModuleGetFunction(out nint function, module, "read_all"), "cuModuleGetFunction of read_all");
            return new(context, function, threads: 256, sharedBytes: 0);
        }
    }
}
