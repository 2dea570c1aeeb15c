using System.Text;

namespace Folio.Paper;

/// <summary>A table as Markdown has it.</summary>
internal sealed class MarkdownTable(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", columns).Append(" |\n|");
        for (int i = 0; i < columns.Length; i++) text.Append(i == 0 ? " --- |" : " ---: |");
        text.Append('\n');
        foreach (string[] row in _rows) text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        return text.ToString();
    }
}
