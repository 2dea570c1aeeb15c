using System.Diagnostics;
using Folio.Compute.Cpu.Tests.Linear;

namespace Folio.Compute.Cpu.Tests;

/// <summary>Every level that this processor has, in a process of its own: told by its environment, and with a compiler that is kept from what lies above the level.</summary>
public sealed class LevelProcessTests
{
    public static TheoryData<CpuIsa> Levels => [.. Enum.GetValues<CpuIsa>().Where(level => level.IsSupported())];

    [Theory, MemberData(nameof(Levels))]
    public async Task A_process_of_each_level_gives_the_portable_bits(CpuIsa level)
    {
        string program = Path.Combine(AppContext.BaseDirectory, typeof(LevelProcessTests).Assembly.GetName().Name + (OperatingSystem.IsWindows() ? ".exe" : ""));
        Assert.SkipUnless(File.Exists(program), "these tests were not built as a program");
        var start = new ProcessStartInfo(program, ["-noColor", "-method", $"*.{nameof(A_backend_that_is_told_no_level_gives_the_portable_bits)}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[CpuIsas.Variable] = level.ToString().ToLowerInvariant();
        if (level < CpuIsa.Avx512) start.Environment["DOTNET_EnableAVX512"] = "0";
        if (level < CpuIsa.Avx2) start.Environment["DOTNET_EnableAVX2"] = "0";
        using Process process = Process.Start(start)!;
        string[] output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, string.Join('\n', output));
        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", output[0]);
    }

    /// <summary>Exact activations beside weights of 16 and 32 bits, rounded ones beside the others: there all levels give the same bits.</summary>
    [Fact]
    public void A_backend_that_is_told_no_level_gives_the_portable_bits()
    {
        const int outputs = 45, columns = 512;
        foreach (DType type in LinearTests.Types)
        {
            CpuActivations activations = QuantizedBlocks.BlockSize(type) > 1 ? CpuActivations.Rounded : CpuActivations.F32;
            using var matrix = new StoredMatrix(type, outputs, columns, seed: 9);
            using CpuBackend portable = new(1, CpuIsa.Portable, activations), told = new(2, activations: activations);
            if (Environment.GetEnvironmentVariable(CpuIsas.Variable) is { Length: > 0 } level) Assert.Equal(level, told.Isa.ToString(), ignoreCase: true);
            foreach (int rows in (int[])[1, 3, 19])
            {
                float[] x = Given.Values(rows * columns, seed: rows);
                Assert.Equal(RoundedTests.Product(portable, matrix, x, rows), RoundedTests.Product(told, matrix, x, rows));
            }
        }
    }
}
