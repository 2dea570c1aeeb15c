using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Interop;

/// <summary>NCCL, NVIDIA's collectives between cards, as much of it as Folio calls.</summary>
/// <remarks>Source: NCCL user guide, "Communicator Creation and Management Functions" and "Collective Communication Functions"; the numbers of enumerations are those of its header.</remarks>
internal static unsafe partial class Nccl
{
    private const int Success = 0, Float32 = 7, Sum = 0;

    /// <summary>ncclUniqueId: names a group to all who join it, in whatever process.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct GroupId
    {
        public fixed byte Bytes[128];
    }

    /// <exception cref="CudaException">The library isn't here.</exception>
    public static GroupId NewId()
    {
        Require();
        Check(ncclGetUniqueId(out GroupId id), "ncclGetUniqueId");
        return id;
    }

    /// <summary>Waits until all ranks have joined. The thread's context is the rank's card.</summary>
    public static nint Join(GroupId id, int ranks, int rank)
    {
        Require();
        Check(ncclCommInitRank(out nint communicator, ranks, id, rank), $"ncclCommInitRank of rank {rank} of {ranks}");
        return communicator;
    }

    /// <summary>Begins to add up fp32 numbers of all ranks in place, in the order of a stream.</summary>
    public static void AddUp(nint communicator, nint values, long count, nint stream) => Check(ncclAllReduce(values, values, (nuint)count, Float32, Sum, communicator, stream), "ncclAllReduce");

    private static void Require()
    {
        if (!CudaLibraries.Has(CudaLibraries.Nccl))
            throw new CudaException($"NCCL, which joins cards, isn't here ({CudaLibraries.Names(CudaLibraries.Nccl)[0]}); install it (libnccl2), or name its folder in FOLIO_CUDA_PATH.");
    }

    private static void Check(int status, string what)
    {
        if (status != Success) throw new CudaException($"{what} failed: {Marshal.PtrToStringUTF8(ncclGetErrorString(status))}.");
    }

    [LibraryImport(CudaLibraries.Nccl)]
    private static partial nint ncclGetErrorString(int status);

    [LibraryImport(CudaLibraries.Nccl)]
    private static partial int ncclGetUniqueId(out GroupId id);

    [LibraryImport(CudaLibraries.Nccl)]
    private static partial int ncclCommInitRank(out nint communicator, int ranks, GroupId id, int rank);

    [LibraryImport(CudaLibraries.Nccl)]
    public static partial int ncclCommDestroy(nint communicator);

    [LibraryImport(CudaLibraries.Nccl)]
    public static partial int ncclCommAbort(nint communicator);

    [LibraryImport(CudaLibraries.Nccl)]
    private static partial int ncclAllReduce(nint from, nint to, nuint count, int type, int operation, nint communicator, nint stream);
}
