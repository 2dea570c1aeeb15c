using System.Diagnostics;
using Folio.Compute.Cuda.EmulatedDriver.Tests.Models;
using Folio.Compute.Cuda.Tests.Emulation;
using Folio.GpuBench;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>bench/gpu, which must run on the day that a card is at hand.</summary>
public sealed class BenchTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_part_runs_at_tiny_sizes_and_finds_nothing_wrong()
    {
        EmulatedCuda.Require();
        string folder = Directory.CreateTempSubdirectory("folio-gpu-bench-").FullName;
        string[] arguments = ["--tiny", "--out", folder, "--kernels", CardRunner.Kernels];
        using var bench = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Folio.GpuBench"), arguments) { RedirectStandardOutput = true })!;
        output.WriteLine(bench.StandardOutput.ReadToEnd());
        bench.WaitForExit();
        Assert.Equal(0, bench.ExitCode);
        string report = File.ReadAllText(Path.Combine(folder, "report.md"));
        Assert.StartsWith("## Emulated card, ", report);
        Assert.Contains("### The engine, offline", report);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Without_a_card_it_says_so_once_and_ends()
    {
        EmulatedCuda.Require();
        string folder = Directory.CreateTempSubdirectory("folio-gpu-bench-").FullName;
        (int exitCode, string written, _) = Start(["--out", folder], ("FOLIO_EMULATED_CARDS", "0"));
        string report = File.ReadAllText(Path.Combine(folder, "report.md"));
        Directory.Delete(folder, recursive: true);
        Assert.Equal(1, exitCode);
        Assert.Equal(2, written.Split("sees no card").Length);
        Assert.Equal(2, report.Split("sees no card").Length);
        Assert.Equal(2, written.Split("== ").Length);
    }

    [Theory]
    [InlineData("--parts facts,nope", "gpu-bench: --parts names 'nope', which is none; there are facts, attention-checks, ")]
    [InlineData("--seconds abc", "gpu-bench: --seconds is 'abc'; a number above 0 was expected.")]
    [InlineData("--seconds -1", "gpu-bench: --seconds is '-1'; a number above 0 was expected.")]
    [InlineData("--bogus 1", "gpu-bench: --bogus is no option; --help lists those that there are.")]
    [InlineData("--out", "gpu-bench: --out is no option, or needs a value; --help lists those that there are.")]
    public void What_is_no_option_is_a_sentence_and_exit_code_2(string line, string expected)
    {
        (int exitCode, string written, string errors) = Start(line.Split(' '));
        Assert.Equal((2, ""), (exitCode, written));
        Assert.StartsWith(expected, errors);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Help_and_the_document_name_the_parts()
    {
        (int exitCode, string written, string errors) = Start(["--help"]);
        Assert.Equal((0, ""), (exitCode, errors));
        string[] parts = written.Split('\n').Single(line => line.Contains("--parts")).Split(": ")[1].Trim().Split(", ");
        Assert.Contains("serving-fp8", parts);
        string document = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "performance-gpu.md"));
        Assert.All(parts, part => Assert.Contains($"`{part}`", document));
    }

    private static (int ExitCode, string Output, string Errors) Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Folio.GpuBench"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process bench = Process.Start(start)!;
        Task<string> errors = bench.StandardError.ReadToEndAsync();
        string written = bench.StandardOutput.ReadToEnd();
        bench.WaitForExit();
        return (bench.ExitCode, written, errors.GetAwaiter().GetResult());
    }

    [Fact]
    public void An_item_that_ends_its_process_costs_itself_alone()
    {
        List<Result> results = Run("""
            echo '{"kind":"Begun","name":"item '$1'","item":'$1'}'
            [ $1 != 1 ] || { echo 'segmentation fault' >&2; exit 139; }
            echo '{"kind":"Fact","name":"'$1'","text":"done"}'
            [ $1 = 2 ] || { echo '{"kind":"Begun","name":"item 1","item":1}'; echo 'segmentation fault' >&2; exit 139; }
            """);
        Assert.Equal([(ResultKind.Fact, "0"), (ResultKind.Failure, "item 1"), (ResultKind.Fact, "2")], results.Select(result => (result.Kind, result.Name)));
        Assert.Contains("139: segmentation fault", results[1].Text);
    }

    [Fact]
    public void What_came_before_the_time_was_over_is_kept()
    {
        List<Result> results = Run("""
            echo '{"kind":"Begun","name":"slow","item":0}'
            echo '{"kind":"Fact","name":"first","text":"done"}'
            exec sleep 60
            """, seconds: 1);
        Assert.Equal([(ResultKind.Fact, "first"), (ResultKind.Failure, "slow")], results.Select(result => (result.Kind, result.Name)));
        Assert.Equal("its time was over", results[1].Text);
    }

    /// <param name="script">Of a part's process, given the item to begin with.</param>
    private static List<Result> Run(string script, double seconds = 30)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("the script is the shell's");
        List<Result> results = [];
        new PartProcess("/bin/sh", results.Add).Run("part", TimeSpan.FromSeconds(seconds), from => ["-c", script, "sh", from.ToString()]);
        Assert.All(results, result => Assert.Equal("part", result.Part));
        return results;
    }
}
