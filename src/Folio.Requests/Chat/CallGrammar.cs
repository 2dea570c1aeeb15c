using Folio.Chat;
using Folio.Grammars;

namespace Folio.Requests;

/// <summary>The grammar of an answer that is tool calls: the model's own markup, and in it each tool's arguments by its schema.</summary>
/// <remarks>Arguments have one space behind commas and colons and none elsewhere, as templates write them (json.dumps): who has no choice of white space can't lose itself in it, and what is forced costs no step.</remarks>
internal static class CallGrammar
{
    /// <param name="tools">Those that may be called, and how often.</param>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="marks">Its marks that are tokens.</param>
    /// <exception cref="ApiException">A tool's parameters can't be those of an object.</exception>
    public static StructuredOutput Of(ToolFields tools, MessageFormat format, MarkTokens marks)
    {
        CallFrame frame = format.Tools?.Frame ?? throw ApiException.BadRequest("This server reads no tool calls: --tool-call-parser (ToolCallParser) is none, so tool_choice can't ask for one.", "tool_choice");
        List<Grammar> calls = [];
        List<StructuredOutput> schemas = [];
        foreach ((int index, ToolDefinition tool) in tools.Offered.Index())
        {
            if (!tools.MayCall(tool)) continue;
            Grammar arguments = Grammar.JsonSchema(ToolSchema.OfArguments(tool, index), fixedSpace: true);
            schemas.Add(new(arguments, ToolSchema.Path(index)));
            calls.Add(Sequence(frame.Begin + tool.Name + frame.Middle, arguments, frame.End));
        }

        Grammar call = Grammar.AnyOf(calls);
        bool several = tools.Name is null && tools.Parallel;
        Grammar all = several ? Grammar.Sequence(call, Grammar.Repeat(Sequence(frame.Separator, call, ""), 0, null)) : call;
        return new(Sequence(frame.Open, all, frame.Close), "tools") { Parts = schemas };

        Grammar Sequence(string before, Grammar middle, string after)
        {
            List<Grammar> parts = [middle];
            if (before.Length > 0) parts.Insert(0, marks.Literal(before));
            if (after.Length > 0) parts.Add(marks.Literal(after));
            return parts.Count == 1 ? middle : Grammar.Sequence(parts);
        }
    }
}
