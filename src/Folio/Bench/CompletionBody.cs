using System.Buffers;
using System.Text.Json;
using Folio.Simulation;

namespace Folio.Bench;

/// <summary>What all requests of a run ask for alike.</summary>
/// <param name="Vocabulary">Token ids of prompts are below this; null: prompts are words.</param>
/// <param name="IgnoreEos">Answers go on past the model's end token, so that they have the planned length.</param>
/// <param name="Temperature">Null: the server's default.</param>
internal sealed record CompletionBody(string Model, int? Vocabulary, bool IgnoreEos, float? Temperature)
{
    /// <summary>The request as JSON, before any clock runs.</summary>
    /// <param name="number">The text's number.</param>
    public PlannedRequest Plan(SimulatedRequest request, int number)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            WritePrompt(json, request, number);
            json.WriteNumber("max_tokens", request.OutputTokens);
            if (Temperature is { } temperature) json.WriteNumber("temperature", temperature);
            if (IgnoreEos) json.WriteBoolean("ignore_eos", true);
            json.WriteBoolean("stream", true);
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new(request.Arrival, buffer.WrittenSpan.ToArray(), request.PromptTokens);
    }

    private void WritePrompt(Utf8JsonWriter json, SimulatedRequest request, int number)
    {
        if (Vocabulary is not { } vocabulary)
        {
            json.WriteString("prompt", RandomPrompts.Text(request, number));
            return;
        }

        json.WriteStartArray("prompt");
        foreach (int id in RandomPrompts.Ids(request, number, vocabulary)) json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
