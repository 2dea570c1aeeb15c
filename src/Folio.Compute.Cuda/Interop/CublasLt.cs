using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Interop;

/// <summary>cuBLASLt, NVIDIA's matrix products, as much of it as Folio calls.</summary>
/// <remarks>Source: cuBLAS library user guide, "Using the cuBLASLt API"; the numbers of enumerations are those of its header.</remarks>
internal static unsafe partial class CublasLt
{
    public const int TransposeA = 3, Epilogue = 7, BiasPointer = 8;     // attributes of a product
    public const int FastSums = 25;                                     // another, a byte: sums of fp8 stay in the matrix units, which don't keep all of fp32
    public const int WorkspaceBytes = 1, Alignments = 5;                // attributes of a preference; those of A, B, C and D follow each other
    public const int Transposed = 1, AddsBias = 4;                      // values of these
    private const int Fp32Sums = 68, Fp32 = 0, Fp16 = 2, Bf16 = 14, E4M3 = 28;

    /// <summary>Whether the library is there; products are made by Folio's own kernels where it isn't.</summary>
    public static bool IsHere => CudaLibraries.Has(CudaLibraries.CublasLt);

    /// <summary>cudaDataType_t.</summary>
    public static int TypeOf(DType type) => type switch { DType.F32 => Fp32, DType.F16 => Fp16, DType.F8_E4M3 => E4M3, _ => Bf16 };

    public static nint NewProduct()
    {
        Check(cublasLtMatmulDescCreate(out nint product, Fp32Sums, Fp32), "cublasLtMatmulDescCreate");
        return product;
    }

    /// <summary>A matrix by columns, columns <paramref name="stride"/> values apart.</summary>
    public static nint NewLayout(DType type, long rows, long columns, long stride)
    {
        Check(cublasLtMatrixLayoutCreate(out nint layout, TypeOf(type), (ulong)rows, (ulong)columns, stride), "cublasLtMatrixLayoutCreate");
        return layout;
    }

    public static void Set<T>(nint product, int attribute, T value) where T : unmanaged => Check(cublasLtMatmulDescSetAttribute(product, attribute, &value, (nuint)sizeof(T)), "cublasLtMatmulDescSetAttribute");

    public static void Prefer<T>(nint preference, int attribute, T value) where T : unmanaged =>
        Check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, (nuint)sizeof(T)), "cublasLtMatmulPreferenceSetAttribute");

    public static void Check(int status, string what)
    {
        if (status != 0) throw new CudaException($"{what} failed: status {status} of cuBLASLt.");
    }

    /// <summary>cublasLtMatmulHeuristicResult_t: an algorithm, and what it needs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Choice
    {
        public fixed ulong Algorithm[8];
        public nuint WorkspaceBytes;
        public int Status;
        public float Waves;
        public fixed int Reserved[4];
    }

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtCreate(out nint handle);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtDestroy(nint handle);

    [LibraryImport(CudaLibraries.CublasLt)]
    private static partial int cublasLtMatmulDescCreate(out nint product, int sums, int scaleType);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtMatmulDescDestroy(nint product);

    [LibraryImport(CudaLibraries.CublasLt)]
    private static partial int cublasLtMatmulDescSetAttribute(nint product, int attribute, void* value, nuint bytes);

    [LibraryImport(CudaLibraries.CublasLt)]
    private static partial int cublasLtMatrixLayoutCreate(out nint layout, int type, ulong rows, ulong columns, long stride);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtMatrixLayoutDestroy(nint layout);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtMatmulPreferenceCreate(out nint preference);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtMatmulPreferenceDestroy(nint preference);

    [LibraryImport(CudaLibraries.CublasLt)]
    private static partial int cublasLtMatmulPreferenceSetAttribute(nint preference, int attribute, void* value, nuint bytes);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtMatmulAlgoGetHeuristic(
        nint handle, nint product, nint a, nint b, nint c, nint d, nint preference, int wanted, Choice* choices, out int found);

    [LibraryImport(CudaLibraries.CublasLt)]
    public static partial int cublasLtMatmul(
        nint handle, nint product, float* alpha, nint a, nint aLayout, nint b, nint bLayout, float* beta, nint c, nint cLayout, nint d, nint dLayout,
        ulong* algorithm, nint workspace, nuint workspaceBytes, nint stream);
}
