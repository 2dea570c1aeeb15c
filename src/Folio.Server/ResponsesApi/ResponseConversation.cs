using System.Runtime.InteropServices;
using System.Text.Json;

namespace Folio.Server;

/// <summary>Items as the messages of a chat: what the assistant did in a row, its reasoning, text and calls, is one message.</summary>
internal sealed class ResponseConversation
{
    /// <summary>The path of items that were stored, the model's own among them.</summary>
    private const string Stored = "previous_response_id";

    private const string CallOutput = "function_call_output";

    private readonly List<(JsonElement Item, string Path)> _items = [];
    private readonly Dictionary<string, string> _callNames = new(StringComparer.Ordinal);

    /// <param name="before">What was said before; null: nothing.</param>
    /// <param name="input">What is said now, as <see cref="ResponseInput"/> has it.</param>
    /// <exception cref="ApiException">A result belongs to no call.</exception>
    public ResponseConversation(ConversationTurn? before, byte[] input)
    {
        foreach (JsonElement item in before?.Items ?? []) Add(item, Stored);
        int index = 0;
        foreach (JsonElement item in JsonElement.Parse(input).EnumerateArray()) Add(item, $"input[{index++}]");
    }

    /// <summary>Where the conversation may be cut to make it shorter: at the first item, and at each later question.</summary>
    public IReadOnlyList<ConversationCut> Cuts()
    {
        List<ConversationCut> cuts = [];
        long kept = _items.Where(each => IsSystem(each.Item)).Sum(each => BytesOf(each.Item));
        for (int index = _items.Count - 1; index >= 0; index--)
        {
            JsonElement item = _items[index].Item;
            if (!IsSystem(item)) kept += BytesOf(item);
            if (index == 0 || IsOf(item, "user")) cuts.Add(new(index, kept));
        }

        cuts.Reverse();
        return cuts;

        static int BytesOf(JsonElement item) => JsonMarshal.GetRawUtf8Value(item).Length;
    }

    /// <param name="json">A chat's body.</param>
    /// <param name="names">Gets to know which item each message came from.</param>
    /// <param name="instructions">What the system says first; null: nothing.</param>
    /// <param name="first">Items before it are left out, but for what the system says; so are results of calls among them.</param>
    public void Write(Utf8JsonWriter json, FieldNames names, string? instructions, int first)
    {
        int messages = 0;
        var turn = new AssistantTurn();
        json.WriteStartArray("messages");
        HashSet<string> calls = [.. _items.Skip(first).Where(each => TypeOf(each.Item) == ResponseItem.CallType).Select(each => CallIdOf(each.Item))];
        (JsonElement Item, string Path)[] kept = [.. _items.Where((each, index) => index >= first ? TypeOf(each.Item) != CallOutput || calls.Contains(CallIdOf(each.Item)) : IsSystem(each.Item))];
        (JsonElement Item, string Path)[] leading = [.. kept.TakeWhile(each => IsSystem(each.Item))];
        if (instructions is not null || leading.Length > 0) WriteSystem(json, names, $"messages[{messages++}]", instructions, leading);
        foreach ((JsonElement item, string path) in kept.Skip(leading.Length))
        {
            if (turn.TryAdd(item, path)) continue;
            Flush();
            if (turn.TryAdd(item, path)) continue;
            names.Add($"messages[{messages++}]", path);
            WriteMessage(json, item);
        }

        Flush();
        json.WriteEndArray();

        void Flush()
        {
            if (turn.IsEmpty) return;
            turn.Write(json, names, $"messages[{messages++}]");
            turn = new();
        }
    }

    private void Add(JsonElement item, string path)
    {
        _items.Add((item, path));
        string type = TypeOf(item);
        if (type == ResponseItem.CallType) _callNames[CallIdOf(item)] = item.GetProperty("name").GetString()!;
        if (type == CallOutput && CallIdOf(item) is var id && !_callNames.ContainsKey(id))
            throw ApiException.BadRequest($"No tool call found for function call output with call_id {Fields.Cut(id)}.", $"{path}.call_id");
    }

    /// <summary>All that the system says at the beginning is one message: many templates know one only.</summary>
    private static void WriteSystem(Utf8JsonWriter json, FieldNames names, string message, string? instructions, (JsonElement Item, string Path)[] leading)
    {
        names.Add(message, instructions is null ? leading[0].Path : "instructions");
        json.WriteStartObject();
        json.WriteString("role", "system");
        if (leading.Length == 0)
        {
            json.WriteString("content", instructions);
        }
        else
        {
            int parts = 0;
            json.WriteStartArray("content");
            if (instructions is not null)
            {
                names.Add($"{message}.content[{parts++}]", "instructions");
                WriteText(json, instructions);
            }

            foreach ((JsonElement item, string path) in leading)
            {
                foreach ((int index, JsonElement part) in item.GetProperty("content").EnumerateArray().Index())
                {
                    names.Add($"{message}.content[{parts++}]", $"{path}.content[{index}]");
                    WriteText(json, part.GetProperty("text").GetString()!);
                }
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    /// <summary>A message that isn't the assistant's, or a call's result, which carries the function's name for the templates that want it.</summary>
    private void WriteMessage(Utf8JsonWriter json, JsonElement item)
    {
        json.WriteStartObject();
        if (TypeOf(item) == ResponseItem.MessageType)
        {
            json.WriteString("role", item.GetProperty("role").GetString());
        }
        else
        {
            string id = CallIdOf(item);
            json.WriteString("role", "tool");
            json.WriteString("tool_call_id", id);
            json.WriteString("name", _callNames[id]);
        }

        json.WritePropertyName("content");
        item.GetProperty(TypeOf(item) == ResponseItem.MessageType ? "content" : "output").WriteTo(json);
        json.WriteEndObject();
    }

    private static string CallIdOf(JsonElement item) => item.GetProperty("call_id").GetString()!;

    private static string TypeOf(JsonElement item) => item.GetProperty("type").GetString()!;

    private static bool IsOf(JsonElement item, string role) => item.TryGetProperty("role", out JsonElement own) && own.ValueEquals(role);

    private static bool IsSystem(JsonElement item) => IsOf(item, "system") || IsOf(item, "developer");

    /// <summary>What the assistant did in a row: it thought, then spoke, then called.</summary>
    private sealed class AssistantTurn
    {
        private readonly List<(JsonElement Item, string Path)> _calls = [];
        private (JsonElement Item, string Path)? _reasoning, _message;

        public bool IsEmpty => _reasoning is null && _message is null && _calls.Count == 0;

        /// <returns>False: it isn't the assistant's, or begins another turn.</returns>
        public bool TryAdd(JsonElement item, string path)
        {
            switch (TypeOf(item))
            {
                case ResponseItem.ReasoningType when IsEmpty:
                    _reasoning = (item, path);
                    return true;
                case ResponseItem.MessageType when IsOf(item, "assistant") && _message is null && _calls.Count == 0:
                    _message = (item, path);
                    return true;
                case ResponseItem.CallType:
                    _calls.Add((item, path));
                    return true;
                default:
                    return false;
            }
        }

        public void Write(Utf8JsonWriter json, FieldNames names, string message)
        {
            names.Add(message, (_message ?? _reasoning ?? _calls[0]).Path);
            json.WriteStartObject();
            json.WriteString("role", "assistant");
            json.WritePropertyName("content");
            if (_message is { } spoken) spoken.Item.GetProperty("content").WriteTo(json);
            else json.WriteStringValue("");
            if (_reasoning is { } thought)
            {
                string text = ReasoningOf(thought.Item);
                json.WriteString("reasoning", text);
                json.WriteString("reasoning_content", text);
            }

            if (_calls.Count > 0) WriteCalls(json, names, message);
            json.WriteEndObject();
        }

        private void WriteCalls(Utf8JsonWriter json, FieldNames names, string message)
        {
            json.WriteStartArray("tool_calls");
            foreach ((int index, (JsonElement call, string path)) in _calls.Index())
            {
                names.Add($"{message}.tool_calls[{index}].function", path);
                json.WriteStartObject();
                json.WriteString("id", call.GetProperty("call_id").GetString());
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", call.GetProperty("name").GetString());
                string arguments = call.GetProperty("arguments").GetString()!;
                json.WriteString("arguments", path == Stored ? WrittenArguments.Repair(arguments) : arguments);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        /// <summary>Its text, or where it has none its summary.</summary>
        private static string ReasoningOf(JsonElement item)
        {
            string text = Joined("content");
            return text.Length > 0 ? text : Joined("summary");

            string Joined(string name) => string.Join('\n', item.GetProperty(name).EnumerateArray().Select(part => part.GetProperty("text").GetString()));
        }
    }
}
