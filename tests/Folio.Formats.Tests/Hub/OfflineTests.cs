using Folio.Formats.Hub;
using Folio.Testing.Hub;
using static Folio.Formats.Tests.HubFixture;

namespace Folio.Formats.Tests;

/// <summary>What the cache has when the hub has nothing to say.</summary>
public sealed class OfflineTests
{
    [Fact]
    public async Task Offline_the_cache_is_used_and_nobody_asked()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        PulledModel pulled = await given.PullAsync();
        given.Server.Forget();
        given.Settings = given.Settings with { IsOffline = true };
        Assert.Equal(pulled, await given.PullAsync());
        Assert.Equal(pulled, await given.PullAsync($"{Repository}:Q8_0@{pulled.Commit}"));
        Assert.Empty(given.Server.HubRequests);
    }

    [Theory]
    [InlineData("frogs/other")]
    [InlineData("frogs/tales@v2")]
    [InlineData("frogs/tales:Q4_0")]
    public async Task Offline_what_the_cache_lacks_is_named(string id)
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        await given.PullAsync();
        given.Settings = given.Settings with { IsOffline = true };
        Assert.Matches("^HF_HUB_OFFLINE is set, and .* has no whole copy of frogs/.* at revision .*[.]$", (await given.RefusalAsync(id)).Message);
    }

    [Fact]
    public async Task A_hub_that_cannot_be_reached_is_a_warning_where_the_cache_has_the_model()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        PulledModel pulled = await given.PullAsync();
        given.Server.OnHub = _ => FakeAnswer.Of(503);
        Assert.Equal(pulled, await given.PullAsync());
        await given.Server.DisposeAsync(); // nobody listens
        Assert.Equal(pulled, await given.PullAsync());
        Assert.Equal(2, given.Warnings.Count(warning => warning.EndsWith($"The copy in the cache is used, commit {pulled.Commit[..7]}.")));
    }

    [Fact]
    public async Task A_refusal_is_no_reason_to_use_the_cache()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        await given.PullAsync();
        given.Server.OnHub = _ => FakeAnswer.Of(404, ("X-Error-Code", "RevisionNotFound"));
        Assert.Contains("has no revision 'main'", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task A_new_commit_that_could_not_be_fetched_whole_leaves_the_old_one_in_use()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        PulledModel before = await given.PullAsync();
        given.Server.Publish(Repository, Large("tales.Q8_0.gguf", Random(300_000, seed: 2)));
        given.Server.OnStore = request => given.Server.AnswerStore(request) with { CutAfter = 0 };
        await given.RefusalAsync();
        given.Settings = given.Settings with { IsOffline = true };
        Assert.Equal(before, await given.PullAsync());
    }

    [Fact]
    public async Task A_model_without_all_its_shards_is_not_whole()
    {
        await using var given = new HubFixture();
        string index = """{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}""";
        FakeFile second = Large("model-00002-of-00002.safetensors", Random(1000, seed: 4));
        given.Server.Publish(Repository, Small("config.json", "{}"), Small("model.safetensors.index.json", index), Large("model-00001-of-00002.safetensors", Random(1000, seed: 3)), second);
        await given.PullAsync();
        given.Settings = given.Settings with { IsOffline = true };
        await given.PullAsync();
        File.Delete(given.Cache.Blob(second.Hash)); // its link leads nowhere now
        Assert.Contains("has no whole copy", (await given.RefusalAsync()).Message);
    }
}
