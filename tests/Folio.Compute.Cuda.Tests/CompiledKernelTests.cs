using System.Text.RegularExpressions;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Interop;
using Folio.Compute.Cuda.Linear;

namespace Folio.Compute.Cuda.Tests;

/// <summary>Every kernel, compiled for cards that aren't here: by NVRTC, whose assembler tells of registers and spills.</summary>
public sealed partial class CompiledKernelTests
{
    /// <summary>Bytes of a thread: of some kernels the assembler spills a few registers to make room for one more block of threads on a multiprocessor.</summary>
    private const int MostSpilled = 32;

    private static readonly string[] Attention = ["KV=bf16", "BLOCK_SIZE=16", "HEAD_DIM=128", "PARTITION=256", "Y=bf16"];

    public static TheoryData<string, string[], string[]> Kernels => new()
    {
        { "store_kv.cu", Attention[..3], [] },
        { "store_kv.cu", ["KV=e4m3", .. Attention[1..3]], [] },
        { "store_kv.cu", ["KV=int8", .. Attention[1..3]], ["shfl.sync.bfly", "cvt.rni.f32.f32"] },
        { "copy_blocks.cu", [], ["ld.global.v4.u32", "st.global.v4.u32"] },
        { "norms.cu", ["Y=bf16"], ["shfl.sync.bfly", "ld.global.v4.f32", "st.global.v2.u32"] },
        { "norms.cu", ["Y=float"], [] },
        { "elementwise.cu", ["Y=bf16"], ["ld.global.v4.f32", "st.global.v2.u32"] },
        { "embed.cu", ["FORMAT=dense_bf16"], [] },
        { "embed.cu", ["FORMAT=grouped_int8", "GROUP=16"], [] },
        { "few_rows.cu", ["X=float", "ROWS=1", "OUTPUTS=2", "FORMAT=dense_f32"], ["ld.global.nc.L1::no_allocate.v4.u32"] },
        { "few_rows.cu", ["X=bf16", "ROWS=8", "OUTPUTS=2", "FORMAT=dense_f32"], [] },
        { "few_rows.cu", ["X=float", "ROWS=8", "OUTPUTS=2", "FORMAT=grouped_int4", "GROUP=16", "AFFINE=1"], [] },
        { "few_rows_mma.cu", ["X=bf16", "FORMAT=dense_bf16"], ["mma.sync.aligned.m16n8k16.row.col.f32.bf16", "cp.async.cg.shared.global", "ld.shared.v4", "ld.global.v4"] },
        { "few_rows_mma.cu", ["X=bf16", "FORMAT=grouped_int8", "GROUP=16"], ["fma.rn.bf16x2", "cp.async.ca.shared.global"] },
        { "few_rows_mma.cu", ["X=bf16", "FORMAT=grouped_int8", "GROUP=32", "AFFINE=1"], [] },
        { "few_rows_mma.cu", ["X=bf16", "FORMAT=grouped_int4", "GROUP=16", "AFFINE=1"], [] },
        { "few_rows_mma.cu", ["X=f16", "FORMAT=grouped_int4", "GROUP=32", "AFFINE=1"], ["mma.sync.aligned.m16n8k16.row.col.f32.f16"] },
        { "few_rows_mma.cu", ["X=f16", "FORMAT=grouped_fp8", "GROUP=128"], ["fma.rn.f16x2"] },
        { "few_rows_mma.cu", ["X=bf16", "FORMAT=grouped_fp8", "GROUP=128"], [] },
        { "many_rows.cu", Many(DType.BF16, 16, DType.BF16), ["cp.async.cg.shared.global", "atom.global.inc.u32"] },
        { "many_rows.cu", Many(DType.BF16, 16, DType.Q4_K), ["mma.sync.aligned.m16n8k16.row.col.f32.bf16", "prmt.b32", "cp.async.ca.shared.global"] },
        { "many_rows.cu", Many(DType.F16, 64, DType.Q2_K), ["mma.sync.aligned.m16n8k16.row.col.f32.f16"] },
        { "many_rows.cu", Many(DType.BF16, 128, DType.BF16), [] },
        { "many_rows.cu", Many(DType.BF16, 128, DType.Q3_K), [] },
        { "many_rows.cu", Many(DType.BF16, 128, DType.Q6_K), [] },
        { "many_rows.cu", new ManyRowsTile(128, new("grouped_fp8", 8, 128)).Definitions(DType.BF16), [] },
        { "fp8_products.cu", ["X=bf16"], ["ld.global.v4.u32", "st.global.v4.f32"] },
        { "paged_decode.cu", [.. Attention, "WARPS=4", "TILE_WARPS=1"], ["mma.sync.aligned.m16n8k16.row.col.f32.bf16", "cp.async.cg.shared.global", "ldmatrix.sync.aligned.m8n8.x4.trans"] },
        { "paged_decode.cu", ["KV=f16", "BLOCK_SIZE=32", "HEAD_DIM=64", "PARTITION=256", "WARPS=4", "TILE_WARPS=1", "Y=f16"], ["mma.sync.aligned.m16n8k16.row.col.f32.f16"] },
        { "paged_decode.cu", [.. Attention, "WARPS=4", "TILE_WARPS=4"], [] },
        { "paged_decode.cu", [.. Heads("int8", 128), "WARPS=4", "TILE_WARPS=4"], [] },
        { "paged_decode.cu", [.. Heads("e4m3", 128), "WARPS=4", "TILE_WARPS=4"], [] },
        { "paged_decode.cu", [.. Heads("bf16", 96), "WARPS=4", "TILE_WARPS=1"], [] },
        { "paged_decode.cu", [.. Heads("int8", 128), "WARPS=4", "TILE_WARPS=1"], ["fma.rn.bf16x2", "cp.async.ca.shared.global"] },
        { "paged_decode.cu", [.. Heads("e4m3", 256), "WARPS=2", "TILE_WARPS=1"], ["fma.rn.f16x2", "bar.sync"] },
        { "paged_prefill.cu", ["KV=bf16", "BLOCK_SIZE=16", "HEAD_DIM=64", "PARTITION=256", "Y=float"], ["mma.sync.aligned.m16n8k16.row.col.f32.bf16", "cp.async.cg.shared.global"] },
        { "paged_prefill.cu", Heads("bf16", 128), [] },
        { "paged_prefill.cu", Heads("bf16", 256), [] },
        { "paged_prefill.cu", Heads("e4m3", 80), [] },
        { "paged_prefill.cu", Heads("int8", 128), [] },
        { "paged_prefill.cu", Heads("int8", 256), [] },
        { "chunk_maxima.cu", [], ["shfl.sync.bfly"] },
        { "sample_filter.cu", [], ["atom.shared.add.u32", "vote.sync.ballot"] },
        { "sample_race.cu", [], ["red.global.max.u64", "atom.global.inc.u32", "mul.hi.u32"] },
        { "penalize.cu", [], ["mul.rn.f32"] },
        { "logprobs.cu", [], ["atom.shared.add.u32"] },
    };

    [Theory, MemberData(nameof(Kernels))]
    public void Compiles_for_Ampere_and_Hopper_without_spilling_and_uses_what_it_is_written_for(string file, string[] definitions, string[] instructions)
    {
        if (!CudaLibraries.Has(CudaLibraries.Nvrtc)) Assert.Skip("NVRTC isn't here (FOLIO_CUDA_PATH names no folder with it)");
        var source = new KernelSource(file, definitions);
        foreach (string architecture in (string[])["sm_80", "sm_90a"]) Compile(source, architecture);
        AssertUses(source, "compute_80", instructions);
    }

    [Theory]
    [InlineData("f16", 128, "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16", "wgmma.fence.sync.aligned", "wgmma.wait_group.sync.aligned 1", "fence.proxy.async.shared::cta", "cp.async.cg.shared.global", "ex2.approx.ftz.f32")]
    [InlineData("bf16", 64)]
    [InlineData("bf16", 128)]
    [InlineData("bf16", 192)]
    [InlineData("bf16", 256)]
    public void Warpgroups_products_compile_for_Hopper_and_run_beside_their_threads(string type, int channels, params string[] instructions)
    {
        if (!CudaLibraries.Has(CudaLibraries.Nvrtc)) Assert.Skip("NVRTC isn't here (FOLIO_CUDA_PATH names no folder with it)");
        var source = new KernelSource("paged_prefill_wgmma.cu", Heads(type, channels));
        Assert.DoesNotContain("serialized", Compile(source, "sm_90a")); // as the assembler makes products that it can't prove to be left alone, and says so
        AssertUses(source, "compute_90a", instructions);
    }

    [Fact]
    public void Fp8_is_widened_by_the_cards_own_instruction_where_there_is_one()
    {
        if (!CudaLibraries.Has(CudaLibraries.Nvrtc)) Assert.Skip("NVRTC isn't here (FOLIO_CUDA_PATH names no folder with it)");
        var source = new KernelSource("paged_decode.cu", [.. Heads("e4m3", 64), "WARPS=4", "TILE_WARPS=1"]);
        byte[] intermediate = Nvrtc.CompileToPtx(source.File, source.Text, KernelSource.Headers, source.Options("compute_89"));
        Assert.Contains("cvt.rn.f16x2.e4m3x2", System.Text.Encoding.UTF8.GetString(intermediate));
    }

    [Fact]
    public void A_kernel_that_does_not_compile_is_told_with_the_compilers_words()
    {
        if (!CudaLibraries.Has(CudaLibraries.Nvrtc)) Assert.Skip("NVRTC isn't here (FOLIO_CUDA_PATH names no folder with it)");
        var error = Assert.Throws<CudaException>(() => Nvrtc.Compile("wrong.cu", "__global__ void f() { unknown(); }", KernelSource.Headers, ["--gpu-architecture=sm_80"], out _));
        Assert.Contains("wrong.cu", error.Message);
        Assert.Contains("identifier \"unknown\" is undefined", error.Message);
    }

    /// <returns>What the compiler had to say.</returns>
    private static string Compile(KernelSource source, string architecture)
    {
        byte[] code = Nvrtc.Compile(source.File, source.Text, KernelSource.Headers, source.Options(architecture), out string log);
        Assert.True(code.AsSpan().StartsWith("\u007FELF"u8));
        Assert.All(Spills().Matches(log), spill => Assert.InRange(int.Parse(spill.Groups[1].Value), 0, MostSpilled));
        Assert.NotEmpty(Registers().Matches(log));
        return log;
    }

    private static void AssertUses(KernelSource source, string architecture, string[] instructions)
    {
        if (instructions.Length == 0) return;
        string intermediate = System.Text.Encoding.UTF8.GetString(Nvrtc.CompileToPtx(source.File, source.Text, KernelSource.Headers, source.Options(architecture)));
        Assert.All(instructions, instruction => Assert.Contains(instruction, intermediate));
    }

    private static string[] Many(DType x, int rows, DType weights) => new ManyRowsTile(rows, WeightFormat.Of(weights)).Definitions(x);

    private static string[] Heads(string type, int channels) => [$"KV={type}", $"HEAD_DIM={channels}", .. Attention.Except(["KV=bf16", "HEAD_DIM=128"])];

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex Spills();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();
}
