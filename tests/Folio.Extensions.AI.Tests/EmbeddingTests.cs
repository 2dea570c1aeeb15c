using System.Net.Http.Json;
using System.Numerics.Tensors;
using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Engine;
using Folio.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI.Tests;

public sealed class EmbeddingTests(DemoEngine demo) : IDisposable
{
    private static readonly string[] Texts = ["A dog plays with a ball.", "The puppy has a toy.", "Rain falls on the sea."];

    private readonly FolioEmbeddingGenerator _generator = new(demo.Engine);

    public void Dispose() => _generator.Dispose();

    [Fact]
    public async Task Vectors_are_those_of_the_http_route_in_the_order_of_the_texts()
    {
        await using WebApplication app = FolioServer.Build(demo.Engine, new() { Port = 0 });
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        using HttpResponseMessage reply = await http.PostAsJsonAsync("/v1/embeddings", new { input = Texts });
        JsonElement body = await reply.Content.ReadFromJsonAsync<JsonElement>();
        float[][] there = [.. body.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()).ToArray())];

        GeneratedEmbeddings<Embedding<float>> here = await _generator.GenerateAsync(Texts);

        Assert.Equal(there, here.Select(embedding => embedding.Vector.ToArray()));
        Assert.Equal(body.GetProperty("usage").GetProperty("prompt_tokens").GetInt64(), here.Usage!.InputTokenCount);
        Assert.All(here, embedding => Assert.Equal("folio-demo.Q8_0", embedding.ModelId));
        await app.StopAsync();
    }

    [Fact]
    public async Task A_texts_vector_does_not_depend_on_what_is_asked_beside_it()
    {
        GeneratedEmbeddings<Embedding<float>> together = await _generator.GenerateAsync(Texts);
        Embedding<float>[] alone = await Task.WhenAll(Texts.Select(text => Task.Run(() => _generator.GenerateAsync(text))));
        Assert.Equal(together.Select(embedding => embedding.Vector.ToArray()), alone.Select(embedding => embedding.Vector.ToArray()));
        Assert.Equal(1, TensorPrimitives.Norm(alone[0].Vector.Span), 1e-5f);
        Assert.Equal(demo.Engine.Model.EmbeddingSize, alone[0].Dimensions);
    }

    [Fact]
    public async Task No_text_is_no_vector() => Assert.Empty(await _generator.GenerateAsync([]));

    public static TheoryData<string, EmbeddingGenerationOptions> Refused => new()
    {
        { "dimensions", new() { Dimensions = 3 } },
        { "other-model", new() { ModelId = "other-model" } },
        { "unheard_of", new() { AdditionalProperties = new() { ["unheard_of"] = 1 } } },
        { "encoding_format", new() { AdditionalProperties = new() { ["encoding_format"] = "base64" } } },
        { "with input", new() { RawRepresentationFactory = _ => new JsonObject { ["input"] = "x" } } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task What_cannot_be_honoured_is_refused_by_name(string name, EmbeddingGenerationOptions options)
    {
        var error = await Assert.ThrowsAsync<RequestException>(() => _generator.GenerateAsync(Texts, options));
        Assert.Contains(name, $"{error.Message} {error.Parameter}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_ends_and_frees_the_engine()
    {
        using var cancellation = new CancellationTokenSource();
        await using var alone = new DemoEngine();
        using var generator = new FolioEmbeddingGenerator(alone.Engine);
        using var loop = new Standstill(alone.Engine);
        Task<GeneratedEmbeddings<Embedding<float>>> call = generator.GenerateAsync(Enumerable.Repeat(string.Concat(Enumerable.Repeat("The dog ran to the tree. ", 40)), 200), cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        loop.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await alone.IdleAsync();
    }

    [Fact]
    public void Services_tell_what_it_is_made_of()
    {
        EmbeddingGeneratorMetadata metadata = _generator.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal(("folio", "folio-demo.Q8_0", demo.Engine.Model.EmbeddingSize), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(demo.Engine, _generator.GetService<LlmEngine>());
    }
}
