using System.Net;
using Folio.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Folio.Server.Tests;

/// <summary>What the page is made of; how it looks is the browser's to test.</summary>
public sealed class PageTests(DemoEngine demo)
{
    [Fact]
    public async Task Its_files_are_open_and_forbid_what_they_do_not_need()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["key"] });
        foreach ((string path, string type) in ((string, string)[])[("/", "text/html"), ("/page/app.js", "text/javascript"), ("/page/style.css", "text/css")])
        {
            using HttpResponseMessage answer = await server.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(type, answer.Content.Headers.ContentType!.MediaType);
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy);
            Assert.DoesNotContain("unsafe", policy);
        }

        (await server.GetAsync("/page/..%2fappsettings.json")).Refused(404);
        (await server.GetAsync("/page/none.js")).Refused(404);
    }

    [Fact]
    public async Task What_it_shows_takes_a_key()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ApiKeys = ["key"] });
        (await server.GetAsync("/page/state")).Refused(401);
        (await server.As("key").GetAsync("/page/state")).Ok();
    }

    [Fact]
    public async Task Its_picture_names_the_holders_of_every_block()
    {
        await using DemoEngine own = new(new() { NumBlocks = 64 });
        await using Server server = await Server.StartAsync(own.Engine);
        int[] prompt = PrefixCacheTests.NewPrompt(40);
        await using GenerationStream stream = own.Engine.Submit(new() { Prompt = prompt, Sampling = new() { N = 2, MaxTokens = 300, IgnoreEos = true, Temperature = 1 } });
        await using IAsyncEnumerator<GenerationOutput> outputs = stream.GetAsyncEnumerator();
        while (await outputs.MoveNextAsync() && outputs.Current.Index == 0) continue; // both decode

        EnginePicture picture = await own.Engine.LookAsync();
        Assert.Equal(2, picture.Sequences.Count);
        Assert.All(picture.Sequences, sequence => Assert.Equal((1, SequencePhase.Decode, 40), (sequence.Request, sequence.Phase, sequence.PromptTokens)));
        int[] holders = new int[picture.Blocks.Length];
        foreach (int block in picture.Sequences.SelectMany(sequence => sequence.Blocks)) holders[block]++;
        for (int block = 0; block < holders.Length; block++)
        {
            BlockState[] expected = holders[block] switch { 0 => [BlockState.Free, BlockState.Cached], 1 => [BlockState.Owned], _ => [BlockState.Shared] };
            Assert.Contains(picture.Blocks[block], expected);
        }

        Assert.Equal(2, picture.Blocks.Count(state => state == BlockState.Shared)); // the prompt's full blocks; its third was copied
    }

    [Fact]
    public async Task An_application_of_somebody_elses_keeps_its_own_page()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddFolio(demo.Engine);
        await using WebApplication app = builder.Build();
        app.MapGet("/", () => "mine");
        app.MapFolio();
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        Assert.Equal("mine", await http.GetStringAsync("/"));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/page/state")).StatusCode);
    }
}
