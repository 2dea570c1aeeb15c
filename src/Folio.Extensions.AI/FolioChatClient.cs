using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI;

/// <summary>Microsoft.Extensions.AI's chat client over an engine of this process. Any number of threads may ask it at once; their requests share the engine's steps.</summary>
/// <remarks>
/// A call is a body of POST /v1/chat/completions that never crosses a wire: it is read, rendered, held to its grammar and taken apart as the server does it, so a field that can't be honoured is
/// refused by name here too. Every update's raw representation is the engine's <see cref="GenerationOutput"/>, with token ids and, where they were asked for, log-probabilities.
/// </remarks>
public sealed class FolioChatClient : IChatClient
{
    private readonly ServedModel _served;
    private ChatClientMetadata? _metadata; // null: nobody has asked for it yet, or it isn't known

    /// <param name="engine">It stays the caller's, and must outlive the client.</param>
    /// <param name="options">How the model is presented; null: under its own name, with its own chat template.</param>
    /// <exception cref="FolioException">An option names no parser, or the chat template can't be parsed.</exception>
    public FolioChatClient(LlmEngine engine, ServedModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _served = new(engine, options ?? new());
    }

    /// <summary>A client of an engine that may be loaded later, as by an application's host: who asks before gets an <see cref="EngineUnavailableException"/>.</summary>
    /// <param name="engine">Returns it, or throws an <see cref="EngineUnavailableException"/>.</param>
    /// <param name="options">How the model is presented. What doesn't fit it is told to the first that asks.</param>
    public FolioChatClient(Func<LlmEngine> engine, ServedModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _served = new(engine, options ?? new());
    }

    /// <inheritdoc cref="GetStreamingResponseAsync"/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <summary>Answers a conversation.</summary>
    /// <exception cref="RequestException">It can't be answered as asked; the message says why, <see cref="RequestException.Parameter"/> names the field of /v1/chat/completions.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="EngineUnavailableException">The engine stands still.</exception>
    /// <exception cref="RequestFailedException">The request was accepted and then failed by itself.</exception>
    /// <exception cref="ObjectDisposedException">The engine is draining or has been disposed of.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ChatRequest request = Read(ChatBody.Of(this, messages, options));
        string id = request.Answer.RequestId ?? $"chatcmpl-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        GenerationStream stream = await StartAsync(request, id, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = ((IAsyncDisposable)stream).ConfigureAwait(false);
        var updates = new ChatUpdates(request, id);
        if (updates.Continued() is { } continued) yield return continued;
        await foreach (GenerationOutput output in stream.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (output.FinishReason == FinishReason.Abort)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new ObjectDisposedException(nameof(LlmEngine), "the engine was shut down before the answer was complete");
            }

            if (updates.Of(output) is { } update) yield return update;
        }

        yield return updates.Usage(stream);
    }

    /// <returns>The <see cref="LlmEngine"/>, if it is there, the <see cref="ChatClientMetadata"/> or this client; else null.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? Metadata()
            : serviceType == typeof(LlmEngine) ? Body.EngineOf(_served)
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the engine is its owner's.</summary>
    public void Dispose() { }

    private ChatClientMetadata Metadata() => Body.EngineOf(_served) is null ? new("folio") : _metadata ??= new("folio", defaultModelId: _served.Names[0]);

    private ChatRequest Read(JsonObject body) => Body.Read(body, (fields, served) =>
    {
        var request = ChatRequest.Read(fields, served, Holder.Anybody);
        return request.Sampling.N == 1 ? request : throw new RequestException($"n is {request.Sampling.N}; a chat client gives one answer to a call.", "n");
    }, _served);

    private async Task<GenerationStream> StartAsync(ChatRequest request, string id, CancellationToken cancellation)
    {
        RequestGrammar? grammar = request.Structure is null ? null : await Body.RefuseAsync(request.Structure.CompileAsync(_served.Engine, cancellation)).ConfigureAwait(false);
        return _served.Engine.Submit(request.Caller.Ask(id, request.Prompt, request.Sampling, grammar), cancellation);
    }
}
