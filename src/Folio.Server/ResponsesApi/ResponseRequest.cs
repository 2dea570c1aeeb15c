using System.Text.Json;

namespace Folio.Server;

/// <summary>A body of /v1/responses, understood: the chat that it asks for, and what else is asked.</summary>
/// <param name="Before">The conversation that it goes on with; null: none.</param>
/// <param name="Input">What it adds to that, as <see cref="ResponseInput"/> has it.</param>
/// <param name="IsStored">The response is to be found later.</param>
/// <param name="Obfuscates">A stream's deltas carry noise.</param>
internal sealed record ResponseRequest(ChatRequest Chat, ConversationTurn? Before, byte[] Input, bool IsStored, bool Obfuscates)
{
    /// <summary>What the response repeats of the request.</summary>
    public required ResponseObject Told { private get; init; }

    /// <param name="holder">Whose key it came with (<see cref="Gate.HolderOf"/>).</param>
    /// <param name="names">Gets to know where the chat's fields came from, for errors.</param>
    /// <param name="cancellation">Nobody waits for the answer.</param>
    public static ResponseRequest Read(Fields body, ServedModel served, Holder holder, ResponseStore store, FieldNames names, CancellationToken cancellation)
    {
        FieldPolicies.Response.Check(body);
        if (body.Flag("background") == true) throw ApiException.BadRequest("background isn't supported: a response is written while its client waits.", "background");
        string truncation = body.Text("truncation") ?? "disabled";
        if (truncation is not ("auto" or "disabled")) throw ApiException.BadRequest($"truncation is \"{Fields.Cut(truncation)}\"; auto or disabled was expected.", "truncation");
        bool obfuscates = ReadObfuscation(body);
        JsonElement? metadata = InertFields.Metadata(body)?.Element.Clone();
        string? previousId = body.Text("previous_response_id");
        ConversationTurn? before = previousId is null ? null : store.Find(holder.Name, previousId)?.Turn ?? throw NoPrevious(store, previousId);
        byte[] input = ResponseInput.Read(body);
        ResponseChat chat = ResponseChat.Read(body, new(before, input), truncation == "auto", served, holder, names, cancellation);
        bool isStored = (body.Flag("store") ?? true) && !store.IsOff;
        return new(chat.Request, before, input, isStored, obfuscates)
        {
            Told = new()
            {
                Id = "",
                CreatedAt = 0,
                Instructions = body.Text("instructions"),
                Metadata = metadata,
                Model = chat.Request.Model,
                ParallelToolCalls = chat.Tools.Parallel,
                Temperature = chat.Request.Sampling.Temperature,
                ToolChoice = chat.Tools.Choice,
                Tools = chat.Tools.Offered,
                TopP = chat.Request.Sampling.TopP,
                MaxOutputTokens = body.Integer("max_output_tokens"),
                MaxToolCalls = body.Integer("max_tool_calls"), // of tools that a server runs, of which there are none
                PreviousResponseId = previousId,
                Reasoning = chat.Reasoning,
                Text = chat.Text,
                TopLogprobs = chat.Request.TopLogprobs,
                Truncation = truncation,
                User = body.Text("user"),
                PresencePenalty = chat.Request.Sampling.PresencePenalty,
                FrequencyPenalty = chat.Request.Sampling.FrequencyPenalty,
                Store = isStored,
            },
        };
    }

    /// <summary>The response, of which nothing is written yet.</summary>
    /// <param name="createdAt">Unix time.</param>
    public ResponseObject Describe(string id, long createdAt) => Told with { Id = id, CreatedAt = createdAt };

    private static ApiException NoPrevious(ResponseStore store, string id) => ApiException.BadRequest(
        store.IsOff ? "This server stores no responses (--max-stored-responses, MaxStoredResponses, is 0), so previous_response_id finds none; send the whole conversation as input." : $"Previous response with id '{Fields.Cut(id)}' not found: {ResponseStore.WhyNot}",
        "previous_response_id");

    private static bool ReadObfuscation(Fields body)
    {
        if (body.Object("stream_options") is not { } options) return false;
        if (body.Flag("stream") != true) throw ApiException.BadRequest("stream_options is only for streams; stream isn't true.", "stream_options");
        foreach (JsonProperty option in options.Element.EnumerateObject())
        {
            if (option.Name != "include_obfuscation") throw ApiException.BadRequest($"Unrecognized request argument supplied: stream_options.{Fields.Cut(option.Name)}; the last event has the usage anyway.", $"stream_options.{Fields.Cut(option.Name)}");
        }

        return options.Flag("include_obfuscation") ?? false;
    }
}
