using Folio.Formats.Hub;
using Folio.Testing.Hub;
using static Folio.Formats.Tests.HubFixture;

namespace Folio.Formats.Tests;

/// <summary>What a pull brings, and how it lies in the cache.</summary>
public sealed class PullTests
{
    private static readonly byte[] s_shard = Given.Safetensors($"{{{Given.Entry("w", "F32", "[4]", 0, 16)}}}", 16);

    [Fact]
    public async Task Blobs_snapshots_and_refs_lie_as_huggingface_hub_has_them()
    {
        await using var given = new HubFixture();
        FakeFile config = Small("config.json", "{}"), weights = Large("model.safetensors", Weights), template = Small("additional_chat_templates/rag.jinja", "rag");
        string commit = given.Server.Publish(Repository, config, weights, template, Large("pytorch_model.bin", Weights));
        PulledModel pulled = await given.PullAsync();

        string folder = Path.Combine(given.Settings.CacheDirectory, "models--frogs--tales");
        Assert.Equal(new PulledModel(Path.Combine(folder, "snapshots", commit), commit), pulled);
        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(folder, "blobs", weights.Hash)));
        Assert.Equal("{}", File.ReadAllText(Path.Combine(folder, "blobs", config.Hash)));
        Assert.Equal($"../../blobs/{weights.Hash}", new FileInfo(Path.Combine(pulled.Path, "model.safetensors")).LinkTarget);
        Assert.Equal($"../../../blobs/{template.Hash}", new FileInfo(Path.Combine(pulled.Path, "additional_chat_templates", "rag.jinja")).LinkTarget);
        Assert.Equal(commit, File.ReadAllText(Path.Combine(folder, "refs", "main")));
        Assert.Equal(["additional_chat_templates/rag.jinja", "config.json", "model.safetensors"], given.Cache.Names(commit));
        Assert.True(File.Exists(Path.Combine(given.Settings.CacheDirectory, ".locks", "models--frogs--tales", $"{weights.Hash}.lock")));
        Assert.StartsWith("Signature: 8a477f597d28d172789f06886806bc55", File.ReadAllText(Path.Combine(given.Settings.CacheDirectory, "CACHEDIR.TAG")));
    }

    [Fact]
    public async Task A_large_file_comes_in_ranges_over_several_connections()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        PulledModel pulled = await given.PullAsync();
        Assert.Equal(Weights, File.ReadAllBytes(pulled.Path));
        Assert.Equal(10, given.Server.Downloads.Count(request => request["Range"] is not null));
        Assert.All(given.Server.Downloads.Skip(1), request => Assert.NotNull(request["If-Range"]));
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        PulledModel first = await given.PullAsync();
        given.Server.Forget();
        Assert.Equal(first, await given.PullAsync());
        Assert.Single(given.Server.HubRequests);
        Assert.Empty(given.Server.StoreRequests);
    }

    [Fact]
    public async Task A_file_that_a_new_commit_keeps_is_linked_not_fetched()
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        PulledModel before = await given.PullAsync();
        string commit = given.Server.Publish(Repository, Small("README.md", "# New tales"), file);
        given.Server.Forget();
        PulledModel after = await given.PullAsync();
        Assert.NotEqual(before.Commit, after.Commit);
        Assert.Equal((commit, commit), (after.Commit, given.Cache.CommitOf("main")));
        Assert.Empty(given.Server.Downloads);
        Assert.Equal(Weights, File.ReadAllBytes(after.Path));
    }

    [Fact]
    public async Task Shards_are_those_that_the_index_names()
    {
        await using var given = new HubFixture();
        string index = """{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}""";
        given.Server.Publish(Repository, Small("config.json", "{}"), Small("model.safetensors.index.json", index), Large("model-00001-of-00002.safetensors", s_shard), Large("model-00002-of-00002.safetensors", s_shard), Large("extra.safetensors", Weights));
        PulledModel pulled = await given.PullAsync();
        Assert.Equal(["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"], given.Cache.Names(pulled.Commit));
    }

    [Fact]
    public async Task A_revision_is_noted_under_its_name_and_a_commit_under_none()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        string commit = (await given.PullAsync($"{Repository}@v1.0")).Commit;
        Assert.Equal(commit, given.Cache.CommitOf("v1.0"));
        await given.PullAsync($"{Repository}@{commit}");
        Assert.Equal([("v1.0", commit)], given.Cache.Refs());
    }

    [Fact]
    public async Task Where_links_are_not_to_be_had_files_lie_in_the_snapshots()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { UseLinks = false };
        FakeFile file = given.PublishGguf();
        PulledModel pulled = await given.PullAsync();
        Assert.Null(new FileInfo(pulled.Path).LinkTarget);
        Assert.Equal(Weights, File.ReadAllBytes(pulled.Path));
        Assert.False(File.Exists(given.Cache.Blob(file.Hash)));
        given.Server.Forget();
        Assert.Equal(pulled, await given.PullAsync());
        Assert.Empty(given.Server.Downloads);
    }

    [Fact]
    public async Task Files_are_pulled_by_patterns_too()
    {
        await using var given = new HubFixture();
        given.Server.Publish(Repository, Small("config.json", "{}"), Small("tokenizer.json", "{}"), Small("onnx/config.json", "{}"), Large("model.safetensors", Weights));
        using var hub = new ModelHub(given.Settings);
        PulledModel pulled = await hub.PullFilesAsync(new(Repository), ["*.json"]);
        Assert.Equal(["config.json", "onnx/config.json", "tokenizer.json"], given.Cache.Names(pulled.Commit));
        Assert.Equal("frogs/tales has no file whose name is like *.bin.", (await Assert.ThrowsAsync<HubException>(() => hub.PullFilesAsync(new(Repository), ["*.bin"]))).Message);
    }

    [Fact]
    public async Task Progress_ends_at_the_whole()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        var seen = new List<PullProgress>();
        using var hub = new ModelHub(given.Settings, new Seen(seen));
        await hub.PullAsync(new(Repository));
        Assert.Equal(("tales.Q8_0.gguf", Weights.Length, Weights.Length), (seen[^1].File, seen.Max(progress => progress.Bytes), seen[^1].TotalBytes));
    }

    [Fact]
    public async Task A_renamed_repository_is_found_under_its_old_name()
    {
        await using var given = new HubFixture();
        given.Server.Publish("frogs/stories", Small("config.json", "{}"), Large("model.safetensors", Weights));
        given.Server.OnHub = request => request.Path.Contains(Repository) ? FakeAnswer.Of(307, ("Location", request.Path.Replace(Repository, "frogs/stories"))) : null;
        PulledModel pulled = await given.PullAsync();
        Assert.Equal(Weights, File.ReadAllBytes(Path.Combine(pulled.Path, "model.safetensors")));
    }

    [Fact]
    public async Task The_cache_is_listed_with_revisions_files_and_sizes()
    {
        await using var given = new HubFixture();
        given.Server.Publish("frogs/songs", Small("config.json", "{}"), Large("model.safetensors", Weights));
        given.PublishGguf();
        await given.PullAsync("frogs/songs");
        string commit = (await given.PullAsync($"{Repository}@v1.0")).Commit;
        Directory.CreateDirectory(Path.Combine(given.Settings.CacheDirectory, "datasets--frogs--tales", "snapshots", commit));
        IReadOnlyList<CachedModel> models = CachedModel.All(given.Settings);
        Assert.Equal(["frogs/songs", Repository], models.Select(model => model.Repository));
        Assert.Equal((true, 2, Weights.Length + 2), (models[0].HasSafetensors, models[0].Files.Count, models[0].Bytes));
        Assert.Equal(("v1.0", "tales.Q8_0.gguf", Weights.Length), (models[1].Revisions[0], models[1].GgufFiles[0], models[1].BytesOf("tales.Q8_0.gguf")));
    }

    private sealed class Seen(List<PullProgress> seen) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            lock (seen) seen.Add(value);
        }
    }
}
