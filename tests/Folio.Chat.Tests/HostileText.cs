using System.Text;

namespace Folio.Chat.Tests;

/// <summary>Texts that no model should write: marks in any order, cut anywhere, between pieces of JSON and Python.</summary>
internal sealed class HostileText(int seed)
{
    private static readonly string[] Fragments =
    [
        .. ToolFormat.ByName.Values.SelectMany(format => format.Marks), "<think>", "</think>", "[THINK]", "[/THINK]", "Here is my thought process:", "Here's my response:",
        "<function=f>", "</function>", "<parameter=a>", "</parameter>", "</tool_call>", "```json\n", "```", "<|python_end|>", "<tool_call>", "[ARGS]", "[CALL_ID]",
        "{\"name\": \"f\", \"arguments\": {\"a\": 1}}", "{\"name\": \"other\", \"arguments\": {}}", "{\"arguments\": \"{}\", \"name\": \"f\"}", "{\"name\": \"f\", \"parameters\": {\"b\": [",
        "[f(a='x', b=[1, {'c': None}]), g()]", "[f(a=", "{\"a\": \"", "{\"a\": 1}", "{", "}", "[", "]", "\"", "'", "\\", ",", ":", ";", "(", ")", " ", "\n", "\t", "f", "1", "-0.5e3", "true", "\\u00e9", "\\ud800",
        "<", "|", "Some text. ", "Zürich 😀", "\ud83d", "\u0000", "function", "commentary to=functions.f ", "final", "analysis", "assistant", " to=functions.g",
    ];

    private static readonly MessageFormat[] Formats =
    [
        .. from tools in ToolFormat.ByName.Values.Append(ToolFormat.MistralNamed).Distinct().Append(null)
           from reasoning in ReasoningFormat.ByName.Values.Distinct().Append(null)
           select new MessageFormat(tools, reasoning),
    ];

    private readonly Random _random = new(seed);

    public MessageFormat Format() => Formats[_random.Next(Formats.Length)];

    public ParserOptions Options() => new()
    {
        Tools = _random.Next(5) == 0 ? null : _random.Next(2) == 0 ? [] : [new("f"), new("x")],
        ReasoningIsOpen = _random.Next(4) == 0,
        IsForced = _random.Next(6) == 0,
        MaxCalls = _random.Next(4) == 0 ? 1 : int.MaxValue,
    };

    public string Text()
    {
        var text = new StringBuilder();
        for (int count = _random.Next(25); count > 0; count--)
        {
            string fragment = Fragments[_random.Next(Fragments.Length)];
            text.Append(_random.Next(8) == 0 ? fragment[..^1] : fragment);
        }

        return text.ToString();
    }

    /// <summary>Cuts a text into pieces of random sizes, empty ones among them.</summary>
    public IEnumerable<string> Cut(string text)
    {
        int most = 1 + _random.Next(12);
        for (int at = 0; at < text.Length;)
        {
            int size = int.Min(_random.Next(most + 1), text.Length - at);
            yield return text.Substring(at, size);
            at += size;
        }
    }
}
