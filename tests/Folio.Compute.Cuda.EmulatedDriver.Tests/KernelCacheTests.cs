using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Tests.Emulation;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests;

/// <summary>Compiled kernels on disk.</summary>
public sealed class KernelCacheTests : IDisposable
{
    private static readonly KernelSource Source = new("copy_blocks.cu");
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("folio-").FullName, "kernels");

    public KernelCacheTests() => EmulatedCuda.Require();

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public void Code_is_kept_and_found()
    {
        byte[] compiled = new KernelCache(_folder).Get(Source, "sm_90a");
        string file = Assert.Single(Directory.GetFiles(_folder));
        DateTime written = File.GetLastWriteTimeUtc(file);
        Assert.Equal(compiled, new KernelCache(_folder).Get(Source, "sm_90a"));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
    }

    [Theory]
    [InlineData(0), InlineData(20), InlineData(5000)]
    public void A_file_that_was_cut_short_is_compiled_anew(int length)
    {
        byte[] compiled = new KernelCache(_folder).Get(Source, "sm_90a");
        string file = Assert.Single(Directory.GetFiles(_folder));
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..length]);
        Assert.Equal(compiled.Length, new KernelCache(_folder).Get(Source, "sm_90a").Length);
        Assert.Equal(whole.Length, File.ReadAllBytes(file).Length);
    }

    [Fact]
    public void A_file_in_which_a_byte_has_changed_is_compiled_anew()
    {
        new KernelCache(_folder).Get(Source, "sm_90a");
        string file = Assert.Single(Directory.GetFiles(_folder));
        byte[] whole = File.ReadAllBytes(file);
        byte[] changed = [.. whole];
        changed[changed.Length / 2] ^= 1;
        File.WriteAllBytes(file, changed);
        new KernelCache(_folder).Get(Source, "sm_90a");
        Assert.Equal(whole, File.ReadAllBytes(file));
    }

    [Fact]
    public void What_cannot_be_read_or_written_costs_time_only()
    {
        byte[] compiled = new KernelCache(_folder).Get(Source, "sm_90a");
        string file = Assert.Single(Directory.GetFiles(_folder));
        File.Delete(file);
        Directory.CreateDirectory(Path.Combine(file, "in the way"));
        Assert.Equal(compiled, new KernelCache(_folder).Get(Source, "sm_90a"));
        Assert.Equal(compiled, new KernelCache("/proc/kernels").Get(Source, "sm_90a"));
    }
}
