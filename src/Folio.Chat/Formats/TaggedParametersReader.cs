using System.Text;

namespace Folio.Chat;

/// <summary>Qwen3-Coder: <c>&lt;tool_call&gt;&lt;function=name&gt;&lt;parameter=key&gt;value&lt;/parameter&gt;…&lt;/function&gt;&lt;/tool_call&gt;</c>; Seed-OSS the same with other outer marks.</summary>
/// <remarks>Values are plain text without escapes, one line break cut at each end; the tool's schema says what type each is.</remarks>
internal sealed class TaggedParametersReader(MessageWriter message, IReadOnlyList<ToolDefinition> tools, string open, string close) : Reader(message)
{
    private const string Function = "<function=", FunctionEnd = "</function>", Parameter = "<parameter=", ParameterEnd = "</parameter>";

    protected override IEnumerable<MoreText> Read()
    {
        while (true)
        {
            string? mark;
            while (PassesContent([open, Function], out mark)) yield return default;
            if (mark is null) yield break;
            if (mark == open)
            {
                Feed.Take(open.Length);
                while (Feed.SkipsSpace()) yield return default;
                while (Feed.Undecided([Function], out mark)) yield return default;
                if (mark is null) continue;
            }

            foreach (MoreText more in ReadFunctions()) yield return more;
        }
    }

    /// <summary>One or more functions inside the same outer marks.</summary>
    private IEnumerable<MoreText> ReadFunctions()
    {
        string? mark;
        do
        {
            Feed.Take(Function.Length);
            int start = Feed.Held.Length;
            while (Feed.TakesUntil([">", "<"], out mark)) yield return default;
            string name = Feed.Held[start..].ToString().Trim();
            if (mark != ">" || name.Length == 0) yield break;
            Feed.Take(1);

            var arguments = new StringBuilder("{");
            ParameterTypes types = ParameterTypes.Of(tools, name);
            while (true)
            {
                while (Feed.SkipsSpace()) yield return default;
                while (Feed.Undecided([Parameter, FunctionEnd], out mark)) yield return default;
                if (mark != Parameter) break;
                Feed.Take(Parameter.Length);
                start = Feed.Held.Length;
                while (Feed.TakesUntil([">", "<"], out mark)) yield return default;
                if (mark != ">") yield break;
                string key = Feed.Held[start..].ToString().Trim();
                Feed.Take(1);
                start = Feed.Held.Length;
                while (Feed.TakesUntil([ParameterEnd], out mark)) yield return default;
                if (mark is null) yield break;
                if (arguments.Length > 1) arguments.Append(", ");
                arguments.AppendString(key).Append(": ");
                types.Write(arguments, key, WithoutOuterBreaks(Feed.Held[start..]).ToString());
                Feed.Take(ParameterEnd.Length);
            }

            if (mark is null) yield break;
            Feed.Take(FunctionEnd.Length);
            Message.Call(name, id: null);
            Message.Arguments(arguments.Append('}').ToString());
            Feed.Release();
            while (Feed.SkipsSpace()) yield return default;
            while (Feed.Undecided([close, Function], out mark)) yield return default;
        }
        while (mark == Function);

        if (mark != close) yield break;
        Feed.Take(close.Length);
        Feed.Release();
    }

    private static ReadOnlySpan<char> WithoutOuterBreaks(ReadOnlySpan<char> value)
    {
        if (value.StartsWith('\n')) value = value[1..];
        return value.EndsWith('\n') ? value[..^1] : value;
    }
}
