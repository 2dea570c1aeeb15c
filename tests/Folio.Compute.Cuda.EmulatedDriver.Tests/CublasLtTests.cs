using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>What the emulated cuBLASLt refuses, as the library does or may.</summary>
public sealed unsafe class CublasLtTests : IDisposable
{
    private const int InvalidValue = 7, NotSupported = 15;

    private readonly Card _card = new();
    private readonly nint _library;

    public CublasLtTests() => CublasLt.Check(CublasLt.cublasLtCreate(out _library), "cublasLtCreate");

    public void Dispose()
    {
        CublasLt.Check(CublasLt.cublasLtDestroy(_library), "cublasLtDestroy");
        _card.Dispose();
    }

    [Fact]
    public void Attributes_of_other_sizes_or_numbers()
    {
        nint product = CublasLt.NewProduct();
        Assert.Throws<CudaException>(() => CublasLt.Set(product, CublasLt.TransposeA, (byte)1));
        Assert.Throws<CudaException>(() => CublasLt.Set(product, CublasLt.Epilogue, 4L));
        Assert.Throws<CudaException>(() => CublasLt.Set(product, attribute: 99, 1));
        CublasLt.Set(product, CublasLt.TransposeA, CublasLt.Transposed);
        Assert.Equal(0, CublasLt.cublasLtMatmulDescDestroy(product));
        Assert.Equal(InvalidValue, CublasLt.cublasLtMatmulDescDestroy(product));
    }

    [Fact]
    public void Columns_that_overlap() => Assert.Throws<CudaException>(() => CublasLt.NewLayout(DType.F16, rows: 16, columns: 2, stride: 15));

    [Theory]
    [InlineData(DType.BF16, DType.BF16, DType.F32, 0)]
    [InlineData(DType.F16, DType.F16, DType.F16, 0)]
    [InlineData(DType.BF16, DType.F16, DType.F32, NotSupported)]
    [InlineData(DType.BF16, DType.BF16, DType.F16, NotSupported)]
    [InlineData(DType.F32, DType.F32, DType.BF16, NotSupported)]
    public void Types_that_do_not_go_together(DType a, DType b, DType d, int expected) =>
        Assert.Equal(expected, Choose(CublasLt.NewLayout(a, 32, 16, 32), CublasLt.NewLayout(b, 32, 8, 32), CublasLt.NewLayout(d, 16, 8, 16), out _, out _));

    [Fact]
    public void Matrices_that_do_not_fit() =>
        Assert.Equal(InvalidValue, Choose(CublasLt.NewLayout(DType.F16, 32, 16, 32), CublasLt.NewLayout(DType.F16, 31, 8, 32), CublasLt.NewLayout(DType.F32, 16, 8, 16), out _, out _));

    [Fact]
    public void An_algorithm_for_other_matrices_addresses_or_workspace()
    {
        const int workspaceBytes = 1 << 16;
        nint a = CublasLt.NewLayout(DType.F16, 32, 16, 32), b = CublasLt.NewLayout(DType.F16, 32, 8, 32), d = CublasLt.NewLayout(DType.F32, 16, 8, 16), other = CublasLt.NewLayout(DType.F16, 32, 8, 40);
        Assert.Equal(0, Choose(a, b, d, out nint product, out CublasLt.Choice choice));
        CublasLt.Choice broken = choice;
        broken.Algorithm[0]++;
        nint stream = _card.Stream(), memory = _card.Allocate(1 << 12), sums = _card.Allocate(1 << 12), workspace = _card.Allocate(workspaceBytes);
        Assert.Equal(0, Multiply(choice, memory, b, workspace, workspaceBytes));
        Assert.Equal(InvalidValue, Multiply(choice, memory, other, workspace, workspaceBytes));
        Assert.Equal(InvalidValue, Multiply(choice, memory + 128, b, workspace, workspaceBytes));
        Assert.Equal(InvalidValue, Multiply(choice, memory, b, workspace + 16, workspaceBytes - 16));
        Assert.Equal(InvalidValue, Multiply(choice, memory, b, 0, 0));
        Assert.Equal(InvalidValue, Multiply(broken, memory, b, workspace, workspaceBytes));

        int Multiply(CublasLt.Choice choice, nint x, nint layout, nint workspace, int bytes)
        {
            float one = 1, zero = 0;
            return CublasLt.cublasLtMatmul(_library, product, &one, memory, a, x, layout, &zero, sums, d, sums, d, choice.Algorithm, workspace, (nuint)bytes, stream);
        }
    }

    /// <summary>Of addresses at multiples of 256, and with a workspace of 64 KiB.</summary>
    private int Choose(nint a, nint b, nint d, out nint product, out CublasLt.Choice choice)
    {
        product = CublasLt.NewProduct();
        CublasLt.Set(product, CublasLt.TransposeA, CublasLt.Transposed);
        CublasLt.Check(CublasLt.cublasLtMatmulPreferenceCreate(out nint preference), "cublasLtMatmulPreferenceCreate");
        CublasLt.Prefer(preference, CublasLt.WorkspaceBytes, 1UL << 16);
        fixed (CublasLt.Choice* chosen = &choice)
        {
            int status = CublasLt.cublasLtMatmulAlgoGetHeuristic(_library, product, a, b, d, d, preference, 1, chosen, out int found);
            Assert.Equal(status == 0 ? 1 : 0, found);
            return status;
        }
    }
}
