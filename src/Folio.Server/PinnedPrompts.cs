using System.Text.Json;
using Folio.Engine;

namespace Folio.Server;

/// <summary>Keeps the beginnings of prompts in an engine's cache, in the tokens in which the server's clients will send them.</summary>
public static class PinnedPrompts
{
    private static readonly Fields NoFields = new(JsonElement.Parse("{}"));

    /// <summary>The beginning of raw prompts, as /v1/completions reads them.</summary>
    /// <exception cref="FolioException">It can't be pinned; the message says why.</exception>
    public static Task<PinnedPrefix> PinTextAsync(LlmEngine engine, string id, string text, CancellationToken cancellation = default) =>
        engine.PinAsync(engine.Model.Encode(text), id, cancellation);

    /// <summary>A system prompt, as the chat template puts it in front of every chat.</summary>
    /// <param name="options">Those that the model is served with; null: it is served with its own template.</param>
    /// <exception cref="FolioException">It can't be pinned; the message says why.</exception>
    public static Task<PinnedPrefix> PinSystemPromptAsync(LlmEngine engine, string id, string text, ServedModelOptions? options = null, CancellationToken cancellation = default)
    {
        using ChatMessages messages = ChatMessages.Of("system", text);
        return engine.PinAsync(ChatPrefix.Encode(NoFields, new ServedModel(engine, options ?? new()), messages), id, cancellation);
    }
}
