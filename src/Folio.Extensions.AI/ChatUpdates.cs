using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Folio.Chat;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI;

/// <summary>What an answer gains, as updates. A function call is told when it is whole.</summary>
internal sealed class ChatUpdates(ChatRequest request, string id)
{
    private static readonly JsonTypeInfo s_arguments = AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>));

    private readonly ChatChoiceReader _reader = request.Parsing.NewReader();
    private readonly StringBuilder _arguments = new();
    private readonly DateTimeOffset _createdAt = DateTimeOffset.UtcNow;
    private MessageDelta? _call; // whose arguments are being written

    /// <summary>The text that the answer continues, where echo asks for it.</summary>
    public ChatResponseUpdate? Continued() => request.Continued.Length == 0 ? null : New([new TextContent(request.Continued)]);

    /// <returns>Null: there is nothing to tell yet.</returns>
    public ChatResponseUpdate? Of(GenerationOutput output)
    {
        List<AIContent> contents = [];
        foreach (MessageDelta delta in _reader.Read(output)) Add(contents, delta);
        if (output.FinishReason is { } reason)
        {
            EndCall(contents);
            return New(contents, output, Finish(reason));
        }

        bool tellsTokens = request.TopLogprobs is not null || request.Answer.ReturnTokenIds || output.PromptLogprobs is not null;
        return contents.Count > 0 || tellsTokens ? New(contents, output) : null;
    }

    /// <summary>The last update.</summary>
    public ChatResponseUpdate Usage(GenerationStream stream) => New([new UsageContent(new()
    {
        InputTokenCount = stream.PromptTokens,
        OutputTokenCount = _reader.Tokens,
        TotalTokenCount = stream.PromptTokens + _reader.Tokens,
        CachedInputTokenCount = stream.CachedTokens,
        ReasoningTokenCount = request.Parsing.CountsReasoning ? _reader.ReasoningTokens : null,
    })]);

    private void Add(List<AIContent> contents, MessageDelta delta)
    {
        switch (delta.Kind)
        {
            case DeltaKind.Content:
                contents.Add(new TextContent(delta.Text));
                break;
            case DeltaKind.Reasoning:
                contents.Add(new TextReasoningContent(delta.Text));
                break;
            case DeltaKind.Call:
                EndCall(contents);
                _call = delta;
                break;
            default:
                _arguments.Append(delta.Text);
                break;
        }
    }

    /// <summary>Arguments that were cut off, or are no object, come as the call's exception: whoever calls must not take them for none.</summary>
    private void EndCall(List<AIContent> contents)
    {
        if (_call is not { } call) return;
        string arguments = _arguments.ToString();
        contents.Add(FunctionCallContent.CreateFromParsedArguments(arguments, call.Id!, call.Text, static json => (IDictionary<string, object?>?)JsonSerializer.Deserialize(json, s_arguments)));
        _arguments.Clear();
        _call = null;
    }

    private ChatFinishReason Finish(FinishReason reason) => _reader.NameOf(reason) switch
    {
        "tool_calls" => ChatFinishReason.ToolCalls,
        "length" => ChatFinishReason.Length,
        _ => ChatFinishReason.Stop,
    };

    private ChatResponseUpdate New(IList<AIContent> contents, GenerationOutput? output = null, ChatFinishReason? finish = null) => new(ChatRole.Assistant, contents)
    {
        ResponseId = id,
        MessageId = id,
        ModelId = request.Model,
        CreatedAt = _createdAt,
        FinishReason = finish,
        RawRepresentation = output,
    };
}
