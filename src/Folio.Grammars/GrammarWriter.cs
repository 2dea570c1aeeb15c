using System.Text.Json;

namespace Folio.Grammars;

/// <summary>What sources write themselves into.</summary>
internal sealed class GrammarWriter(NodeTable table)
{
    public NodeTable Table => table;

    public TextNodes Text { get; } = new(table);

    /// <summary>The schemas among the sources, and their rules.</summary>
    public List<(int Rule, JsonElement Schema)> Schemas { get; } = [];

    /// <summary>Why no text leads through the grammar.</summary>
    public GrammarException NothingSatisfies()
    {
        foreach ((int rule, JsonElement schema) in Schemas)
        {
            if (!GrammarLinker.HasText(table, rule)) return new($"no value can satisfy the schema{(Contradictions.Find(schema) is { } reason ? $": {reason}" : "")}.");
        }

        return new("no finite text satisfies the grammar.");
    }

    /// <summary>Knuth, Morris and Pratt's automaton: node i has read the mark's first i bytes.</summary>
    /// <param name="mark">Its text.</param>
    /// <param name="token">Its token, which may come at any place; or empty.</param>
    /// <param name="from">Before the text.</param>
    /// <param name="to">Behind the mark.</param>
    public void TextThrough(ReadOnlySpan<byte> mark, ReadOnlySpan<byte> token, int from, int to)
    {
        var nodes = new int[mark.Length + 1];
        for (int i = 0; i < mark.Length; i++) nodes[i] = table.AddNode();
        nodes[^1] = to;
        table.Join(from, nodes[0]);
        var next = new int[mark.Length, 256]; // bytes of the mark that have been read after one more
        int shorter = 0;                      // the longest shorter beginning that the text so far ends in
        for (int i = 0; i < mark.Length; i++)
        {
            if (!token.IsEmpty) table.Literal(nodes[i], token, to);
            for (int value = 0; value < MarkBytes.Begin; value++)
            {
                next[i, value] = value == mark[i] ? i + 1 : i == 0 ? 0 : next[shorter, value];
                table.Bytes(nodes[i], (byte)value, (byte)value, nodes[next[i, value]]);
            }

            if (i > 0) shorter = next[shorter, mark[i]];
        }
    }
}
