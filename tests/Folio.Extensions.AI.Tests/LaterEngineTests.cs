using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI.Tests;

/// <summary>Clients of an engine that an application's host loads in the background.</summary>
public sealed class LaterEngineTests(DemoEngine demo)
{
    private LlmEngine? _loaded;

    [Fact]
    public async Task A_client_may_be_made_before_the_engine_is_loaded()
    {
        IChatClient client = new FolioChatClient(Engine);
        Assert.Equal(("folio", null), (client.GetService<ChatClientMetadata>()!.ProviderName, client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Null(client.GetService<LlmEngine>());
        await Assert.ThrowsAsync<EngineUnavailableException>(() => client.GetResponseAsync("Hi"));
        _loaded = demo.Engine;
        Assert.Equal("folio-demo.Q8_0", client.GetService<ChatClientMetadata>()!.DefaultModelId);
        Assert.NotEmpty((await client.GetResponseAsync("Hi", new() { MaxOutputTokens = 4 })).Messages);
    }

    [Fact]
    public async Task A_generator_may_be_made_before_the_engine_is_loaded()
    {
        var generator = new FolioEmbeddingGenerator(Engine);
        Assert.Null(generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions);
        await Assert.ThrowsAsync<EngineUnavailableException>(() => generator.GenerateAsync(["a"]));
        _loaded = demo.Engine;
        Assert.Equal(generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions, Assert.Single(await generator.GenerateAsync(["a"])).Vector.Length);
    }

    private LlmEngine Engine() => _loaded ?? throw new EngineUnavailableException("not yet");
}
