using System.Text.Json;

namespace Folio.Server;

/// <summary>The system prompt and the messages of a body, as those of a chat.</summary>
/// <remarks>
/// Neighbours of one role are one turn, as at Anthropic: templates want turns to alternate. A tool's result is a message of its own there, named after the tool that its id leads back to.
/// </remarks>
internal sealed class MessagesConversation
{
    private readonly List<Turn> _turns = [];
    private readonly Dictionary<string, string> _toolNames = new(StringComparer.Ordinal);

    private MessagesConversation() { }

    /// <summary>It ends with a beginning of the answer, which is to be continued.</summary>
    public bool IsContinued => _turns.Count > 0 && _turns[^1].Role == "assistant";

    /// <exception cref="ApiException">The first message or block that can't be used.</exception>
    public static MessagesConversation Read(Fields body)
    {
        var conversation = new MessagesConversation();
        conversation.ReadSystem(body);
        JsonElement list = body.List("messages") ?? throw body.Missing("messages", "a list of messages");
        if (list.GetArrayLength() == 0) throw ApiException.BadRequest("messages must have at least one message.", "messages");
        int index = 0;
        foreach (JsonElement message in list.EnumerateArray()) conversation.ReadMessage(message, $"messages[{index++}]");
        conversation.End();
        return conversation;
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("messages");
        foreach (Turn turn in _turns) turn.Write(writer);
        writer.WriteEndArray();
    }

    private void ReadSystem(Fields body)
    {
        if (body.Get("system") is not { } system) return;
        foreach (string text in MessageBlocks.Texts(system, "system")) Open("system").Texts.Add(text);
    }

    private void ReadMessage(JsonElement message, string path)
    {
        var fields = Fields.AsObject(message, path);
        fields.RequireKnown("role", "content");
        string role = fields.OneOf("role", MessagesWords.Roles) ?? throw fields.Missing("role", $"one of {string.Join(", ", MessagesWords.Roles)}");
        JsonElement content = fields.Get("content") ?? throw fields.Missing("content", "a string or a list of blocks");
        if (content.ValueKind == JsonValueKind.String)
        {
            Open(role).Texts.Add(content.GetString()!);
            return;
        }

        foreach ((string type, Fields block) in MessageBlocks.Of(content, $"{path}.content")) ReadBlock(role, type, block);
        if (content.GetArrayLength() == 0) Open(role);
    }

    private void ReadBlock(string role, string type, Fields block)
    {
        switch (type, role)
        {
            case ("text", _):
                Open(role).Texts.Add(block.RequiredText("text"));
                break;
            case ("tool_result", "user"):
                string id = block.RequiredText("tool_use_id");
                if (!_toolNames.TryGetValue(id, out string? name)) throw ApiException.BadRequest($"{block.Path("tool_use_id")} is \"{Fields.Cut(id)}\", which no tool_use block before it has.", block.Path("tool_use_id"));
                var result = new Turn("tool") { ResultOf = (id, name) };
                result.Texts.Add(MessageBlocks.Result(block));
                _turns.Add(result);
                break;
            case ("tool_use", "assistant"):
                (string Id, string Name) call = (block.RequiredText("id"), block.RequiredText("name"));
                Fields input = block.RequiredObject("input", "an object");
                _toolNames[call.Id] = call.Name;
                Open(role).Calls.Add((call.Id, call.Name, input.Element));
                break;
            case ("thinking", "assistant"):
                block.Text("signature");
                Open(role).Thoughts.Add(block.RequiredText("thinking"));
                break;
            case ("redacted_thinking", "assistant"):
                block.RequiredText("data"); // some other server's thoughts, which only that one can read
                Open(role);
                break;
            case ("tool_result" or "tool_use" or "thinking" or "redacted_thinking", _):
                throw ApiException.BadRequest($"{block.Path("type")} is \"{type}\", which can't stand in a message of the role {role}.", block.Path("type"));
            default:
                throw MessageBlocks.Unreadable(type, block);
        }
    }

    private void End()
    {
        if (!IsContinued) return;
        if (_turns[^1].Calls.Count > 0) throw ApiException.BadRequest("messages end with a tool_use block, whose tool_result is missing.", "messages");
        if (_turns[^1].Texts.TrueForAll(text => text.Length == 0)) _turns.RemoveAt(_turns.Count - 1); // nothing to continue
    }

    private Turn Open(string role)
    {
        if (_turns.Count == 0 || _turns[^1].Role != role) _turns.Add(new(role));
        return _turns[^1];
    }

    private sealed class Turn(string role)
    {
        public string Role => role;

        public List<string> Texts { get; } = [];

        public List<string> Thoughts { get; } = [];

        public List<(string Id, string Name, JsonElement Input)> Calls { get; } = [];

        /// <summary>The call whose result this is.</summary>
        public (string Id, string Name)? ResultOf { get; init; }

        public void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("role", role);
            if (Texts.Count == 0 && Calls.Count > 0) writer.WriteNull("content");
            else writer.WriteString("content", string.Join('\n', Texts));
            if (Thoughts.Count > 0) writer.WriteString("reasoning_content", string.Join('\n', Thoughts)); // by this name templates know it
            if (ResultOf is { } call)
            {
                writer.WriteString("tool_call_id", call.Id);
                writer.WriteString("name", call.Name);
            }

            if (Calls.Count > 0) WriteCalls(writer);
            writer.WriteEndObject();
        }

        private void WriteCalls(Utf8JsonWriter writer)
        {
            writer.WriteStartArray("tool_calls");
            foreach ((string id, string name, JsonElement input) in Calls)
            {
                writer.WriteStartObject();
                writer.WriteString("id", id);
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                writer.WriteString("name", name);
                writer.WritePropertyName("arguments");
                input.WriteTo(writer);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    }
}
