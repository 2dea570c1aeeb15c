using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI;

/// <summary>Microsoft.Extensions.AI's embedding generator over an engine of this process. Any number of threads may ask it at once.</summary>
/// <remarks>A call is a body of POST /v1/embeddings that never crosses a wire. A text's vector is a function of the text alone, bit for bit, whatever else is asked for.</remarks>
public sealed class FolioEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly ServedModel _served;
    private EmbeddingGeneratorMetadata? _metadata; // null: nobody has asked for it yet, or it isn't known

    /// <param name="engine">It stays the caller's, and must outlive the generator.</param>
    /// <param name="options">How the model is presented; null: under its own name.</param>
    public FolioEmbeddingGenerator(LlmEngine engine, ServedModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _served = new(engine, options ?? new());
    }

    /// <summary>A generator over an engine that may be loaded later, as by an application's host: who asks before gets an <see cref="EngineUnavailableException"/>.</summary>
    /// <param name="engine">Returns it, or throws an <see cref="EngineUnavailableException"/>.</param>
    /// <param name="options">How the model is presented.</param>
    public FolioEmbeddingGenerator(Func<LlmEngine> engine, ServedModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _served = new(engine, options ?? new());
    }

    /// <summary>The texts' vectors, in their order.</summary>
    /// <exception cref="RequestException">They can't be embedded as asked; the message says why, <see cref="RequestException.Parameter"/> names the field of /v1/embeddings.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="EngineUnavailableException">The engine stands still.</exception>
    /// <exception cref="RequestFailedException">The request was accepted and then failed by itself.</exception>
    /// <exception cref="ObjectDisposedException">The engine is draining or has been disposed of.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        var input = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
        if (input.Count == 0) return [];
        EmbeddingsRequest request = Body.Read(Describe(input, options), (fields, served) => EmbeddingsRequest.Read(fields, served, Holder.Anybody, cancellationToken), _served);
        string id = $"embd-{request.RequestId ?? RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        IReadOnlyList<EmbeddingOutput> outputs = await _served.Engine.EmbedAsync(request.Texts(id), cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        int tokens = outputs.Sum(output => output.PromptTokens);
        return new(outputs.Select(output => new Embedding<float>(output.Vector) { CreatedAt = now, ModelId = request.Model }))
        {
            Usage = new() { InputTokenCount = tokens, TotalTokenCount = tokens, CachedInputTokenCount = outputs.Sum(output => output.CachedTokens) },
        };
    }

    /// <returns>The <see cref="LlmEngine"/>, if it is there, the <see cref="EmbeddingGeneratorMetadata"/> or this generator; else null.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? Metadata()
            : serviceType == typeof(LlmEngine) ? Body.EngineOf(_served)
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the engine is its owner's.</summary>
    public void Dispose() { }

    private EmbeddingGeneratorMetadata Metadata() => Body.EngineOf(_served) is not { } engine ? new("folio")
        : _metadata ??= new("folio", defaultModelId: _served.Names[0], defaultModelDimensions: engine.Model.EmbeddingSize);

    private JsonObject Describe(JsonArray input, EmbeddingGenerationOptions? options)
    {
        JsonObject body = Body.Begin(options?.RawRepresentationFactory?.Invoke(this), "POST /v1/embeddings");
        if (body.ContainsKey("input")) throw new RequestException("RawRepresentationFactory made a body with input; the texts of the call are embedded.", "input");
        body["input"] = input;
        if (options?.ModelId is { } model && !body.ContainsKey("model")) body["model"] = model;
        if (options?.Dimensions is { } dimensions && !body.ContainsKey("dimensions")) body["dimensions"] = dimensions;
        Body.Add(body, options?.AdditionalProperties);
        if (body.ContainsKey("encoding_format")) throw new RequestException("encoding_format says how vectors are sent over HTTP; these don't leave the process.", "encoding_format");
        return body;
    }
}
