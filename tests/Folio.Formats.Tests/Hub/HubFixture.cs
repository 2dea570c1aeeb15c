using System.Collections.Concurrent;
using System.Text;
using Folio.Formats.Hub;
using Folio.Testing.Hub;

namespace Folio.Formats.Tests;

/// <summary>A fake hub and an empty cache, with little patience.</summary>
internal sealed class HubFixture : IAsyncDisposable
{
    public const string Repository = "frogs/tales";

    /// <summary>More than eight segments.</summary>
    public static readonly byte[] Weights = Random(300_000, seed: 1);

    private readonly TemporaryFolder _folder = TemporaryFolder.With();

    public HubFixture()
    {
        Settings = new HubSettings(_folder.File("hub"))
        {
            Endpoint = Server.Url,
            FirstDelay = TimeSpan.FromMilliseconds(2),
            MostDelay = TimeSpan.FromSeconds(3),
            Silence = TimeSpan.FromSeconds(5),
            SegmentBytes = 32 << 10,
            Connections = 4,
            Attempts = 4,
            Warning = Warnings.Enqueue,
        };
    }

    public FakeHub Server { get; } = new();

    public HubSettings Settings { get; set; }

    public ConcurrentQueue<string> Warnings { get; } = new();

    public RepositoryCache Cache => new(Settings, Repository);

    public static byte[] Random(int bytes, int seed)
    {
        byte[] random = new byte[bytes];
        new Random(seed).NextBytes(random);
        return random;
    }

    public static FakeFile Small(string name, string text) => new(name, Encoding.UTF8.GetBytes(text));

    public static FakeFile Large(string name, byte[] bytes) => new(name, bytes, IsLarge: true);

    /// <summary>A repository of one GGUF file.</summary>
    /// <returns>Its file, in the store.</returns>
    public FakeFile PublishGguf()
    {
        FakeFile file = Large("tales.Q8_0.gguf", Weights);
        Server.Publish(Repository, Small("README.md", "# Tales"), file);
        return file;
    }

    public async Task<PulledModel> PullAsync(string id = Repository, CancellationToken cancellation = default)
    {
        using var hub = new ModelHub(Settings);
        return await hub.PullAsync(HubModelId.TryParse(id)!, cancellation);
    }

    public async Task<HubException> RefusalAsync(string id = Repository) => await Assert.ThrowsAsync<HubException>(() => PullAsync(id));

    public string Incomplete(FakeFile file) => $"{Cache.Blob(file.Hash)}.incomplete";

    /// <summary>What an earlier pull has left.</summary>
    public void Leave(FakeFile file, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), bytes);
    }

    /// <summary>No snapshot has the file: nothing of it can be loaded.</summary>
    public void AssertNothingLoads()
    {
        Assert.DoesNotContain(CachedModel.All(Settings).SelectMany(model => model.Files), file => file.EndsWith(".gguf") || file.EndsWith(".safetensors"));
        string blobs = Path.Combine(Cache.Folder, "blobs");
        if (Directory.Exists(blobs)) Assert.DoesNotContain(Directory.GetFiles(blobs), path => !path.EndsWith(".incomplete") && new FileInfo(path).Length > 1000);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
