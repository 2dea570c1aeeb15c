using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Folio.Compute.Cpu.Kept;

namespace Folio.Compute.Cpu.Tests.Kept;

public sealed class PackedWeightCacheTests : IDisposable
{
    private const int Rows = 40, Columns = 64;

    private readonly string _folder = Directory.CreateTempSubdirectory("folio-test-").FullName;
    private readonly ConcurrentQueue<string> _warnings = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_second_start_computes_with_what_the_first_has_packed()
    {
        float[] first = Load("a model", seed: 1);
        Assert.Equal(first, Load("a model", seed: 2)); // its own weights are others, and nobody looks at them
        Assert.NotEqual(first, Load("a model", seed: 2, cached: false));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Mapped_weights_count_as_memory_that_is_taken()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Files of holes alone are made on Linux.");
        var origin = new WeightOrigin("a model", "");
        Forge(origin, [], length: 1L << 40); // more than any machine has to spare, and no room on the disk
        using CpuBackend backend = NewBackend(Cache());
        Assert.True(backend.AvailableMemory > 0);
        backend.BeginWeights(origin);
        Assert.Equal(0, backend.AvailableMemory);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_checkpoint_that_has_changed_is_packed_anew()
    {
        float[] first = Load("a model", seed: 1, content: "of yesterday"), second = Load("a model", seed: 2, content: "of today");
        Assert.NotEqual(first, second);
        Assert.Equal(second, Load("a model", seed: 3, content: "of today"));
        Assert.Single(Directory.GetFiles(_folder));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void What_another_build_has_packed_is_replaced()
    {
        float[] first = Load("a model", seed: 1);
        WriteFile("a model", Guid.NewGuid(), []);
        Assert.Equal(first, Load("a model", seed: 1));
        Assert.Equal(first, Load("a model", seed: 2));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("empty"), InlineData("truncated"), InlineData("longer"), InlineData("foreign"), InlineData("header"), InlineData("count"), InlineData("table")]
    public void A_damaged_file_costs_one_warning_and_is_replaced(string damage)
    {
        float[] expected = Load("a model", seed: 1);
        string path = Assert.Single(Files());
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "empty": bytes = []; break;
            case "truncated": bytes = bytes[..^100]; break;
            case "longer": bytes = [.. bytes, 0]; break;
            case "foreign": bytes.AsSpan().Fill((byte)'x'); break;
            case "header": bytes[20] ^= 1; break;
            case "count": bytes.AsSpan(12, 4).Fill(0x7F); break;
            case "table": bytes[PackedFileHeader.Bytes + 3] ^= 1; break;
        }

        File.WriteAllBytes(path, bytes);
        Assert.Equal(expected, Load("a model", seed: 1));
        Assert.Contains(path, Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(expected, Load("a model", seed: 2));
        Assert.Single(_warnings);
    }

    /// <summary>Every checksum is right: it is the numbers that must be refused.</summary>
    [Theory]
    [InlineData(int.MaxValue, 4096, 64), InlineData(-1, 4096, 64)]
    [InlineData(1, 1 << 20, 64), InlineData(1, 4096, 1 << 20), InlineData(1, 100, 64), InlineData(1, -4096, 64), InlineData(1, 4096, -1)]
    [InlineData(1, long.MaxValue - 4095, 1 << 20), InlineData(1, 4096, long.MaxValue)]
    public void A_forged_file_costs_one_warning_and_is_replaced(int count, long offset, long bytes)
    {
        float[] expected = Load("a model", seed: 1, cached: false);
        Forge(new("a model", ""), [new(KeptWeights.KeyOf([Source("a", 0)]), offset, bytes)], length: 8192, count);
        Assert.Equal(expected, Load("a model", seed: 1));
        Assert.Contains("the packed weights kept there are not used", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(expected, Load("a model", seed: 2));
        Assert.Single(_warnings);
    }

    [Fact]
    public unsafe void A_file_that_is_given_up_leaves_nothing_behind()
    {
        using var given = new CancellationTokenSource();
        given.Cancel();
        var origin = new WeightOrigin("a model", "");
        fixed (byte* panels = new byte[64])
        {
            KeptWeight[] weights = [new(Guid.NewGuid(), panels, 64)];
            Assert.Throws<OperationCanceledException>(() => PackedFileWriter.Write(Cache().PathOf(origin), PackedWeightCache.Build, PackedWeightCache.DigestOf(origin), weights, given.Token));
        }

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Nobody_but_their_owner_reads_files_and_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        string folder = Path.Combine(_folder, "made");
        Load("a model", seed: 1, folder: folder);
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Directory.GetFiles(folder))));
    }

    [Fact]
    public unsafe void A_file_that_someone_made_up_can_give_a_weight_no_other_size()
    {
        float[] expected = Load("a model", seed: 1);
        byte[] panels = new byte[64];
        using (CpuBackend backend = NewBackend(null))
        {
            fixed (byte* pointer = panels)
            {
                WriteFile("a model", PackedWeightCache.Build, [new(KeptWeights.KeyOf([Source("a", 0)]), pointer, panels.Length)]);
            }
        }

        Assert.Equal(expected, Load("a model", seed: 1));
        Assert.Equal(expected, Load("a model", seed: 2));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_a_warning()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        float[] expected = Load("a model", seed: 1, cached: false);
        Assert.Equal(expected, Load("a model", seed: 1, folder: Path.Combine(file, "cache")));
        Assert.Contains("can't be kept", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_that_pack_the_same_model_at_once_leave_one_whole_file()
    {
        float[] expected = Load("a model", seed: 1, cached: false);
        float[][] all = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Load("a model", seed: 1), TestContext.Current.CancellationToken)));
        Assert.All(all, one => Assert.Equal(expected, one));
        Assert.Single(Directory.GetFiles(_folder));
        Assert.Equal(expected, Load("a model", seed: 2));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Files_that_were_used_least_lately_make_room()
    {
        Load("a", seed: 1);
        long size = new FileInfo(Assert.Single(Files())).Length;
        Load("b", seed: 2);
        foreach (string file in Files()) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-1));
        float[] a = Load("a", seed: 1); // used: b goes first
        float[] c = Load("c", seed: 3, mostBytes: (2 * size) + 10);
        Assert.Equal(2, Files().Length);
        Assert.Equal(a, Load("a", seed: 4));
        Assert.Equal(c, Load("c", seed: 4));
        Assert.Equal(Load("b", seed: 5, cached: false), Load("b", seed: 5)); // packed anew
    }

    [Fact]
    public void Neither_more_is_kept_than_is_allowed_nor_so_little_that_it_would_not_pay()
    {
        Load("a model", seed: 1, leastBytes: 1 << 20);
        Assert.Empty(_warnings);
        Load("a model", seed: 1, mostBytes: 100);
        Assert.Contains("--packed-cache-space", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Half_written_files_of_killed_processes_are_deleted_after_an_hour()
    {
        string old = Path.Combine(_folder, "1.folio-packed.2.tmp"), young = Path.Combine(_folder, "1.folio-packed.3.tmp");
        File.WriteAllText(old, "");
        File.WriteAllText(young, "");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));
        using CpuBackend backend = NewBackend(Cache());
        backend.BeginWeights(new("a model", "")); // whether anything is written or not
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    private string[] Files() => Directory.GetFiles(_folder, "*.folio-packed");

    private PackedWeightCache Cache(string? folder = null, long mostBytes = 1 << 30, long leastBytes = 0) => new(folder ?? _folder, mostBytes, _warnings.Enqueue) { LeastBytes = leastBytes };

    private static CpuBackend NewBackend(PackedWeightCache? cache) => new(threads: 1, CpuIsa.Portable, packedWeights: cache);

    private unsafe void WriteFile(string place, Guid build, IReadOnlyList<KeptWeight> weights)
    {
        var origin = new WeightOrigin(place, "");
        PackedFileWriter.Write(Cache().PathOf(origin), build, PackedWeightCache.DigestOf(origin), weights, TestContext.Current.CancellationToken);
    }

    /// <summary>A file of this build with a header and a table of right checksums, and holes after them.</summary>
    private void Forge(WeightOrigin origin, PackedFileEntry[] entries, long length, int? count = null)
    {
        ReadOnlySpan<byte> table = MemoryMarshal.AsBytes(entries.AsSpan());
        var header = new PackedFileHeader(
            PackedFileHeader.ThisMagic, PackedFileHeader.ThisFormat, count ?? entries.Length, PackedWeightCache.Build, PackedWeightCache.DigestOf(origin), length, XxHash3.HashToUInt64(table), 0);
        header = header with { Checksum = header.ComputeChecksum() };
        using FileStream file = File.Create(Cache().PathOf(origin));
        file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<PackedFileHeader>(in header)));
        file.Write(table);
        file.SetLength(length);
    }

    /// <summary>A start: packs a weight, and two that are joined.</summary>
    /// <returns>Both times a vector.</returns>
    private unsafe float[] Load(string place, int seed, string content = "", bool cached = true, string? folder = null, long mostBytes = 1 << 30, long leastBytes = 0)
    {
        using CpuBackend backend = NewBackend(cached ? Cache(folder, mostBytes, leastBytes) : null);
        fixed (float* stored = Given.Values(2 * Rows * Columns, seed))
        {
            backend.BeginWeights(new(place, content));
            Weight one = backend.Pack(Source("a", (nint)stored)), two = backend.Pack(Source("b", (nint)stored), Source("c", (nint)(stored + (Rows * Columns))));
            backend.EndWeights();
            Tensor x = backend.Buffer(Given.Values(Columns, seed: 7), Columns), y = backend.Allocate(1, Rows), z = backend.Allocate(1, 2 * Rows);
            backend.Linear(x, one, default, y);
            backend.Linear(x, two, default, z);
            Assert.True(backend.AwaitKept(TimeSpan.FromSeconds(30)));
            return [.. backend.Read(y), .. backend.Read(z)];
        }
    }

    private static WeightSource Source(string name, nint data) => new(name, DType.F32, Rows, Columns, data, Rows * Columns * sizeof(float));
}
