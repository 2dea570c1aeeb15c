using System.Text.Json;

namespace Folio.Tokenization.Templates;

/// <summary>The variables that a template sees.</summary>
internal static class InputVariables
{
    // A template may put a role into a mark of its own ('<|' + role + '|>'). These names are a closed list that the protocol gives,
    // not text that a user writes, so they count as the template's; any other role is input like all else.
    private static readonly HashSet<string> s_roles = ["system", "developer", "user", "assistant", "tool", "function"];

    public static IEnumerable<KeyValuePair<string, object>> Of(Rendering run, ChatTemplateInput input)
    {
        bool hasKwargs = input.Kwargs is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) };
        JsonElement kwargs = input.Kwargs.GetValueOrDefault();
        if (hasKwargs && kwargs.ValueKind != JsonValueKind.Object) throw new EvaluationException($"the template's variables must be a JSON object, not {kwargs.ValueKind}");

        JsonElement messages = hasKwargs && kwargs.TryGetProperty("messages", out JsonElement others) ? others : input.Messages;
        yield return new("messages", Messages(run, messages, input.ContinueFinalMessage));
        yield return new("tools", ReadOrNone(run, input.Tools));
        yield return new("documents", ReadOrNone(run, input.Documents));
        yield return new("add_generation_prompt", input.AddGenerationPrompt && !input.ContinueFinalMessage);
        if (input.BosToken is not null) yield return new("bos_token", PyString.Written(input.BosToken));
        if (input.EosToken is not null) yield return new("eos_token", PyString.Written(input.EosToken));
        if (!hasKwargs) yield break;
        foreach ((PyString name, object value) in PyJson.ReadProperties(run, kwargs))
        {
            if (name.Text != "messages") yield return new(name.Text, value);
        }
    }

    private static object ReadOrNone(Rendering run, JsonElement? element) => element is { } value ? PyJson.Read(run, value) : PyNone.Value;

    private static object Messages(Rendering run, JsonElement element, bool continueFinal)
    {
        object messages = PyJson.Read(run, element);
        if (messages is not PyList list) return messages;
        foreach (object message in list.Items) MarkRole(message);
        return continueFinal ? FinalMessage.Mark(run, list) : list;
    }

    private static void MarkRole(object message)
    {
        PyString key = PyString.Written("role");
        if (message is PyDict dict && dict.Items.TryGetValue(key, out object? role) && role is PyString text && s_roles.Contains(text.Text)) dict.Items[key] = PyString.Written(text.Text);
    }
}
