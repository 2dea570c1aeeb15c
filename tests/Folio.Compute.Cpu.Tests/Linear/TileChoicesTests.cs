using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu.Tests.Linear;

public sealed class TileChoicesTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    private string File => Path.Combine(_folder, "tiles.txt");

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_choice_outlives_the_process_for_its_type_and_level()
    {
        Assert.Null(new TileChoices(File).Kept(DType.Q8_0, CpuIsa.Amx));
        new TileChoices(File).Keep(DType.Q8_0, CpuIsa.Amx, DotIsa.Amx);
        new TileChoices(File).Keep(DType.Q4_0, CpuIsa.Amx, DotIsa.Avx512Vnni);
        Assert.Equal(DotIsa.Amx, new TileChoices(File).Kept(DType.Q8_0, CpuIsa.Amx));
        Assert.Equal(DotIsa.Avx512Vnni, new TileChoices(File).Kept(DType.Q4_0, CpuIsa.Amx));
        Assert.Null(new TileChoices(File).Kept(DType.Q4_1, CpuIsa.Amx));
        Assert.Null(new TileChoices(File).Kept(DType.Q8_0, CpuIsa.Avx512Vnni));
    }

    [Theory]
    [InlineData("ffffffff Avx512Vnni Q8_0 Avx512Vnni")] // of another processor
    [InlineData("{0:x8} Avx512Vnni Q8_0 Amx")]          // which the level lacks
    [InlineData("{0:x8} Avx512Vnni Q8_0 Avx1024")]
    [InlineData("{0:x8} Avx512Vnni Q8_0")]
    [InlineData("")]
    public void A_line_that_says_nothing_usable_is_passed_over(string line)
    {
        Directory.CreateDirectory(_folder);
        System.IO.File.WriteAllText(File, string.Format(System.Globalization.CultureInfo.InvariantCulture, line, CpuIsas.Signature) + "\n");
        Assert.Null(new TileChoices(File).Kept(DType.Q8_0, CpuIsa.Avx512Vnni));
        new TileChoices(File).Keep(DType.Q8_0, CpuIsa.Avx512Vnni, DotIsa.Avx512Vnni256);
        Assert.Equal(DotIsa.Avx512Vnni256, new TileChoices(File).Kept(DType.Q8_0, CpuIsa.Avx512Vnni));
    }

    [Fact]
    public void A_place_where_nothing_can_be_kept_costs_only_the_measurement()
    {
        Directory.CreateDirectory(File); // a folder in the file's place
        foreach (string? path in (string?[])[null, File])
        {
            new TileChoices(path).Keep(DType.Q8_0, CpuIsa.Amx, DotIsa.Amx);
            Assert.Null(new TileChoices(path).Kept(DType.Q8_0, CpuIsa.Amx));
        }
    }

    [Fact]
    public void Measuring_tells_a_time()
    {
        using var memory = new Cpu.Emit.ExecutableMemory();
        RoundedOps ops = RoundedOps.For(DType.Q8_0, CpuIsas.Best, memory, new(path: null))!;
        Assert.SkipUnless(ops.IsEmitted, "this processor or system has no level for which kernels are emitted");
        Assert.True(TileSpeed.Measure(ops, RoundedPanel.Of<Compute.Blocks.Q8_0>()) is > 0 and < double.PositiveInfinity);
    }
}
