using System.Text.Json;
using System.Text.Json.Nodes;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI;

/// <summary>A conversation and its options as a body of /v1/chat/completions. No option is ignored in silence.</summary>
internal static class ChatBody
{
    private const string Route = "POST /v1/chat/completions";

    /// <summary>Fields that say how an answer is sent over HTTP.</summary>
    private static readonly string[] s_wire = ["stream", "stream_options", "stream_interval", "return_tokens_as_token_ids"];

    private static readonly string[] s_together = ["\"allOf\"", "\"oneOf\"", "\"not\"", "\"if\"", "\"dependentSchemas\"", "\"unevaluatedProperties\"", "\"minProperties\"", "\"$dynamicRef\""];

    private static readonly AIJsonSchemaTransformOptions s_closing = new() { DisallowAdditionalProperties = true };

    /// <exception cref="RequestException">An option can't be honoured.</exception>
    public static JsonObject Of(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        options ??= new();
        RequireNoService(options);
        JsonObject body = Body.Begin(options.RawRepresentationFactory?.Invoke(client), Route);
        if (body.ContainsKey("messages")) throw new RequestException("RawRepresentationFactory made a body with messages; those of the call are sent.", "messages");
        body["messages"] = MessageBody.Of(messages, options.Instructions);
        Set("model", options.ModelId);
        Set("temperature", options.Temperature);
        Set("top_p", options.TopP);
        Set("top_k", options.TopK);
        Set("seed", options.Seed);
        Set("frequency_penalty", options.FrequencyPenalty);
        Set("presence_penalty", options.PresencePenalty);
        if (!body.ContainsKey("max_tokens")) Set("max_completion_tokens", options.MaxOutputTokens);
        Set("stop", options.StopSequences is { Count: > 0 } stops ? new JsonArray([.. stops.Select(stop => JsonValue.Create(stop))]) : null);
        Set("response_format", Format(options.ResponseFormat));
        Set("tools", options.Tools is { Count: > 0 } tools ? new JsonArray([.. tools.Select(Tool)]) : null);
        Set("tool_choice", Choice(options.ToolMode));
        Set("parallel_tool_calls", options.AllowMultipleToolCalls);
        if (options.Reasoning is { } reasoning) SetReasoning(body, reasoning);
        Body.Add(body, options.AdditionalProperties);
        foreach (string field in s_wire)
        {
            if (body.ContainsKey(field)) throw new RequestException($"{field} says how an answer is sent over HTTP; this one doesn't leave the process.", field);
        }

        return body;

        // What the caller's own factory has set stays.
        void Set(string field, JsonNode? value)
        {
            if (value is not null && !body.ContainsKey(field)) body[field] = value;
        }
    }

    private static void RequireNoService(ChatOptions options)
    {
        if (options.ConversationId is not null) throw new RequestException("ConversationId is set; this client keeps no conversations: send all messages of one.", "ConversationId");
#pragma warning disable MEAI001 // Experimental there; refusing it is all that is done with it.
        if (options.ContinuationToken is not null) throw new RequestException("ContinuationToken is set; this client answers nothing in the background.", "ContinuationToken");
#pragma warning restore MEAI001
    }

    private static JsonObject? Format(ChatResponseFormat? format)
    {
        switch (format)
        {
            case null:
                return null;
            case ChatResponseFormatText:
                return new() { ["type"] = "text" };
            case ChatResponseFormatJson { Schema: null }:
                return new() { ["type"] = "json_object" };
            case ChatResponseFormatJson json:
                return new()
                {
                    ["type"] = "json_schema",
                    ["json_schema"] = new JsonObject { ["name"] = json.SchemaName ?? "answer", ["description"] = json.SchemaDescription, ["schema"] = Body.Node(Closed(json.Schema.Value)) },
                };
            default:
                throw new RequestException($"ResponseFormat is a {format.GetType().Name}; text and JSON are known.", "response_format");
        }
    }

    /// <summary>Members of which a schema says nothing are left out: it allows them, but no type has them, and a model that may write any member may never end.</summary>
    /// <remarks>What obeys the closed schema obeys the open one, unless that says what must not be, or what several parts must be together; then it stays.</remarks>
    private static JsonElement Closed(JsonElement schema)
    {
        string text = schema.GetRawText();
        return s_together.Any(keyword => text.Contains(keyword, StringComparison.Ordinal)) ? schema : AIJsonUtilities.TransformSchema(schema, s_closing);
    }

    private static JsonObject Tool(AITool tool)
    {
        if (tool is not AIFunctionDeclaration function) throw new RequestException($"Tools has {tool.Name}, a {tool.GetType().Name}; functions can be called, and no service that runs elsewhere.", "tools");
        var described = new JsonObject { ["name"] = function.Name };
        if (function.Description.Length > 0) described["description"] = function.Description;
        if (function.JsonSchema.ValueKind == JsonValueKind.Object) described["parameters"] = Body.Node(function.JsonSchema);
        return new() { ["type"] = "function", ["function"] = described };
    }

    private static JsonNode? Choice(ChatToolMode? mode) => mode switch
    {
        null or AutoChatToolMode => null, // as where tools are given
        NoneChatToolMode => "none",
        RequiredChatToolMode { RequiredFunctionName: null } => "required",
        RequiredChatToolMode required => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = required.RequiredFunctionName } },
        _ => throw new RequestException($"ToolMode is a {mode.GetType().Name}; auto, none and required are known.", "tool_choice"),
    };

    /// <summary>An effort is for the chat template, whose names of it differ.</summary>
    private static void SetReasoning(JsonObject body, ReasoningOptions reasoning)
    {
        string? effort = reasoning.Effort switch
        {
            null => null,
            ReasoningEffort.None => "none",
            ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            ReasoningEffort.High => "high",
            ReasoningEffort.ExtraHigh => "xhigh",
            _ => throw new RequestException($"Reasoning's Effort is {reasoning.Effort}, which isn't known here.", "reasoning_effort"),
        };
        if (effort is not null && !body.ContainsKey("reasoning_effort")) body["reasoning_effort"] = effort;
        if (reasoning.Output == ReasoningOutput.Summary) throw new RequestException("Reasoning's Output is Summary; this client tells all of it (Full) or nothing (None).", "include_reasoning");
        if (reasoning.Output is { } output && !body.ContainsKey("include_reasoning")) body["include_reasoning"] = output != ReasoningOutput.None;
    }
}
