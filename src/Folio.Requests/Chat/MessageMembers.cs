namespace Folio.Requests;

/// <summary>The members that a chat's messages, their parts and their calls may have. Any other is refused by name: it may be a slip of what was to be said.</summary>
/// <remarks>
/// Sources: OpenAI's description; vLLM's messages (<c>reasoning</c>); what clients keep of an answer that they hand back (<c>parsed</c> is npm openai's, <c>provider_specific_fields</c> and
/// <c>thinking_blocks</c> LiteLLM's, <c>reasoning_details</c> OpenRouter's, <c>extra_content</c> the AI SDK's, <c>index</c> a stream's); marks of caches, which are found here without being marked.
/// </remarks>
internal static class MessageMembers
{
    private static readonly string[] s_roles = ["system", "developer", "user", "assistant", "tool", "function"];

    private static readonly string[] s_message =
    [
        "role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning", "reasoning_content", "audio", "function_call", "annotations",
        "id", "parsed", "provider_specific_fields", "thinking_blocks", "reasoning_details", "cache_control",
    ];

    private static readonly string[] s_text = ["type", "text", "annotations", "citations", "logprobs", "id", "index", "prompt_cache_breakpoint", "cache_control"];
    private static readonly string[] s_refusal = ["type", "refusal"];
    private static readonly string[] s_call = ["id", "type", "function", "index", "extra_content", "provider_specific_fields"];
    private static readonly string[] s_calledFunction = ["name", "arguments", "parsed_arguments", "provider_specific_fields"];

    /// <param name="message">As it was sent.</param>
    /// <param name="template">What the model's template reads by its name may be there too (<c>thinking</c>, <c>tool_plan</c>, <c>prefix</c>).</param>
    public static void RequireOfMessage(Fields message, string template) =>
        message.RequireKnown(name => IsQuoted(template, name) || IsMember(template, name) || (name == "prefix" && message.Flag(name) == false), s_message); // Mistral's clients say that a message is none to be continued

    /// <summary>Who speaks: one whom everybody knows, or whom the model's template compares with (Granite's <c>tool_response</c>).</summary>
    /// <exception cref="ApiException">Nobody.</exception>
    public static string RoleOf(Fields message, string template)
    {
        string role = message.Text("role") ?? throw message.Missing("role", $"one of {string.Join(", ", s_roles)}");
        return IsQuoted(template, role) ? role : message.OneOf("role", s_roles)!;
    }

    public static void RequireOfPart(Fields part, string type) => part.RequireKnown(type == "refusal" ? s_refusal : s_text);

    public static void RequireOfCall(Fields call, Fields function)
    {
        call.RequireKnown(s_call);
        function.RequireKnown(s_calledFunction);
    }

    /// <summary>Whether the template has it as a text: it compares with it.</summary>
    public static bool IsQuoted(string template, string name) =>
        name.Length > 0 && (template.Contains($"'{name}'", StringComparison.Ordinal) || template.Contains($"\"{name}\"", StringComparison.Ordinal));

    /// <summary>Whether the template reads a member of this whole name; what it calls (<c>.strip()</c>) is none.</summary>
    private static bool IsMember(string template, string name)
    {
        string access = $".{name}";
        for (int at = template.IndexOf(access, StringComparison.Ordinal); at >= 0 && name.Length > 0; at = template.IndexOf(access, at + 1, StringComparison.Ordinal))
        {
            char next = at + access.Length < template.Length ? template[at + access.Length] : ' ';
            if (!char.IsAsciiLetterOrDigit(next) && next is not ('_' or '(')) return true;
        }

        return false;
    }
}
