using System.Collections.Concurrent;
using Folio.Formats.Hub;
using Folio.Testing.Hub;
using static Folio.Formats.Tests.HubFixture;

namespace Folio.Formats.Tests;

/// <summary>Downloads that don't go as they should, and end well.</summary>
public sealed class DownloadTests
{
    [Fact]
    public async Task A_pull_goes_on_from_what_an_earlier_one_has_left()
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        given.Leave(file, Weights[..200_000]);
        await AssertPulledAsync(given);
        Assert.All(given.Server.StoreRequests, request => Assert.True(From(request) >= 200_000, request["Range"]));
    }

    [Theory]
    [InlineData(100)] // a wrong beginning
    [InlineData(300_000)] // as long as the file, and not the file
    [InlineData(400_000)] // longer
    public async Task What_is_no_beginning_of_the_file_is_fetched_anew(int bytes)
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        given.Leave(file, Random(bytes, seed: 7));
        await AssertPulledAsync(given);
        Assert.False(File.Exists(given.Incomplete(file)));
    }

    [Fact]
    public async Task A_whole_file_that_was_only_not_renamed_is_not_fetched()
    {
        await using var given = new HubFixture();
        given.Leave(given.PublishGguf(), Weights);
        await AssertPulledAsync(given);
        Assert.Empty(given.Server.StoreRequests);
    }

    [Fact]
    public async Task A_cut_connection_is_taken_up_where_it_broke()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        given.Server.OnStore = request => given.Server.AnswerStore(request) with { CutAfter = 20_000 };
        await AssertPulledAsync(given);
        Assert.Contains(given.Server.StoreRequests, request => From(request) == 20_000);
    }

    [Fact]
    public async Task A_silent_connection_counts_as_cut()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { Silence = TimeSpan.FromMilliseconds(200) };
        given.PublishGguf();
        int asked = 0;
        given.Server.OnStore = request => Interlocked.Increment(ref asked) == 2 ? given.Server.AnswerStore(request) with { SilentAfter = 1000 } : null;
        await AssertPulledAsync(given);
    }

    [Fact]
    public async Task A_server_without_ranges_sends_the_whole()
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        given.Leave(file, Weights[..1000]);
        int asked = 0;
        given.Server.OnStore = _ => new FakeAnswer(200, Weights) { CutAfter = Interlocked.Increment(ref asked) == 2 ? 50_000 : null };
        await AssertPulledAsync(given);
    }

    [Fact]
    public async Task A_file_that_changes_on_its_server_is_fetched_anew()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        int asked = 0;
        given.Server.OnStore = request => Interlocked.Increment(ref asked) > 3 ? null : new FakeAnswer(206, new byte[32 << 10], ("ETag", "\"old\""), ("Content-Range", $"bytes {From(request)}-{From(request) + (32 << 10) - 1}/300000"));
        await AssertPulledAsync(given); // If-Range: "old" gets all of it
    }

    [Fact]
    public async Task An_address_that_has_expired_is_asked_for_again()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        int signature = 1, asked = 0;
        given.Server.OnHub = request => request.Method == "HEAD" && given.Server.AnswerHub(request) is { Status: 302 } answer
            ? answer with { Headers = [.. answer.Headers.Select(header => header.Name == "Location" ? (header.Name, header.Value.Replace("signature=1", $"signature={signature}")) : header)] } : null;
        given.Server.OnStore = request =>
        {
            if (Interlocked.Increment(ref asked) == 4) signature = 2;
            return request.Path.EndsWith($"signature={signature}") ? null : FakeAnswer.Of(403);
        };
        await AssertPulledAsync(given);
    }

    [Theory]
    [InlineData(429, "Retry-After", "1")]
    [InlineData(429, "RateLimit", "\"api\";r=0;t=1")]
    [InlineData(503, "Retry-After", "1")]
    public async Task A_hub_is_asked_again_when_it_says(int status, string header, string value)
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        int asked = 0;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        given.Server.OnHub = _ => Interlocked.Increment(ref asked) == 1 ? FakeAnswer.Of(status, (header, value)) : null;
        await AssertPulledAsync(given);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(0.9), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task Servers_that_fail_now_and_then_are_asked_again()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        var asked = new ConcurrentDictionary<string, bool>(); // several at once: each fails once, however they interleave
        given.Server.OnHub = request => IsFirst(request) ? FakeAnswer.Of(502) : null;
        given.Server.OnStore = request => IsFirst(request) ? FakeAnswer.Of(500) : null;
        await AssertPulledAsync(given);
        Assert.True(asked.Count > 3);

        bool IsFirst(FakeRequest request) => asked.TryAdd($"{request.Method} {request.Path} {request["Range"]}", true);
    }

    [Fact]
    public async Task A_pull_that_is_stopped_keeps_what_has_come()
    {
        await using var given = new HubFixture();
        given.Settings = given.Settings with { SegmentBytes = 8 << 20 }; // one segment, of which a part comes
        FakeFile file = given.PublishGguf();
        using var stop = new CancellationTokenSource();
        given.Server.OnStore = request => given.Server.AnswerStore(request) with { SilentAfter = 100_000 };
        Task<PulledModel> pull = given.PullAsync(cancellation: stop.Token);
        while (given.Server.StoreRequests.Count == 0) await Task.Delay(10);
        await Task.Delay(300);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        Assert.Equal(Weights[..100_000], File.ReadAllBytes(given.Incomplete(file)));
        given.AssertNothingLoads();
        given.Server.Forget();
        given.Server.OnStore = _ => null;
        await AssertPulledAsync(given);
        Assert.Equal(100_000, From(given.Server.StoreRequests[0]));
    }

    [Fact]
    public async Task Of_two_pulls_one_fetches_and_the_other_waits()
    {
        await using var given = new HubFixture();
        given.PublishGguf();
        given.Server.OnStore = request => given.Server.AnswerStore(request) with { Pause = TimeSpan.FromMilliseconds(100) };
        PulledModel[] pulled = await Task.WhenAll(given.PullAsync(), given.PullAsync());
        Assert.Equal(pulled[0], pulled[1]);
        Assert.Equal(10, given.Server.StoreRequests.Count);
        Assert.Contains("another process fetches tales.Q8_0.gguf; Folio waits for it.", given.Warnings);
    }

    [Fact]
    public async Task A_blob_that_has_lost_its_end_is_fetched_anew()
    {
        await using var given = new HubFixture();
        FakeFile file = given.PublishGguf();
        await given.PullAsync();
        using (FileStream blob = File.OpenWrite(given.Cache.Blob(file.Hash))) blob.SetLength(1000);
        await AssertPulledAsync(given);
    }

    private static async Task AssertPulledAsync(HubFixture given)
    {
        PulledModel pulled = await given.PullAsync();
        Assert.Equal(Weights, File.ReadAllBytes(pulled.Path));
        Assert.Empty(Directory.GetFiles(given.Cache.Folder, "*.incomplete", SearchOption.AllDirectories));
    }

    private static long From(FakeRequest request) => request["Range"] is { } range ? long.Parse(range["bytes=".Length..].Split('-')[0]) : 0;
}
