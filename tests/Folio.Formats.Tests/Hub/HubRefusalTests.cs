using Folio.Formats.Hub;
using Folio.Testing.Hub;
using static Folio.Formats.Tests.HubFixture;

namespace Folio.Formats.Tests;

/// <summary>Pulls that can't succeed: each is a sentence, and none leaves a file that loads.</summary>
public sealed class HubRefusalTests
{
    [Theory]
    [InlineData(401, null, "127.0.0.1:{0} has no repository frogs/tales, or it is private: set HF_TOKEN to a token that may read it.")]
    [InlineData(404, "RepoNotFound", "127.0.0.1:{0} has no repository frogs/tales, or it is private: set HF_TOKEN to a token that may read it.")]
    [InlineData(404, "RevisionNotFound", "frogs/tales has no revision 'main' at 127.0.0.1:{0}.")]
    [InlineData(403, "GatedRepo", "frogs/tales is gated: accept its terms at http://127.0.0.1:{0}/frogs/tales, and set HF_TOKEN to a token of the account that did.")]
    [InlineData(403, null, "127.0.0.1:{0} forbids frogs/tales: the account has no right to it.")]
    [InlineData(400, null, "127.0.0.1:{0} answers 400 Fake when asked for frogs/tales.")]
    public async Task The_listings_refusal_says_what_would_help(int status, string? code, string expected)
    {
        await using var given = new HubFixture();
        given.Server.OnHub = _ => code is null ? FakeAnswer.Of(status) : FakeAnswer.Of(status, ("X-Error-Code", code));
        Assert.Equal(string.Format(expected, given.Server.Url.Port), (await given.RefusalAsync()).Message);
    }

    [Theory]
    [InlineData(401, "GatedRepo", "frogs/tales is gated: accept its terms at ")]
    [InlineData(403, "GatedRepo", "frogs/tales is gated: accept its terms at ")]
    [InlineData(404, "EntryNotFound", "frogs/tales has no file 'tales.Q8_0.gguf' at revision ")]
    public async Task A_files_refusal_names_it(int status, string code, string expected)
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        given.Server.OnHub = request => request.Method == "HEAD" ? FakeAnswer.Of(status, ("X-Error-Code", code)) : null;
        Assert.StartsWith(expected, (await given.RefusalAsync()).Message);
        given.AssertNothingLoads();
    }

    [Fact]
    public async Task A_token_that_does_not_open_a_gated_model_is_told_so()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { Token = "hf_secret" };
        given.Server.OnHub = _ => FakeAnswer.Of(403, ("X-Error-Code", "GatedRepo"));
        Assert.EndsWith("to a token of the account that did (the one in use doesn't open it).", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task The_token_is_shown_to_the_hub_alone()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { Token = "hf_secret" };
        given.Server.Publish(Repository, Small("config.json", "{}"), Large("model.safetensors", Weights));
        await given.PullAsync();
        Assert.All(given.Server.HubRequests, request => Assert.Equal("Bearer hf_secret", request["Authorization"]));
        Assert.NotEmpty(given.Server.StoreRequests);
        Assert.All(given.Server.StoreRequests, request => Assert.Null(request["Authorization"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_of_another_hash_are_thrown_away(bool isLarge)
    {
        await using var given = new HubFixture();
        var file = new FakeFile("tales.Q8_0.gguf", Weights, isLarge);
        given.Server.Publish(Repository, file);
        byte[] wrong = [.. Weights[..^1], (byte)~Weights[^1]];
        FakeAnswer Falsify(FakeAnswer answer) => answer with { Body = answer.Body.Length > 0 && answer.Body[^1] == Weights[^1] ? [.. answer.Body[..^1], wrong[^1]] : answer.Body };
        given.Server.OnStore = request => Falsify(given.Server.AnswerStore(request));
        given.Server.OnHub = request => request.Method == "GET" && request.Path.Contains("/resolve/") ? Falsify(given.Server.AnswerHub(request)) : null;
        Assert.Matches($"^frogs/tales: tales.Q8_0.gguf has the hash [0-9a-f]+; {file.Hash} was announced. What came was thrown away.$", (await given.RefusalAsync()).Message);
        Assert.False(File.Exists(given.Incomplete(file)));
        given.AssertNothingLoads();
    }

    [Fact]
    public async Task More_bytes_than_announced_are_not_taken()
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        given.Server.OnStore = _ => new FakeAnswer(200, new byte[600_000]);
        Assert.Equal("frogs/tales: tales.Q8_0.gguf was announced with 300000 bytes; the server sends 600000 bytes.", (await given.RefusalAsync()).Message);
        given.Server.OnStore = request => given.Server.AnswerStore(request) with { Headers = [("Content-Range", "bytes 0-32767/600000")] };
        Assert.StartsWith("frogs/tales: tales.Q8_0.gguf was announced with 300000 bytes; the server sends another range", (await given.RefusalAsync()).Message);
        Assert.True(new FileInfo(given.Incomplete(file)).Length <= file.Bytes.Length);
        given.AssertNothingLoads();
    }

    [Fact]
    public async Task A_size_that_the_listing_contradicts_is_refused()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        given.Server.OnHub = request => request.Method == "HEAD" && given.Server.AnswerHub(request) is var answer
            ? answer with { Headers = [.. answer.Headers.Where(header => header.Name != "X-Linked-Size"), ("X-Linked-Size", "9999999999")] } : null;
        Assert.Equal("frogs/tales: tales.Q8_0.gguf is listed with 300000 bytes and offered with 9999999999.", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task A_hub_whose_name_leads_nowhere_is_told_of_at_once()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { Endpoint = new("http://folio-test.invalid") };
        Assert.Contains("folio-test.invalid can't be reached", (await given.RefusalAsync()).Message);
        Assert.Matches("^folio-test.invalid: .*Folio asks again in 0", Assert.Single(given.Warnings));
    }

    [Theory]
    [InlineData("../../../evil.gguf")]
    [InlineData("/etc/evil.gguf")]
    [InlineData("a\\..\\evil.gguf")]
    [InlineData("C:evil.gguf")]
    [InlineData("a//evil.gguf")]
    [InlineData("a/./evil.gguf")]
    [InlineData("evil\u001b[2J.gguf")]
    [InlineData("")]
    public async Task Names_that_lead_out_of_the_cache_are_left_out(string name)
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        given.Server.OnHub = request => request.Path.StartsWith("/api/") ? FakeHub.Json(new { sha = new string('a', 40), siblings = new[] { new { rfilename = name } } }) : null;
        Assert.Contains("has neither safetensors with a config.json nor a GGUF file", (await given.RefusalAsync()).Message);
        string warning = Assert.Single(given.Warnings);
        Assert.StartsWith("frogs/tales lists names that lead out of the cache, such as '", warning);
        Assert.DoesNotContain('\u001b', warning);
    }

    [Theory]
    [InlineData("../../evil")]
    [InlineData("0123")]
    [InlineData("")]
    public async Task A_hash_that_is_none_is_refused(string etag)
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        given.Server.OnHub = request => request.Method == "HEAD" && given.Server.AnswerHub(request) is var answer
            ? answer with { Headers = [.. answer.Headers.Where(header => header.Name != "X-Linked-ETag"), ("X-Linked-ETag", $"\"{etag}\"")] } : null;
        Assert.Contains("announces no hash for tales.Q8_0.gguf", (await given.RefusalAsync()).Message);
    }

    [Theory]
    [InlineData("""{"sha":"../../x","siblings":[]}""", "'sha' is no commit")]
    [InlineData("""{"siblings":[]}""", "it isn't the JSON that a hub sends")]
    [InlineData("<html>", "it isn't the JSON that a hub sends")]
    [InlineData("[]", "it isn't the JSON that a hub sends")]
    public async Task A_listing_that_is_none_is_refused(string json, string expected)
    {
        await using var given = new HubFixture();
        given.Server.OnHub = _ => new FakeAnswer(200, System.Text.Encoding.UTF8.GetBytes(json));
        Assert.EndsWith($"can't be used: {expected}.", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task Redirects_end_somewhere_and_keep_to_the_web()
    {
        await using var given = new HubFixture();
        given.Server.OnHub = request => FakeAnswer.Of(307, ("Location", request.Path));
        Assert.EndsWith("redirects more than 5 times.", (await given.RefusalAsync()).Message);
        given.Server.OnHub = _ => FakeAnswer.Of(307, ("Location", "file:///etc/passwd"));
        Assert.EndsWith("redirects to an address that isn't of the web.", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task A_disk_without_the_room_is_told_before_anything_is_fetched()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { FreeSpace = _ => 100 << 10 };
        given.PublishGguf();
        Assert.Equal($"frogs/tales takes 293 KiB more, and 100 KiB are free in {given.Settings.CacheDirectory}; HF_HOME moves the cache to another disk.", (await given.RefusalAsync()).Message);
        Assert.Empty(given.Server.StoreRequests);
    }

    [Fact]
    public async Task A_disk_that_fills_up_is_told_and_leaves_nothing_that_loads()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("/dev/full is not here");
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        Directory.CreateDirectory(Path.GetDirectoryName(given.Incomplete(file))!);
        File.CreateSymbolicLink(given.Incomplete(file), "/dev/full");
        Assert.Matches("incomplete can't be written: .*[Nn]o space", (await given.RefusalAsync()).Message);
        given.AssertNothingLoads();
    }

    [Fact]
    public async Task A_hub_that_stays_away_is_named_with_the_reason()
    {
        await using var given = new HubFixture();
        given.Server.OnHub = _ => FakeAnswer.Of(503);
        HubException refusal = await given.RefusalAsync();
        Assert.Equal((true, $"127.0.0.1:{given.Server.Url.Port} can't be reached: 127.0.0.1 answers 503 Fake."), (refusal.IsUnreachable, refusal.Message));
        Assert.Equal(4, given.Server.HubRequests.Count);
        given.Server.OnHub = _ => FakeAnswer.Of(429, ("Retry-After", "3600"));
        Assert.Contains("asks to be left alone for 3600 s", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task A_cut_connection_is_told_with_the_host_that_it_led_to()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        await given.Server.DisposeAsync(); // nobody listens
        Assert.Matches("^127[.]0[.]0[.]1:[0-9]+ can't be reached: 127[.]0[.]0[.]1: .*[^.][.]$", (await given.RefusalAsync()).Message);
    }

    [Fact]
    public async Task A_store_that_cuts_every_connection_at_once_is_given_up()
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        given.Leave(file, Weights[..50_000]);
        given.Server.OnStore = request => given.Server.AnswerStore(request) with { CutAfter = 0 };
        Assert.Contains("can't be reached", (await given.RefusalAsync()).Message);
        Assert.Equal(50_000, new FileInfo(given.Incomplete(file)).Length);
        given.AssertNothingLoads();
    }
}
