using System.Buffers;
using System.Text.Json;
using Folio.Chat;

namespace Folio.Requests;

/// <summary>Whether and what the model is to call.</summary>
internal enum ToolChoice
{
    None,
    Auto,
    Required,
    Named,
}

/// <summary>What a chat says of tools: those offered, and which may or must be called.</summary>
/// <param name="Offered">Empty: none.</param>
/// <param name="Name">The tool that must be called, for <see cref="ToolChoice.Named"/>; else null.</param>
/// <param name="Parallel">More than one call is welcome.</param>
internal sealed record ToolFields(IReadOnlyList<ToolDefinition> Offered, ToolChoice Choice, string? Name, bool Parallel)
{
    /// <summary>OpenAI's bound is 64.</summary>
    private const int MaxNameLength = 128;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    /// <summary>Of those offered, the names that may be called (OpenAI's allowed_tools); null: all.</summary>
    public IReadOnlySet<string>? Allowed { get; private init; }

    /// <summary>The answer must be calls, which a grammar sees to.</summary>
    public bool IsForced => Choice is ToolChoice.Required or ToolChoice.Named;

    public bool MayCall(ToolDefinition tool) => (Name is null || tool.Name == Name) && (Allowed is null || Allowed.Contains(tool.Name));

    public static ToolFields Read(Fields body)
    {
        bool parallel = body.Flag("parallel_tool_calls") ?? true;
        IReadOnlyList<ToolDefinition> offered = ReadTools(body);
        (ToolChoice choice, string? name, HashSet<string>? allowed) = ReadChoice(body, offered);
        return new(offered, choice, name, parallel) { Allowed = allowed };
    }

    private static List<ToolDefinition> ReadTools(Fields body)
    {
        List<ToolDefinition> tools = [];
        if (body.List("tools") is not { } list) return tools;
        foreach (JsonElement tool in list.EnumerateArray())
        {
            string path = $"tools[{tools.Count}]";
            var fields = Fields.AsObject(tool, path);
            string type = fields.Text("type") ?? "function";
            if (type != "function") throw ApiException.BadRequest($"{path}.type must be \"function\", got \"{Fields.Cut(type)}\".", $"{path}.type");
            Fields function = RequiredFunction(fields);
            string name = ReadName(function);
            if (tools.Exists(other => other.Name == name)) throw ApiException.BadRequest($"{path}.function.name is \"{name}\", as is that of another tool; names must differ.", $"{path}.function.name");
            function.Text("description");
            function.Flag("strict");
            tools.Add(new(name, function.Object("parameters")?.Element.Clone())); // the body is gone when the answer comes
        }

        return tools;
    }

    private static string ReadName(Fields function)
    {
        string path = function.Path("name");
        string name = function.RequiredText("name");
        if (name.Length is 0 or > MaxNameLength || name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw ApiException.BadRequest($"{path} must have 1 to {MaxNameLength} letters, digits, underscores, dashes or dots, got \"{Fields.Cut(name)}\".", path);
        return name;
    }

    private static (ToolChoice Choice, string? Name, HashSet<string>? Allowed) ReadChoice(Fields body, IReadOnlyList<ToolDefinition> offered)
    {
        if (body.Get("tool_choice") is not { } choice) return (offered.Count > 0 ? ToolChoice.Auto : ToolChoice.None, null, null);
        if (choice.ValueKind == JsonValueKind.String && choice.ValueEquals("none")) return (ToolChoice.None, null, null);
        if (offered.Count == 0) throw ApiException.BadRequest("tool_choice says which tool to call, but tools is empty or missing.", "tool_choice");
        if (choice.ValueKind == JsonValueKind.String)
        {
            return choice.GetString() switch
            {
                "auto" => (ToolChoice.Auto, null, null),
                "required" => (ToolChoice.Required, null, null),
                string other => throw ApiException.BadRequest($"tool_choice must be \"none\", \"auto\", \"required\" or an object that names a function, got \"{Fields.Cut(other)}\".", "tool_choice"),
                _ => throw Fields.Expected("a string or an object", choice, "tool_choice"),
            };
        }

        if (choice.ValueKind != JsonValueKind.Object) throw Fields.Expected("a string or an object", choice, "tool_choice");
        Fields fields = new(choice, "tool_choice.");
        return fields.Text("type") switch
        {
            null or "function" => (ToolChoice.Named, NameOf(fields, offered), null),
            "allowed_tools" => ReadAllowed(fields, offered),
            string other => throw ApiException.BadRequest($"tool_choice.type must be \"function\" or \"allowed_tools\", got \"{Fields.Cut(other)}\".", "tool_choice.type"),
        };
    }

    private static (ToolChoice Choice, string? Name, HashSet<string>? Allowed) ReadAllowed(Fields choice, IReadOnlyList<ToolDefinition> offered)
    {
        choice.RequireKnown("type", "allowed_tools");
        Fields allowed = choice.RequiredObject("allowed_tools", "an object with mode and tools");
        allowed.RequireKnown("mode", "tools");
        ToolChoice mode = allowed.Text("mode") switch
        {
            "auto" => ToolChoice.Auto,
            "required" => ToolChoice.Required,
            _ => throw ApiException.BadRequest($"{allowed.Path("mode")} must be \"auto\" or \"required\".", allowed.Path("mode")),
        };
        string path = allowed.Path("tools");
        HashSet<string> names = [];
        foreach ((int index, JsonElement tool) in (allowed.List("tools") is { } list ? list.EnumerateArray() : default).Index())
        {
            names.Add(NameOf(Fields.AsObject(tool, $"{path}[{index}]"), offered));
        }

        return names.Count > 0 ? (mode, null, names) : throw ApiException.BadRequest($"{path} must name at least one of tools.", path);
    }

    /// <summary>The name of one of the tools, in an object as tools and tool_choice have it.</summary>
    private static string NameOf(Fields tool, IReadOnlyList<ToolDefinition> offered)
    {
        Fields function = RequiredFunction(tool);
        string path = function.Path("name"), name = function.RequiredText("name");
        return offered.Any(each => each.Name == name) ? name : throw ApiException.BadRequest($"{path} is \"{Fields.Cut(name)}\", which isn't among tools.", path);
    }

    /// <summary>What a tool is, where tools, tool_choice and allowed_tools have it. Marks of caches change nothing, nor does a second <c>type</c> (Open WebUI's); <c>return</c> and <c>response</c> describe results to the templates that read them (Hugging Face's schemas, Gemma).</summary>
    private static Fields RequiredFunction(Fields tool)
    {
        Fields function = tool.RequiredObject("function", "an object with the function's name");
        tool.RequireKnown("type", "function", "cache_control");
        function.RequireKnown("type", "name", "description", "parameters", "strict", "return", "response", "cache_control");
        return function;
    }
}
